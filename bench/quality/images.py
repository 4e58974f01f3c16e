# SPDX-License-Identifier: MIT
"""Images for the scripts of this folder: IDX in and out of NumPy, PNG read, and how far two
sets of images are from each other."""
import gzip
import struct
import zlib

import numpy as np


def read_idx(path):
    """Images [n, 28, 28] of an IDX file, plain or gzipped, in 0..255."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        n, h, w = struct.unpack(">4xIII", f.read(16))
        return np.frombuffer(f.read(), np.uint8).reshape(n, h, w)


def read_png(path):
    """An 8-bit PNG of 3 channels without interlacing, as [h, w, 3].  Each line is stored as
    what a filter leaves of it: 1 by the pixel before, 2 by that above, 3 by the mean of the
    two, 4 by the nearest of three to their plane (PNG specification, 9.2)."""
    with open(path, "rb") as f:
        data = f.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            w, h, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour, data[at + 20]) == (8, 2, 0), "not 24-bit colour"
        packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(h, 1 + 3 * w)
    out, above = np.zeros((h, 3 * w), np.uint8), [0] * (3 * w)
    for y in range(h):
        how, line = raw[y, 0], raw[y, 1:].tolist()
        for i in range(3 * w if how else 0):
            a, b = line[i - 3] if i >= 3 else 0, above[i]
            c = above[i - 3] if i >= 3 else 0
            if how == 4:
                near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            else:
                near = (a, b, (a + b) // 2)[how - 1]
            line[i] = (line[i] + near) & 255
        out[y], above = line, line
    return out.reshape(h, w, 3)


def root(c):
    value, vector = np.linalg.eigh(c)
    return (vector * np.sqrt(np.maximum(value, 0))) @ vector.T


def frechet(a, b):
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets of features."""
    c1, c2 = np.cov(a.T), np.cov(b.T)
    # tr (C1 C2)^(1/2) = tr (R C2 R)^(1/2) with R = C1^(1/2), which is symmetric.
    r = root(c1)
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(r @ c2 @ r), 0)).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c1) + np.trace(c2) - 2 * cross
