#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What hourglass takes beside training itself: time to the first batch, memory, size.

    footprint.py --program build/release/hourglass --data DIR [--runs N]

The start is the whole process's wall time less the seconds of its one epoch, so it counts
loading the program and the data, the scaler, the weights, and also saving the model: no
less than the time to the first batch.  On a machine that does something else, too, `work`
tells more: processor seconds of `train --dry-run`, which stops where the first batch would
be.  Memory is the process's largest resident set."""
import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PRESET = ["--preset", "keras-dense", "--epochs", "1", "--quiet"]


def spawn(command):
    """Wall seconds, processor seconds and peak memory in MB."""
    began = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    if status != 0:
        sys.exit("footprint.py: failed: " + " ".join(command))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def train(program, data, folder, words):
    """Seconds before and after the epoch, and peak memory in MB."""
    log = os.path.join(folder, "log.jsonl")
    wall, _, memory = spawn([program, "train", data, *PRESET, *words, "--log", log,
                             "-o", os.path.join(folder, "model.safetensors")])
    with open(log) as lines:
        epoch = json.loads(lines.readline())["seconds"]
    return wall - epoch, memory


def stripped(path, folder):
    """Size in bytes without symbols; None when there is no strip."""
    if shutil.which("strip") is None:
        return None
    small = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", small, path], check=True)
    return os.path.getsize(small)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--program", default="build/release/hourglass")
    arguments.add_argument("--data", default="../shared/data/mnist",
                           help="folder of train-images-idx3-ubyte.gz")
    arguments.add_argument("--runs", type=int, default=5)
    a = arguments.parse_args()
    packed = os.path.join(a.data, "train-images-idx3-ubyte.gz")
    if not os.path.exists(packed):
        sys.exit(f"footprint.py: {packed}: not there; name a folder with --data")
    program = os.path.abspath(a.program)
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "train-images-idx3-ubyte")
        with gzip.open(packed) as source, open(plain, "wb") as target:
            shutil.copyfileobj(source, target)
        for name, data, words in (("plain IDX", plain, []), ("IDX .gz", packed, []),
                                  ("  --stream", plain, ["--stream"]),
                                  ("  --stream", packed, ["--stream"])):
            runs = [train(program, data, folder, words) for _ in range(a.runs)]
            starts = [start for start, _ in runs]
            work = min(spawn([program, "train", data, *PRESET, *words, "--dry-run"])[1]
                       for _ in range(a.runs))
            print(f"{name:10}  start {statistics.median(starts):.3f} s "
                  f"({min(starts):.3f} to {max(starts):.3f}), work {work:.3f} s, "
                  f"peak memory {max(memory for _, memory in runs):.0f} MB")
        for name, data in (("encode", plain), ("encode .gz", packed)):
            codes = os.path.join(folder, "codes.npy")
            runs = [spawn([program, "encode", os.path.join(folder, "model.safetensors"),
                           data, "-q", "-o", codes]) for _ in range(a.runs)]
            print(f"{name:10}  {min(wall for wall, _, _ in runs):.3f} s, "
                  f"peak memory {max(memory for _, _, memory in runs):.0f} MB of "
                  f"{os.path.getsize(plain) / 1e6:.0f} MB")
        library = os.path.join(os.path.dirname(program), "libhourglass.so")
        sizes = [stripped(os.path.realpath(p), folder) for p in (program, library)]
        if None not in sizes:
            print(f"stripped    program {sizes[0] / 1e3:.0f} kB, library "
                  f"{sizes[1] / 1e3:.0f} kB, together {sum(sizes) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
