#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast a detector is trained and scores files.

    bench/detector.py [--program PROGRAM] [--work FOLDER] [--threads N] [--runs N]

Trains the preset `anomaly` on 280,000 rows of 30 numbers, and a 30-16-8-16-30 net with the
score `residual`; then scores 1,000,000 rows from CSV and NPY with the latter, files to files.
Printed: seconds, seconds of processors (what counts on a busy machine), rows a second from
start to end without the start-up (a run on one row), and the most memory that was resident;
the best of some runs.  Needs Python 3 and nothing else."""
import argparse
import array
import os
import random
import subprocess
import sys
import time

WIDE, BLOCK = 30, 10000


def write_rows(path, blocks):
    """Six hidden numbers seen through thirty columns; a block of rows again and again."""
    rng = random.Random(1)
    look = [[rng.gauss(0, 1) for _ in range(WIDE)] for _ in range(6)]
    rows = array.array("f")
    for _ in range(BLOCK):
        z = [rng.gauss(0, 1) for _ in range(6)]
        rows.extend(sum(a * b[c] for a, b in zip(z, look)) + rng.gauss(0, 0.3)
                    for c in range(WIDE))
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({blocks * BLOCK}, {WIDE}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode())
        for _ in range(blocks):
            f.write(rows.tobytes())


def run(*args):
    """Seconds, those of all processors, and the most resident MiB."""
    start = time.monotonic()
    child = subprocess.Popen([str(a) for a in args], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = status
    if status != 0:
        sys.exit(f"{' '.join(map(str, args))}: failed")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def best(runs, *args):
    all_runs = [run(*args) for _ in range(runs)]
    return (min(r[0] for r in all_runs), min(r[1] for r in all_runs),
            max(r[2] for r in all_runs))


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--work", default="build/bench/detector")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--runs", type=int, default=5)
    o = a.parse_args()
    os.makedirs(o.work, exist_ok=True)
    at = {n: os.path.join(o.work, n) for n in ("train.npy", "rows.npy", "rows.csv", "big.st",
                                                "small.st", "out.csv", "out.npy")}
    if not os.path.exists(at["rows.csv"]):
        write_rows(at["train.npy"], 28)
        write_rows(at["rows.npy"], 100)
        run(o.program, "data", "convert", at["rows.npy"], "-q", "-o", at["rows.csv"])
    threads = ("--threads", o.threads, "-q")
    seconds, busy, memory = run(o.program, "train", at["train.npy"], "--preset", "anomaly", *threads,
                          "-o", at["big.st"])
    print(f"train --preset anomaly, 280,000 x 30: {seconds:.1f} s, "
          f"{busy:.1f} s of processors, {memory:.0f} MiB")
    run(o.program, "train", at["train.npy"], "--hidden", 16, "--code", 8, "--loss", "mse",
        "--scale", "standard", "--output-activation", "linear", "--score", "residual",
        "--epochs", 5, *threads, "-o", at["small.st"])
    print("| 30-16-8-16-30, 1,000,000 rows | seconds | processors | rows/s | MiB |\n"
          "|---|---|---|---|---|")
    for model, name in (("small.st", ""), ("big.st", ", the preset")):
        for rows, out in (("rows.csv", "out.csv"), ("rows.npy", "out.csv"),
                          ("rows.npy", "out.npy")):
            score = (o.program, "score", at[model], at[rows], "-o", at[out], *threads)
            nothing = best(o.runs, *score, "--limit", 1)[0]
            seconds, busy, memory = best(o.runs, *score)
            rate = 1e6 / (seconds - nothing)
            print(f"| {rows[5:]} to {out[4:]}{name} | {seconds:.2f} | {busy:.2f} | "
                  f"{rate:,.0f} | "
                  f"{memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
