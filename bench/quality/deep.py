#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What pretraining, depth and regularisation give on MNIST, row by row of docs/quality.md.

    bench/quality/deep.py [--program PROGRAM] [--data FOLDER] [--seeds N] [--list] [ROW ...]

Trains each row on the 60,000 training images with the settings that stand here, fixed
beforehand, and evaluates the last weights once on the 10,000 test images: squared error a
row, binary cross-entropy a pixel, and the time.  Nothing is chosen by the test images.
--list prints the commands and trains nothing; --work keeps models and logs in a folder.

Needs Python 3; `linear` also numpy, for the angle to the principal components, and `turned`
numpy and scipy, which make its rows."""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
NET = ("--hidden", "1000,500,250", "--code", "30", "--code-activation", "linear", "--loss",
       "bce", "--scale", "unit", "--schedule", "cosine", "--precision", "auto")

RBM_MSE = ("--preset", "hinton-deep", "--loss", "mse", "--output-activation", "sigmoid",
           "--precision", "auto")


@dataclass(frozen=True)
class Row:
    about: str
    options: tuple
    turned: int = 0  # turned copies of the training images beside two plain ones
    angle: bool = False


ROWS = {
    "linear": Row("linear, code 32", ("--preset", "linear", "--scale", "unit", "--code", "32",
                                      "--epochs", "40", "--schedule", "cosine"), angle=True),
    "rbm": Row("hinton-deep: RBMs, unrolled, fine-tuned", ("--preset", "hinton-deep")),
    "random-decoder": Row("the same, decoder drawn at random",
                          ("--preset", "hinton-deep", "--decoder-init", "random")),
    "plain": Row("the same net from random weights",
                 ("--preset", "hinton-deep", "--pretrain", "none")),
    "stacked": Row("the same net, stacked denoising autoencoders",
                   ("--preset", "hinton-deep", "--pretrain", "stacked",
                    "--pretrain-corrupt", "mask:0.25")),
    "rbm-100": Row("784-1000-500-250-100-30 by RBMs", ("--preset", "hinton-deep-100")),
    "gelu": Row("gelu in place of sigmoid, from random weights",
                NET + ("--activation", "gelu", "--epochs", "50", "--batch-size", "256")),
    "turned": Row("gelu, with turned and stretched copies of the images",
                  NET + ("--activation", "gelu", "--epochs", "13", "--batch-size", "256"),
                  turned=6),
    "rbm-mse": Row("RBMs, fine-tuned on the squared error", RBM_MSE + ("--epochs", "60")),
    "rbm-turned": Row("the same, with turned and stretched copies",
                      RBM_MSE + ("--pretrain-epochs", "2", "--epochs", "10"), turned=6),
}


def call(*args):
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)}\n{done.stderr}")
    return done.stdout


def mnist(folder, name):
    for ending in ("", ".gz"):
        path = os.path.join(folder, name + ending)
        if os.path.exists(path):
            return path
    sys.exit(f"{folder}: no {name}")


def images(path):
    import numpy as np
    with (gzip.open if path.endswith(".gz") else open)(path) as f:
        return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)


def write_turned(source, copies, path):
    """The images twice, then copies turned by up to 7 degrees, stretched by up to 6 % in
    each direction, sheared by up to a tenth and moved by up to half a pixel."""
    import numpy as np
    from scipy import ndimage
    x, r = images(source), np.random.RandomState(11)
    rows, centre = [x, x], np.array([13.5, 13.5])
    for _ in range(copies):
        y = np.empty_like(x)
        for i, image in enumerate(x):
            a = np.deg2rad(r.uniform(-7, 7))
            stretch, shear = np.exp(r.uniform(-.06, .06, 2)), r.uniform(-.1, .1)
            m = (np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
                 @ np.diag(stretch) @ np.array([[1, shear], [0, 1]]))
            offset = centre - m @ centre + r.uniform(-.5, .5, 2)
            turned = ndimage.affine_transform(image.astype(np.float32), m, offset, order=3)
            y[i] = np.clip(np.rint(turned), 0, 255)
        rows.append(y)
    np.save(path, np.concatenate(rows))


def largest_angle(model, program, train, folder):
    """Degrees between the decoder's space and that of as many principal components."""
    import numpy as np
    x = images(train).reshape(-1, 784).astype(np.float64) / 255
    x -= x.mean(0)
    codes, out = os.path.join(folder, "codes.npy"), os.path.join(folder, "rows.npy")
    np.save(codes, np.vstack([np.zeros(32), np.eye(32)]).astype(np.float32))
    call(program, "decode", model, codes, "-o", out)
    y = np.load(out).reshape(33, -1).astype(np.float64)
    q, _ = np.linalg.qr((y[1:] - y[0]).T)
    v = np.linalg.eigh(x.T @ x)[1][:, -32:]
    return np.degrees(np.arccos(min(1, np.linalg.svd(q.T @ v)[1].min())))


def run(o, name, row, seed, folder):
    train, test = mnist(o.data, TRAIN), mnist(o.data, TEST)
    data = train
    if row.turned:
        data = os.path.join(folder, "turned.npy")
        if not os.path.exists(data) and not o.list:
            write_turned(train, row.turned, data)
    model = os.path.join(folder, f"{name}-{seed}.safetensors")
    command = [o.program, "train", data, *row.options, "--seed", str(seed), "-q", "--log",
               model.replace("safetensors", "jsonl"), "-o", model]
    if o.list:
        print(" ".join(command))
        return None
    start = time.time()
    call(*command)
    seconds = time.time() - start
    m = json.loads(call(o.program, "evaluate", model, test, "--json"))
    angle = largest_angle(model, o.program, train, folder) if row.angle else None
    return m["sse_per_row"], m["bce"], seconds, angle


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/mnist")
    a.add_argument("--seeds", type=int, default=1)
    a.add_argument("--work", help="folder for models and logs; else they are thrown away")
    a.add_argument("--list", action="store_true")
    a.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    o = a.parse_args()
    for name in o.rows:
        if name not in ROWS:
            sys.exit(f"no row {name}; there are {', '.join(ROWS)}")
    if not o.list:
        print("| what | seed | squared error a row | bce a pixel | seconds |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as own:
        folder = o.work or own
        os.makedirs(folder, exist_ok=True)
        for name in o.rows or ROWS:
            for seed in range(1, o.seeds + 1):
                got = run(o, name, ROWS[name], seed, folder)
                if got is None:
                    continue
                sse, bce, seconds, angle = got
                extra = f", {angle:.2f} degrees from PCA's space" if angle is not None else ""
                print(f"| {ROWS[name].about}{extra} | {seed} | {sse:.4f} | {bce:.5f} | "
                      f"{seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
