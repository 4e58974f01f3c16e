#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do promised rates of false alarms hold?

    bench/quality/false_alarms.py [--program PROGRAM] [--data FOLDER] [--work FOLDER]
                                  [--splits N] [--calibrate N] [TABLE]...

Five tables of ADBench with thousands of normal rows.  Half of a table's normal rows train
the preset `anomaly` once.  The other half is split at random, 200 times, into calibration and
test rows; for each split the calibration rows take the place of the model's, and the test
rows are judged by --false-alarms 1/100 and 1/1000.  Printed: the mean share of test rows that
raised an alarm, its standard error over the splits, how many standard errors it is off the
promise, and whether the rate was known from calibration rows or extrapolated from their tail.
Exits 1 when a promise is off by more than three standard errors.  Needs Python 3 and nothing
else."""
import argparse
import array
import ast
import json
import os
import random
import struct
import sys
import zipfile

from common import call

TABLES = ("2_annthyroid", "22_magic.gamma", "24_mnist", "28_pendigits", "32_shuttle")
RATES = ("1/100", "1/1000")
TYPES = {"u1": "B", "i1": "b", "i2": "h", "u2": "H", "i4": "i", "i8": "q", "f4": "f",
         "f8": "d"}


def npy(raw):
    """Shape and numbers of an NPY file in C order."""
    size = struct.unpack("<H", raw[8:10])[0]
    head = ast.literal_eval(raw[10:10 + size].decode())
    numbers = array.array(TYPES[head["descr"][1:]])
    numbers.frombytes(raw[10 + size:])
    rows = head["shape"][0]
    wide = head["shape"][1] if len(head["shape"]) > 1 else 1
    if head["fortran_order"]:
        return [[numbers[c * rows + r] for c in range(wide)] for r in range(rows)]
    return [numbers[r * wide:(r + 1) * wide] for r in range(rows)]


def normals(path):
    with zipfile.ZipFile(path) as z:
        rows, labels = npy(z.read("X.npy")), npy(z.read("y.npy"))
    return [r for r, y in zip(rows, labels) if y[0] == 0]


def save(path, rows):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for r in rows:
            f.write(array.array("f", r).tobytes())


def measure(o, name, rates):
    """For each rate the share of false alarms in each split, and whether it was known."""
    rows = normals(os.path.join(o.data, name + ".npz"))
    rng = random.Random(1)
    rng.shuffle(rows)
    half = len(rows) // 2
    path = {k: os.path.join(o.work, name + k)
            for k in ("-train.npy", ".st", "-cal.npy", "-test.npy", "-cal.st")}
    save(path["-train.npy"], rows[:half])
    call(o.program, "train", path["-train.npy"], "--preset", "anomaly", "-q", "-o",
         path[".st"])
    rest = rows[half:half + o.most]
    take = min(o.calibrate, len(rest) // 2)
    shares, known = {r: [] for r in rates}, {r: True for r in rates}
    for _ in range(o.splits):
        rng.shuffle(rest)
        save(path["-cal.npy"], rest[:take])
        save(path["-test.npy"], rest[take:])
        call(o.program, "calibrate", path[".st"], path["-cal.npy"], "-q", "-o",
             path["-cal.st"])
        for rate in rates:
            found = json.loads(call(
                o.program, "score", path["-cal.st"], path["-test.npy"], "--false-alarms", rate,
                "-o", os.path.join(o.work, "scores.npy"), "--json"))
            shares[rate].append(found["anomalies"] / found["rows"])
            known[rate] = known[rate] and not found["extrapolated"]
    return take, len(rest) - take, shares, known


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/adbench")
    a.add_argument("--work", default="build/quality/false_alarms")
    a.add_argument("--splits", type=int, default=200)
    a.add_argument("--calibrate", type=int, default=2000, help="rows, at most half of them")
    a.add_argument("--most", type=int, default=6000, help="rows of a table to split")
    a.add_argument("tables", nargs="*", default=TABLES)
    o = a.parse_args()
    os.makedirs(o.work, exist_ok=True)
    print("| table | calibration | test | promise | mean rate | standard error | off by | known |")
    print("|---|---|---|---|---|---|---|---|")
    broken = 0
    for name in o.tables:
        take, test, shares, known = measure(o, name, RATES)
        for rate in RATES:
            promise = 1 / int(rate[2:])
            s = shares[rate]
            mean = sum(s) / len(s)
            error = (sum((x - mean) ** 2 for x in s) / (len(s) - 1) / len(s)) ** 0.5
            off = (mean - promise) / error if error > 0 else float("inf")
            broken += abs(off) > 3
            print(f"| {name} | {take} | {test} | {promise:.3%} | {mean:.4%} | {error:.4%} | "
                  f"{off:+.1f} | {'rows' if known[rate] else 'tail'} |", flush=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
