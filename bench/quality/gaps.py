#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do gaps hide anomalies, or raise alarms?

    bench/quality/gaps.py [--program PROGRAM] [--data FOLDER] [--work FOLDER] [--rows N]
                          [--scores WORDS] [--train-gaps F] [--splits N] [TABLE]...

A random half of a table's normal rows, at most N, trains the preset `anomaly` with each kind
of score; a share F of their cells is empty.  The other normal rows and the anomalies, at most
N each, are judged by --false-alarms 1/100 with none, 10, 30 and 50 % of their cells removed at
random.  Printed: the share of normal rows that raised an alarm, and of anomalies that were
found, both in percent, means over N splits.  The last lines are means over the tables, and the
standard error of the alarms' mean over tables and splits.  Needs Python 3 and nothing
else."""
import argparse
import json
import os
import random
import zipfile

from common import call, row
from false_alarms import npy

TABLES = ("2_annthyroid", "6_cardio", "28_pendigits", "30_satellite", "32_shuttle", "44_Wilt")
SHARES = (0, 0.1, 0.3, 0.5)


def save(path, rows, share, rng):
    """CSV with a header; a row keeps at least one of its values."""
    wide = len(rows[0])
    with open(path, "w") as f:
        f.write(",".join(f"c{i}" for i in range(wide)) + "\n")
        for r in rows:
            gone = [rng.random() < share for _ in r]
            gone[rng.randrange(wide)] = False
            f.write(",".join("" if g else f"{v:.9g}" for v, g in zip(r, gone)) + "\n")


def prepare(o, name, split):
    with zipfile.ZipFile(os.path.join(o.data, name + ".npz")) as z:
        rows, labels = npy(z.read("X.npy")), npy(z.read("y.npy"))
    rng = random.Random(f"{name}{split}")
    normal = [r for r, y in zip(rows, labels) if y[0] == 0]
    odd = [r for r, y in zip(rows, labels) if y[0] != 0]
    rng.shuffle(normal)
    rng.shuffle(odd)
    half = len(normal) // 2
    path = os.path.join(o.work, name)
    save(path + "-train.csv", normal[:half][:o.rows], o.train_gaps, rng)
    for share in SHARES:
        save(f"{path}-normal{share}.csv", normal[half:][:o.rows], share, rng)
        save(f"{path}-odd{share}.csv", odd[:o.rows], share, rng)
    return path


def alarms(o, model, path):
    found = json.loads(call(o.program, "score", model, path, "--false-alarms", "1/100", "-o",
                            os.path.join(o.work, "scores.npy"), "--json", "-q"))
    return 100 * found["anomalies"] / found["rows"]


def means(runs):
    """For each share of gaps: mean and its standard error, of alarms and of what was found."""
    out = []
    for i in range(len(SHARES)):
        pair = []
        for k in (0, 1):
            v = [r[i][k] for r in runs]
            mean = sum(v) / len(v)
            error = (sum((x - mean) ** 2 for x in v) / max(1, len(v) - 1) / len(v)) ** 0.5
            pair.append((mean, error))
        out.append(pair)
    return out


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/adbench")
    a.add_argument("--work", default="build/quality/gaps")
    a.add_argument("--rows", type=int, default=4000)
    a.add_argument("--scores", default="joint,residual,mahalanobis,neighbours,combined")
    a.add_argument("--train-gaps", type=float, default=0.05)
    a.add_argument("--splits", type=int, default=4)
    a.add_argument("tables", nargs="*", default=TABLES)
    o = a.parse_args()
    os.makedirs(o.work, exist_ok=True)
    scores, sums = o.scores.split(","), {}
    row("table", "score", *(f"{s:.0%} empty: alarms, found" for s in SHARES))
    row(*["---"] * (2 + len(SHARES)))
    for name in o.tables:
        found = {s: [] for s in scores}
        for split in range(o.splits):
            path = prepare(o, name, split)
            for score in scores:
                model = f"{path}-{score}.st"
                call(o.program, "train", path + "-train.csv", "--preset", "anomaly", "--seed",
                     split + 1, "--score", score, "--table", "-q", "-o", model)
                found[score].append([[alarms(o, model, f"{path}-{kind}{s}.csv")
                                      for kind in ("normal", "odd")] for s in SHARES])
        for score in scores:
            sums.setdefault(score, []).extend(found[score])
            row(name, score, *(f"{n[0]:.2f}, {f[0]:.0f}" for n, f in means(found[score])))
    for score in scores:
        row("mean", score, *(f"{n[0]:.2f} ± {n[1]:.2f}, {f[0]:.0f}"
                             for n, f in means(sums[score])))


if __name__ == "__main__":
    main()
