#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A model file needs no hourglass: the forward pass in NumPy, from the file alone.

    forward.py MODEL IMAGES.gz RECONSTRUCTION.npy

Computes in float64 what `hourglass reconstruct MODEL IMAGES.gz` computed in float32 and
prints the largest difference, in the units of the network's output.  Exit 0 when it is at
most 1e-5, 1 when not, 77 (skipped) without NumPy.  Knows every kind of layer; convolutions
are sums over their taps, in Keras's layout and by TensorFlow's rule for padding.
docs/file-format.md has the names of the tensors."""
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


def sizes(text, axes):
    """"2" or "3x2" -> one number an axis."""
    numbers = [int(n) for n in text.split("x")]
    return numbers * axes if len(numbers) == 1 else numbers


def padding(rule, n, kernel, stride):
    """Places before and after n places; TensorFlow puts an odd one at the end."""
    if rule == "valid":
        return 0, 0
    if rule != "same":
        return int(rule), int(rule)
    total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2


def windows(x, kernel, stride, rule, fill):
    """One array a tap: the value of every window there; `fill` outside the image."""
    pads = [padding(rule, n, k, s) for n, k, s in zip(x.shape[1:], kernel, stride)]
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    out = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:], kernel, stride)]
    for tap in np.ndindex(*kernel):
        cut = [slice(t, t + (n - 1) * s + 1, s) for t, n, s in zip(tap, out, stride)]
        yield tap, x[(slice(None), *cut)]


def conv(x, kernel, stride, rule):
    return sum(part @ kernel[tap] for tap, part in
               windows(x, kernel.shape[:-2], stride, rule, 0))


def conv_transposed(x, kernel, stride, rule):
    """What a convolution's gradient is to its input: each place of x paints a kernel."""
    taps, places = kernel.shape[:-2], x.shape[1:-1]
    whole = [(n - 1) * s + max(k, s) for n, k, s in zip(places, taps, stride)]
    y = np.zeros((len(x), *whole, kernel.shape[-2]))
    for tap in np.ndindex(*taps):
        cut = [slice(t, t + (n - 1) * s + 1, s) for t, n, s in zip(tap, places, stride)]
        y[(slice(None), *cut)] += x @ kernel[tap].T
    if rule == "valid":
        return y
    large = [n * s for n, s in zip(places, stride)]
    before = [padding("same", n, k, s)[0] for n, k, s in zip(large, taps, stride)]
    return y[(slice(None), *(slice(b, b + n) for b, n in zip(before, large)))]


def pool(x, kind, kernel, stride, rule):
    parts = [part for _, part in windows(x, kernel, stride, rule, np.nan)]
    return (np.nanmax if kind == "maxpool" else np.nanmean)(parts, axis=0)


def upsample(x, times, bilinear):
    for axis, f in enumerate(times, 1):
        n = x.shape[axis]
        at = np.arange(n * f) // f
        if not bilinear:
            x = x.take(at, axis)
            continue
        s = (np.arange(n * f) + 0.5) / f - 0.5
        low = np.floor(s).astype(int)
        t = (s - low).reshape(-1, *[1] * (x.ndim - axis - 1))
        x = (1 - t) * x.take(np.maximum(low, 0), axis) + \
            t * x.take(np.minimum(low + 1, n - 1), axis)
    return x


def border(x, first, options):
    """Places on each side, ((top, bottom), (left, right))."""
    both = sizes(first or "0", x.ndim - 2)
    names = [("top", "bottom"), ("left", "right")][:x.ndim - 2]
    return [[int(options.get(name, n)) for name in pair]
            for pair, n in zip(names, both)]


def normalise(x, mean, variance, name, tensors, options):
    gamma, beta = tensors[name + ".gamma"], tensors[name + ".beta"]
    return gamma * (x - mean) / np.sqrt(variance + float(options.get("epsilon", 1e-3))) + beta


def layer(inputs, line, name, tensors):
    """The output of one line; `inputs` is what went into this line and those before it."""
    x = inputs[-1]
    kind, *words = line.split()
    options = dict(word.split("=") for word in words if "=" in word)
    act = next((word for word in words if word in ACTIVATIONS), "linear")
    numbers = [word for word in words if word[0].isdigit()]
    first = numbers[0] if numbers else None
    axes = x.ndim - 2
    if kind == "dense":
        x = x.reshape(len(x), -1) @ tensors[name + ".weight"].T
        x = x + tensors.get(name + ".bias", 0)
    elif kind in ("conv", "convt"):
        run = conv if kind == "conv" else conv_transposed
        x = run(x, tensors[name + ".weight"], sizes(options.get("stride", "1"), axes),
                options.get("padding", "same")) + tensors.get(name + ".bias", 0)
    elif kind in ("maxpool", "avgpool"):
        kernel = sizes(first or "2", axes)
        stride = sizes(options["stride"], axes) if "stride" in options else kernel
        x = pool(x, kind, kernel, stride, options.get("padding", "valid"))
    elif kind == "gap":
        x = x.mean(axis=tuple(range(1, x.ndim - 1)))
    elif kind == "upsample":
        x = upsample(x, sizes(first or "2", axes), "bilinear" in words)
    elif kind == "crop":
        x = x[(slice(None), *(slice(a, n - b) for (a, b), n in
                              zip(border(x, first, options), x.shape[1:])))]
    elif kind == "pad":
        x = np.pad(x, [(0, 0), *border(x, first, options), (0, 0)])
    elif kind in ("flatten", "reshape"):
        x = x.reshape(len(x), *(sizes(first, 1) if first else [-1]))
    elif kind == "batchnorm":
        x = normalise(x, tensors[name + ".mean"], tensors[name + ".variance"], name,
                      tensors, options)
    elif kind == "layernorm":
        x = normalise(x, x.mean(-1, keepdims=True), x.var(-1, keepdims=True), name,
                      tensors, options)
    elif kind == "residual":
        x = x + inputs[-1 - int(first)]
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
    x = x.reshape(len(x), 28, 28, 1)
    for part in ("encoder", "decoder"):
        inputs = [x]
        for i, line in enumerate(model[part]):
            inputs.append(layer(inputs, line, f"{part}.{i}", tensors))
        x = inputs[-1]
    x = x.reshape(len(x), -1)
    theirs = np.load(sys.argv[3]).reshape(x.shape).astype(np.float64)
    theirs = (theirs - tensors["scaler.shift"]) * tensors["scaler.scale"]
    worst = np.abs(x - theirs).max()
    print(f"{len(x)} rows, values {x.min():.3f} to {x.max():.3f}, "
          f"largest difference {worst:.1e}")
    if not worst <= TOLERANCE or x.std() < 0.01:
        sys.exit(f"expected a difference of at most {TOLERANCE}, of values that vary")


if __name__ == "__main__":
    main()
