#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the sample data in data/: a balanced part of Fashion-MNIST, and WDBC as CSV.

    tools/make_sample.py [OUTPUT-FOLDER]

Needs Debian's dataset-fashion-mnist and python3-sklearn.  The same input gives the same
bytes: gzip headers hold no time and no name.  Run by hand; the result is committed.
"""

import gzip
import os
import struct
import sys

SOURCE = "/usr/share/datasets/fashion-mnist"
CLASSES = 10


def read_idx(name):
    with gzip.open(os.path.join(SOURCE, name + ".gz")) as f:
        data = f.read()
    rank = data[3]
    shape = struct.unpack(">%dI" % rank, data[4 : 4 + 4 * rank])
    return shape, data[4 + 4 * rank :]


def write_idx(folder, name, shape, body):
    head = struct.pack(">BBBB%dI" % len(shape), 0, 0, 8, len(shape), *shape)
    with open(os.path.join(folder, name + ".gz"), "wb") as raw:
        with gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
            f.write(head + body)


def sample_images(folder, part, per_class):
    """The first rows of each class, in the order of the file."""
    shape, images = read_idx(part + "-images-idx3-ubyte")
    labels = read_idx(part + "-labels-idx1-ubyte")[1]
    size = shape[1] * shape[2]
    count = [0] * CLASSES
    rows = []
    for row, label in enumerate(labels):
        if count[label] < per_class:
            count[label] += 1
            rows.append(row)
    assert count == [per_class] * CLASSES
    body = b"".join(images[r * size : (r + 1) * size] for r in rows)
    write_idx(folder, part + "-images-idx3-ubyte", (len(rows),) + shape[1:], body)
    write_idx(folder, part + "-labels-idx1-ubyte", (len(rows),),
              bytes(labels[r] for r in rows))


def breast_cancer(path):
    from sklearn.datasets import load_breast_cancer

    d = load_breast_cancer()
    with open(path, "w", newline="\n") as f:
        f.write(",".join(list(d.feature_names) + ["diagnosis"]) + "\n")
        for row, target in zip(d.data, d.target):
            cells = [repr(float(x)) for x in row] + [str(d.target_names[target])]
            f.write(",".join(cells) + "\n")


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else "data"
    fashion = os.path.join(out, "fashion")
    os.makedirs(fashion, exist_ok=True)
    sample_images(fashion, "train", 100)
    sample_images(fashion, "t10k", 20)
    breast_cancer(os.path.join(out, "breast-cancer.csv"))


if __name__ == "__main__":
    main()
