# SPDX-License-Identifier: MIT
"""The workloads that hourglass is measured on: one row each, nothing else to edit.

`ours` are the arguments of `hourglass train`; a program that does not know one of them is
shown as such and not measured.  `kflop` is what one row costs (training: forward and both
gradients, without the one into the input; a multiply-add counts 2): divided by the
machine's measured peak it is the floor that a rate is compared with."""
from dataclasses import dataclass

TABLE = ["--hidden", "16", "--code", "8", "--output-activation", "linear", "--loss", "mse",
         "--scale", "none"]
DENSE = ["--preset", "keras-dense"]
DEEP = ["--hidden", "1000,500,250", "--code", "30", "--loss", "bce"]
TOPK = ["--code", "16384", "--code-kind", "topk k=32", "--output-activation", "linear",
        "--loss", "mse", "--scale", "none"]
VAE = ["--loss", "bce", "--code-kind"]
FRESH = ["--corrupt", "gaussian:0.5", "--redraw", "epoch"]


@dataclass(frozen=True)
class Workload:
    name: str  # "W8-256" also answers to "W8"
    title: str
    data: str  # "mnist", "table" or "activations"
    ours: list
    kflop: float
    batch: int = 256
    rows: int = 0  # only the first, where an epoch takes long; 0: all
    epochs: int = 4  # the first is not counted
    peers: tuple = ("torch",)
    task: str = "train"  # or "score": many rows, "row": one at a time
    net: str = ""  # of score and row: which net the peers make
    session: tuple = ()  # of row: our weights and threads


TRAINING = [
    Workload("W1", "784-32-784, batch 256", "mnist", DENSE, 251, peers=("torch", "kann")),
    Workload("W2", "784-32-784, L1 1e-4, batch 256", "mnist", [*DENSE, "--l1", "1e-4"], 251),
    Workload("W3", "784-32-784, fresh Gaussian 0.5, batch 256", "mnist", [*DENSE, *FRESH],
             251, peers=("torch", "kann")),
    Workload("W4", "conv-denoise, batch 128", "mnist", ["--preset", "conv-denoise"], 115477,
             batch=128, rows=2560, epochs=3),
    Workload("W5", "784-1000-500-250-30-...-784, batch 256", "mnist", DEEP, 15430,
             rows=25600, epochs=3, peers=("torch", "kann")),
    Workload("W6", "VAE 784-512-2-512-784, batch 128", "mnist",
             ["--hidden", "512", "--code", "2", *VAE, "variational"], 4033, batch=128,
             rows=25600, epochs=3),
    Workload("W6b", "VAE 784-500-500-50-500-500-784, batch 128", "mnist",
             ["--hidden", "500,500", "--code", "50", *VAE, "variational"], 7370, batch=128,
             rows=25600, epochs=3),
    Workload("W7", "TopK 768-16384, k 32, batch 4096", "activations", TOPK, 25362,
             batch=4096, rows=8192, epochs=3),
    Workload("W8-256", "table 30-16-8-16-30, batch 256", "table", TABLE, 6.3,
             peers=("torch", "kann")),
    Workload("W8-2048", "table 30-16-8-16-30, batch 2048", "table", TABLE, 6.3, batch=2048,
             peers=("torch", "kann")),
]

# Scoring a row: its reconstruction's mean squared error.
INFERENCE = [
    Workload("W9", "1,000,000 rows of 30 scored in memory", "table", TABLE, 2.4,
             peers=("torch", "onnx"), task="score", net="table"),
    Workload("W10-table", "one row scored, 30-16-8-16-30", "table", TABLE, 2.4,
             peers=("torch", "onnx", "libtorch"), task="row", net="table", session=("f32", "1")),
    Workload("W10-dense", "one row scored, 784-32-784", "mnist", DENSE, 100,
             peers=("torch", "onnx", "libtorch"), task="row", net="dense", session=("int8", "1")),
    Workload("W10-deep", "one row scored, 784-1000-500-250-30-...-784", "mnist", DEEP, 5667,
             peers=("torch", "onnx", "libtorch"), task="row", net="deep", session=("int8", "2")),
]

WORKLOADS = TRAINING + INFERENCE


def choose(words):
    """The workloads that the words name; all when there are none, None for a wrong word."""
    chosen = []
    for word in words:
        found = [w for w in WORKLOADS if word in (w.name, w.name.split("-")[0])]
        if not found:
            return None
        chosen += found
    return chosen if words else WORKLOADS
