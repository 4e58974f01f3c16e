#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well do denoising models clean MNIST's test images?

    bench/quality/denoise.py [--program PROGRAM] [--data FOLDER] [--work FOLDER]
                             [--peer] [--precision auto] [ROW ...]

Rows: keras (the preset keras-denoise, three seeds; with --peer beside the same run of
PyTorch), dense (denoise-dense), conv (conv-denoise), best-conv (denoise-conv), linear (the
best linear map of noisy to clean rows, by NumPy).  The rows of the test set take no part in
training or in any choice.  Convolutions take 12 minutes and more on two cores; what was
interrupted goes on.  Needs Python 3; NumPy for `linear`, PyTorch for --peer."""
import argparse
import math

from common import Runs, arguments, row

SEEDS = (1, 2, 3)
ROWS = {  # name: preset, sigma, seeds
    "keras": ("keras-denoise", 0.5, SEEDS),
    "dense": ("denoise-dense", 0.5, (1,)),
    "conv": ("conv-denoise", 0.2, (1,)),
    "best-conv": ("denoise-conv", 0.2, (1,)),
}


def images(path):
    import gzip
    import numpy
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rb") as f:
        values = numpy.frombuffer(f.read(), numpy.uint8, offset=16)
    return values.reshape(-1, 784).astype(numpy.float32) / 255


def psnr(mse):
    return -10 * math.log10(mse)


def linear(runs, sigma):
    """The affine map with the least squared error on training rows with noise."""
    import numpy
    g = numpy.random.default_rng(1)

    def noisy(x):
        y = numpy.clip(x + sigma * g.standard_normal(x.shape, numpy.float32), 0, 1)
        return numpy.hstack([y, numpy.ones((len(y), 1), numpy.float32)])

    x, t = images(runs.train_rows), images(runs.test_rows)
    a, b = noisy(x), noisy(t)
    w = numpy.linalg.solve(a.T @ a + 1e-3 * numpy.eye(785), a.T @ x)
    return psnr(float(((b @ w - t) ** 2).mean()))


def peer(runs, sigma, seed, epochs=50):
    """keras-denoise in PyTorch: bce and PSNR against the clean test rows."""
    import torch
    torch.manual_seed(seed)
    x, t = (torch.from_numpy(images(p)) for p in (runs.train_rows, runs.test_rows))
    g = torch.Generator().manual_seed(1000 + seed)
    noisy, shown = ((v + sigma * torch.randn(v.shape, generator=g)).clamp(0, 1)
                    for v in (x, t))
    encoder, decoder = torch.nn.Linear(784, 32), torch.nn.Linear(32, 784)
    for layer in (encoder, decoder):  # as Keras starts
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    weights = [*encoder.parameters(), *decoder.parameters()]
    step, bce = torch.optim.Adam(weights, lr=1e-3, eps=1e-7), torch.nn.BCEWithLogitsLoss()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for i in range(0, len(x), 256):
            rows = order[i:i + 256]
            step.zero_grad(set_to_none=True)
            bce(decoder(torch.relu(encoder(noisy[rows]))), x[rows]).backward()
            step.step()
    with torch.no_grad():
        logits = decoder(torch.relu(encoder(shown)))
        mse = ((torch.sigmoid(logits) - t) ** 2).mean().item()
        return bce(logits, t).item(), psnr(mse)


def mean(values):
    return sum(values) / len(values)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(a, "build/quality/denoise")
    a.add_argument("--peer", action="store_true", help="PyTorch's run of `keras` too")
    a.add_argument("--precision", default="auto", help="of the training's products")
    a.add_argument("rows", nargs="*", metavar="ROW")
    o = a.parse_args()
    runs = Runs(o.program, o.data, o.work)
    row("model", "sigma", "seeds", "bce", "PSNR", "noisy rows")
    row(*["---"] * 6)
    for name, (preset, sigma, seeds) in ROWS.items():
        if o.rows and name not in o.rows:
            continue
        found = [runs.evaluate(runs.train(f"{preset}-{s}", "--preset", preset, "--seed", s,
                                          "--precision", o.precision),
                               "--corrupt", "own") for s in seeds]
        row(preset, sigma, len(seeds), f"{mean([f['bce'] for f in found]):.5f}",
            f"{psnr(mean([f['mse'] for f in found])):.2f}",
            f"{mean([f['input_psnr'] for f in found]):.2f}")
        if name == "keras" and o.peer:
            ours = [peer(runs, sigma, s) for s in seeds]
            row("the same in PyTorch", sigma, len(seeds), f"{mean([b for b, _ in ours]):.5f}",
                f"{mean([p for _, p in ours]):.2f}", "")
    if not o.rows or "linear" in o.rows:
        for sigma in (0.5, 0.2):
            row("best linear map", sigma, "", "", f"{linear(runs, sigma):.2f}", "")


if __name__ == "__main__":
    main()
