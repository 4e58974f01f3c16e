# SPDX-License-Identifier: MIT
"""The programs that hourglass is measured beside: where they are, and the settings under
which each is fastest.  One that is not installed is named, with how to get it."""
import glob
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
# Sizes of the nets of "score" and "row", for the peers that make them.
NETS = {"table": "30,16,8,16,30", "dense": "784,32,784",
        "deep": "784,1000,500,250,30,250,500,1000,784"}


@dataclass
class Peer:
    kind: str  # "torch", "kann", "onnx", "libtorch"
    label: str
    command: list  # of the program, without the arguments of a workload
    mode: str = ""
    env: dict = field(default_factory=dict)
    missing: str = ""  # why it is left out; "" when it is there

    def arguments(self, work, data, threads):
        if work.task == "train":
            words = ["--workload", work.name.split("-")[0], "--data", data, "--batch",
                     str(work.batch), "--epochs", str(work.epochs)]
            words += ["--rows", str(work.rows)] if work.rows else []
        else:
            words = ["--task", work.task, "--sizes", NETS[work.net]]
        words += ["--mode", self.mode] if self.mode else []
        return [*words, "--threads", str(threads)]


def cpu_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        flags = re.search(r"^flags\s*: (.*)$", f.read(), re.M)
    return set(flags[1].split() if flags else [])


def debian_blas(threads):
    """Debian's OpenBLAS 0.3.21 must be the OpenMP build, or its threads fight with those of
    PyTorch; it does not know newer CPUs and falls back to slow kernels unless it is told.
    Zen and Cooperlake in place of SkylakeX measured slower on a Zen 4."""
    env = {"OMP_NUM_THREADS": str(threads)}
    folders = glob.glob("/usr/lib/*/openblas-openmp")
    if folders:
        env["LD_LIBRARY_PATH"] = folders[0]
    flags = cpu_flags()
    if "avx512f" in flags:
        env["OPENBLAS_CORETYPE"] = "SkylakeX"
    elif "avx2" in flags:
        env["OPENBLAS_CORETYPE"] = "Haswell"
    return env


def torch_env(threads):
    """PyTorch's own loops use AVX-512 only when asked (1.13).  glibc gives large blocks back
    to the kernel at every free, and PyTorch in eager mode makes some every step: half of
    its time, unless forbidden."""
    env = {"OMP_NUM_THREADS": str(threads), "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
           "MALLOC_TRIM_THRESHOLD_": str(1 << 31)}
    flags = cpu_flags()
    if "avx512f" in flags:
        env["ATEN_CPU_CAPABILITY"] = "avx512"
    elif "avx2" in flags:
        env["ATEN_CPU_CAPABILITY"] = "avx2"
    return env


def module_version(python, module):
    """Version of a Python module, or "" when that Python does not have it."""
    found = shutil.which(python) if python else None
    if not found:
        return ""
    done = subprocess.run([found, "-c", f"import {module}; print({module}.__version__)"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def torch_peers(args, task):
    """Debian's PyTorch is the mark; a current one is measured beside it."""
    peers = []
    script = os.path.join(HERE, "peer_torch.py" if task == "train" else "peer_torch_apply.py")
    modes = ["tuned", "eager"] if task == "train" else ["eager", "jit"]
    newer = ["compile", "bf16", "compile-bf16"] if task == "train" else ["compile"]
    first = module_version(args.python, "torch")
    missing = "" if first else "apt install python3-torch libopenblas0-openmp (or --python)"
    if first:
        missing = "" if args.debian_blas else "libopenblas0-openmp is not installed"
    env = {**torch_env(args.threads), **debian_blas(args.threads)}
    for mode in modes:
        peers.append(Peer("torch", f"PyTorch {'.'.join(first.split('.')[:2])} {mode}".replace("  ", " "),
                          [args.python, script], mode, env, missing))
    second = module_version(args.python2, "torch")
    for mode in modes + newer if second else []:
        peers.append(Peer("torch", f"PyTorch {second.split('+')[0]} {mode}",
                          [args.python2, script], mode, torch_env(args.threads)))
    if not second:
        peers.append(Peer("torch", "PyTorch 2", [], missing="name its Python with --python2"))
    return peers


def built(program, how):
    return "" if os.access(program, os.X_OK) else how


def all_peers(args, task):
    """Every peer of a task, in the order of the table."""
    folder = os.path.join(os.path.dirname(os.path.abspath(args.program)), "bench")
    peers = torch_peers(args, task)
    kann = os.path.join(folder, "peer_kann")
    # KANN's own threads each call BLAS: with more than one thread in BLAS they fight.
    peers.append(Peer("kann", "KANN + OpenBLAS", [kann], env=debian_blas(1),
                      missing=built(kann, "make bench-peers KANN=folder of its sources")))
    python = next((p for p in (args.python2, args.python) if module_version(p, "onnxruntime")),
                  "")
    version = module_version(python, "onnxruntime")
    peers.append(Peer("onnx", f"ONNX Runtime {version}".strip(),
                      [python, os.path.join(HERE, "peer_onnx.py")],
                      missing="" if version else "pip install onnxruntime onnx (--python2)"))
    libtorch = os.path.join(folder, "peer_libtorch")
    peers.append(Peer("libtorch", "LibTorch", [libtorch],
                      env={**torch_env(args.threads), **debian_blas(args.threads)},
                      missing=built(libtorch, "make bench-peers (libtorch-dev)")))
    return peers


def values(text):
    """Rates (rows a second) and latencies (µs) of a program's JSON lines, and the last loss.

    Of several epochs the first is not counted: it warms up."""
    entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    rates = [e["rows_per_second"] for e in entries if "rows_per_second" in e]
    micros = [e["p50_us"] for e in entries if "p50_us" in e]
    losses = [e["loss"] for e in entries if "loss" in e]
    return rates[1:] or rates, micros, losses[-1] if losses else None
