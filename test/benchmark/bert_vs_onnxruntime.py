#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT-base, random weights: Nacre beside ONNX Runtime, and beside this core's rate of multiply-adds.

    test/benchmark/bert_vs_onnxruntime.py [--precision f32] [--threads 1 2] [--batch 1] [--length 128] [--rounds 15]
                                          [--output FILE]

Needs numpy, onnx, onnxruntime and clang. The precision is f32, bf16 (whose peer computes in f32: ONNX Runtime has no
bf16 on CPUs) or int8 (dynamic quantisation, weights per channel, in both). First both are checked to compute the same
numbers, in int8 to be as near to f32 as each other. Then ours, ONNX Runtime and
an FMA probe take turns in this one process, so that whatever else the machine does falls on all of them alike. The
ratios are formed within each round; their median is the figure to quote. Prints a Markdown table. Asserts no time.
"""
import argparse
import ctypes
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "numerics"))

import onnx_bert
from artifact import Artifact
from catalog import FULL, SMALL

ALLOWED = {"f32": 1e-4, "bf16": 2e-2, "int8": 1e-1}  # error against ONNX Runtime in f32
SETTLE = 0.3  # seconds between turns with several threads: the last one's waiting threads stop spinning


def say(text):
    print(text, file=sys.stderr, flush=True)


def flops(config, batch, length):
    """Multiply-adds of the matrix products, times two."""
    dim, hidden = config["hidden_size"], config["intermediate_size"]
    per_layer = length * (4 * dim * dim + 2 * dim * hidden) + 2 * length * length * dim
    return 2.0 * batch * per_layer * config["num_hidden_layers"]


def session(model, threads, folder):
    """An ONNX Runtime session with every optimisation on."""
    path = folder / "model.onnx"
    path.write_bytes(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def quantized(model, folder):
    """The model with its matrix products in int8, quantised by ONNX Runtime's own tool."""
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    path = folder / "quantized.onnx"
    quantize_dynamic(
        onnx.load_from_string(model),
        path,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Attention"],
        # Types do not follow from ONNX Runtime's own operators.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return path.read_bytes()


def build_probe(folder, precision):
    """Gives a function: Gop/s of `threads` cores over about 10 ms, of bytes or of f32."""
    clang = shutil.which("clang-22") or shutil.which("clang")
    library = folder / "fma_probe.so"
    # Some CPUs are tuned for vectors half as wide as their widest.
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC"]
    subprocess.run([clang, *flags, str(HERE / "fma_probe.c"), "-o", str(library)], check=True)
    function = getattr(ctypes.CDLL(str(library)), "nacre_int8_probe" if precision == "int8" else "nacre_fma_probe")
    function.restype = ctypes.c_double

    def probe(threads):
        done = [0.0] * threads

        def work(i):
            done[i] = function(ctypes.c_long(3_000_000), ctypes.byref(ctypes.c_float(0)))

        workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(done) / (time.perf_counter() - start) * 1e-9

    return probe


def timed(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def table(network, args, threads, times, rates):
    """The Markdown table of one thread count; `times` in ms and `rates` in GFLOP/s, one per round."""
    work = flops(network.config, args.batch, args.length) * 1e-6
    ours = times["Nacre"]
    lines = [
        f"### {network.name}, {args.precision}, batch {args.batch}, sequence {args.length}, {threads} thread{'s' * (threads > 1)}",
        "",
        "| | min ms | median ms | Gop/s at the median | Nacre's time / this, median of rounds |",
        "|---|---|---|---|---|",
    ]
    for name, values in times.items():
        ratio = statistics.median(a / b for a, b in zip(ours, values))
        median = statistics.median(values)
        lines.append(f"| {name} | {min(values):.2f} | {median:.2f} | {work / median:.1f} | {ratio:.3f} |")
    at_peak = [work / rate for rate in rates]
    ratio = statistics.median(a / b for a, b in zip(ours, at_peak))
    median = statistics.median(at_peak)
    lines.append(f"| the probe's rate | {min(at_peak):.2f} | {median:.2f} | {work / median:.1f} | {ratio:.3f} |")
    return "\n".join([*lines, ""])


def measure(network, artifact, models, reference, probe, threads, args, folder):
    inputs = network.inputs(args.batch, args.length)
    inputs["mask"][:] = 1
    sizes = {"B": args.batch, "S": args.length}
    ours = artifact.prepare("encode", sizes, inputs.values())
    sessions = {f"ONNX Runtime, {name} graph": session(m, threads, folder) for name, m in models.items()}
    calls = {"Nacre": ours} | {n: (lambda s=s: s.run(None, inputs)[0]) for n, s in sessions.items()}

    artifact.set_threads(threads)
    expected = reference(inputs)
    for name, call in calls.items():
        error = np.sqrt(np.mean((call() - expected) ** 2) / np.mean(expected**2))
        say(f"  {name}: error against f32 {error:.1e}, relative, root mean square")
        if not error < ALLOWED[args.precision]:
            sys.exit(f"{name} computes something else; nothing is timed")

    times, rates = {name: [] for name in calls}, []
    for round_number in range(args.rounds + 1):
        for name, call in calls.items():
            time.sleep(SETTLE if threads > 1 else 0)
            elapsed = timed(call)
            if round_number > 0:  # the first round warms caches and thread pools
                times[name].append(elapsed)
        time.sleep(SETTLE if threads > 1 else 0)
        rate = probe(threads)
        if round_number > 0:
            rates.append(rate)
        if sys.stderr.isatty():
            print(f"\r  round {round_number} of {args.rounds}", end="", file=sys.stderr, flush=True)
    say("")
    return table(network, args, threads, times, rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="bert-base", help="a BERT of test/numerics/catalog.py")
    parser.add_argument("--precision", choices=list(ALLOWED), default="f32")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=pathlib.Path, help="also write the table to this file")
    args = parser.parse_args()
    network = {**SMALL, **FULL}[args.network]

    with tempfile.TemporaryDirectory(prefix="nacre-benchmark-") as name:
        folder = pathlib.Path(name)
        say(f"{network.name}: writing random weights, compiling")
        network.write(folder / "weights")
        artifact = Artifact(network.path, folder / "weights", folder / "bert", f"--precision={args.precision}")
        models = {"plain": onnx_bert.build(network, False), "fused": onnx_bert.build(network, True)}
        full = session(models["plain"], 1, folder)
        reference = lambda inputs: full.run(None, inputs)[0]
        if args.precision == "int8":
            models = {name: quantized(model, folder) for name, model in models.items()}
        probe = build_probe(folder, args.precision)
        tables = []
        for threads in args.threads:
            say(f"{threads} thread{'s' * (threads > 1)}: ONNX Runtime {onnxruntime.__version__}, {args.rounds} rounds")
            tables.append(measure(network, artifact, models, reference, probe, threads, args, folder))
        artifact.close()
    text = "\n".join(tables)
    print(text)
    if args.output:
        partial = args.output.with_suffix(".partial")
        partial.write_text(text)
        os.replace(partial, args.output)


if __name__ == "__main__":
    main()
