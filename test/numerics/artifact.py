# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles model files and calls the result, through the documented C functions and through `nacre run`."""
import ctypes
import math
import os
import pathlib
import subprocess

import numpy as np

from network import ROOT

GUARD = 4096  # bytes kept on each side of the arena and of the result, to catch stray writes
GUARD_BYTE = 0xA5

# NumPy's types by the element types' numbers in runtime/include/nacre/artifact.h; floats that it lacks as their bits.
NUMPY_TYPES = {1: "f4", 2: "f2", 3: "u2", 4: "f8", 5: "i8", 6: "i4", 7: "i2", 8: "i1", 9: "u1", 10: "?"}
NUMPY_TYPES |= {11: "u1", 12: "u1", 13: "i1"}


def find_nacre():
    """The compiler under test: $NACRE, else the one of the newest build folder."""
    if "NACRE" in os.environ:
        return pathlib.Path(os.environ["NACRE"])
    found = [p for pattern in ("build/*/bin/nacre", "build/*/tools/nacre/nacre") for p in ROOT.glob(pattern)]
    if not found:
        raise FileNotFoundError("no nacre under build/: build it first, or name it in $NACRE")
    return max(found, key=lambda p: p.stat().st_mtime)


def nacre(*arguments, folder):
    """Runs the compiler in `folder`, where a crash leaves its report; an unsuccessful run raises with its diagnostics."""
    command = [str(find_nacre().resolve()), *map(str, arguments)]
    # What is preloaded is the sanitizers' runtime, for sanitized artifacts in this process; the compiler brings its own.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
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


class TensorInfo(ctypes.Structure):
    """nacre_tensor_info of runtime/include/nacre/artifact.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_char_p),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
        ("element_type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
    ]


class EntryInfo(ctypes.Structure):
    """nacre_entry."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("doc", ctypes.c_char_p),
        ("dim_names", ctypes.POINTER(ctypes.c_char_p)),
        ("tensors", ctypes.POINTER(TensorInfo)),
        ("num_dims", ctypes.c_uint32),
        ("num_inputs", ctypes.c_uint32),
        ("num_outputs", ctypes.c_uint32),
        ("uses_states", ctypes.c_uint32),
        ("functions", ctypes.c_void_p * 4),
        ("state_dims", ctypes.POINTER(ctypes.c_int64)),
    ]


class TargetInfo(ctypes.Structure):
    """nacre_target."""

    _fields_ = [("name", ctypes.c_char_p), ("cpu_features", ctypes.c_char_p)]


