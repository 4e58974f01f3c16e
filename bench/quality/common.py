# SPDX-License-Identifier: MIT
"""What the scripts of this folder share: running the program, MNIST's files, table rows."""
import json
import os
import subprocess
import sys


def call(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, args))}\n{done.stderr}")
    return done.stdout


def mnist(folder, name):
    for ending in ("", ".gz"):
        path = os.path.join(folder, name + ending)
        if os.path.exists(path):
            return path
    sys.exit(f"{folder}: no {name}")


class Runs:
    """Models of one program on MNIST, kept in a folder: what is there is not trained again,
    and what was interrupted goes on from its checkpoint."""

    def __init__(self, program, data, work):
        self.program, self.work = program, work
        self.train_rows = mnist(data, "train-images-idx3-ubyte")
        self.test_rows = mnist(data, "t10k-images-idx3-ubyte")
        os.makedirs(work, exist_ok=True)

    def train(self, name, *options):
        model = os.path.join(self.work, name + ".safetensors")
        if not os.path.exists(model):
            state = os.path.join(self.work, "state-" + name)
            call(self.program, "train", self.train_rows, *options, "-q", "-o", model,
                 "--checkpoint", state, "--resume",
                 "--log", os.path.join(self.work, name + ".jsonl"))
        return model

    def pca(self, code):
        model = os.path.join(self.work, f"pca{code}.safetensors")
        if not os.path.exists(model):
            call(self.program, "pca", self.train_rows, "--code", code, "--scale", "unit",
                 "-q", "-o", model)
        return model

    def evaluate(self, model, *options):
        return json.loads(call(self.program, "evaluate", model, self.test_rows, *options,
                               "--no-pca", "--json"))


def arguments(parser, work):
    parser.add_argument("--program", default="build/release/hourglass")
    parser.add_argument("--data", default="../shared/data/mnist")
    parser.add_argument("--work", default=work, help="folder where models are kept")


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
