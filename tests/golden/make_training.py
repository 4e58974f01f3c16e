#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains small nets in PyTorch, in double, and writes what a test trains again:
    make_training.py OUT.safetensors

64 rows of 20 values in [0,1]; 20 steps (5 epochs of 4 batches of 16 rows, in order).  A text
a case holds its options as name=value lines; tensors are x, and for each case the weights
CASE.before.NAME and CASE.after.NAME, in hourglass's names, and CASE.loss, the objective of
each step's batch.  Formulas where PyTorch's habits differ from Keras's (clipping by the norm
alone, RMSprop without centring) are written out here."""
import json
import struct
import sys

import torch
from torch.nn import functional as F

torch.manual_seed(20)
ROWS, D, BATCH, STEPS = 64, 20, 16, 20


def dense(p, name, x, act=lambda v: v):
    return act(x @ p[name + ".weight"].T + p[name + ".bias"])


def batchnorm(p, name, x):
    mean, var = x.mean(0), x.var(0, unbiased=False)
    return (x - mean) / torch.sqrt(var + 1e-3) * p[name + ".gamma"] + p[name + ".beta"]


def dense_shapes(part, sizes, first=0, tied=False):
    out = {}
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        if not tied:
            out["%s.%d.weight" % (part, first + i)] = (b, a)
        out["%s.%d.bias" % (part, first + i)] = (b,)
    return out


def stack(p, x, act, code_act=lambda v: v, tied=False):
    """20-12-5-12-20; the logits or values, and the code."""
    h = dense(p, "encoder.0", x, act)
    z = dense(p, "encoder.1", h, code_act)
    if tied:
        h = act(z @ p["encoder.1.weight"] + p["decoder.0.bias"])
        return h @ p["encoder.0.weight"] + p["decoder.1.bias"], z
    return dense(p, "decoder.1", dense(p, "decoder.0", z, act)), z


plain = {**dense_shapes("encoder", [20, 12, 5]), **dense_shapes("decoder", [5, 12, 20])}
tied = {**dense_shapes("encoder", [20, 12, 5]), **dense_shapes("decoder", [5, 12, 20], 0, True)}
normed = {
    "encoder.0.weight": (12, 20), "encoder.0.bias": (12,), "encoder.1.gamma": (12,),
    "encoder.1.beta": (12,), "encoder.3.weight": (5, 12), "encoder.3.bias": (5,),
    "decoder.0.weight": (20, 5), "decoder.0.bias": (20,),
}


def adam_bce(p, x):
    return F.binary_cross_entropy_with_logits(stack(p, x, F.relu, F.relu)[0], x)


def adamw_mse_clip(p, x):
    return F.mse_loss(stack(p, x, F.gelu)[0], x)


def sgd_huber_batchnorm(p, x):
    h = F.elu(batchnorm(p, "encoder.1", dense(p, "encoder.0", x)))
    y = dense(p, "decoder.0", dense(p, "encoder.3", h))
    return F.huber_loss(y, x, delta=0.25)


def tied_l1(p, x):
    y, z = stack(p, x, torch.sigmoid, torch.sigmoid, True)
    return F.binary_cross_entropy_with_logits(y, x) + 0.01 * z.abs().sum(1).mean()


def rmsprop_mae(p, x):
    return F.l1_loss(stack(p, x, lambda v: F.leaky_relu(v, 0.01), torch.tanh)[0], x)


def adam(p, g, s, t, lr=0.01, decay=0.0):
    m = s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    v = s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    step = m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return p - lr * decay * p - lr * step


def adamw(p, g, s, t):
    return adam(p, g, s, t, decay=0.1 if p.dim() == 2 else 0.0)


def nesterov(p, g, s, t):
    if p.dim() == 2:
        g = g + 0.01 * p
    v = s["v"] = 0.9 * s.get("v", 0) + g
    return p - 0.1 * (g + 0.9 * v)


def rmsprop(p, g, s, t):
    v = s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    m = s["m"] = 0.5 * s.get("m", 0) + g / (torch.sqrt(v) + 1e-7)
    return p - 0.002 * m


def library_adam(p, lr=0.01):
    return torch.optim.Adam(p, lr=lr, eps=1e-7)


SIZES = "hidden=12\ncode=5\n"
CASES = {
    "adam": (adam_bce, adam, plain, None,
             SIZES + "loss=bce\nactivation=relu\noptimizer=adam\nlr=0.01\n"),
    "adamw": (adamw_mse_clip, adamw, plain, 0.05,
              SIZES + "loss=mse\nactivation=gelu\ncode-activation=linear\noptimizer=adamw\n"
              "lr=0.01\nweight-decay=0.1\nclip=0.05\n"),
    "sgd": (sgd_huber_batchnorm, nesterov, normed, None,
            "encoder=dense 12; batchnorm; activation elu; dense 5\ndecoder=dense input\n"
            "loss=huber\nhuber-delta=0.25\noptimizer=sgd\nmomentum=0.9\nnesterov=true\n"
            "lr=0.1\nweight-decay=0.01\n"),
    "tied": (tied_l1, adam, tied, None,
             SIZES + "loss=bce\nactivation=sigmoid\noptimizer=adam\nlr=0.01\ntied=true\n"
             "l1=0.01\n"),
    "rmsprop": (rmsprop_mae, rmsprop, plain, None,
                SIZES + "loss=mae\nactivation=leaky\ncode-activation=tanh\n"
                "optimizer=rmsprop\nmomentum=0.5\nlr=0.002\n"),
}


def train(objective, update, shapes, clip, x, tensors, case):
    p = {}
    for name, shape in shapes.items():
        w = torch.empty(shape).uniform_(-0.4, 0.4)
        if name.endswith("gamma"):
            w += 1
        tensors["%s.before.%s" % (case, name)] = w
        p[name] = w.double().requires_grad_()
    state = {name: {} for name in p}
    # What is written out above is PyTorch's own Adam where it has the same formula.
    check = [w.detach().clone().requires_grad_() for w in p.values()]
    library = library_adam(check) if update is adam else None
    losses = []
    for step in range(STEPS):
        at = step % (ROWS // BATCH) * BATCH
        loss = objective(p, x[at:at + BATCH])
        losses.append(loss.item())
        grads = torch.autograd.grad(loss, list(p.values()))
        if library:
            for w, g in zip(check, grads):
                w.grad = g
            library.step()
        norm = torch.sqrt(sum((g * g).sum() for g in grads))
        if clip and norm > clip:
            grads = [g * (clip / norm) for g in grads]
        with torch.no_grad():
            for (name, w), g in zip(list(p.items()), grads):
                p[name] = update(w, g, state[name], step + 1).detach().requires_grad_()
        if library:
            worst = max((a - b).abs().max().item() for a, b in zip(check, p.values()))
            assert worst < 1e-12, worst
    for name, w in p.items():
        tensors["%s.after.%s" % (case, name)] = w.detach().float()
    tensors[case + ".loss"] = torch.tensor(losses, dtype=torch.float64)


def write(path, texts, tensors):
    kinds = {torch.float64: ("F64", "d"), torch.float32: ("F32", "f")}
    header, data = {"__metadata__": texts}, b""
    for name in sorted(tensors, key=lambda n: (tensors[n].dtype != torch.float64, n)):
        t = tensors[name]
        kind, letter = kinds[t.dtype]
        raw = struct.pack("<%d%s" % (t.numel(), letter), *t.flatten().tolist())
        header[name] = {"dtype": kind, "shape": list(t.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def main():
    x = torch.rand(ROWS, D) * torch.rand(ROWS, 1)
    tensors, texts = {"x": x}, {"made_with": "PyTorch " + torch.__version__}
    for case, (objective, update, shapes, clip, options) in CASES.items():
        texts[case] = options
        train(objective, update, shapes, clip, x.double(), tensors, case)
    write(sys.argv[1], texts, tensors)


if __name__ == "__main__":
    main()
