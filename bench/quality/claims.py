#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What articles say of autoencoders, measured: the tables of docs/claims.md.

    bench/quality/claims.py [--program PROGRAM] [--data FOLDER] [--work FOLDER] [CLAIM ...]

Each claim trains what it needs on MNIST (kept in --work, so that a second call only
measures) and prints its table.  Where two results lie near each other a second seed says
what chance does.  Settings are fixed here beforehand; test images are only
ever measured, and nothing is chosen by them.  Seconds are processor time of all threads,
as other programs on the machine make the clock's differ.  Needs NumPy; `photographs`
also the Kodak images, and `gzip` Pillow for JPEG."""
import argparse
import gzip
import io
import json
import os
import subprocess
import sys

import numpy as np

from common import Runs, arguments, row
from images import frechet, read_idx, read_png

EPOCHS = 5
COMMON = ("--loss", "bce", "--scale", "unit", "--batch-size", 128, "--precision", "auto")


class Cost:
    """Processor seconds and peak MB of a command, by what the system says when it ends."""

    def __init__(self, *args):
        done = subprocess.Popen([str(a) for a in args], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
        if done.returncode != 0:
            sys.exit(" ".join(map(str, args)))
        self.seconds, self.peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


class Bench(Runs):
    """Models with what it cost to make them, and rows that no model has seen."""

    def __init__(self, o):
        super().__init__(o.program, o.data, o.work)
        self.shared = os.path.dirname(o.data.rstrip("/"))

    def path(self, name):
        return os.path.join(self.work, name)

    def cost(self, name, *args):
        """Run a command that makes file `name`, once; its seconds and peak MB."""
        out = self.path(name)
        if not os.path.exists(out + ".cost"):
            used = Cost(self.program, *args, "-q", "-o", out)
            with open(out + ".cost", "w") as f:
                json.dump([used.seconds, used.peak], f)
        with open(out + ".cost") as f:
            return out, *json.load(f)

    def net(self, name, *options, rows=None, epochs=EPOCHS, seed=1):
        name += f"-seed{seed}" if seed > 1 else ""
        return self.cost(name + ".safetensors", "train", rows or self.train_rows, *options,
                         *COMMON, "--seed", seed, "--epochs", epochs)

    def pca_of(self, code, rows=None, name="pca"):
        return self.cost(f"{name}{code}.safetensors", "pca", rows or self.train_rows,
                         "--code", code, "--scale", "unit")

    def json(self, verb, *args):
        return json.loads(subprocess.run(
            [self.program, verb, *map(str, args), "--json", "-q"], check=True,
            capture_output=True, text=True).stdout)

    def measure(self, model, rows=None, *options):
        return self.json("evaluate", model, rows or self.test_rows, "--no-pca", *options)

    def map(self, verb, model, rows, name, *options):
        out = self.path(name)
        subprocess.run([self.program, verb, model, rows, *map(str, options), "-q", "-o", out],
                       check=True)
        return np.load(out)

    def save(self, name, x):
        np.save(self.path(name), x)
        return self.path(name)


def head(*cells):
    row(*cells)
    row(*["---"] * len(cells))


def dense(code):
    return "--code", code, "--activation", "relu", "--code-activation", "linear"


def deep(code):
    return "--hidden", "512,256", *dense(code)


def convolutional(code):
    return ("--encoder", f"conv 16 3x3 stride=2 relu;conv 32 3x3 stride=2 relu;flatten;"
            f"dense {code}", "--decoder", "dense 1568 relu;reshape 7x7x32;"
            "convt 16 3x3 stride=2 relu;convt 1 3x3 stride=2 sigmoid")


# ---- the claims ------------------------------------------------------------------------


def convolution(b):
    """Convolution beats dense layers at the same code size."""
    head("code", "net", "parameters", "MFLOP a row", "squared error", "seed 2", "bce",
         "seconds")
    for code in (8, 32, 128):
        nets = [("784-code-784", dense(code)), ("784-512-256-code", deep(code)),
                ("two convolutions, dense", convolutional(code))]
        if code == 128:  # its code is of 4 x 4 x 8 values
            nets.append(("preset keras-conv", ("--preset", "keras-conv")))
        for name, net in nets:
            file = f"{name.replace(' ', '-').split(',')[0]}-{code}"
            model, seconds, _ = b.net(file, *net)
            m, s, other = b.measure(model), b.json("summary", model), ""
            if code == 32:  # far apart at 8, near each other here
                again = b.measure(b.net(file, *net, seed=2)[0])
                other = f"{again['sse_per_row']:.2f}"
            row(code, name, f"{s['parameters']:,}", f"{s['flops'] / 1e6:.2f}",
                f"{m['sse_per_row']:.2f}", other, f"{m['bce']:.4f}", f"{seconds:.0f}")


def pca(b):
    """An autoencoder against PCA in error, time and memory."""
    head("code", "model", "squared error", "parameters", "MFLOP a row", "seconds",
         "peak MB")
    for code in (2, 8, 32, 128):
        for name, (model, seconds, peak) in (
                ("PCA", b.pca_of(code)),
                ("784-code-784", b.net(f"784-code-784-{code}", *dense(code))),
                ("784-512-256-code", b.net(f"784-512-256-code-{code}", *deep(code)))):
            s = b.json("summary", model)
            row(code, name, f"{b.measure(model)['sse_per_row']:.2f}",
                f"{s['parameters']:,}", f"{s['flops'] / 1e6:.2f}", f"{seconds:.1f}",
                f"{peak:.0f}")


def sparsity(b):
    """Sparsity cuts over-fitting."""
    few = b.save("few.npy", read_idx(b.train_rows)[:1000])
    head("784-512-256 and back, 1,000 training images, 50 epochs", "squared error, training",
         "test", "test / training", "active code units, of 256")
    net = ("--hidden", 512, "--code", 256, "--activation", "relu")
    for name, options in (("nothing", ()), ("`--l1 1e-5`", ("--l1", 1e-5)),
                          ("`--l1 1e-4`", ("--l1", 1e-4)),
                          ("`--code-kind topk --topk 32`",
                           ("--code-kind", "topk", "--topk", 32)),
                          ("`--code-kind topk --topk 8`", ("--code-kind", "topk", "--topk", 8)),
                          ("`--corrupt mask:0.3`, not sparse", ("--corrupt", "mask:0.3")),
                          ("`--code 32`, not sparse", ("--code", 32))):
        file = "few" + "".join(map(str, options)).replace("--", "-").replace(":", "")
        model, _, _ = b.net(file, *net, *options, rows=few, epochs=50)
        seen, new = b.measure(model, few), b.measure(model)
        # Options that came later win: the last row's code is of 32 values.
        units, of = (32, " of 32") if "--code" in options else (256, "")
        row(name, f"{seen['sse_per_row']:.2f}", f"{new['sse_per_row']:.2f}",
            f"{new['sse_per_row'] / seen['sse_per_row']:.2f}",
            f"{(1 - new['zero_fraction']) * units:.0f}{of}")


def masking(b):
    """Masking keeps an overcomplete net from the identity."""
    fashion = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
    noise = b.save("noise.npy", np.random.RandomState(1).randint(0, 256, (2000, 28, 28))
                   .astype(np.uint8))
    head("784-1024-784, 2 epochs", "digits", "Fashion-MNIST", "pixels at random",
         "digits with 30 % of the pixels 0")
    for name, options in (("nothing", ()), ("`mask:0.3`", ("--corrupt", "mask:0.3")),
                          ("`mask:0.5`", ("--corrupt", "mask:0.5")),
                          ("`gaussian:0.5`", ("--corrupt", "gaussian:0.5"))):
        model, _, _ = b.net("wide" + "".join(options).replace(":", ""), "--code", 1024,
                            *options, epochs=2)
        all_rows = [(b.test_rows,), (fashion,), (noise,), (b.test_rows, "--corrupt", "mask:0.3")]
        row(name, *(f"{100 * (1 - b.measure(model, *r)['explained_variance']):.1f} %"
                    if os.path.exists(r[0]) else "-" for r in all_rows))


def generation(b):
    """A plain autoencoder cannot generate, and a variational one can."""
    vae, _, _ = b.net("vae20", "--preset", "vae-20", epochs=3)
    plain, _, _ = b.net("plain20", "--hidden", 400, *dense(20), epochs=3)
    feature, _, _ = b.net("feature", "--hidden", "512,256", "--code", 64, epochs=3)

    def features(rows):
        return b.map("encode", feature, rows, "features.npy").astype(float)

    test = features(b.test_rows)
    head("10,000 images", "Fréchet distance to the test images")
    row("training images", f"{frechet(features(b.train_rows)[:10000], test):.1f}")

    def sample(name, model, source):
        subprocess.run(
            [b.program, "sample", model, "-n", "10000", "--from", source, "--seed", "1", "-q",
             "-o", b.path("samples.npy")], check=True)
        row(name, f"{frechet(features(b.path('samples.npy')), test):.1f}")

    def fit(model, components):
        subprocess.run([b.program, "sample", model, "--fit", b.train_rows, "--fit-rows",
                        "20000", "--components", str(components), "--covariance", "full",
                        "-q"], check=True)

    sample("plain, codes of the standard normal distribution", plain, "prior")
    fit(plain, 1)
    sample("plain, codes of one normal distribution fitted to its codes", plain, "mixture")
    fit(plain, 32)
    sample("plain, codes of a mixture of 32 fitted to its codes", plain, "mixture")
    sample("variational, codes of the standard normal distribution", vae, "prior")


def patches(folder, names, n, seed):
    """Grey pieces of 28x28 of photographs at half their size."""
    r, out = np.random.RandomState(seed), []
    grey = [read_png(os.path.join(folder, name)).astype(float) @ (.299, .587, .114)
            for name in names]
    for i in range(n):
        g = grey[i % len(grey)]
        y, x = r.randint(0, g.shape[0] - 56), r.randint(0, g.shape[1] - 56)
        out.append(g[y:y + 56, x:x + 56].reshape(28, 2, 28, 2).mean((1, 3)))
    return np.rint(out).astype(np.uint8)


def photographs(b):
    """A model of digits fails on photographs."""
    folder = os.path.join(b.shared, "kodak")
    fashion = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
    learn = b.save("photo-train.npy", patches(
        folder, ("01.png", "03.png", "05.png", "13.png"), 20000, 1))
    photos = b.save("photo-test.npy", patches(folder, ("19.png", "23.png"), 2000, 2))
    head("784-512-256-32 of", "squared error of digits", "Fashion-MNIST", "photographs",
         "of the variance left: digits", "Fashion-MNIST", "photographs")
    for name, model in (("digits", b.net("784-512-256-code-32", *deep(32))[0]),
                        ("digits, PCA with 32", b.pca_of(32)[0]),
                        ("photographs", b.net("photos", *deep(32), rows=learn, epochs=5)[0]),
                        ("photographs, PCA with 32", b.pca_of(32, learn, "photo-pca")[0])):
        got = [b.measure(model, rows) if os.path.exists(rows) else None
               for rows in (b.test_rows, fashion, photos)]
        row(name, *(f"{m['sse_per_row']:.1f}" if m else "-" for m in got),
            *(f"{100 * (1 - m['explained_variance']):.0f} %" if m else "-" for m in got))


def packed(x):
    return len(gzip.compress(np.ascontiguousarray(x).tobytes(), 9, mtime=0))


def coarse(x, levels, step):
    """Means of step x step pixels in so many grey levels: what is packed, what comes back."""
    n, side = len(x), 28 // step
    small = x.reshape(n, side, step, side, step).mean((2, 4))
    q = np.rint(small / 255 * (levels - 1)).astype(np.uint8)
    back = q / (levels - 1)
    return q, back.repeat(step, 1).repeat(step, 2)


def quantised(b, model, bits):
    """Codes of the test images in so many bits, over each value's range on training rows."""
    train = b.map("encode", model, b.train_rows, "codes.npy")
    z = b.map("encode", model, b.test_rows, "codes.npy")
    low, high = np.percentile(train, (.1, 99.9), axis=0)
    width = np.maximum(high - low, 1e-9) / (2**bits - 1)
    q = np.clip(np.rint((z - low) / width), 0, 2**bits - 1).astype(np.uint8)
    back = b.map("decode", model, b.save("back.npy", (q * width + low).astype(np.float32)),
                 "decoded.npy")
    if bits == 4:  # two to a byte
        q = q[:, ::2] * 16 + q[:, 1::2]
    return q, np.clip(back.reshape(len(q), 28, 28).astype(float) / 255, 0, 1)


