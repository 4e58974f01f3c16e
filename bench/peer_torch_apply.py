#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch scoring rows with a dense autoencoder: a row's score is its mean squared error.

    peer_torch_apply.py --task score --sizes 30,16,8,16,30 --mode eager    1M rows in memory
    peer_torch_apply.py --task row --sizes 784,32,784 --mode jit           one row at a time

score tries several batch sizes and prints the rates of the fastest; row prints median and
99th percentile in microseconds, of the faster of one thread and --threads.  Modes: eager,
jit (traced and frozen), compile (2.x).  Prints JSON lines."""
import argparse
import json
import sys
import time

try:
    import torch
    from torch_work import DenseNet
except ImportError:
    sys.exit("peer_torch_apply.py: no PyTorch (Debian: apt install python3-torch)")

ROWS = 1000000


class Score(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.net = DenseNet(sizes)

    def forward(self, x):
        return (self.net(x)[0] - x).square().mean(1)


def made(sizes, mode, example):
    score = Score(sizes).eval()
    if mode == "jit":
        return torch.jit.freeze(torch.jit.trace(score, example, check_trace=False))
    return torch.compile(score) if mode == "compile" else score


def score_many(sizes, mode):
    x = torch.randn(ROWS, sizes[0])
    best = []
    for batch in (ROWS, 65536, 8192, 2048):
        score = made(sizes, mode, x[:batch])
        rates = []
        for _ in range(8):
            began = time.perf_counter()
            torch.cat([score(part) for part in x.split(batch)])
            rates.append(ROWS / (time.perf_counter() - began))
        best = max(best, rates[1:], key=lambda r: sorted(r)[len(r) // 2] if r else 0)
    return best


def score_one(sizes, mode, calls):
    """Sorted microseconds of a call, the result read as a number."""
    x = torch.rand(1, sizes[0])
    score = made(sizes, mode, x)
    times = []
    for _ in range(calls):
        began = time.perf_counter_ns()
        float(score(x))
        times.append(time.perf_counter_ns() - began)
    return sorted(t / 1e3 for t in times[calls // 4:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=["score", "row"], required=True)
    parser.add_argument("--sizes", required=True, help="30,16,8,16,30")
    parser.add_argument("--mode", choices=["eager", "jit", "compile"], default="eager")
    parser.add_argument("--calls", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    sizes = [int(word) for word in args.sizes.split(",")]
    torch.manual_seed(1)
    with torch.inference_mode() if args.mode != "compile" else torch.no_grad():
        if args.task == "score":
            torch.set_num_threads(args.threads)
            for rate in score_many(sizes, args.mode):
                print(json.dumps({"rows_per_second": rate}))
            return
        runs = []
        for threads in {1, args.threads}:
            torch.set_num_threads(threads)
            runs.append(score_one(sizes, args.mode, args.calls))
        times = min(runs, key=lambda t: t[len(t) // 2])
        print(json.dumps({"p50_us": times[len(times) // 2],
                          "p99_us": times[len(times) * 99 // 100]}))


if __name__ == "__main__":
    main()
