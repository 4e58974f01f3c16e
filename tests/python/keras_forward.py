#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A model file's weights in Keras, as they are: the same layers give the same pictures.

    keras_forward.py MODEL IMAGES.gz RECONSTRUCTION.npy

Builds the model of the file's lines from Keras's layers, gives them the file's tensors (a
kernel of conv and convt without a change, that of dense transposed), and prints the largest
difference from what `hourglass reconstruct MODEL IMAGES.gz` gave, in the units of the
network's output.  Exit 0 when it is at most 1e-5, 1 when not, 77 (skipped) without Keras."""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import keras
    import numpy as np
except ImportError:
    print("skipped: no Keras")
    sys.exit(77)

import gzip

from forward import load

# Two float32 sums of some hundred products near 1, each off by about 1e-6.
TOLERANCE = 1e-5
L = keras.layers


def numbers(text, count=2):
    found = [int(n) for n in text.split("x")]
    return tuple(found * count if len(found) == 1 else found)


def make(line):
    kind, *words = line.split()
    options = dict(word.split("=") for word in words if "=" in word)
    bare = [word for word in words if "=" not in word]
    given = [word for word in bare if word[0].isdigit()]
    act = next((word for word in bare if not word[0].isdigit()), None)
    stride = numbers(options["stride"]) if "stride" in options else None
    if kind in ("conv", "convt"):
        to = L.Conv2D if kind == "conv" else L.Conv2DTranspose
        return to(int(given[0]), numbers(given[1]), strides=stride or 1, activation=act,
                  padding=options.get("padding", "same"))
    if kind in ("maxpool", "avgpool"):
        to = L.MaxPooling2D if kind == "maxpool" else L.AveragePooling2D
        return to(numbers(given[0]), strides=stride,
                  padding=options.get("padding", "valid"))
    if kind == "upsample":
        return L.UpSampling2D(numbers(given[0]), interpolation=act or "nearest")
    if kind == "crop":
        return L.Cropping2D(numbers(given[0]))
    if kind == "pad":
        return L.ZeroPadding2D(numbers(given[0]))
    if kind == "dense":
        return L.Dense(int(given[0]), activation=act)
    if kind == "reshape":
        return L.Reshape(numbers(given[0]))
    simple = {"gap": L.GlobalAveragePooling2D, "flatten": L.Flatten,
              "batchnorm": L.BatchNormalization, "layernorm": L.LayerNormalization}
    return L.Activation(act) if kind == "activation" else simple[kind]()


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: keras_forward.py MODEL IMAGES.gz RECONSTRUCTION.npy")
    model, tensors = load(sys.argv[1])
    with gzip.open(sys.argv[2]) as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    net = keras.Sequential([keras.Input((28, 28, 1))])
    for part in ("encoder", "decoder"):
        for i, line in enumerate(model[part]):
            layer = make(line)
            net.add(layer)
            names = ("weight", "bias", "gamma", "beta", "mean", "variance")
            found = [tensors.get(f"{part}.{i}.{name}") for name in names]
            found = [t for t in found if t is not None]
            if isinstance(layer, L.Dense):
                found[0] = found[0].T
            if found:
                layer.set_weights(found)
    scale = float(tensors["scaler.scale"][0]) if "scaler.scale" in tensors else 1.0
    ours = net.predict(images.astype(np.float32) * np.float32(scale), verbose=0)
    theirs = np.load(sys.argv[3]).reshape(ours.shape) * scale
    worst = np.abs(ours - theirs).max()
    print(f"Keras {keras.__version__}: {len(ours)} rows, largest difference {worst:.1e}")
    if not worst <= TOLERANCE or ours.std() < 0.01:
        sys.exit(f"expected a difference of at most {TOLERANCE}, of values that vary")


if __name__ == "__main__":
    main()
