#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What helps where some of the training rows are anomalies?

    bench/quality/robust.py [--program PROGRAM] [--data FOLDER] [--work FOLDER] [--rows N]
                            [--splits N] [--shares 0,0.05,0.1] [TABLE]...

A random half of a table's normal rows, at most N, and so many of its anomalies that they are
the given share of the training rows (at most half of the anomalies, and tables that have too
few for a share are left out there), train the preset `anomaly` in several ways.  The other
normal rows and anomalies, at most N each, are scored.  Printed: ROC AUC times 100, means over
splits and tables.  Needs Python 3 and nothing else."""
import argparse
import os
import random
import struct
import zipfile

from common import call, row
from false_alarms import npy, save

TABLES = ("2_annthyroid", "6_cardio", "22_magic.gamma", "28_pendigits", "30_satellite",
          "32_shuttle", "40_vowels", "44_Wilt")
WAYS = {
    "preset": (),
    "huber": ("--loss", "huber"),
    "early-stop": ("--valid-split", "0.1", "--early-stop", "10"),
    "trim": ("--trim",),
    "trim, huber": ("--loss", "huber", "--trim"),
}


def prepare(o, name, split):
    """Normal rows and anomalies, each in two halves."""
    with zipfile.ZipFile(os.path.join(o.data, name + ".npz")) as z:
        rows, labels = npy(z.read("X.npy")), npy(z.read("y.npy"))
    rng = random.Random(f"{name}{split}")
    normal = [r for r, y in zip(rows, labels) if y[0] == 0]
    odd = [r for r, y in zip(rows, labels) if y[0] != 0]
    rng.shuffle(normal)
    rng.shuffle(odd)
    h, k = len(normal) // 2, len(odd) // 2
    return normal[:h][:o.rows], normal[h:][:o.rows], odd[:k], odd[k:][:o.rows]


def scores(path):
    with open(path, "rb") as f:
        raw = f.read()
    size = struct.unpack("<H", raw[8:10])[0]
    return struct.unpack(f"<{(len(raw) - 10 - size) // 4}f", raw[10 + size:])


def auc(normal, odd):
    """Pairs in order, equal ones half, by ranks."""
    both = sorted([(v, 0) for v in normal] + [(v, 1) for v in odd])
    total, i = 0.0, 0
    while i < len(both):
        j = i
        while j < len(both) and both[j][0] == both[i][0]:
            j += 1
        total += sum(y for _, y in both[i:j]) * (i + j + 1) / 2
        i = j
    n = len(odd)
    return 100 * (total - n * (n + 1) / 2) / (n * len(normal))


def judge(o, train, test, share, way):
    path = {k: os.path.join(o.work, k) for k in ("train.npy", "m.st", "test.npy", "s.npy")}
    save(path["train.npy"], train)
    save(path["test.npy"], test[0] + test[1])
    words = list(WAYS[way])
    if "--trim" in words:
        words.append(f"{share or 0.05:g}")
    call(o.program, "train", path["train.npy"], "--preset", "anomaly", *words, "-q", "-o",
         path["m.st"])
    call(o.program, "score", path["m.st"], path["test.npy"], "-q", "-o", path["s.npy"])
    s = scores(path["s.npy"])
    return auc(s[:len(test[0])], s[len(test[0]):])


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/adbench")
    a.add_argument("--work", default="build/quality/robust")
    a.add_argument("--rows", type=int, default=3000)
    a.add_argument("--splits", type=int, default=2)
    a.add_argument("--shares", default="0,0.05,0.1")
    a.add_argument("tables", nargs="*", default=TABLES)
    o = a.parse_args()
    os.makedirs(o.work, exist_ok=True)
    row("share of anomalies", "table", *WAYS)
    row(*["---"] * (2 + len(WAYS)))
    for share in map(float, o.shares.split(",")):
        sums = []
        for name in o.tables:
            found = []
            for split in range(o.splits):
                normal, other, spoils, odd = prepare(o, name, split)
                k = round(share * len(normal) / (1 - share))
                if k > len(spoils):
                    break
                found.append([judge(o, normal + spoils[:k], (other, odd), share, w)
                              for w in WAYS])
            if not found:
                continue
            means = [sum(c) / len(c) for c in zip(*found)]
            sums.append(means)
            row(f"{share:.0%}", name, *(f"{v:.1f}" for v in means))
        row(f"{share:.0%}", f"mean of {len(sums)}",
            *(f"**{sum(c) / len(c):.1f}**" for c in zip(*sums)))


if __name__ == "__main__":
    main()
