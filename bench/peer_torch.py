#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch on the training workloads, as fast as it honestly goes.

    peer_torch.py --workload W1 --mode tuned --data FILE-OR-FOLDER [--epochs N --threads N]

Prints JSON lines: one that says what ran, then one an epoch, with the loss (mean over the
epoch, as hourglass counts it) and rows a second.  Every epoch shuffles all rows and computes
the loss of every batch, because hourglass does.

Modes
  eager    what a tutorial shows: nn.Module, binary_cross_entropy_with_logits,
           torch.optim.Adam (in one fused pass where this version has it).
  tuned    what an expert does without leaving PyTorch: torch_tuned.py.
  compile  eager, net and loss through torch.compile (2.x).
  bf16     eager under bfloat16 autocast; compile-bf16 is both.

bench/run.py sets the environment that the machine needs before Python starts (see peers.py);
run by hand without it, Debian's PyTorch is several times slower than it can be."""
import argparse
import json
import sys
import time

try:
    import torch
    from torch_tuned import tuned
    from torch_work import WORKLOADS
except ImportError:
    sys.exit("peer_torch.py: no PyTorch (Debian: apt install python3-torch libopenblas0-openmp)")


class Eager:
    def __init__(self, work, compiled=False, bf16=False):
        self.work, self.bf16 = work, bf16
        if type(work.net).__name__ == "ConvNet":
            work.net.to(memory_format=torch.channels_last)
        options = {"fused": True} if int(torch.__version__.split(".")[0]) >= 2 else {}
        self.adam = torch.optim.Adam(work.net.parameters(), lr=1e-3, **options)
        self.forward = torch.compile(self.objective) if compiled else self.objective

    def objective(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            out = self.work.net(self.work.corrupt(x))
        return self.work.loss(out, x)

    def step(self, chosen):
        self.adam.zero_grad(set_to_none=True)
        loss = self.forward(self.work.rows[chosen])
        loss.backward()
        self.adam.step()
        return loss.detach()


MODES = {"eager": Eager, "tuned": tuned,
         "compile": lambda work: Eager(work, compiled=True),
         "bf16": lambda work: Eager(work, bf16=True),
         "compile-bf16": lambda work: Eager(work, compiled=True, bf16=True)}


def train_epoch(trainer, rows, batch):
    total = torch.zeros(())
    for chosen in torch.randperm(rows).split(batch):
        total += trainer.step(chosen) * len(chosen)
    return float(total) / rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", choices=WORKLOADS, default="W1")
    parser.add_argument("--mode", choices=MODES, default="tuned")
    parser.add_argument("--data", required=True,
                        help="W7, W8: the file that bench/data.c writes; else MNIST's folder")
    parser.add_argument("--batch", type=int, help="other than the workload's own")
    parser.add_argument("--rows", type=int, help="only the first of the data")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    torch.set_flush_denormal(True)
    work = WORKLOADS[args.workload](args.data)
    work.batch = args.batch or work.batch
    if args.rows:
        work.rows = work.rows[: args.rows].clone()
    trainer = MODES[args.mode](work)
    print(json.dumps({"peer": "PyTorch " + torch.__version__, "workload": args.workload,
                      "mode": args.mode, "threads": args.threads, "batch": work.batch}))
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        loss = train_epoch(trainer, len(work.rows), work.batch)
        seconds = time.perf_counter() - start
        print(json.dumps({"epoch": epoch, "loss": loss, "seconds": seconds,
                          "rows_per_second": len(work.rows) / seconds}), flush=True)


if __name__ == "__main__":
    main()
