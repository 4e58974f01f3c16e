#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The preset `anomaly` on made tables of many kinds, beside nearest neighbours and
Mahalanobis's distance.

    bench/quality/kinds.py [--program PROGRAM] [--work FOLDER] [--seeds N] [--set NAME=VALUE]
                           [TABLE]...

What a table is made of is known, so that anomalies of four kinds can be: `local`, normal rows
with noise of twice their cluster's spread, or with a cell or two of another row; `global`, any
value that occurs in each column; `dependency`, each column of another normal row; `cluster`,
copies, hardly changed, of a few such rows.  Normal rows alone train.  Baselines see words as
one-hot and gaps as the column's mean, standardised: mean distance to the 5 nearest training
rows, and Mahalanobis's with a ridge of a hundredth.  Printed: ROC AUC times 100, mean over
seeds.  Needs numpy."""
import argparse
import os

import numpy as np

from common import call, row

KINDS = ("local", "global", "dependency", "cluster")


# ---- tables: a function makes n normal rows of numbers; columns in `words` are categories ----

def clusters(rng, n):
    """Eight groups, one ten times as wide as another."""
    shape = np.random.default_rng(1)
    middle = shape.normal(0, 4, (8, 10))
    spread = np.geomspace(0.2, 2, 8)
    c = rng.choice(8, n, p=np.arange(1, 9) / 36)
    return middle[c] + rng.normal(0, 1, (n, 10)) * spread[c, None], spread[c]


def correlated(rng, n):
    shape = np.random.default_rng(2)
    load = shape.normal(0, 1, (4, 20))
    return rng.normal(0, 1, (n, 4)) @ load + rng.normal(0, 0.3, (n, 20)), 0.6


def heavy(rng, n):
    """Tails of Student's t with 2.5 degrees and of lognormal columns; amounts and ratios."""
    z = rng.standard_t(2.5, (n, 8))
    z[:, 4:] = np.exp(rng.normal(0, 1, (n, 4)) + 0.5 * z[:, :4].clip(-3, 3))
    return z, 1.5


def latent_words(rng, n, sizes, shape):
    """Words that hang together by one of six hidden classes, some words rare."""
    c = rng.integers(0, 6, n)
    out = np.empty((n, len(sizes)))
    for j, k in enumerate(sizes):
        p = shape.dirichlet(np.full(k, 0.3), 6) * 0.97 + 0.03 / k
        out[:, j] = (p.cumsum(1)[c] < rng.random((n, 1))).sum(1).clip(0, k - 1)
    return out, c


def categorical(rng, n):
    x, c = latent_words(rng, n, (3, 4, 5, 8, 12, 20, 40), np.random.default_rng(3))
    return np.column_stack([x, c + rng.normal(0, 0.5, n)]), 1


def mixed(rng, n):
    """Numbers and words of one class each, a sixth of the cells empty."""
    shape = np.random.default_rng(4)
    x, c = latent_words(rng, n, (3, 5, 10, 30), shape)
    middle = shape.normal(0, 2, (6, 5))
    x = np.column_stack([x, middle[c] + rng.normal(0, 0.7, (n, 5))])
    return x, 1


def three(rng, n):
    """Two numbers on a ring, and their product."""
    a = rng.uniform(0, 2 * np.pi, n)
    r = 1 + rng.normal(0, 0.05, n)
    x, y = r * np.cos(a), r * np.sin(a)
    return np.column_stack([x, y, x * y]), 0.1


def wide(rng, n):
    shape = np.random.default_rng(5)
    load = shape.normal(0, 1, (6, 500))
    return rng.normal(0, 1, (n, 6)) @ load + rng.normal(0, 1, (n, 500)), 2


def duplicates(rng, n):
    """Few different rows, constants, a column twice."""
    x, _ = correlated(rng, n)
    x = np.round(x[:, :6] / 2)
    return np.column_stack([x, np.full(n, 7.0), x[:, 0], np.zeros(n)]), 1


def counts(rng, n):
    shape = np.random.default_rng(6)
    rate = shape.gamma(0.7, 6, (5, 12))
    return rng.poisson(rate[rng.integers(0, 5, n)]).astype(float), 3


def small(rng, n):
    return clusters(rng, n)[0][:, :8], 0.8


def flags(rng, n):
    """Thirty times yes or no, by hidden causes."""
    shape = np.random.default_rng(7)
    z = rng.normal(0, 1, (n, 5)) @ shape.normal(0, 1.5, (5, 30)) - shape.uniform(0, 3, 30)
    return (rng.random((n, 30)) < 1 / (1 + np.exp(-z))).astype(float), 1


# name: (maker, training rows, columns of words, share of empty cells)
TABLES = {
    "clusters": (clusters, 2000, 0, 0),
    "correlated": (correlated, 2000, 0, 0),
    "heavy tails": (heavy, 2000, 0, 0),
    "categorical": (categorical, 3000, 7, 0),
    "mixed, gaps": (mixed, 3000, 4, 1 / 6),
    "three columns": (three, 1000, 0, 0),
    "500 columns": (wide, 300, 0, 0),
    "duplicates": (duplicates, 2000, 0, 0),
    "counts": (counts, 2000, 0, 0),
    "200 rows": (small, 200, 0, 0),
    "flags": (flags, 2000, 0, 0),
}
TEST, ODD = 1000, 200


# ---- anomalies --------------------------------------------------------------------------------

def shuffled(rng, x):
    return np.column_stack([rng.permutation(c) for c in x.T])


