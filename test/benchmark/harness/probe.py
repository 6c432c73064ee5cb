# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The limits of the cores, measured in the same round as what is compared with them. Lives in a child, as peers do."""
import ctypes
import mmap
import shutil
import statistics
import subprocess
import threading
import time

from harness.paths import BENCHMARK, BUILD

STEPS = 1_000_000  # some milliseconds
SECONDS = 0.004  # of reading, at least
SHOTS = 5  # the median of which counts, as it does of a peer's calls
MOST = 1 << 28  # bytes that a thread reads: by then they come from DRAM
ARITHMETIC = ("f32", "bf16", "int8")


def library():
    path, source = BUILD / "probes.so", BENCHMARK / "harness" / "probes.c"
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        clang = shutil.which("clang-22") or shutil.which("clang")
        # Some CPUs are tuned for vectors half as wide as their widest.
        flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC"]
        subprocess.run([clang, *flags, str(source), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


class Probe:
    def __init__(self, threads):
        self.threads, self.library = threads, library()
        self.memory = {}
        for precision in ARITHMETIC:
            getattr(self.library, f"nacre_probe_{precision}").restype = ctypes.c_double

    def on_all(self, work):
        """What `work(thread)` adds up to a second, over all threads."""
        done = [0.0] * self.threads

        def run(thread):
            done[thread] = work(thread)

        workers = [threading.Thread(target=run, args=(i,)) for i in range(self.threads)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(done) / (time.perf_counter() - start)

    def multiply(self, precision):
        """Operations a second, by the fastest way to get a sum of products of that type."""
        ways = {"f32": ["f32"], "bf16": ["f32", "bf16"], "int8": ["int8"]}[precision]
        sink = ctypes.c_float(0)
        functions = [getattr(self.library, f"nacre_probe_{way}") for way in ways]
        return max(self.on_all(lambda _: f(ctypes.c_long(STEPS), ctypes.byref(sink))) for f in functions)

    def read(self, size):
        """Bytes a second where `size` bytes are read again and again, shared among the threads."""
        share = max(1 << 14, min(MOST, size // self.threads) >> 10 << 10)
        buffers = [self.buffer(thread, share) for thread in range(self.threads)]
        function = self.library.nacre_probe_read

        def work(thread):
            done, end = 0, time.perf_counter() + SECONDS
            while done == 0 or time.perf_counter() < end:
                function(buffers[thread], ctypes.c_size_t(share))
                done += share
            return done

        return self.on_all(work)

    def buffer(self, thread, size):
        """Written once, and in huge pages where there are some."""
        if thread not in self.memory or len(self.memory[thread]) < size:
            memory = mmap.mmap(-1, -(-size // (1 << 21)) << 21, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            memory.madvise(mmap.MADV_HUGEPAGE)
            for at in range(0, len(memory), 4096):
                memory[at] = 1
            self.memory[thread] = memory
        return (ctypes.c_char * size).from_buffer(self.memory[thread])

    def rates(self, precision, weights):
        shots = [(self.multiply(precision), self.read(weights)) for _ in range(SHOTS)]
        multiply, read = (statistics.median(values) for values in zip(*shots))
        return {"multiply": multiply, "read": read}
