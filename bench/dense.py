#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training speed of dense autoencoders: hourglass beside PyTorch, in turns, in one run.

    bench/dense.py [--program build/release/hourglass] [--pairs N] [--epochs N] ...

Ours and the peer run alternately (A B A B ...), so that both see the same machine.  A run
counts as the median of its epochs after the first.  A ratio is ours / peer, over 1 where
hourglass is faster: the ratio of the medians over all runs, and the lowest and highest of
the pairs.  A busy machine hurts PyTorch more, whose OpenMP threads spin: run this on an
idle one (or, as root, under `chrt -f 1`), and look at the spread before quoting a ratio.
Both sides compute in float32.

The peer gets the settings under which it is fastest here (see peer_environment); without
PyTorch only hourglass is measured.  To install it: apt install python3-torch
libopenblas0-openmp.  Needs Python 3 and nothing else."""
import argparse
import glob
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PEER = os.path.join(HERE, "peer_torch.py")
INSTALL = "apt install python3-torch libopenblas0-openmp"
IMAGES = "train-images-idx3-ubyte.gz"
FOLDERS = [os.path.join(ROOT, "..", "shared", "data", "mnist"),
           "/usr/share/datasets/fashion-mnist"]

# What `hourglass train` is told, by the name that peer_torch.py knows.
WORKLOADS = {"keras-dense": ["--preset", "keras-dense"], "stacked": ["--preset", "stacked"]}


def cpu():
    """Model name, and the flags as a set."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        text = f.read()
    name = re.search(r"^model name\s*: (.*)$", text, re.M)
    flags = re.search(r"^flags\s*: (.*)$", text, re.M)
    return (name[1] if name else platform.machine(), set(flags[1].split() if flags else []))


def peer_environment(threads):
    """The settings that make Debian's PyTorch fastest.

    Its OpenBLAS 0.3.21 must be the OpenMP build, or two thread pools fight; it does not know
    newer CPUs and falls back to slow kernels unless it is told; PyTorch's own loops use
    AVX-512 only when asked.  glibc gives large blocks back to the kernel at every free,
    and PyTorch in eager mode makes some every step: half of its time, unless forbidden."""
    env = {"OMP_NUM_THREADS": str(threads), "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
           "MALLOC_TRIM_THRESHOLD_": str(1 << 31)}
    folders = glob.glob("/usr/lib/*/openblas-openmp")
    if folders:
        env["LD_LIBRARY_PATH"] = folders[0]
    flags = cpu()[1]
    if "avx512f" in flags:
        env.update(OPENBLAS_CORETYPE="SkylakeX", ATEN_CPU_CAPABILITY="avx512")
    elif "avx2" in flags:
        env.update(OPENBLAS_CORETYPE="Haswell", ATEN_CPU_CAPABILITY="avx2")
    return env


def find_peer(asked):
    """A Python that has PyTorch, or None."""
    for python in [asked] if asked else ["python3", "/usr/bin/python3"]:
        found = shutil.which(python)
        if found and subprocess.run([found, "-c", "import torch"], capture_output=True,
                                    check=False).returncode == 0:
            return found
    return None


def run(command, env=None):
    done = subprocess.run(command, env={**os.environ, **(env or {})}, text=True,
                          capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout


def of_epochs(lines):
    """Rows a second, the median of the epochs after the first, and the last loss."""
    epochs = [entry for entry in map(json.loads, lines.splitlines()) if "epoch" in entry]
    later = epochs[1:] or epochs
    return statistics.median(e["rows_per_second"] for e in later), epochs[-1]["loss"]


def run_ours(args, workload):
    with tempfile.TemporaryDirectory() as scratch:
        log = os.path.join(scratch, "log.jsonl")
        run([args.program, "train", os.path.join(args.data, IMAGES), *WORKLOADS[workload],
             "--epochs", str(args.epochs), "--threads", str(args.threads), "--quiet",
             "--log", log, "-o", os.path.join(scratch, "model.safetensors")])
        with open(log, encoding="utf-8") as f:
            return of_epochs(f.read())


def run_peer(args, workload, mode):
    out = run([args.peer, PEER, "--workload", workload, "--mode", mode, "--data", args.data,
               "--epochs", str(args.epochs), "--threads", str(args.threads)],
              peer_environment(args.threads))
    args.version = json.loads(out.splitlines()[0])["peer"]
    return of_epochs(out)


def spread(rates):
    """Median, lowest and highest, in thousands."""
    return (f"{statistics.median(rates) / 1e3:8.1f} "
            f"({min(rates) / 1e3:.0f}-{max(rates) / 1e3:.0f})")


def measure(args, workload, mode):
    ours, theirs = [], []
    for _ in range(args.pairs):
        ours.append(run_ours(args, workload))
        if args.peer:
            theirs.append(run_peer(args, workload, mode))
    a = [rate for rate, _ in ours]
    row = f"{workload:12} {spread(a):24}"
    if args.peer:
        b = [rate for rate, _ in theirs]
        ratios = [x / y for x, y in zip(a, b)]
        ratio = statistics.median(a) / statistics.median(b)
        row += (f" {mode:6} {spread(b):24} {ratio:5.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
                f"  {ours[-1][1]:.4f} / {theirs[-1][1]:.4f}")
    print(row, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/hourglass"))
    parser.add_argument("--data", help="folder of " + IMAGES)
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    parser.add_argument("--mode", choices=["tuned", "eager"], action="append")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--python", help="the Python that has PyTorch")
    args = parser.parse_args()
    if not args.data:
        found = [f for f in FOLDERS if os.path.exists(os.path.join(f, IMAGES))]
        if not found:
            sys.exit(f"no {IMAGES}: name its folder with --data, "
                     "or apt install dataset-fashion-mnist")
        args.data = os.path.normpath(found[0])
    args.peer = find_peer(args.python)
    args.version = ""
    return args


def main():
    args = arguments()
    version = run([args.program, "--version"]).strip()
    print(f"machine   {cpu()[0]}, {args.threads} threads, {platform.system()} "
          f"{platform.release()}, load {os.getloadavg()[0]:.2f}")
    print(f"ours      {version}")
    if args.peer:
        settings = " ".join(f"{k}={v}" for k, v in peer_environment(args.threads).items())
        print(f"peer      {args.peer} with {settings}")
    else:
        print(f"peer      none: no Python with PyTorch ({INSTALL})")
    print(f"data      {os.path.join(args.data, IMAGES)}; {args.pairs} pairs of "
          f"{args.epochs} epochs; thousand rows/s: median (min-max); ratio of medians "
          "(min-max of pairs); last training loss ours / peer")
    print(f"{'workload':12} {'hourglass':>9} {'':14} {'mode':6} {'peer':>9} {'':14} {'ratio':>5}")
    for workload in args.workload or WORKLOADS:
        for mode in (args.mode or ["tuned", "eager"]) if args.peer else ["none"]:
            measure(args, workload, mode)
    if args.version:
        print(f"peer is {args.version}")


if __name__ == "__main__":
    main()
