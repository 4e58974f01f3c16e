# SPDX-License-Identifier: MIT
"""The training workloads W1 to W8 in PyTorch: rows, net, batch and objective of each.

Every net is initialised as Keras and hourglass do (Glorot, biases 0) and returns what the
objective is computed from: logits under bce, values under mse.  peer_torch.py trains them;
torch_tuned.py writes their steps out by hand."""
import gzip
import os
import re

import torch
from torch import nn
from torch.nn import functional


def mnist(folder):
    """[60000, 784] floats in [0, 1]."""
    path = os.path.join(folder, "train-images-idx3-ubyte")
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as f:
        raw = bytearray(f.read())
    pixels = torch.frombuffer(raw, dtype=torch.uint8, offset=16)
    return pixels.reshape(-1, 28 * 28).float().div_(255)


def npy(path):
    """[n, d] floats of a file that bench/data.c wrote: version 1, float32, C order."""
    with open(path, "rb") as f:
        raw = bytearray(f.read())
    size = int.from_bytes(raw[8:10], "little")
    n, d = re.search(rb"'shape': \((\d+), (\d+)\)", raw[10:10 + size]).groups()
    return torch.frombuffer(raw, dtype=torch.float32, offset=10 + size).view(int(n), int(d))


def dense(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def dense_net(sizes, last_relu=False):
    """Dense layers with ReLU between them."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [dense(inputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*(layers if last_relu else layers[:-1]))


class DenseNet(nn.Module):
    """sizes mirror around the code, which has a ReLU, too."""

    def __init__(self, sizes):
        super().__init__()
        middle = len(sizes) // 2
        self.encoder = dense_net(sizes[: middle + 1], last_relu=True)
        self.decoder = dense_net(sizes[middle:])

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code


class ConvNet(nn.Module):
    """conv-denoise: padding=1 is shifted by a pixel against TensorFlow's `same`, and pooling
    rounds up as `same` does; the work is equal to the last multiplication."""

    def __init__(self):
        super().__init__()
        layers = []
        for inputs, outputs in ((1, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True),
                       nn.MaxPool2d(2, ceil_mode=True)]
        for inputs, outputs, stride in ((128, 128, 2), (128, 64, 2), (64, 32, 1), (32, 1, 2)):
            layers += [nn.ConvTranspose2d(inputs, outputs, 3, stride, 1, stride - 1),
                       nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers[:-1])
        for layer in self.layers:
            if hasattr(layer, "weight"):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        images = x.view(-1, 1, 28, 28).contiguous(memory_format=torch.channels_last)
        return self.layers(images)[:, :, 2:30, 2:30].reshape(-1, 784), None


class Variational(nn.Module):
    def __init__(self, hidden, code):
        super().__init__()
        self.encoder = dense_net([784, *hidden], last_relu=True)
        self.head = dense(hidden[-1], 2 * code)
        self.decoder = dense_net([code, *hidden[::-1], 784])

    def forward(self, x):
        mean, logvar = self.head(self.encoder(x)).chunk(2, dim=1)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * logvar)
        return self.decoder(code), (mean, logvar)


class TopK(nn.Module):
    """Sparse autoencoder as its papers write it down (Gao et al. 2024, arXiv:2406.04093)."""

    def __init__(self, inputs, units, k):
        super().__init__()
        weight = functional.normalize(torch.randn(units, inputs), dim=1)
        self.encoder, self.decoder = (nn.Parameter(weight.clone()) for _ in range(2))
        self.encoder_bias = nn.Parameter(torch.zeros(units))
        self.decoder_bias = nn.Parameter(torch.zeros(inputs))
        self.k = k

    def forward(self, x):
        before = functional.linear(x, self.encoder, self.encoder_bias)
        values, chosen = before.topk(self.k, dim=1, sorted=False)
        code = torch.zeros_like(before).scatter(1, chosen, values.relu())
        return code @ self.decoder + self.decoder_bias, None


class Workload:
    """rows [n, d]; loss is "bce", "mse" or "vae"; noise is drawn anew for each batch."""

    def __init__(self, rows, net, batch, loss="bce", l1=0.0, noise=0.0):
        self.rows, self.net, self.batch = rows, net, batch
        self.kind, self.l1, self.noise = loss, l1, noise

    def corrupt(self, x, out=None):
        if not self.noise:
            return x
        out = torch.empty_like(x) if out is None else out
        return out.normal_(0, self.noise).add_(x).clamp_(0, 1)

    def loss(self, out, x):
        """The objective as a tutorial writes it."""
        y, extra = out
        if self.kind == "mse":
            return functional.mse_loss(y.float(), x)
        if self.kind == "bce":
            loss = functional.binary_cross_entropy_with_logits(y.float(), x)
            return loss + self.l1 * extra.abs().sum() / len(x) if self.l1 else loss
        mean, logvar = (t.float() for t in extra)
        recon = functional.binary_cross_entropy_with_logits(y.float(), x, reduction="sum")
        kl = -0.5 * (1 + logvar - mean.square() - logvar.exp()).sum()
        return (recon + kl) / len(x)


DEEP = [784, 1000, 500, 250, 30, 250, 500, 1000, 784]
TABLE = [30, 16, 8, 16, 30]

WORKLOADS = {
    "W1": lambda data: Workload(mnist(data), DenseNet([784, 32, 784]), 256),
    "W2": lambda data: Workload(mnist(data), DenseNet([784, 32, 784]), 256, l1=1e-4),
    "W3": lambda data: Workload(mnist(data), DenseNet([784, 32, 784]), 256, noise=0.5),
    "W4": lambda data: Workload(mnist(data), ConvNet(), 128, noise=0.2),
    "W5": lambda data: Workload(mnist(data), DenseNet(DEEP), 256),
    "W6": lambda data: Workload(mnist(data), Variational([512], 2), 128, "vae"),
    "W6b": lambda data: Workload(mnist(data), Variational([500, 500], 50), 128, "vae"),
    "W7": lambda data: Workload(npy(data), TopK(768, 16384, 32), 4096, "mse"),
    "W8": lambda data: Workload(npy(data), DenseNet(TABLE), 256, "mse"),
}
