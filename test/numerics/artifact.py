# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles model files and calls the result, through the documented C functions and through `nacre run`."""
import ctypes
import os
import pathlib
import subprocess

import numpy as np

from catalog import ROOT

GUARD = 4096  # bytes kept on each side of the arena and of the result, to catch stray writes
GUARD_BYTE = 0xA5


def find_nacre():
    """The compiler under test: $NACRE, else the one of the newest build folder."""
    if "NACRE" in os.environ:
        return pathlib.Path(os.environ["NACRE"])
    found = [p for pattern in ("build/*/bin/nacre", "build/*/tools/nacre/nacre") for p in ROOT.glob(pattern)]
    if not found:
        raise FileNotFoundError("no nacre under build/: build it first, or name it in $NACRE")
    return max(found, key=lambda p: p.stat().st_mtime)


def nacre(*arguments):
    """Runs the compiler; an unsuccessful run raises with its diagnostics."""
    done = subprocess.run([str(find_nacre()), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"nacre {' '.join(map(str, arguments))}\nexit {done.returncode}\n{done.stderr[-4000:]}")
    return done.stdout


class Guarded:
    """`size` bytes at a multiple of 64, with a guard on each side."""

    def __init__(self, size):
        self.size = size
        self.bytes = np.full(size + 2 * GUARD + 64, GUARD_BYTE, np.uint8)
        self.start = -(self.bytes.ctypes.data + GUARD) % 64 + GUARD
        self.address = self.bytes.ctypes.data + self.start

    def view(self, dtype, shape):
        return self.bytes[self.start : self.start + self.size].view(dtype).reshape(shape)

    def intact(self):
        outside = (self.bytes[: self.start], self.bytes[self.start + self.size :])
        return all((part == GUARD_BYTE).all() for part in outside)


class Artifact:
    """One compiled model: `PREFIX.so` and `PREFIX.weights`, opened through the generated C functions."""

    def __init__(self, model, weights, prefix):
        """Compiles `model` with the weights folder or file `weights`; `prefix` is the artifact's path, less extension."""
        nacre("compile", model, "--weights", weights, "--emit=so", "-o", prefix)
        self.prefix = prefix
        self.library = ctypes.CDLL(str(prefix.with_name(prefix.name + ".so")))
        self.library.nacre_status_string.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p()
        path = os.fsencode(prefix.with_name(prefix.name + ".weights"))
        self._check(self._function("open")(path, ctypes.byref(self.handle)))

    def close(self):
        self._function("close")(self.handle)

    def _function(self, name):
        return getattr(self.library, f"{self.prefix.name.replace('-', '_')}_{name}")

    def _check(self, status):
        if status != 0:
            raise RuntimeError(self.library.nacre_status_string(status).decode())

    def arena_size(self, entry, sizes):
        function = self._function(f"{entry}_arena_size")
        function.restype = ctypes.c_size_t
        return function(*(ctypes.c_int64(s) for s in sizes))

    def set_threads(self, count):
        self.library.omp_set_num_threads(count)

    def prepare(self, entry, sizes, inputs, shape):
        """Gives a function that runs the entry once on these inputs, each time into the same result and arena.

        `sizes` are the dimension variables in the header's order. Every run checks the status, nothing else.
        """
        arena = Guarded(self.arena_size(entry, sizes))
        result = Guarded(int(np.prod(shape)) * 4)
        inputs = [np.ascontiguousarray(v) for v in inputs]
        function = self._function(entry)
        arguments = [ctypes.c_int64(s) for s in sizes]
        arguments += [ctypes.c_void_p(a) for a in (*(v.ctypes.data for v in inputs), result.address, arena.address)]

        def run():
            self._check(function(self.handle, *arguments))
            return result.view(np.float32, shape)

        run.inputs, run.arena, run.result = inputs, arena, result
        return run

    def call(self, entry, sizes, inputs, shape):
        """Runs an entry once, and checks that nothing is written outside of the arena and the result."""
        run = self.prepare(entry, sizes, inputs, shape)
        output = run()
        assert run.arena.intact(), f"{entry} at {sizes} wrote outside of its arena"
        assert run.result.intact(), f"{entry} at {sizes} wrote outside of its result"
        return output


def run_command(artifact, weights, entry, inputs, folder):
    """`nacre run` on an artifact or a model file with .npy files; gives the first output."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["run", artifact, "--entry", entry, "--output-dir", folder]
    if weights is not None:
        arguments += ["--weights", weights]
    for name, value in inputs.items():
        np.save(folder / f"in-{name}.npy", value)
        arguments += ["--input", f"{name}={folder}/in-{name}.npy"]
    nacre(*arguments)
    return np.load(folder / "result.npy")
