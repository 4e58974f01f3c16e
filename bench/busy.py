#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How training behaves on a machine that does something else, too.

    bench/busy.py [--program build/release/hourglass] [--peer] [--runs N]

Trains keras-dense alone, then with another program on the same cores that computes on as
many threads as there are, in turns.  With half of each core left, a run takes twice as long
at best; threads that wait for each other by spinning take far longer.  --peer measures
PyTorch, too: that may take minutes.  Needs Python 3 and nothing else."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from peers import all_peers, debian_blas
from run import FOLDERS, IMAGES, ROOT

SPIN = [sys.executable, "-c", "while True: pass"]


def seconds(command, env, others):
    """Wall time of a command while `others` processes compute on the same cores."""
    spinning = [subprocess.Popen(SPIN) for _ in range(others)]
    try:
        if spinning:
            time.sleep(0.3)  # until they have started
        began = time.perf_counter()
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True,
                              text=True, check=False)
        took = time.perf_counter() - began
    finally:
        for other in spinning:
            other.kill()
            other.wait()
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr.strip()}")
    return took


def measure(label, command, env, args):
    alone, beside = [], []
    for _ in range(args.runs):
        alone.append(seconds(command, env, 0))
        beside.append(seconds(command, env, args.threads))
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"{label:20} alone {statistics.median(alone):6.2f} s ({min(alone):.2f} - "
          f"{max(alone):.2f}), beside another {statistics.median(beside):6.2f} s "
          f"({min(beside):.2f} - {max(beside):.2f}): {ratio:.2f} times as long", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/hourglass"))
    parser.add_argument("--data", help="folder of " + IMAGES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--peer", action="store_true", help="PyTorch, too")
    parser.add_argument("--python", default=os.environ.get("HG_TORCH1", "/usr/bin/python3"))
    args = parser.parse_args()
    args.python2, args.debian_blas = "", "LD_LIBRARY_PATH" in debian_blas(1)
    found = [f for f in [args.data, *FOLDERS] if f and os.path.exists(os.path.join(f, IMAGES))]
    if not found:
        sys.exit(f"no {IMAGES}: name its folder with --data")
    with tempfile.TemporaryDirectory() as scratch:
        command = [args.program, "train", os.path.join(found[0], IMAGES), "--preset",
                   "keras-dense", "--epochs", str(args.epochs), "--threads",
                   str(args.threads), "--quiet", "-o", os.path.join(scratch, "m.safetensors")]
        measure("hourglass", command, {}, args)
    for peer in all_peers(args, "train")[:1] if args.peer else []:
        if peer.missing:
            print(f"{peer.label:20} {peer.missing}")
            continue
        command = [*peer.command, "--workload", "W1", "--mode", peer.mode, "--data", found[0],
                   "--epochs", str(args.epochs), "--threads", str(args.threads)]
        measure(peer.label, command, peer.env, args)


if __name__ == "__main__":
    main()
