#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/conv.h: outputs of convolutions by TensorFlow's rules, from loops
that follow their definition, apart from the library.  Where PyTorch is installed each is
checked against it, with TensorFlow's padding put around the image by hand.

Values are small whole numbers, so that sums are exact and any order gives the same.
Usage: tests/golden/make_conv.py > tests/golden/conv.h"""
import itertools

import numpy as np

SAME, VALID = "same", "valid"
# line's options, input shape, filters, kernel, stride, dilation, padding, transposed
CASES = [
    ("conv", (5, 4, 3), 2, (3, 3), (1, 1), (1, 1), SAME),
    ("conv", (6, 5, 3), 2, (3, 3), (2, 2), (1, 1), SAME),
    ("conv", (7, 5, 2), 2, (3, 2), (2, 2), (1, 1), VALID),
    ("conv", (4, 3, 2), 3, (2, 2), (1, 1), (1, 1), SAME),
    ("conv", (5, 5, 2), 2, (3, 3), (1, 1), (2, 2), SAME),
    ("conv", (5, 4, 2), 2, (3, 3), (2, 1), (1, 1), 1),
    ("conv", (6, 5, 8), 5, (3, 3), (2, 2), (1, 1), SAME),
    ("conv", (7,), 3, (3,), (2,), (1,), SAME),
    ("conv", (6, 9), 2, (4,), (1,), (1,), SAME),
    ("convt", (3, 2, 3), 2, (3, 3), (2, 2), (1, 1), SAME),
    ("convt", (2, 3, 9), 8, (3, 3), (2, 2), (1, 1), SAME),
    ("convt", (2, 2, 2), 3, (3, 3), (2, 2), (1, 1), VALID),
    ("convt", (2, 2, 4), 9, (2, 2), (3, 3), (1, 1), VALID),
    ("convt", (3, 3, 2), 8, (4, 4), (2, 2), (1, 1), 1),
    ("convt", (4, 3), 8, (5,), (2,), (1,), SAME),
]


def sizes(large, small, kernel, stride, dilation, padding):
    """Places before and after one axis of the large image."""
    span = (kernel - 1) * dilation + 1
    if padding == VALID:
        return 0, 0
    if padding == SAME:
        pad = max((small - 1) * stride + span - large, 0)
        return pad // 2, pad - pad // 2
    return padding, padding


def conv_out(size, kernel, stride, dilation, padding):
    span = (kernel - 1) * dilation + 1
    if padding == SAME:
        return -(-size // stride)
    pad = 0 if padding == VALID else padding
    return (size + 2 * pad - span) // stride + 1


def convt_out(size, kernel, stride, dilation, padding):
    """Keras's deconv_output_length."""
    span = (kernel - 1) * dilation + 1
    if padding == SAME:
        return size * stride
    if padding == VALID:
        return size * stride + max(span - stride, 0)
    return (size - 1) * stride + span - 2 * padding


def meet(large, small, kernel, stride, dilation, padding):
    """(place of the large image, of the small, tap) along each axis that meet."""
    axes = []
    for n, m, k, s, d in zip(large, small, kernel, stride, dilation):
        before, _ = sizes(n, m, k, s, d, padding)
        axes.append([(p * s + t * d - before, p, t) for p in range(m) for t in range(k)
                     if 0 <= p * s + t * d - before < n])
    for hit in itertools.product(*axes):
        yield tuple(zip(*hit))


def pattern(shape, a, b):
    """Whole numbers from -(b // 2) on; the test makes the same ones."""
    i = np.arange(int(np.prod(shape)))
    return ((i * a + i // 7) % b - b // 2).reshape(shape)


def run(kind, shape, filters, kernel, stride, dilation, padding):
    axes = len(kernel)
    x = pattern(shape, 5, 11)
    if len(shape) == axes:
        x = x[..., None]
    places, channels = x.shape[:-1], x.shape[-1]
    out_of = conv_out if kind == "conv" else convt_out
    out = tuple(out_of(n, k, s, d, padding)
                for n, k, s, d in zip(places, kernel, stride, dilation))
    pair = (channels, filters) if kind == "conv" else (filters, channels)
    W, bias = pattern(kernel + pair, 3, 7), pattern((filters,), 2, 5)
    y = np.zeros(out + (filters,), int) + bias
    large, small = (places, out) if kind == "conv" else (out, places)
    for at, p, t in meet(large, small, kernel, stride, dilation, padding):
        if kind == "conv":
            y[p] += x[at] @ W[t]
        else:
            y[at] += W[t] @ x[p]
    check(kind, x, W, bias, y, large, small, kernel, stride, dilation, padding)
    return y


def check(kind, x, W, bias, y, large, small, kernel, stride, dilation, padding):
    try:
        import torch
        import torch.nn.functional as F
    except ImportError:
        return
    pads = [sizes(*a, padding) for a in zip(large, small, kernel, stride, dilation)]
    flat = [n for pair in reversed(pads) for n in pair]
    axes = len(kernel)
    back = tuple(range(2, 2 + axes)) + (1,)
    X = torch.tensor(np.moveaxis(x, -1, 0)[None], dtype=torch.float64)
    w = torch.tensor(np.moveaxis(W, (-1, -2), (0, 1)), dtype=torch.float64)
    conv = [F.conv1d, F.conv2d][axes - 1]
    if kind == "conv":
        got = conv(F.pad(X, flat), w, stride=stride, dilation=dilation)
    else:  # the gradient of that convolution
        start = torch.zeros((1, W.shape[-2]) + large, dtype=torch.float64,
                            requires_grad=True)
        forward = conv(F.pad(start, flat), w, stride=stride, dilation=dilation)
        (got,) = torch.autograd.grad(forward, start, X)
    got = got.numpy().transpose((0,) + back)[0] + bias
    assert (got == y).all(), (kind, x.shape, kernel, stride)


def line(kind, filters, kernel, stride, dilation, padding):
    text = f"{kind} {filters} {'x'.join(map(str, kernel))}"
    for name, value in (("stride", stride), ("dilation", dilation)):
        if set(value) != {1}:
            text += f" {name}={'x'.join(map(str, value))}"
    return text + ("" if padding == SAME else f" padding={padding}")


def main():
    print("// SPDX-License-Identifier: MIT")
    print("/* Written by make_conv.py, which says what it is. */")
    print("/* clang-format off */")
    values, rows = [], []
    for kind, shape, *rest in CASES:
        y = run(kind, shape, *rest)
        dims = ", ".join(map(str, shape))
        rows.append(f'    {{"{line(kind, *rest)}", {{{len(shape)}, {{{dims}}}}}, '
                    f'"{"x".join(map(str, y.shape))}", {len(values)}, {y.size}}},')
        values += [int(v) for v in y.ravel()]
    print("static const golden_conv golden_convs[] = {", *rows, "};", sep="\n")
    print("static const short golden_values[] = {")
    for i in range(0, len(values), 14):
        print("    " + ", ".join(map(str, values[i:i + 14])) + ",")
    print("};")
    print("/* clang-format on */")


main()
