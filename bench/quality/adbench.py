#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The preset `anomaly` on labelled tables, beside PCA, Mahalanobis's distance and nearest
neighbours, all by this library (bench/adbench.c says what each method and protocol is).

    bench/quality/adbench.py TABLES [--program build/bench/adbench] [--work FOLDER]
                             [--seeds 5] [--most 50000] [--protocols half,dte,mixed]
                             [--choose]

TABLES is a folder of .npz files with X and y.  Prints for each protocol the ROC AUC of each
table and method, mean over seeds, then means over tables, average precision, mean rank and
seconds.  Runs are kept in FOLDER and not made again.

--choose judges the choice instead of the preset: several settings on half of the tables,
drawn at random a thousand times; the best one there, and what it has on the other half."""
import argparse
import glob
import json
import os
import random
import subprocess
import sys

METHODS = ["preset", "neighbours", "mahalanobis", "trimmed", "pca"]
VARIANTS = {
    "preset": [],
    "score residual": ["score=residual"],
    "score mahalanobis": ["score=mahalanobis"],
    "score neighbours": ["score=neighbours"],
    "score combined": ["score=combined"],
    "noise 0.1": ["corrupt=gaussian:0.1+mask:0.3"],
    "noise 0.5": ["corrupt=gaussian:0.5+mask:0.3"],
    "no mask": ["corrupt=gaussian:0.3"],
    "code 8": ["code=8"],
    "tanh": ["activation=tanh"],
}


def run(a, table, protocol, method, settings=(), name=None):
    name = f"{table}.{protocol}.{name or method}.{a.seeds}.{a.most}.jsonl"
    path = os.path.join(a.work, name)
    if not os.path.exists(path):
        done = subprocess.run(
            [a.program, os.path.join(a.tables, table + ".npz"), protocol, str(a.seeds),
             method, *settings], capture_output=True, text=True,
            env={**os.environ, "MOST": str(a.most)})
        if done.returncode != 0:
            sys.exit(f"{table}: {done.stderr}")
        with open(path + ".part", "w") as f:
            f.write(done.stdout)
        os.rename(path + ".part", path)
    with open(path) as f:
        rows = [json.loads(line) for line in f]
    return {k: sum(r[k] for r in rows) / len(rows)
            for k in ("auc", "ap", "train_seconds", "score_seconds")}


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def ranks(values):
    """The highest is 1; equal ones share."""
    return [mean([1 + sum(w > v for w in values), sum(w >= v for w in values)])
            for v in values]


def show(a, tables, protocol):
    found = {m: [run(a, t, protocol, m) for t in tables] for m in METHODS}
    print(f"\n**{protocol}**, ROC AUC x 100, mean of {a.seeds} seeds\n")
    print("| | " + " | ".join(METHODS) + " |")
    print("|---" * (len(METHODS) + 1) + "|")
    for i, t in enumerate(tables):
        print(f"| {t} | " + " | ".join(f"{100 * found[m][i]['auc']:.1f}" for m in METHODS)
              + " |")
    by_table = [ranks([found[m][i]["auc"] for m in METHODS]) for i in range(len(tables))]
    lines = {
        "mean": [f"**{100 * mean(r['auc'] for r in found[m]):.1f}**" for m in METHODS],
        "average precision": [f"{100 * mean(r['ap'] for r in found[m]):.1f}"
                              for m in METHODS],
        "mean rank": [f"{mean(r[k] for r in by_table):.2f}" for k in range(len(METHODS))],
        "seconds of training, all tables": [
            f"{sum(r['train_seconds'] for r in found[m]):.1f}" for m in METHODS],
        "of scoring": [f"{sum(r['score_seconds'] for r in found[m]):.1f}"
                       for m in METHODS],
    }
    for name, cells in lines.items():
        print(f"| {name} | " + " | ".join(cells) + " |")
    sys.stdout.flush()


def choose(a, tables):
    auc = {v: [100 * run(a, t, "half", "preset", s, v.replace(" ", "-"))["auc"]
               for t in tables] for v, s in VARIANTS.items()}
    base = [100 * run(a, t, "half", "neighbours")["auc"] for t in tables]
    draw, chosen, judged, fixed, best, beside = random.Random(1), {}, [], [], [], []
    for _ in range(1000):
        seen = set(draw.sample(range(len(tables)), len(tables) // 2))
        rest = [i for i in range(len(tables)) if i not in seen]
        v = max(auc, key=lambda v: mean(auc[v][i] for i in seen))
        chosen[v] = chosen.get(v, 0) + 1
        judged.append(mean(auc[v][i] for i in rest))
        fixed.append(mean(auc["preset"][i] for i in rest))
        best.append(max(mean(auc[v][i] for i in rest) for v in auc))
        beside.append(mean(base[i] for i in rest))
    print("\n| setting | mean, all tables | chosen on a half, of 1000 |\n|---|---|---|")
    for v in auc:
        print(f"| {v} | {mean(auc[v]):.2f} | {chosen.get(v, 0)} |")
    print(f"\nOn the halves that were not seen: chosen {mean(judged):.2f}, the preset "
          f"{mean(fixed):.2f}, the best one afterwards {mean(best):.2f}, neighbours "
          f"{mean(beside):.2f}; the preset is above neighbours on "
          f"{100 * mean(x > y for x, y in zip(fixed, beside)):.0f} % of them.")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tables")
    p.add_argument("--program", default="build/bench/adbench")
    p.add_argument("--work", default="build/quality/adbench")
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--most", type=int, default=50000, help="rows of a table")
    p.add_argument("--protocols", default="half,dte,mixed")
    p.add_argument("--choose", action="store_true")
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    names = [os.path.basename(f)[:-4] for f in glob.glob(os.path.join(a.tables, "*.npz"))]
    tables = sorted(names, key=lambda n: (int(n.split("_")[0])
                                          if n.split("_")[0].isdigit() else 0, n))
    if not tables:
        sys.exit(f"{a.tables}: no .npz files")
    if a.choose:
        choose(a, tables)
        return
    for protocol in a.protocols.split(","):
        show(a, tables, protocol)


if __name__ == "__main__":
    main()