def anomalies(rng, kind, x, spread, words):
    """ODD rows of one kind, from other normal rows x."""
    base, other = x[:ODD].copy(), x[ODD:2 * ODD]
    if kind == "dependency":
        return shuffled(rng, x)[:ODD]
    if kind == "global":
        odd = rng.uniform(x.min(0), x.max(0), base.shape)
        for j in range(words):
            odd[:, j] = rng.choice(np.unique(x[:, j]), ODD)
        return np.round(odd) if (x == np.round(x)).all() else odd
    if kind == "cluster":
        seeds = shuffled(rng, x)[:4]
        sd = x.std(0)
        seeds[:, words:] += 1.5 * sd[words:] * rng.choice((-1, 1), seeds[:, words:].shape)
        odd = seeds[rng.integers(0, 4, ODD)]
        odd[:, words:] += 0.05 * sd[words:] * rng.normal(0, 1, odd[:, words:].shape)
        return np.round(odd) if (x == np.round(x)).all() else odd
    if words or (x == np.round(x)).all():  # local: cells of another row
        for i in range(ODD):
            cells = rng.choice(x.shape[1], 2, replace=False)
            base[i, cells] = other[i, cells]
        return base
    s = np.broadcast_to(np.asarray(spread, float), len(x))[:ODD, None]
    return base + 2 * s * rng.normal(0, 1, base.shape)


# ---- baselines --------------------------------------------------------------------------------

def features(train, rows, words):
    parts = []
    for j in range(train.shape[1]):
        a, b = train[:, j], rows[:, j]
        if j < words:
            for w in np.unique(a[~np.isnan(a)]):
                parts.append(((a == w) * 1.0, (b == w) * 1.0))
        else:
            m = np.nanmean(a)
            parts.append((np.where(np.isnan(a), m, a), np.where(np.isnan(b), m, b)))
    a, b = (np.column_stack([p[i] for p in parts]) for i in (0, 1))
    mean, sd = a.mean(0), a.std(0)
    sd[sd < 1e-9] = 1
    return (a - mean) / sd, (b - mean) / sd


def neighbours(a, b):
    d = (b * b).sum(1)[:, None] - 2 * b @ a.T + (a * a).sum(1)
    return np.sqrt(np.sort(d, 1)[:, :5].clip(0)).mean(1)


def mahalanobis(a, b):
    c = np.cov(a.T) + 0.01 * np.eye(a.shape[1])
    return np.einsum("ij,ij->i", b @ np.linalg.inv(c), b)


def auc(score, odd):
    order = np.unique(score, return_inverse=True)[1]
    count = np.bincount(order)
    rank = (count.cumsum() - (count - 1) / 2)[order]
    n = odd.sum()
    return 100 * (rank[odd].sum() - n * (n + 1) / 2) / (n * (~odd).sum())


# ---- a run ------------------------------------------------------------------------------------

def save(path, x, words):
    with open(path, "w") as f:
        f.write(",".join(f"c{j}" for j in range(x.shape[1])) + "\n")
        for r in x:
            f.write(",".join("" if np.isnan(v) else f"w{v:.0f}" if j < words else f"{v:.9g}"
                             for j, v in enumerate(r)) + "\n")


def score(o, model, path):
    out = os.path.join(o.work, "scores.npy")
    call(o.program, "score", model, path, "-q", "-o", out)
    return np.load(out).ravel()


def run(o, name, seed):
    make, n, words, gaps = TABLES[name]
    rng = np.random.default_rng(seed)
    x, spread = make(rng, n + TEST + 2 * TEST)
    spread = np.broadcast_to(np.asarray(spread, float), len(x))
    train, test, source = x[:n], x[n:n + TEST], x[n + TEST:]
    rows = [test] + [anomalies(rng, k, source, spread[n + TEST:], words) for k in KINDS]
    rows = np.concatenate(rows)
    for part in (train, rows):
        gone = rng.random(part.shape) < gaps
        gone[np.arange(len(part)), rng.integers(0, part.shape[1], len(part))] = False
        part[gone] = np.nan
    path = os.path.join(o.work, name.replace(" ", "-").replace(",", ""))
    save(path + "-train.csv", train, words)
    save(path + "-test.csv", rows, words)
    call(o.program, "train", path + "-train.csv", "--preset", "anomaly", "--seed", seed,
         *[v for s in o.set for v in ("--" + s.split("=")[0], s.split("=")[1])],
         "-q", "-o", path + ".st")
    a, b = features(train, rows, words)
    found = {"preset": score(o, path + ".st", path + "-test.csv"),
             "neighbours": neighbours(a, b), "mahalanobis": mahalanobis(a, b)}
    out = []
    for i in range(len(KINDS)):
        pick = np.r_[0:TEST, TEST + i * ODD:TEST + (i + 1) * ODD]
        odd = pick >= TEST
        out.append([auc(found[m][pick], odd) for m in found])
    return np.array(out)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--work", default="build/quality/kinds")
    a.add_argument("--seeds", type=int, default=2)
    a.add_argument("--set", action="append", default=[], help="an option of training")
    a.add_argument("tables", nargs="*", default=list(TABLES))
    o = a.parse_args()
    os.makedirs(o.work, exist_ok=True)
    row("table", *KINDS, "mean")
    row(*["---"] * (2 + len(KINDS)))
    total = []
    for name in o.tables:
        found = np.mean([run(o, name, s) for s in range(1, o.seeds + 1)], 0)
        found = np.vstack([found, found.mean(0)])
        total.append(found)
        row(name, *(", ".join(f"{v:.1f}" for v in f) for f in found))
    row("mean", *(", ".join(f"{v:.1f}" for v in f) for f in np.mean(total, 0)))
    print("\nEach cell: preset, neighbours, mahalanobis.")


if __name__ == "__main__":
    main()
