#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does training with products in bf16 end as well as in f32?

    bench/quality/precision.py [--program PROGRAM] [--data FOLDER] [--table FILE.npy] [PRESET ...]

Trains each preset with both precisions and three seeds, evaluates the models in f32 on rows
that they have not seen, and prints a table: the mean test loss of each precision, how far
bf16's mean is from f32's, and f32's own spread over the seeds to see that against.  The
difference should be within 0.5 %.  Epochs and rows are cut where a preset would take hours;
the table says to what.  Needs Python 3 and nothing else."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Run:
    preset: str
    options: tuple  # of train
    evaluate: tuple = ()
    table: bool = False  # trained on a table, not on MNIST


RUNS = (
    Run("keras-dense", ("--epochs", "20")),
    Run("keras-sparse", ("--epochs", "20")),
    Run("keras-denoise", ("--epochs", "20"), ("--corrupt", "own")),
    Run("vincent-mask", ("--epochs", "5"), ("--corrupt", "own")),
    Run("stacked", ("--epochs", "20")),
    Run("linear", ("--epochs", "20")),
    Run("vae", ("--epochs", "5")),
    Run("conv-denoise", ("--epochs", "4", "--limit", "6000"), ("--corrupt", "own")),
    Run("keras-conv", ("--epochs", "4", "--limit", "6000")),
    Run("tabular", ("--epochs", "20"), (), True),
)


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


def loss_of(o, run, precision, seed, folder):
    model = os.path.join(folder, "m.safetensors")
    if run.table:
        train, test = o.table, o.table
        extra = ("--valid-split", "0.2")
    else:
        train = mnist(o.data, "train-images-idx3-ubyte")
        test = mnist(o.data, "t10k-images-idx3-ubyte")
        extra = ()
    log = os.path.join(folder, "log.jsonl")
    call(o.program, "train", train, "--preset", run.preset, *run.options, *extra, "--seed",
         str(seed), "--precision", precision, "-q", "--log", log, "-o", model)
    if run.table:
        with open(log, encoding="utf-8") as f:
            return json.loads(f.read().splitlines()[-1])["val_loss"]
    return json.loads(call(o.program, "evaluate", model, test, *run.evaluate,
                           "--json"))["loss"]


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--program", default="build/release/hourglass")
    a.add_argument("--data", default="../shared/data/mnist")
    a.add_argument("--table", help="rows for `tabular`; left out without it")
    a.add_argument("--fast", default="bf16", help="what is held against f32")
    a.add_argument("presets", nargs="*")
    o = a.parse_args()
    info = dict(line.split(None, 1) for line in call(o.program, "info").splitlines())
    print(f"products in bf16: {info.get('bf16', 'unknown')}; mean over seeds "
          f"{', '.join(map(str, SEEDS))}\n")
    print("| preset | options | f32 | bf16 | difference | spread of f32 |")
    print("|---|---|---|---|---|---|")
    for run in RUNS:
        if (o.presets and run.preset not in o.presets) or (run.table and not o.table):
            continue
        with tempfile.TemporaryDirectory() as folder:
            f32 = [loss_of(o, run, "f32", s, folder) for s in SEEDS]
            fast = [loss_of(o, run, o.fast, s, folder) for s in SEEDS]
        mean, other = sum(f32) / len(f32), sum(fast) / len(fast)
        print(f"| {run.preset} | {' '.join(run.options)} | {mean:.5g} | {other:.5g} | "
              f"{100 * (other / mean - 1):+.2f} % | "
              f"{100 * (max(f32) - min(f32)) / mean:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
