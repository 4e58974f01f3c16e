#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch on the workloads that `hourglass train` is measured on, as fast as it honestly goes.

    peer_torch.py --workload keras-dense --mode tuned --data DIR [--epochs N --threads N]

Prints JSON lines: one that says what ran, then one an epoch, with the loss (mean over the
epoch, as hourglass counts it) and rows a second.  Every epoch shuffles all rows and computes
the loss of every batch, because hourglass does.

Modes
  eager  what a tutorial shows: nn.Sequential, binary_cross_entropy_with_logits,
         torch.optim.Adam.
  tuned  what an expert does without leaving PyTorch: forward and backward written out into
         buffers that stay, without autograd; the gradient of sigmoid + BCE in closed form;
         parameters, gradients and moments in one flat buffer each; Adam in place.

bench/dense.py sets the environment that the machine needs before Python starts (see there);
run by hand without it, Debian's PyTorch is several times slower than it can be."""
import argparse
import gzip
import json
import os
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit("peer_torch.py: no PyTorch (Debian: apt install python3-torch libopenblas0-openmp)")


# ---- workloads: one function each, listed below -----------------------------------------


class Workload:
    """rows [n, d] in [0, 1]; net maps a batch to logits; the loss is mean BCE.

    tuned writes the gradient out by hand, for dense nets with ReLU; a workload of another
    kind brings a trainer of its own."""

    def __init__(self, rows, net, batch):
        self.rows, self.net, self.batch = rows, net, batch


def mnist(folder):
    path = os.path.join(folder, "train-images-idx3-ubyte")
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as f:
        raw = bytearray(f.read())
    pixels = torch.frombuffer(raw, dtype=torch.uint8, offset=16)
    return pixels.reshape(-1, 28 * 28).float().div_(255)


def dense_net(sizes):
    """Dense layers with ReLU between them, initialised as Keras and hourglass do."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        dense = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(dense.weight)
        nn.init.zeros_(dense.bias)
        layers += [dense, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def keras_dense(folder):
    return Workload(mnist(folder), dense_net([784, 32, 784]), 256)


def stacked(folder):
    return Workload(mnist(folder), dense_net([784, 128, 64, 32, 64, 128, 784]), 256)


WORKLOADS = {"keras-dense": keras_dense, "stacked": stacked}


# ---- eager ------------------------------------------------------------------------------


class Eager:
    def __init__(self, work):
        self.net, self.rows = work.net, work.rows
        self.adam = torch.optim.Adam(work.net.parameters(), lr=1e-3)

    def step(self, chosen):
        x = self.rows[chosen]
        self.adam.zero_grad(set_to_none=True)
        loss = functional.binary_cross_entropy_with_logits(self.net(x), x)
        loss.backward()
        self.adam.step()
        return loss.detach()


# ---- tuned ------------------------------------------------------------------------------


class FlatAdam:
    """Adam over one flat buffer: in place, whatever the number of tensors."""

    def __init__(self, parameters, lr=1e-3):
        parameters = list(parameters)
        n = sum(p.numel() for p in parameters)
        self.theta, self.grad, self.m, self.v = (torch.zeros(n) for _ in range(4))
        self.lr, self.t = lr, 0
        at = 0
        for p in parameters:
            end = at + p.numel()
            self.theta[at:end] = p.data.view(-1)
            p.data = self.theta[at:end].view_as(p)
            p.grad = self.grad[at:end].view_as(p)
            at = end

    @torch.no_grad()
    def step(self):
        self.t += 1
        bias1, bias2 = 1 - 0.9**self.t, (1 - 0.999**self.t) ** 0.5
        self.m.lerp_(self.grad, 0.1)
        self.v.mul_(0.999).addcmul_(self.grad, self.grad, value=0.001)
        torch.sqrt(self.v, out=self.grad)
        self.grad.add_(1e-7 * bias2)
        self.theta.addcdiv_(self.m, self.grad, value=-self.lr * bias2 / bias1)


class Tuned:
    """Dense nets: each batch's products go straight into buffers that stay."""

    def __init__(self, work):
        self.rows, self.count = work.rows, work.batch
        self.adam = FlatAdam(work.net.parameters())
        self.layers = [layer for layer in work.net if isinstance(layer, nn.Linear)]
        widths = [work.rows.shape[1]] + [layer.out_features for layer in self.layers]
        self.outputs = [torch.empty(work.batch, width) for width in widths]
        self.grads = [torch.empty(work.batch, width) for width in widths]

    def loss(self, x, z, grad):
        """Mean BCE of p = sigmoid(z) against x, and its gradient (p - x) / n into grad.

        BCE = softplus(z) - x z, and softplus(z) = -log(1 - p): one log is the cheapest way;
        the clamp is the one of Keras."""
        p = torch.sigmoid(z, out=grad)
        logs = torch.neg(p, out=self.grads[0][: len(x)]).add_(1.0).clamp_(min=1e-7).log_()
        value = logs.sum().add_(torch.dot(x.view(-1), z.view(-1))).mul_(-1.0 / x.numel())
        grad.sub_(x).mul_(1.0 / x.numel())
        return value

    @torch.no_grad()
    def step(self, chosen):
        n, last = len(chosen), len(self.layers)
        y, g = [t[:n] for t in self.outputs], [t[:n] for t in self.grads]
        torch.index_select(self.rows, 0, chosen, out=y[0])
        for i, layer in enumerate(self.layers):
            torch.addmm(layer.bias, y[i], layer.weight.t(), out=y[i + 1])
            if i + 1 < last:
                y[i + 1].relu_()
        value = self.loss(y[0], y[last], g[last])
        for i in range(last - 1, -1, -1):
            layer = self.layers[i]
            torch.mm(g[i + 1].t(), y[i], out=layer.weight.grad)
            torch.sum(g[i + 1], 0, out=layer.bias.grad)
            if i > 0:
                torch.mm(g[i + 1], layer.weight, out=g[i])
                g[i].mul_(y[i] > 0)
        self.adam.step()
        return value


MODES = {"eager": Eager, "tuned": Tuned}


# ---- the loop ----------------------------------------------------------------------------


def train_epoch(trainer, rows, batch):
    total = torch.zeros(())
    for chosen in torch.randperm(rows).split(batch):
        total += trainer.step(chosen) * len(chosen)
    return float(total) / rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", choices=WORKLOADS, default="keras-dense")
    parser.add_argument("--mode", choices=MODES, default="tuned")
    parser.add_argument("--data", required=True, help="folder of the MNIST files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    torch.set_flush_denormal(True)
    work = WORKLOADS[args.workload](args.data)
    trainer = MODES[args.mode](work)
    print(json.dumps({"peer": "PyTorch " + torch.__version__, "workload": args.workload,
                      "mode": args.mode, "threads": args.threads, "batch": work.batch}))
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        loss = train_epoch(trainer, len(work.rows), work.batch)
        seconds = time.perf_counter() - start
        print(json.dumps({"epoch": epoch, "loss": loss, "seconds": seconds,
                          "rows_per_second": len(work.rows) / seconds}), flush=True)


if __name__ == "__main__":
    main()
