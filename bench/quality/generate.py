#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How good are samples?  Frechet distances on MNIST, and the nearest training images.

    python3 bench/quality/generate.py HOURGLASS MNIST-FOLDER OUT-FOLDER

Trains (or takes from OUT) a variational and a plain autoencoder of the same layers, and a
third net whose codes serve as features; draws 10,000 rows in each way; prints the Frechet
distance between the features of samples and of the 10,000 test images,

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)),

and writes samples.png: samples over the nearest training image of each (squared error).
The features are those of this net, so the numbers compare with each other and with no
published FID.  Needs NumPy."""
import os
import struct
import subprocess
import sys
import zlib

import numpy as np

from images import frechet, read_idx

HOURGLASS, MNIST, OUT = sys.argv[1:4]
TRAIN = os.path.join(MNIST, "train-images-idx3-ubyte.gz")
TEST = os.path.join(MNIST, "t10k-images-idx3-ubyte.gz")
MODELS = {
    "vae": "--preset vae --hidden 400 --code 20 --epochs 20",
    "plain": "--hidden 400 --code 20 --code-activation linear --epochs 20 --loss bce",
    "feature": "--hidden 512,256 --code 64 --epochs 10 --loss bce",
}
# BIC's choice for the plain model among 1 to 64 components on 20,000 rows; fixed here,
# because the search fits some twenty mixtures to find it.
FIT = "--fit-rows 20000 --components 32 --covariance full"
ROWS = "10000"


def run(*words):
    subprocess.run([HOURGLASS, *words, "-q"], check=True)


def path(name):
    return os.path.join(OUT, name)


def features(rows):
    run("encode", path("feature.safetensors"), rows, "-o", path("features.npy"))
    return np.load(path("features.npy")).astype(float)


def nearest(samples, train):
    far = (train**2).sum(1)[None] - 2 * samples @ train.T
    return train[far.argmin(1)], (far.min(1) + (samples**2).sum(1)).clip(0)


def write_png(name, image):
    """image [h, w] in 0..255, twice as large."""
    image = np.kron(np.rint(image).astype(np.uint8), np.ones((2, 2), np.uint8))
    h, w = image.shape
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in image), 9)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body))

    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def strip(rows):
    """Images of 28x28 side by side, with a white line between."""
    return np.hstack([np.pad(r.reshape(28, 28), 1, constant_values=255) for r in rows])


for name, words in MODELS.items():
    if not os.path.exists(path(name + ".safetensors")):
        run("train", TRAIN, *words.split(), "-o", path(name + ".safetensors"))
for name in ("plain", "vae"):
    run("sample", path(name + ".safetensors"), "--fit", TRAIN, *FIT.split())

ways = [
    ("VAE, prior", "vae", "prior"),
    ("VAE, mixture on its codes", "vae", "mixture"),
    ("plain, mixture on its codes", "plain", "mixture"),
    ("plain, standard normal codes", "plain", "prior"),
]
test = features(TEST)
train = read_idx(TRAIN).reshape(-1, 784).astype(np.float32)
half = features(TRAIN)[: len(test)]
print(f"{'training images':32} {frechet(half, test):8.2f}")
for model in ("vae", "plain"):
    run("reconstruct", path(model + ".safetensors"), TEST, "-o", path("back.npy"))
    print(f"{model + ', test images rebuilt':32} {frechet(features(path('back.npy')), test):8.2f}")
lines = []
for label, model, source in ways:
    run("sample", path(model + ".safetensors"), "-n", ROWS, "--from", source, "--seed", "1",
        "-o", path("samples.npy"))
    score = frechet(features(path("samples.npy")), test)
    samples = np.load(path("samples.npy")).reshape(-1, 784).astype(np.float32)[:16]
    near, far = nearest(samples, train)
    print(f"{label:32} {score:8.2f}   nearest training image: "
          f"{far.mean() / 255**2:.1f} squared error, mean of 16")
    lines += [strip(samples), strip(near), np.full((6, 16 * 30), 255.0)]
write_png(path("samples.png"), np.vstack(lines[:-1]))
