#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does each penalty and corruption do what it is for, and is the code still better than PCA?

    bench/quality/regular.py [--program PROGRAM] [--data FOLDER] [--work FOLDER] [--epochs N]

Trains 784-32-784 on MNIST with each, one seed, and prints a table: the measured effect with
it and without it, and the squared error of a test row beside that of PCA with as many
components.  The Jacobian's norm without a penalty is that of a run with a weight so small
(1e-9) that it changes nothing.  Needs Python 3 and nothing else."""
import argparse
import struct
import json

from common import Runs, arguments, call, row

CODE = 32
ELU = ("--code", CODE, "--activation", "elu")  # smooth, and does not saturate as it starts
RELU = ("--code", CODE, "--activation", "relu")
WIDE = ("--hidden", 256, *RELU)
DEEP = ("--hidden", 128, *ELU)
RATES = ("--hidden", 128, *RELU, "--code-activation", "sigmoid")
TINY = 1e-9


def weight(path, name):
    """A matrix of a model file, as rows."""
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(size))
        rows, columns = head[name]["shape"]
        first, last = head[name]["data_offsets"]
        f.seek(8 + size + first)
        x = struct.unpack(f"<{rows * columns}f", f.read(last - first))
    return [x[i * columns:(i + 1) * columns] for i in range(rows)]


def longest(path):
    return max(sum(x * x for x in r) ** 0.5 for r in weight(path, "encoder.0.weight"))


def far_from_orthonormal(path):
    w = weight(path, "encoder.0.weight")
    return sum((sum(a * b for a, b in zip(r, s)) - (i == j)) ** 2
               for i, r in enumerate(w) for j, s in enumerate(w)) ** 0.5


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(a, "build/quality/regular")
    a.add_argument("--epochs", default=6)
    o = a.parse_args()
    runs = Runs(o.program, o.data, o.work)
    usual = ("--loss", "bce", "--scale", "unit", "--batch-size", 64, "--lr", 3e-3,
             "--schedule", "cosine", "--epochs", o.epochs, "--seed", 1)

    def train(name, *options):
        return runs.train(name, *options, *usual)

    def sse(model):
        return runs.evaluate(model)["sse_per_row"]

    def jacobian(model, factor):
        return runs.evaluate(model)["penalty"] / factor

    pca = sse(runs.pca(CODE))
    print(f"SSE of PCA with {CODE} components: {pca:.2f}\n")
    row("model", "measured", "with it", "without", "SSE", "beats PCA")
    row(*["---"] * 6)

    def line(name, what, with_it, without, model, shown="{:.3g}"):
        error = sse(model)
        row(name, what, shown.format(with_it), shown.format(without), f"{error:.2f}",
            "yes" if error < pca else "no")

    wide = train("wide", *WIDE)
    for share in ("0.3", "0.5"):
        # Half of the rows clean, or a whole row has more to it than any that was seen.
        m = train("mask" + share, *WIDE, "--corrupt", "mask:" + share, "--keep-clean", 0.5)
        noise = ("--corrupt", "mask:" + share)
        line(f"mask:{share}, 784-256-32",
             f"SSE with {100 * float(share):.0f} % of the pixels 0",
             runs.evaluate(m, *noise)["sse_per_row"],
             runs.evaluate(wide, *noise)["sse_per_row"], m)
    relu = train("relu", *RELU)
    m = train("tied", *RELU, "--tied")
    line("tied", "parameters", parameters(runs, m), parameters(runs, relu), m, "{}")
    elu = train("elu", *ELU, "--contractive", TINY)
    m = train("contractive", *ELU, "--contractive", 1e-5)
    line("contractive 1e-5", "‖J‖², closed form", jacobian(m, 1e-5), jacobian(elu, TINY), m)
    rates = train("rates", *RATES)
    m = train("kl", *RATES, "--kl-sparsity", 1e-3, "--target-rate", 0.1)
    line("kl-sparsity 1e-3, target 0.1", "mean activity",
         runs.evaluate(m)["mean_activity"], runs.evaluate(rates)["mean_activity"], m)
    deep = train("deep", *DEEP, "--contractive", TINY)
    m = train("contractive-deep", *DEEP, "--contractive", 1e-5)
    line("contractive 1e-5, 784-128-32", "‖J‖², estimate", jacobian(m, 1e-5),
         jacobian(deep, TINY), m)
    m = train("max-norm", *RELU, "--max-norm", 1)
    line("max-norm 1", "longest incoming weight", longest(m), longest(relu), m)
    m = train("orthogonal", *RELU, "--orthogonal", 0.01)
    line("orthogonal 0.01", "‖W Wᵀ − 1‖", far_from_orthonormal(m),
         far_from_orthonormal(relu), m)


def parameters(runs, model):
    return json.loads(call(runs.program, "summary", model, "--json"))["parameters"]


if __name__ == "__main__":
    main()