def jpegs(x):
    """(bytes an image, error, quality) of all images as tiles of one JPEG sheet: a file for
    each would be little else than its header.  Tiles of 32 pixels are whole blocks of 8."""
    from PIL import Image
    n, out = len(x), []
    wide = int(np.ceil(np.sqrt(n)))
    for side in (28, 32):
        sheet = np.zeros((wide * wide, side, side), np.uint8)
        sheet[:n, :28, :28] = x
        sheet = sheet.reshape(wide, wide, side, side).swapaxes(1, 2).reshape(wide * side, -1)
        for quality in (*range(1, 20), *range(20, 96, 5)):
            f = io.BytesIO()
            Image.fromarray(sheet).save(f, "JPEG", quality=quality, optimize=True)
            back = np.asarray(Image.open(f)).reshape(wide, side, wide, side).swapaxes(1, 2)
            back = back.reshape(-1, side, side)[:n, :28, :28]
            left = ((back.astype(float) - x) ** 2).sum() / n / 255**2
            out.append((f.tell() / n, left, quality))
    return out


def gzipped(b):
    """Codes against gzip and JPEG: bytes at the same error."""
    x = read_idx(b.test_rows)
    n, clean = len(x), x / 255

    def error(y):
        return ((y - clean) ** 2).sum() / n

    tries, sizes = [], []
    for step in (1, 2, 4):
        for levels in (256, 32, 16, 12, 8, 6, 5, 4, 3, 2):
            q, back = coarse(x.astype(float), levels, step)
            tries.append((packed(q) / n, error(back), step, levels))
    head("10,000 test images", "bytes an image", "squared error",
         "gzip at no more error: bytes an image", "how", "JPEG at no more error", "quality",
         "JPEG of no more bytes: its error")
    row("gzip of the pixels", f"{packed(x) / n:.0f}", "0", f"{packed(x) / n:.0f}", "lossless",
        "-", "-", "-")
    sheets = jpegs(x)
    for name, model in (("784-512-256-32", b.net("784-512-256-code-32", *deep(32))[0]),
                        ("784-512-256-8", b.net("784-512-256-code-8", *deep(8))[0]),
                        ("PCA with 32", b.pca_of(32)[0])):
        for bits in (8, 4):
            q, back = quantised(b, model, bits)
            size, left = packed(q) / n, error(back)
            best = min(t for t in tries if t[1] <= left)
            how = f"{28 // best[2]}x{28 // best[2]} pixels, {best[3]} grey levels"
            jpeg = min(t for t in sheets if t[1] <= left)
            small = [t[1] for t in sheets if t[0] <= size]
            row(f"{name}, codes in {bits} bits, then gzip", f"{size:.1f}", f"{left:.2f}",
                f"{best[0]:.0f}", how, f"{jpeg[0]:.0f}", jpeg[2],
                f"{min(small):.1f}" if small else "none is so small")
        sizes.append(f"{name}: {os.path.getsize(model):,} bytes")
    print("\nBeside the codes there is the model, once: " + "; ".join(sizes) + ".")


CLAIMS = {"convolution": convolution, "pca": pca, "sparsity": sparsity, "masking": masking,
          "generation": generation, "photographs": photographs, "gzip": gzipped}


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments(a, "build/quality/claims")
    a.add_argument("claims", nargs="*", metavar="CLAIM", help=", ".join(CLAIMS))
    o = a.parse_args()
    for name in o.claims:
        if name not in CLAIMS:
            sys.exit(f"no claim {name}; there are {', '.join(CLAIMS)}")
    b = Bench(o)
    for name in o.claims or CLAIMS:
        print(f"\n## {name}: {CLAIMS[name].__doc__}\n", flush=True)
        CLAIMS[name](b)


if __name__ == "__main__":
    main()