class ArtifactInfo(ctypes.Structure):
    """nacre_artifact."""

    _fields_ = [
        ("magic", ctypes.c_uint32),
        ("abi_version", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("build_id", ctypes.c_ubyte * 32),
        ("weights_size", ctypes.c_uint64),
        ("targets", ctypes.POINTER(TargetInfo)),
        ("entries", ctypes.POINTER(EntryInfo)),
        ("num_entries", ctypes.c_uint32),
        ("num_targets", ctypes.c_uint32),
        ("metadata", ctypes.c_char_p),
        ("states", ctypes.POINTER(TensorInfo)),
        ("state_dim_names", ctypes.POINTER(ctypes.c_char_p)),
        ("num_states", ctypes.c_uint32),
        ("num_state_dims", ctypes.c_uint32),
    ]


class Artifact:
    """One compiled model: `PREFIX.so` and `PREFIX.weights`, opened through the C functions of nacre.h."""

    def __init__(self, model, weights, prefix, *options):
        """Compiles `model`. `weights` is a folder, a file or None; `prefix` is the artifact's path, less extension.

        `options` are more of `nacre compile`.
        """
        weights = [] if weights is None else ["--weights", weights]
        nacre("compile", model, *weights, "--emit=so", *options, "-o", prefix, folder=prefix.parent)
        self.library_path = prefix.with_name(prefix.name + ".so")
        self.library = ctypes.CDLL(str(self.library_path))
        self.library.nacre_status_text.restype = ctypes.c_char_p
        self.library.nacre_message.restype = ctypes.c_char_p
        self.library.nacre_arena_size.restype = ctypes.c_size_t
        self.library.nacre_state_size.restype = ctypes.c_size_t
        self.info = ArtifactInfo.in_dll(self.library, f"{prefix.name}_artifact")
        self.entries = {self.info.entries[i].name.decode(): i for i in range(self.info.num_entries)}
        weights_path = prefix.with_name(prefix.name + ".weights")
        self.weights_path = os.fsencode(weights_path) if self.info.weights_size else None
        self.model = ctypes.c_void_p()
        self.open()

    def open(self, target=None):
        """Opens the model, again, with the code for a target, by its name."""
        self.close()
        target = None if target is None else target.encode()
        self._check(
            self.library.nacre_open_for(ctypes.byref(self.info), self.weights_path, target, ctypes.byref(self.model))
        )

    def targets(self):
        return [self.info.targets[i].name.decode() for i in range(self.info.num_targets)]

    def close(self):
        self.library.nacre_close(self.model)

    def _check(self, status):
        if status != 0:
            texts = self.library.nacre_status_text(status), self.library.nacre_message(self.model)
            raise RuntimeError(": ".join(t.decode() for t in texts))

    def dims(self, entry):
        """The names of the entry's dimension variables."""
        info = self.info.entries[self.entries[entry]]
        return [info.dim_names[i].decode() for i in range(info.num_dims)]

    def _dims(self, entry, sizes):
        """The sizes of the dimension variables, which are given by name, in the order of the artifact."""
        names = self.dims(entry)
        assert sorted(names) == sorted(sizes), f"{entry} has the dimension variables {names}"
        return (ctypes.c_int64 * len(names))(*(sizes[n] for n in names))

    def arena_size(self, entry, sizes):
        return self.library.nacre_arena_size(
            ctypes.byref(self.info), ctypes.c_uint32(self.entries[entry]), self._dims(entry, sizes)
        )

    def set_threads(self, count):
        self._check(self.library.nacre_set_threads(self.model, count))

    def output_shape(self, entry, sizes):
        """The shape of the entry's only output, as the artifact knows it."""
        info = self.info.entries[self.entries[entry]]
        assert info.num_outputs == 1
        ranks = [info.tensors[i].rank for i in range(info.num_inputs + 1)]
        all_sizes = (ctypes.c_int64 * sum(ranks))()
        self._check(
            self.library.nacre_shapes(
                ctypes.byref(self.info), ctypes.c_uint32(self.entries[entry]), self._dims(entry, sizes), all_sizes
            )
        )
        return tuple(all_sizes[sum(ranks) - ranks[-1] :])

    def prepare(self, entry, sizes, inputs, state=None):
        """Gives a function that runs the entry once on these inputs, each time into the same result and arena.

        `sizes` has the dimension variables by name. Every run checks the status, nothing else.
        """
        shape = self.output_shape(entry, sizes)
        info = self.info.entries[self.entries[entry]]
        dtype = np.dtype(NUMPY_TYPES[info.tensors[info.num_inputs].element_type])
        arena = Guarded(self.arena_size(entry, sizes))
        result = Guarded(math.prod(shape) * dtype.itemsize)
        inputs = [np.ascontiguousarray(v) for v in inputs]
        addresses = [*(v.ctypes.data for v in inputs), result.address]
        arguments = [
            self.model,
            ctypes.c_uint32(self.entries[entry]),
            state,
            (ctypes.c_void_p * len(addresses))(*addresses),
            self._dims(entry, sizes),
            ctypes.c_void_p(arena.address),
        ]

        def run():
            self._check(self.library.nacre_run_with(*arguments))
            return result.view(dtype, shape)

        run.inputs, run.arena, run.result = inputs, arena, result
        return run

    def state_variables(self):
        return [self.info.state_dim_names[i].decode() for i in range(self.info.num_state_dims)]

    def new_state(self, sizes):
        """A state of zeros; `sizes` has the state dimension variables by name. Free it with free_state."""
        names = self.state_variables()
        assert sorted(names) == sorted(sizes), f"the state has the dimension variables {names}"
        dims = (ctypes.c_int64 * len(names))(*(sizes[n] for n in names))
        state = ctypes.c_void_p()
        self._check(self.library.nacre_new_state(self.model, dims, ctypes.byref(state)))
        return state

    def free_state(self, state):
        self.library.nacre_free_state(state)

    def call_with(self, state, entry, sizes, inputs):
        """Runs an entry once with a state (or None), and gives all its outputs, those of unknown length cut to it."""
        info = self.info.entries[self.entries[entry]]
        tensors = [info.tensors[i] for i in range(info.num_inputs + info.num_outputs)]
        dims = self._dims(entry, sizes)
        number = ctypes.c_uint32(self.entries[entry])
        shapes = (ctypes.c_int64 * sum(t.rank for t in tensors))()
        self._check(self.library.nacre_shapes(ctypes.byref(self.info), number, dims, shapes))
        starts = np.cumsum([0, *(t.rank for t in tensors)])
        inputs = [np.ascontiguousarray(v) for v in inputs]
        arena, outputs = Guarded(self.arena_size(entry, sizes)), []
        for tensor, start in list(zip(tensors, starts))[info.num_inputs :]:
            shape, dtype = shapes[start : start + tensor.rank], np.dtype(NUMPY_TYPES[tensor.element_type])
            outputs.append((Guarded(math.prod(shape) * dtype.itemsize), dtype, shape, tensor))
        buffers = [*(v.ctypes.data for v in inputs), *(o[0].address for o in outputs)]
        addresses = (ctypes.c_void_p * len(buffers))(*buffers)
        self._check(
            self.library.nacre_run_with(self.model, number, state, addresses, dims, ctypes.c_void_p(arena.address))
        )
        assert arena.intact(), f"{entry} at {sizes} wrote outside of its arena"
        assert all(o[0].intact() for o in outputs), f"{entry} at {sizes} wrote outside of its results"
        values = [memory.view(dtype, shape) for memory, dtype, shape, _ in outputs]
        # NACRE_DIM_LENGTH of artifact.h.
        for i, (_, _, _, tensor) in enumerate(outputs):
            for axis in range(tensor.rank):
                output = tensor.dims[axis] + 2**63 - 1
                if 0 <= output < 2**32 - 1:
                    values[i] = values[i].take(range(int(values[output])), axis=axis)
        return values

    def refuse(self, entry, sizes):
        """Raises with the message with which the entry refuses these sizes; its buffers are too small to run."""
        info = self.info.entries[self.entries[entry]]
        buffers = [Guarded(0) for _ in range(info.num_inputs + info.num_outputs)]
        addresses = (ctypes.c_void_p * len(buffers))(*(b.address for b in buffers))
        number = ctypes.c_uint32(self.entries[entry])
        self._check(self.library.nacre_run(self.model, number, addresses, self._dims(entry, sizes), None))

    def call(self, entry, sizes, inputs):
        """Runs an entry once, on a fresh state if it uses one; checks that it writes to the arena and the result alone."""
        state = None
        if self.info.entries[self.entries[entry]].uses_states:
            state = self.new_state({name: sizes[name] for name in self.state_variables()})
        run = self.prepare(entry, sizes, inputs, state)
        output = run()
        self.free_state(state)
        assert run.arena.intact(), f"{entry} at {sizes} wrote outside of its arena"
        assert run.result.intact(), f"{entry} at {sizes} wrote outside of its result"
        return output


def run_command(artifact, entry, inputs, folder):
    """`nacre run` on an artifact with .npy files; gives the output."""
    arguments = ["run", artifact, "--entry", entry, "--output-dir", folder]
    for name, value in inputs.items():
        np.save(folder / f"in-{name}.npy", value)
        arguments += ["--input", f"{name}={folder}/in-{name}.npy"]
    nacre(*arguments, folder=folder)
    return np.load(folder / "result.npy")
