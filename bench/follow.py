#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long a row of a stream waits for its score: `hourglass score MODEL - --follow`.

    bench/follow.py [--hourglass PROGRAM] [--rows N] [--features D] [--json]

One line is written, its score is read, then comes the next: the times are those of whole
round trips through two pipes, the sleeping and waking of both programs included, as a
sender sees them.  `echo` is the same with a program that only copies lines (cat), what
pipes and the scheduler take by themselves.  `rows/s` is with all lines there at once.
Needs Python 3 and nothing else."""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time


def lines_of(rows, features, seed):
    chance = random.Random(seed)
    out = []
    for _ in range(rows):
        a, b = chance.gauss(0, 1), chance.gauss(0, 1)
        out.append(",".join("%.6g" % (a * (j % 5 - 2) + b * (j % 3) + chance.gauss(0, 1))
                            for j in range(features)) + "\n")
    return out


def trips(command, lines, header):
    """Seconds of each round trip, in order."""
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    to, back, out = p.stdin.fileno(), p.stdout.fileno(), []
    if header:
        os.read(back, 4096)
    for text in lines:
        text = text.encode()
        start = time.perf_counter()
        os.write(to, text)
        got = os.read(back, 4096)
        while not got.endswith(b"\n"):
            got += os.read(back, 4096)
        out.append(time.perf_counter() - start)
    p.stdin.close()
    p.wait()
    return out


def share(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] * 1e6


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--hourglass", default="build/release/hourglass")
    p.add_argument("--rows", type=int, default=20000)
    p.add_argument("--features", type=int, default=30)
    p.add_argument("--json", action="store_true")
    a = p.parse_args()
    program = os.path.abspath(a.hourglass)
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        lines = lines_of(a.rows, a.features, 1)
        with open("train.csv", "w") as f:
            f.writelines(lines_of(2000, a.features, 2))
        subprocess.run([program, "train", "train.csv", "--preset", "anomaly", "--hidden", "16",
                        "--code", "8", "--epochs", "3", "-q", "-o", "m.st"], check=True)
        for name, command, header in (
                ("echo", ["cat"], False),
                ("follow", [program, "score", "m.st", "-", "--follow", "-q"], True),
                ("p-value, false-alarms",
                 [program, "score", "m.st", "-", "--follow", "-q", "-p",
                  "--false-alarms", "1/100"], True),
                ("fdr", [program, "score", "m.st", "-", "--follow", "-q", "--fdr", "0.05"],
                 True)):
            t = trips(command, lines, header)
            result[name] = {"p50_us": share(t, 0.5), "p99_us": share(t, 0.99),
                            "p99.9_us": share(t, 0.999), "max_us": max(t) * 1e6}
        with open("all.csv", "w") as f:
            f.writelines(lines * max(1, 200000 // a.rows))
        start = time.perf_counter()
        with open("all.csv") as f:
            subprocess.run([program, "score", "m.st", "-", "--follow", "-q", "-o", "out.csv"],
                           stdin=f, check=True)
        result["rows_per_second"] = (a.rows * max(1, 200000 // a.rows)
                                     / (time.perf_counter() - start))
    if a.json:
        json.dump(result, sys.stdout)
        print()
        return
    print("%-24s %8s %8s %8s %8s   microseconds" % ("round trip", "p50", "p99", "p99.9", "max"))
    for name, r in result.items():
        if isinstance(r, dict):
            print("%-24s %8.1f %8.1f %8.1f %8.1f" % ((name,) + tuple(r.values())))
    print("all lines at once: %.0f rows/s" % result["rows_per_second"])


main()
