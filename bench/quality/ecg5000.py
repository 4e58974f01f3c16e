#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The preset `anomaly` on heartbeats, trained on normal ones: ROC AUC of each seed.

    bench/quality/ecg5000.py FOLDER [--program build/hourglass] [--seeds 5] [-- OPTIONS]

FOLDER has train_data.npy (normal beats), test_data.npy and test_labels.npy, 1 = abnormal
(ECG5000 of the UCR archive).  OPTIONS go to `hourglass train` behind the preset."""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import call  # noqa: E402


def column(text):
    lines = text.split()
    return [float(v) for v in lines if v[0] in "-.0123456789"]


def auc(score, label):
    """Equal scores count as half."""
    order = sorted(range(len(score)), key=lambda i: score[i])
    pairs = below = i = 0
    while i < len(order):
        j, normal, abnormal = i, 0, 0
        while j < len(order) and score[order[j]] == score[order[i]]:
            abnormal += label[order[j]] > 0
            normal += label[order[j]] <= 0
            j += 1
        pairs += abnormal * (below + normal / 2)
        below += normal
        i = j
    return pairs / (below * (len(order) - below))


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--program", default="build/hourglass")
    p.add_argument("--seeds", type=int, default=5)
    # What stands behind "--" may look like options of this script.
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    a = p.parse_args(sys.argv[1:cut])
    a.options = sys.argv[cut + 1:]
    file = lambda name: os.path.join(a.folder, name)  # noqa: E731
    label = column(call(a.program, "data", "convert", file("test_labels.npy"), "--to",
                        "csv", "-o", "-"))
    found = []
    with tempfile.TemporaryDirectory() as work:
        model = os.path.join(work, "ecg.safetensors")
        for seed in range(1, a.seeds + 1):
            call(a.program, "train", file("train_data.npy"), "--preset", "anomaly",
                 "--seed", seed, "-q", "-o", model, *a.options)
            out = call(a.program, "score", model, file("test_data.npy"), "-q", "-o", "-")
            found.append(auc(column(out), label))
            print(f"seed {seed}: {found[-1]:.4f}", flush=True)
    print(f"mean {sum(found) / len(found):.4f}, lowest {min(found):.4f}")


if __name__ == "__main__":
    main()
