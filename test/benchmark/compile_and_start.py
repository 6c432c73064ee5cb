#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What compiling BERT-base takes, and how soon a fresh process has its first result.

    test/benchmark/compile_and_start.py [--network bert-base] [--rounds 7] [--output FILE]

Needs numpy and clang. Links models/bert/latency.c, starts it again and again with the page cache warm,
and takes the time from the start of the process to its first line of output, less one inference. Prints a Markdown table.
Asserts no time.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "numerics"))

from artifact import find_nacre
from catalog import FULL, SMALL
from harness.figures import link, start_once


def compile_measured(network, folder):
    """Seconds and peak memory in bytes of `nacre compile`."""
    command = [str(find_nacre()), "compile", str(network.path), "--weights", str(folder / "weights")]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "-o", str(folder / "bert")])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"nacre compile ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="bert-base", help="a BERT of test/numerics/catalog.py, 768 wide")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=pathlib.Path, help="also write the table to this file")
    args = parser.parse_args()
    network = {**SMALL, **FULL}[args.network]

    with tempfile.TemporaryDirectory(prefix="nacre-benchmark-") as name:
        folder = pathlib.Path(name)
        # By another process: a child's peak memory is never below what its parent had when it was started.
        writer = [sys.executable, str(HERE.parent / "numerics" / "catalog.py"), network.name, str(folder / "weights")]
        subprocess.run(writer, check=True)
        seconds, memory = compile_measured(network, folder)
        program = link(folder)
        sizes = {s: (folder / f"bert.{s}").stat().st_size for s in ("o", "weights")}
        start_once(program, folder / "bert.weights")  # warms the page cache
        starts = [start_once(program, folder / "bert.weights") for _ in range(args.rounds)]
    extra = [first - one for first, one in starts]
    rows = [
        ("compile time", f"{seconds:.1f} s"),
        ("compiler's peak memory", f"{memory * 1e-6:.0f} MB"),
        ("object, weights file", f"{sizes['o'] * 1e-3:.0f} kB, {sizes['weights'] * 1e-6:.1f} MB"),
        ("process start to first result, median", f"{statistics.median(f for f, _ in starts):.0f} ms"),
        ("the same less one inference: min, median", f"{min(extra):.0f} ms, {statistics.median(extra):.0f} ms"),
    ]
    text = f"| {network.name} | |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in rows)
    print(text, end="")
    if args.output:
        partial = args.output.with_suffix(".partial")
        partial.write_text(text)
        os.replace(partial, args.output)


if __name__ == "__main__":
    main()
