# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured once of a network's artifact and beside no peer: compiling, starting, memory, size."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

from artifact import find_nacre
from harness.paths import ROOT
from workloads.networks import Stored, network_of

NEEDS_PROGRAM = {"load_ms", "resident_rest_mb"}  # for models/bert/latency.c
STARTS = 7


def compile_once(name, folder, cache):
    """Seconds of `nacre compile`; the artifact is folder/bert.*, whatever the network.

    `cache` is the folder for code, or empty for none.
    """
    command = [str(find_nacre()), "compile", str(network_of(name).path), "--weights", str(Stored(name).folder)]
    begin = time.perf_counter()
    environment = os.environ | {"NACRE_CACHE_DIR": str(cache)}
    subprocess.run([*command, "-o", str(folder / "bert")], check=True, env=environment)
    return time.perf_counter() - begin


def link(folder):
    """models/bert/latency.c with the artifact folder/bert.o."""
    clang = shutil.which("clang-22") or shutil.which("clang")
    program = folder / "latency"
    runtime = find_nacre().parents[1] / "lib" / "libnacre_runtime.a"
    sources = [ROOT / "models/bert/latency.c", folder / "bert.o", runtime]
    flags = ["-std=c11", "-O2", f"-I{folder}", f"-I{ROOT}/runtime/include", "-lm", "-lpthread"]
    subprocess.run([clang, *map(str, sources), *flags, "-o", str(program)], check=True)
    return program


def start_once(program, weights):
    """Milliseconds from the start of the process to its first result, and those of one later inference."""
    begin = time.perf_counter()
    process = subprocess.Popen([program, weights, "128", "3"], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    first = (time.perf_counter() - begin) * 1e3
    rest = process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError("the latency program failed")
    return first, float(re.search(r"1 thread\s+([0-9.]+) ms", rest)[1])


def resident(maps, weights):
    """Bytes resident in all, and of them the file `weights`; `maps` is the text of /proc/PID/smaps."""
    total = mapped = 0
    inside = False
    for line in maps.splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            inside = line.endswith(str(weights))
        elif line.startswith("Rss:"):
            size = int(line.split()[1]) * 1024
            total += size
            mapped += size * inside
    return total, mapped


def resident_of(program, weights):
    """The same of the program after its first inference, while it makes others."""
    process = subprocess.Popen([program, weights, "128", "50"], stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        return resident(pathlib.Path(f"/proc/{process.pid}/smaps").read_text(), weights)
    finally:
        process.kill()
        process.communicate()


def code_size(path):
    """Bytes of instructions in an object file."""
    tool = shutil.which("llvm-size-22") or shutil.which("size")
    sections = subprocess.run([tool, "-A", str(path)], check=True, capture_output=True, text=True).stdout
    return sum(int(size) for size in re.findall(r"^\.text\S*\s+(\d+)", sections, re.MULTILINE))


def measure(name, wanted):
    """Figure -> value, of those of a network that are wanted."""
    with tempfile.TemporaryDirectory(prefix="nacre-benchmark-") as place:
        folder = pathlib.Path(place)
        cold = compile_once(name, folder, "")
        found = {"compile_cold_s": cold, "code_kb": code_size(folder / "bert.o") * 1e-3}
        if "compile_warm_s" in wanted:
            compile_once(name, folder, folder / "cache")
            found["compile_warm_s"] = compile_once(name, folder, folder / "cache")
        if NEEDS_PROGRAM & set(wanted):
            program, weights = link(folder), folder / "bert.weights"
            start_once(program, weights)  # brings the pages into the cache
            starts = [start_once(program, weights) for _ in range(STARTS)]
            found["load_ms"] = statistics.median(first - one for first, one in starts)
            total, mapped = resident_of(program, weights)
            found["resident_rest_mb"] = (total - mapped) * 1e-6
        return {figure: found[figure] for figure in wanted}
