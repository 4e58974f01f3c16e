#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Open a model file the way any Python user would, without hourglass.

    check_safetensors.py MODEL

Reads the file with a parser of its own (the format is that small) and, where the
`safetensors` package is installed, with that too; both must agree on every byte.
Exit 0 when they do, 1 when not, 77 (skipped) without NumPy."""
import json
import struct
import sys

try:
    import numpy
except ImportError:
    print("skipped: no numpy (Debian: python3-numpy)")
    sys.exit(77)

DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}


def read(path):
    """The texts, the tensors by name, and where the data start."""
    with open(path, "rb") as f:
        raw = f.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    texts = header.pop("__metadata__", {})
    tensors = {}
    for name, info in header.items():
        begin, end = (8 + length + offset for offset in info["data_offsets"])
        flat = numpy.frombuffer(raw[begin:end], DTYPES[info["dtype"]])
        tensors[name] = flat.reshape(info["shape"])
        if begin % flat.itemsize:
            raise ValueError(f"{path}: {name}: byte {begin} is not aligned to its element")
    return texts, tensors, 8 + length


def check_with_package(path, texts, tensors):
    try:
        from safetensors import safe_open
    except ImportError:
        print("safetensors is not installed: read with NumPy alone")
        return
    with safe_open(path, framework="np") as f:
        if (f.metadata() or {}) != texts:
            raise ValueError(f"{path}: safetensors reads other texts")
        if set(f.keys()) != set(tensors):
            raise ValueError(f"{path}: safetensors reads other names")
        for name, mine in tensors.items():
            theirs = f.get_tensor(name)
            if theirs.dtype != mine.dtype or theirs.shape != mine.shape:
                raise ValueError(f"{path}: {name}: safetensors reads another kind")
            if theirs.tobytes() != mine.tobytes():
                raise ValueError(f"{path}: {name}: safetensors reads other values")
    print("safetensors agrees")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_safetensors.py MODEL")
    path = sys.argv[1]
    texts, tensors, start = read(path)
    if start % 64:
        sys.exit(f"{path}: data start at byte {start}, expected a multiple of 64")
    for name, tensor in tensors.items():
        print(f"{name} {tensor.dtype} {list(tensor.shape)}")
    check_with_package(path, texts, tensors)


if __name__ == "__main__":
    main()
