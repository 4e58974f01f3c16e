#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hourglass beside other programs on the same work, in turns, in one run.

    bench/run.py [W1 W4 W8 ...] [--pairs N] [--quick] [--json FILE] ...

Every program runs in turn (ours, A, B, ours, A, B, ...), each in a process of its own, so
that all see the same machine.  A training run counts as the median of its epochs after the
first.  A ratio is over 1 where hourglass is faster: the ratio of the medians over all
rounds, then the lowest and highest of a single round.  `floor` is the share of the
machine's measured float32 peak that the work's arithmetic needs; memory is the process's
largest resident set; `2 threads` is our rate over our rate with one thread.

docs/speed.md says what the workloads are and how to get the peers; one that is not
installed is named and left out.  On a machine that does something else, too, give
--realtime (root): programs whose OpenMP threads spin lose up to all of their speed when
they are interrupted.  Linux sometimes leaves two realtime threads on one core for a whole
run, which halves the rate of any program: the highest of several rounds counts then.
Needs Python 3 and nothing else."""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

from peers import all_peers, debian_blas, values
from workloads import choose

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
IMAGES = "train-images-idx3-ubyte.gz"
FOLDERS = [os.path.join(ROOT, "..", "shared", "data", "mnist"),
           "/usr/share/datasets/fashion-mnist"]
TABLE_ROWS, ACTIVATION_ROWS, SCORED_ROWS = 284807, 16384, 1000000


def spawn(args, command, env=None):
    """What a command prints and its peak memory in MiB; None and the reason when it fails."""
    if args.realtime:
        command = ["chrt", "-f", "1", *command]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=out,
                                 stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            lines = err.read().strip().splitlines()
            return None, lines[-1] if lines else f"exit {child.returncode}"
        return out.read(), usage.ru_maxrss / 1024


class Ours:
    """hourglass on one workload: trains with its program, applies through its library."""

    def __init__(self, args, work):
        self.args, self.work = args, work
        self.data = args.files[work.data]
        if work.data == "mnist":
            self.data = os.path.join(self.data, IMAGES)
        self.model = os.path.join(args.scratch, work.name + ".safetensors")

    def train(self, threads, extra):
        words = [self.args.program, "train", self.data, *self.work.ours, "--batch-size",
                 str(self.work.batch), "--threads", str(threads), "-o", self.model]
        if self.work.rows:
            words += ["--limit", str(self.work.rows)]
        if self.args.precision:
            words += ["--precision", self.args.precision]
        return spawn(self.args, words + extra)

    def prepare(self):
        """Why this program cannot do the work; None when it can."""
        if self.work.task == "train":
            out, why = self.train(1, ["--dry-run"])
        else:
            out, why = self.train(self.args.threads, ["--quiet", "--epochs", "1", "--limit",
                                                      "1024"])
        return None if out is not None else why

    def run(self, threads):
        """Rates or latencies, last loss and memory."""
        folder = os.path.join(os.path.dirname(self.args.program), "bench")
        if self.work.task == "score":
            return spawn(self.args, [os.path.join(folder, "score"), self.model,
                                     self.args.files["scored"], str(threads)])
        if self.work.task == "row":
            return spawn(self.args, [os.path.join(folder, "session"), self.model,
                                     *self.work.session])
        log = os.path.join(self.args.scratch, "log.jsonl")
        out, memory = self.train(threads, ["--epochs", str(self.work.epochs), "--quiet",
                                           "--log", log])
        if out is None:
            return out, memory
        with open(log, encoding="utf-8") as f:
            return f.read(), memory


class Series:
    """What one program gave in each round."""

    def __init__(self, label):
        self.label, self.numbers, self.memory, self.loss, self.why = label, [], 0, None, ""

    def add(self, out, memory):
        if out is None:
            self.why = memory
            return
        rates, micros, self.loss = values(out)
        self.numbers.append(statistics.median(micros or rates))
        self.memory = max(self.memory, memory)

    def median(self):
        return statistics.median(self.numbers)

    def result(self, ours, slower_is_more):
        """As it stands in --json."""
        if not self.numbers:
            return {"program": self.label, "failed": self.why}
        made = {"program": self.label, "median": self.median(), "min": min(self.numbers),
                "max": max(self.numbers), "runs": self.numbers, "loss": self.loss,
                "memory_mib": round(self.memory, 1)}
        if ours is not self and ours.numbers:
            made["ratio"] = ours.median() / self.median()
            rounds = [a / b for a, b in zip(ours.numbers, self.numbers)]
            if slower_is_more:
                made["ratio"], rounds = 1 / made["ratio"], [1 / r for r in rounds]
            made["ratio_min"], made["ratio_max"] = min(rounds), max(rounds)
        return made


def show(entry, unit, ours):
    """One line of the table."""
    if "failed" in entry:
        return f"  {entry['program']:26} {entry['failed'][:64]}"
    width = (lambda v: f"{v:,.2f}") if unit == "us" else (lambda v: f"{v:,.0f}")
    spread = f"{width(entry['min'])} - {width(entry['max'])}"
    line = f"  {entry['program']:26} {width(entry['median']):>12} {spread:>25}"
    if "ratio" in entry:
        line += (f" {entry['ratio']:7.2f}  ({entry['ratio_min']:.2f} - "
                 f"{entry['ratio_max']:.2f})").ljust(27)
    else:
        line += " " * 27
    line += f" {entry['memory_mib']:6.0f} MiB"
    if entry is ours:
        line += f"  floor {ours['floor']:.2f}" if ours.get("floor") else ""
        line += f"  2 threads {ours['scaling']:.2f}x" if ours.get("scaling") else ""
    return line


def measure(args, work):
    unit = "us" if work.task == "row" else "rows/s"
    print(f"{work.name:8} {work.title}; {unit}", flush=True)
    ours, one = Ours(args, work), Series("hourglass, 1 thread")
    # What is asked of the peers is known before any of them runs: absent ones are named.
    series = [(Series(" ".join(["hourglass", *work.session[:1]])), None)]
    series[0][0].why = ours.prepare() or ""
    for peer in args.peers[work.task != "train"]:
        if peer.kind in work.peers and args.only in peer.label:
            series.append((Series(peer.label), peer))
            series[-1][0].why = peer.missing
    able = [(s, peer) for s, peer in series if not s.why]
    for _ in range(args.pairs):
        for s, peer in able:
            if s.why:
                continue
            if peer:
                words = peer.arguments(work, args.files[work.data], args.threads)
                s.add(*spawn(args, [*peer.command, *words], peer.env))
                continue
            s.add(*ours.run(args.threads))
            if args.threads > 1 and work.task != "row":
                one.add(*ours.run(1))
    head, low = series[0][0], unit == "us"
    entries = [s.result(head, low) for s, _ in series]
    if head.numbers and not low:
        entries[0]["floor"] = head.median() * work.kflop * 1e3 / (args.peak * 1e9)
        if one.numbers:
            entries[0]["one_thread"] = one.median()
            entries[0]["scaling"] = head.median() / one.median()
    for entry in entries:
        print(show(entry, unit, entries[0]), flush=True)
    return {"workload": work.name, "title": work.title, "unit": unit, "results": entries}


def find_data(args):
    """Where each kind of data is; what is made up is made once in the scratch folder."""
    if not args.data:
        found = [f for f in FOLDERS if os.path.exists(os.path.join(f, IMAGES))]
        if not found:
            sys.exit(f"no {IMAGES}: name its folder with --data, "
                     "or apt install dataset-fashion-mnist")
        args.data = os.path.normpath(found[0])
    args.files = {"mnist": args.data}
    maker = os.path.join(os.path.dirname(args.program), "bench", "data")
    tasks = {w.data for w in args.works} | {"scored" for w in args.works if w.task == "score"}
    for name, kind, rows in (("table", "table", TABLE_ROWS),
                             ("activations", "activations", ACTIVATION_ROWS),
                             ("scored", "table", SCORED_ROWS)):
        args.files[name] = os.path.join(args.scratch, name + ".npy")
        if name in tasks:
            subprocess.run([maker, kind, str(rows), args.files[name]], check=True)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="W", help="W1 ... W10; none: all")
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/hourglass"))
    parser.add_argument("--data", help="folder of " + IMAGES)
    parser.add_argument("--pairs", type=int, default=3, help="rounds [3]")
    parser.add_argument("--quick", action="store_true", help="one round of fewer epochs")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--precision", help="of hourglass train: f32, bf16, auto")
    parser.add_argument("--python", default=os.environ.get("HG_TORCH1", "/usr/bin/python3"),
                        help="Python with Debian's PyTorch (HG_TORCH1)")
    parser.add_argument("--python2", default=os.environ.get("HG_TORCH2", ""),
                        help="Python with PyTorch 2, ONNX Runtime (HG_TORCH2)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only peers with this in their name: tuned, KANN, ...")
    parser.add_argument("--json", metavar="FILE", help="all numbers of all rounds")
    parser.add_argument("--realtime", action="store_true",
                        help="run everything under chrt -f 1, on a busy machine (root)")
    args = parser.parse_args()
    args.program = os.path.abspath(args.program)
    args.works = choose(args.workloads)
    if args.works is None:
        parser.error("no such workload; see bench/workloads.py")
    if args.quick:
        args.pairs = 1
    args.debian_blas = "LD_LIBRARY_PATH" in debian_blas(1)
    return args


def machine(args):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        name = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    peak = os.path.join(os.path.dirname(args.program), "bench", "peak")
    out, why = spawn(args, [peak, str(args.threads)])
    if out is None:
        sys.exit(f"{peak}: {why}; make bench builds it")
    args.peak = json.loads(out)["gflops"]
    version = subprocess.run([args.program, "--version"], capture_output=True, text=True,
                             check=True).stdout.strip()
    facts = {"cpu": name[1] if name else platform.machine(), "threads": args.threads,
             "system": f"{platform.system()} {platform.release()}",
             "load": round(os.getloadavg()[0], 2), "peak_gflops": args.peak,
             "program": version, "data": args.data, "pairs": args.pairs}
    print(f"machine  {facts['cpu']}, {args.threads} threads, {facts['system']}, load "
          f"{facts['load']}, float32 peak {args.peak:.0f} GFLOP/s\nours     {version}\n"
          f"data     {args.data}; {args.pairs} rounds; median, (lowest - highest), ratio "
          "over 1 where hourglass is faster, peak memory\n")
    return facts


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as args.scratch:
        find_data(args)
        facts = machine(args)
        args.peers = [all_peers(args, "train"), all_peers(args, "apply")]
        results = []
        for work in args.works:
            if args.quick and work.task == "train":
                work = type(work)(**{**vars(work), "epochs": 2})
            results.append(measure(args, work))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({**facts, "workloads": results}, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
