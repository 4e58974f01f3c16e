#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A model file needs no hourglass: the forward pass in NumPy, from the file alone.

    forward.py MODEL IMAGES.gz RECONSTRUCTION.npy

Computes in float64 what `hourglass reconstruct MODEL IMAGES.gz` computed in float32 and
prints the largest difference, in the units of the network's output.  Exit 0 when it is at
most 1e-5, 1 when not, 77 (skipped) without NumPy.  Knows dense layers, batch norms,
activations and dropout; docs/file-format.md has the names of the tensors."""
import gzip
import json
import struct
import sys

try:
    import numpy as np
except ImportError:
    print("skipped: no NumPy (Debian: python3-numpy)")
    sys.exit(77)

# A float32 sum of 784 products near 1 is off by about 1e-6; a wrong layer, by far more.
TOLERANCE = 1e-5

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


def load(path):
    """The model's description and its tensors by name."""
    with open(path, "rb") as f:
        raw = f.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])
    model = json.loads(header.pop("__metadata__")["hourglass"])
    dtypes = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}
    return model, {
        name: np.frombuffer(raw[start:], dtypes[t["dtype"]], int(np.prod(t["shape"])),
                            t["data_offsets"][0]).reshape(t["shape"]).astype(np.float64)
        for name, t in header.items()}


def layer(x, line, name, tensors):
    kind, *words = line.split()
    options = dict(word.split("=") for word in words if "=" in word)
    act = next((word for word in words if word in ACTIVATIONS), "linear")
    plain = {"input", "bias", "nobias"}
    unknown = [w for w in words if "=" not in w and w not in ACTIVATIONS
               and w not in plain and not w[0].isdigit()]
    if unknown:
        sys.exit(f"forward.py does not know '{unknown[0]}' in '{line}'")
    if kind == "dense":
        x = x @ tensors[name + ".weight"].T + tensors.get(name + ".bias", 0)
    elif kind == "batchnorm":
        gamma, beta, mean, variance = (tensors[f"{name}.{part}"] for part in
                                       ("gamma", "beta", "mean", "variance"))
        epsilon = float(options.get("epsilon", 1e-3))
        x = gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
    elif kind not in ("activation", "dropout"):
        sys.exit(f"forward.py does not know '{line}'")
    return ACTIVATIONS[act](x)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: forward.py MODEL IMAGES.gz RECONSTRUCTION.npy")
    model, tensors = load(sys.argv[1])
    with gzip.open(sys.argv[2]) as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)
    x = (images - tensors["scaler.shift"]) * tensors["scaler.scale"]
    for part in ("encoder", "decoder"):
        for i, line in enumerate(model[part]):
            x = layer(x, line, f"{part}.{i}", tensors)
    theirs = np.load(sys.argv[3]).reshape(x.shape).astype(np.float64)
    theirs = (theirs - tensors["scaler.shift"]) * tensors["scaler.scale"]
    worst = np.abs(x - theirs).max()
    print(f"{len(x)} rows, values {x.min():.3f} to {x.max():.3f}, "
          f"largest difference {worst:.1e}")
    if not worst <= TOLERANCE or x.std() < 0.01:
        sys.exit(f"expected a difference of at most {TOLERANCE}, of values that vary")


if __name__ == "__main__":
    main()
