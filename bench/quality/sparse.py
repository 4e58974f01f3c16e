#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How good are sparse codes?  Measurements on real data:

    bench/quality/sparse.py [--program PROGRAM] [--data FOLDER] [--epochs N]
                             [--precision auto] [--fast] [WHAT]

ksparse  784-1000-784 with k = 25 on MNIST; the frozen codes of alpha k units go to a
         logistic regression; its test error in per cent, for each alpha.  Regularisation
         and alpha are chosen on the last 10,000 training rows, whose labels the regression
         has not seen then; the test set is looked at once.  Published: 1.35 % (Makhzani &
         Frey, arXiv:1312.5663).
curve    patches of photographs, 12x12, one code of --units: the mean squared error that
         TopK and an L1 penalty reach at the same mean number of active units, 8 to 64,
         with the share of dead units of TopK.  The L1 weights are found by halving, by L0
         on rows that are not measured.  Both with decoder columns of norm 1 and as many
         steps.

dead     the share of TopK's units that no training row uses, of 200,000 patches; for
         --units 16384.

Needs NumPy; ksparse scikit-learn too."""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from common import call, mnist
from images import read_png

L0S = (8, 16, 32, 64)


def labels(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return np.frombuffer(f.read()[8:], np.uint8)


# ---- k-sparse ------------------------------------------------------------------------


def fit_error(x, y, tx, ty, c):
    from sklearn.linear_model import LogisticRegression
    fit = LogisticRegression(C=c, max_iter=400, tol=1e-3)
    fit.fit(x, y)
    return 100 * float((fit.predict(tx) != ty).mean())


def ksparse(o, folder):
    images = mnist(o.data, "train-images-idx3-ubyte")
    test = mnist(o.data, "t10k-images-idx3-ubyte")
    y = labels(mnist(o.data, "train-labels-idx1-ubyte"))
    ty = labels(mnist(o.data, "t10k-labels-idx1-ubyte"))
    model, out = os.path.join(folder, "m.safetensors"), os.path.join(folder, "z.npy")
    cut = 10000 if not o.fast else 2000
    y = y[:3 * cut] if o.fast else y
    print("| alpha | C | error on held-out rows, % | test error, % |\n|---|---|---|---|")
    best = None
    for alpha in (1, 3, 6):
        call(o.program, "train", images, "--limit", len(y), "--code", 1000, "--code-kind",
             f"topk mirror pre-bias k=25 alpha={alpha}", "--unit-decoder", "--auxk", 0.1,
             "--dead-after", 200, "--loss", "mse", "--output-activation", "linear",
             "--corrupt", "mask:0.3", "--epochs", o.epochs, "--batch-size", 100, "-q", "-o", model, "--threads", o.threads, "--precision",
             o.precision)
        call(o.program, "encode", model, images, "--limit", len(y), "-o", out, "-q")
        z = np.load(out)
        call(o.program, "encode", model, test, "-o", out, "-q")
        tz = np.load(out)
        scale = z[:-cut].std()
        z, tz = z / scale, tz / scale
        for c in (0.05, 0.1, 0.2):
            held = fit_error(z[:-cut], y[:-cut], z[-cut:], y[-cut:], c)
            if best is None or held < best[0]:
                best = (held, alpha, c, z, tz)
            print(f"| {alpha} | {c} | {held:.2f} | |", flush=True)
    held, alpha, c, z, tz = best
    print(f"| {alpha} | {c} | {held:.2f} | **{fit_error(z, y, tz, ty, c):.2f}** |")


# ---- error against active units ------------------------------------------------------


def grey_png(path):
    """Luma in [0,1]."""
    return (read_png(path) @ np.float32([0.299, 0.587, 0.114])) / 255


def patches(folder, n, side, seed):
    """n grey patches of the photographs, each without its mean, of the same variance."""
    rng = np.random.default_rng(seed)
    names = sorted(f for f in os.listdir(folder) if f.endswith(".png"))
    if not names:
        sys.exit(f"{folder}: no photographs")
    each, out = n // len(names) + 1, []
    for name in names:
        grey = grey_png(os.path.join(folder, name))
        r = rng.integers(0, grey.shape[0] - side, each)
        c = rng.integers(0, grey.shape[1] - side, each)
        out += [grey[a:a + side, b:b + side].ravel() for a, b in zip(r, c)]
    x = np.stack(out)
    x -= x.mean(1, keepdims=True)
    return rng.permutation(x / x.std())[:n].astype(np.float32)


def measure(o, folder, train, test, *options):
    model = os.path.join(folder, "m.safetensors")
    call(o.program, "train", train, "--code", o.units, "--loss", "mse", "--scale", "none",
         "--output-activation", "linear", "--unit-decoder", "--epochs", o.epochs,
         "--batch-size", 256, "-q", "-o", model, "--threads", o.threads, "--precision",
         o.precision, *options)
    e = json.loads(call(o.program, "evaluate", model, test, "--json"))
    return e["mse"], (1 - e["zero_fraction"]) * o.units, e.get("dead_units", 0.0)


def curve(o, folder):
    x = patches(o.photographs, 6000 if o.fast else 60000, 12, 1)
    cut = len(x) // 6
    train, look, test = (os.path.join(folder, f) for f in ("a.npy", "b.npy", "c.npy"))
    np.save(train, x[2 * cut:])
    np.save(look, x[cut:2 * cut])
    np.save(test, x[:cut])
    print("| L0 | TopK mse | dead, % | L1 mse | at L0 |\n|---|---|---|---|---|")
    for k in L0S:
        steps = len(x[2 * cut:]) // 256
        top = measure(o, folder, train, test, "--code-kind",
                      f"topk mirror pre-bias k={k}", "--auxk", 0.03125, "--dead-after",
                      max(10, steps // 2))
        low, high = 1e-5, 1.0
        for _ in range(5 if o.fast else 7):
            l1 = (low * high)**0.5
            if measure(o, folder, train, look, "--l1", l1)[1] > k:
                low = l1
            else:
                high = l1
        l1 = measure(o, folder, train, test, "--l1", (low * high)**0.5)
        print(f"| {k} | {top[0]:.4f} | {100 * top[2]:.1f} | {l1[0]:.4f} | {l1[1]:.1f} |",
              flush=True)


def dead(o, folder):
    """Units that no row of all uses, of --units, after --dead-epochs."""
    x = patches(o.photographs, 6000 if o.fast else 240000, 12, 1)
    cut = len(x) // 6
    train, test = (os.path.join(folder, f) for f in ("a.npy", "c.npy"))
    np.save(train, x[cut:])
    np.save(test, x[:cut])
    model = os.path.join(folder, "m.safetensors")
    print("| L0 | mse, other rows | dead, % |\n|---|---|---|")
    for k in L0S:
        call(o.program, "train", train, "--code", o.units, "--code-kind",
             f"topk mirror pre-bias k={k}", "--unit-decoder", "--auxk", 0.03125, "--dead-after",
             300, "--loss", "mse", "--scale", "none", "--output-activation", "linear",
             "--epochs", o.dead_epochs, "--lr", o.lr, "--schedule", o.schedule,
             "--batch-size", 256, "-q", "-o", model, "--force", "--threads",
             o.threads, "--precision", o.precision)
        mse = json.loads(call(o.program, "evaluate", model, test, "--no-pca", "--json"))["mse"]
        used = json.loads(call(o.program, "evaluate", model, train, "--no-pca", "--json"))
        print(f"| {k} | {mse:.4f} | {100 * used['dead_units']:.1f} |", flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/mnist")
    a.add_argument("--photographs", default="../shared/data/kodak")
    a.add_argument("--units", type=int, default=2048)
    a.add_argument("--epochs", type=int, default=20)
    a.add_argument("--dead-epochs", type=int, default=2, help="of `dead`")
    a.add_argument("--lr", type=float, default=1e-3, help="of `dead`")
    a.add_argument("--schedule", default="constant", help="of `dead`")
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--precision", default="auto", help="of the training's products")
    a.add_argument("--fast", action="store_true", help="few rows: to see that it runs")
    a.add_argument("what", nargs="*", default=["ksparse", "curve"])
    o = a.parse_args()
    for what in o.what or ["ksparse", "curve"]:
        with tempfile.TemporaryDirectory() as folder:
            {"ksparse": ksparse, "curve": curve, "dead": dead}[what](o, folder)


if __name__ == "__main__":
    main()
