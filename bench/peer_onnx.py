#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX Runtime scoring rows with a dense autoencoder: a row's score is its mean squared error.

    peer_onnx.py --task score --sizes 30,16,8,16,30     1,000,000 rows in memory
    peer_onnx.py --task row --sizes 784,32,784          one row at a time

The graph ends in the score, so that no reconstruction is copied out; inputs and outputs are
bound once.  score tries several batch sizes and prints the rates of the fastest; row prints
microseconds of the fastest of one thread and --threads, spinning or not.  JSON lines."""
import argparse
import json
import sys
import time

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    sys.exit("peer_onnx.py: no onnx and onnxruntime")

ROWS = 1000000


def model(sizes):
    """Gemm and Relu in turn, then the mean square of output - input."""
    random = np.random.default_rng(1)
    nodes, weights, last = [], [], "x"
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        weight = random.normal(0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        bias = np.zeros(outputs, np.float32)
        weights += [numpy_helper.from_array(weight, f"w{i}"),
                    numpy_helper.from_array(bias, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{i}", f"b{i}"], [f"z{i}"]))
        last = f"z{i}"
        if i + 2 < len(sizes):
            nodes.append(helper.make_node("Relu", [last], [f"y{i}"]))
            last = f"y{i}"
    nodes += [helper.make_node("Sub", [last, "x"], ["error"]),
              helper.make_node("Mul", ["error", "error"], ["square"]),
              helper.make_node("ReduceMean", ["square"], ["score"], axes=[1], keepdims=0)]
    graph = helper.make_graph(
        nodes, "autoencoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", sizes[0]])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n"])], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made.SerializeToString()


def session(text, threads, spin=True):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
    return onnxruntime.InferenceSession(text, options, providers=["CPUExecutionProvider"])


def bound(run, x, score):
    """An input and an output that stay where they are: nothing is copied or allocated."""
    binding = run.io_binding()
    for put, name, array in ((binding.bind_input, "x", x), (binding.bind_output, "score", score)):
        put(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    return binding


def score_many(text, width, threads):
    x = np.random.default_rng(2).normal(size=(ROWS, width)).astype(np.float32)
    score = np.empty(ROWS, np.float32)
    run, best = session(text, threads), []
    for batch in (ROWS, 65536, 16384, 4096, 1024):
        bindings = [bound(run, x[at:at + batch], score[at:at + batch])
                    for at in range(0, ROWS, batch)]
        rates = []
        for _ in range(8):
            began = time.perf_counter()
            for binding in bindings:
                run.run_with_iobinding(binding)
            rates.append(ROWS / (time.perf_counter() - began))
        best = max(best, rates[1:], key=lambda r: sorted(r)[len(r) // 2] if r else 0)
    return best


def score_one(run, width, calls):
    x, score = np.random.default_rng(2).random((1, width), np.float32), np.empty(1, np.float32)
    binding, times = bound(run, x, score), []
    for _ in range(calls):
        began = time.perf_counter_ns()
        run.run_with_iobinding(binding)
        times.append(time.perf_counter_ns() - began)
    return sorted(t / 1e3 for t in times[calls // 4:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=["score", "row"], required=True)
    parser.add_argument("--sizes", required=True, help="30,16,8,16,30")
    parser.add_argument("--calls", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    sizes = [int(word) for word in args.sizes.split(",")]
    text = model(sizes)
    if args.task == "score":
        for rate in score_many(text, sizes[0], args.threads):
            print(json.dumps({"rows_per_second": rate}))
        return
    runs = [score_one(session(text, threads, spin), sizes[0], args.calls)
            for threads, spin in {(1, True), (args.threads, True), (args.threads, False)}]
    times = min(runs, key=lambda t: t[len(t) // 2])
    print(json.dumps({"p50_us": times[len(times) // 2],
                      "p99_us": times[len(times) * 99 // 100]}))


if __name__ == "__main__":
    main()
