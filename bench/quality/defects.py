#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small defects in pictures: ROC AUC of the scores.

    bench/quality/defects.py [--program PROGRAM] [--work FOLDER] [FOLDER]...

Each FOLDER has the four files of MNIST (default: Fashion-MNIST's and MNIST's).  A net learns
from the first 10,000 training pictures and is judged by the first 2,400 test pictures, in
every second of which one of six defects is drawn, on the picture itself but for a spot: a
patch of 4x4 inverted, a scratch, a hole of 5x5, a patch of noise, a faint spot, five lines
slid by two pixels.  Printed: ROC AUC by each score, of all defects and of each kind.  Needs
Python 3 and nothing else."""
import argparse
import gzip
import math
import os
import random
import struct
import subprocess

FOLDERS = ("/usr/share/datasets/fashion-mnist", "../shared/data/mnist")
SCORES = ("image", "residual", "joint")
KINDS = ("inverted", "scratch", "hole", "noise", "spot", "slid")
N, SIDE = 2400, 28


def pictures(path, count):
    with gzip.open(path) as f:
        f.read(16)
        return [bytearray(f.read(SIDE * SIDE)) for _ in range(count)]


def write(path, rows):
    with open(path, "wb") as f:
        f.write(struct.pack(">IIII", 0x803, len(rows), SIDE, SIDE))
        f.write(b"".join(rows))


def draw(x, kind, rng):
    ink = [p for p in range(SIDE * SIDE) if x[p] > 40] or [14 * SIDE + 14]
    at = rng.randrange(SIDE * SIDE) if kind == "spot" else rng.choice(ink)
    cy, cx = (min(max(v, 3), 24) for v in divmod(at, SIDE))
    around = [(y, z) for y in range(cy - 2, cy + 3) for z in range(cx - 2, cx + 3)]
    if kind == "slid":
        for y in range(cy - 2, cy + 3):
            line = x[y * SIDE:(y + 1) * SIDE]
            x[y * SIDE:(y + 1) * SIDE] = line[-2:] + line[:-2]
    elif kind == "scratch":
        value, angle = 255 if x[cy * SIDE + cx] < 128 else 0, rng.uniform(0, math.pi)
        for i in range(30):
            t = 10 * i / 29 - 5
            y, z = round(cy + t * math.sin(angle)), round(cx + t * math.cos(angle))
            if 0 <= y < SIDE and 0 <= z < SIDE:
                x[y * SIDE + z] = value
    elif kind == "spot":
        for p in range(SIDE * SIDE):
            far = (p // SIDE - cy) ** 2 + (p % SIDE - cx) ** 2
            x[p] = min(255, int(x[p] + 140 * math.exp(-far / 4.5)))
    else:
        for y, z in around:
            p = y * SIDE + z
            if kind == "inverted" and y < cy + 2 and z < cx + 2:
                x[p] = 255 - x[p]
            elif kind == "hole":
                x[p] = 0
            elif kind == "noise":
                x[p] = rng.randrange(256)


def auc(normal, odd):
    """Pairs that stand in the right order; ties count half."""
    ranked = sorted([(v, 0) for v in normal] + [(v, 1) for v in odd])
    below = pairs = i = 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        ones = sum(label for _, label in ranked[i:j])
        pairs += ones * (below + (j - i - ones) / 2)
        below += j - i - ones
        i = j
    return pairs / (len(normal) * len(odd))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--program", default="build/release/hourglass")
    p.add_argument("--work", default="build/bench/defects")
    p.add_argument("folders", nargs="*", default=FOLDERS)
    o = p.parse_args()
    os.makedirs(o.work, exist_ok=True)
    train, test = (os.path.join(o.work, s + "-idx3-ubyte") for s in ("train", "test"))
    model, out = (os.path.join(o.work, s) for s in ("model.safetensors", "scores.csv"))
    print(f"{'data':16} {'score':10} {'all':>6} " + " ".join(f"{k:>8}" for k in KINDS))
    for folder in o.folders:
        rng = random.Random(1)
        write(train, pictures(f"{folder}/train-images-idx3-ubyte.gz", 10000))
        rows = pictures(f"{folder}/t10k-images-idx3-ubyte.gz", N)
        for i in range(1, N, 2):
            draw(rows[i], KINDS[i // 2 % len(KINDS)], rng)
        write(test, rows)
        for score in SCORES:
            subprocess.run([o.program, "train", train, "--hidden", "128", "--code", "32",
                            "--epochs", "8", "--score", score, "-q", "-o", model], check=True)
            subprocess.run([o.program, "score", model, test, "-q", "-o", out], check=True)
            with open(out) as f:
                v = [float(line) for line in f.readlines()[1:]]
            each = [auc(v[::2], v[2 * k + 1::2 * len(KINDS)]) for k in range(len(KINDS))]
            print(f"{os.path.basename(folder):16} {score:10} {auc(v[::2], v[1::2]):6.3f} " +
                  " ".join(f"{a:8.3f}" for a in each), flush=True)


if __name__ == "__main__":
    main()
