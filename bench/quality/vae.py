#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Variational autoencoders on MNIST, row by row of docs/vae.md.

    bench/quality/vae.py [--program PROGRAM] [--data FOLDER] [--seeds N] [--list] [ROW ...]

Each row trains on the 60,000 training images with the settings that stand here and measures
the last weights once on the 10,000 test images; nothing is chosen by them (settings of
vae-deep were chosen on 5,000 training images held out).  Grey rows: bce + KL, nats a test
row, a loss.  Rows of drawn pixels: -log p(x) by 5,000 importance samples.

Needs Python 3 alone.  FOLDER has the four IDX files of MNIST, plain or gzipped."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BURDA = ("--preset", "iwae")
ROWS = {
    "vae": (("--preset", "vae"), ()),
    "vae-20": (("--preset", "vae-20"), ()),
    "vae-deep": (("--preset", "vae-deep"), ()),
    "vae-200": (BURDA + ("--samples", "1", "--kl-warmup", "10"), ("--iwae", "5000")),
    "iwae-200": (BURDA, ("--iwae", "5000")),
    "vae-1000": (BURDA + ("--samples", "1", "--kl-warmup", "10", "--epochs", "1000"),
                 ("--iwae", "5000")),
    # Hours: the epochs and the batches of the paper.
    "vae-3280": (BURDA + ("--samples", "1", "--epochs", "3280", "--batch-size", "20"),
                 ("--iwae", "5000")),
    "iwae-3280": (BURDA + ("--epochs", "3280", "--batch-size", "20"), ("--iwae", "5000")),
}
SHORT = ("--preset", "vae-20", "--epochs", "8", "--loss", "gaussian")
ROWS |= {
    "sigma-1": (SHORT, ()),
    "sigma-0.2": (SHORT + ("--sigma", "0.2"), ()),
    "sigma-one": (SHORT + ("--learn-sigma", "one"), ()),
    "sigma-feature": (SHORT + ("--learn-sigma", "feature"), ()),
}
# LABELS stands for the labels of the rows at hand.
CLASS = ("--condition", "labels", "--labels", "LABELS")
for size in ("2", "20"):
    SMALL = ("--preset", "vae-20", "--epochs", "5", "--code", size)
    ROWS["plain-" + size] = (SMALL, ())
    ROWS["class-" + size] = (SMALL + CLASS, ("--labels", "LABELS"))
USUAL = ("vae", "vae-20", "vae-deep")


def find(folder, name):
    for path in (os.path.join(folder, name), os.path.join(folder, name + ".gz")):
        if os.path.exists(path):
            return path
    sys.exit(f"vae.py: {folder} has no {name}")


def call(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--program", default="build/release/hourglass")
    parser.add_argument("--data", default="../shared/data/mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--list", action="store_true", help="print commands, train nothing")
    o = parser.parse_args()
    for name in o.rows:
        if name not in ROWS:
            sys.exit(f"vae.py: unknown row '{name}'; there are {', '.join(ROWS)}")
    train = find(o.data, "train-images-idx3-ubyte")
    test = find(o.data, "t10k-images-idx3-ubyte")
    known = [find(o.data, f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")]
    print(f"{'row':13} {'seeds':>5} {'loss':>9} {'recon':>9} {'kl':>8} {'-log p':>8} "
          f"{'seconds':>8}")
    with tempfile.TemporaryDirectory() as work:
        model = os.path.join(work, "model.safetensors")
        for name in o.rows or USUAL:
            settings, measure = [[labels if word == "LABELS" else word for word in words]
                                 for words, labels in zip(ROWS[name], known)]
            found, start = [], time.monotonic()
            for seed in range(1, o.seeds + 1):
                command = [o.program, "train", train, *settings, "--seed", str(seed), "-q",
                           "-o", model]
                if o.list:
                    print(" ".join(command))
                    continue
                call(command)
                found.append(json.loads(
                    call([o.program, "evaluate", model, test, *measure, "--json"])))
            if not found:
                continue
            mean = [statistics.mean(f[key] for f in found) if key in found[0] else
                    float("nan") for key in ("loss", "recon", "kl", "neg_iwae")]
            print(f"{name:13} {o.seeds:5d} {mean[0]:9.3f} {mean[1]:9.3f} {mean[2]:8.3f} "
                  f"{mean[3]:8.3f} {(time.monotonic() - start) / o.seeds:8.0f}", flush=True)


if __name__ == "__main__":
    main()
