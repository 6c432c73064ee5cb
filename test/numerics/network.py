# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network of the numeric tests: its configuration, weights, inputs and weight files. No PyTorch here.

Weights and inputs come from a counter-based generator (splitmix64 of the tensor's name and the element's index), so
they are the same on every machine and with every NumPy, and need not be committed.
"""
import dataclasses
import json
import math
import pathlib
import zlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]

BATCHES = (1, 3)
LENGTHS = (1, 7, 128, 200)


def uniform(name, shape):
    """f64 in [-1, 1), fixed by `name` and each element's index."""
    with np.errstate(over="ignore"):
        z = np.arange(math.prod(shape), dtype=np.uint64) + (np.uint64(zlib.crc32(name.encode())) << np.uint64(32))
        z *= np.uint64(0x9E3779B97F4A7C15)
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0).reshape(shape)


def make_weight(name, shape):
    """A weight of the size that training leaves: scales near 1, variances above 0, matrices that keep the variance."""
    values = uniform(name, shape)
    if name.endswith("running_var"):
        values = 1.0 + 0.5 * values
    elif len(shape) == 1:
        values = (1.0 if name.endswith(".weight") else 0.0) + 0.2 * values
        if name.endswith(".bn3.weight"):  # what a block adds is less than what goes past it: else deep networks are chaotic
            values *= 0.3
    elif len(shape) < 4 and ("embed" in name or name.startswith(("wte", "wpe"))):
        values = 0.5 * values
    elif name.endswith("fc.weight") and shape[-1] == 1:  # a table of numbers
        values = 0.2 * values
    else:
        fan_in = shape[0] if ".c_" in name else math.prod(shape[1:])
        values = values * math.sqrt(3.0 / fan_in) * (1.4 if len(shape) == 4 else 1.0)
    return values.astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Network:
    """One configuration of one model file."""

    name: str
    model: str  # path below models/
    config: dict
    weights: object  # config -> {name: shape}
    entries: tuple
    make_inputs: object  # config, tag, batch, length -> the entries' inputs by name, in the order of their signatures
    shape_of_output: object  # config, entry, batch, length -> the shape of the result
    batches: tuple = BATCHES
    lengths: tuple = LENGTHS  # (0,) where there is none
    stored: str = "f32"  # how the weights lie in the file
    tables: object = None  # config -> the weights that are whole numbers, or not at random, by name
    takes: object = None  # entry -> the names of its inputs, where entries take different ones
    make_sizes: object = None  # batch, length -> the dimension variables, where they are not B and S

    @property
    def path(self):
        return ROOT / "models" / self.model

    def cases(self):
        """Every (entry, batch, length) that one artifact must serve."""
        return [(e, b, s) for e in self.entries for b in self.batches for s in self.lengths]

    def tensors(self):
        tables = self.tables(self.config) if self.tables else {}
        for name, shape in self.weights(self.config).items():
            yield name, tables[name] if name in tables else make_weight(name, shape)

    def parameters(self):
        """How many numbers its weights have."""
        return sum(math.prod(shape) for shape in self.weights(self.config).values())

    def inputs(self, batch, length, entry=None):
        """The entry's inputs by name, in the order of the entry's signature."""
        made = self.make_inputs(self.config, f"{self.name.split('-')[0]}.b{batch}s{length}", batch, length)
        return {name: made[name] for name in self.takes[entry]} if self.takes else made

    def sizes(self, batch, length):
        """The dimension variables of all entries by name."""
        if self.make_sizes:
            return self.make_sizes(batch, length)
        return {"B": batch, "S": length} if length else {"B": batch}

    def output_shape(self, entry, batch, length):
        return self.shape_of_output(self.config, entry, batch, length)

    def write(self, folder):
        """Writes config.json and model.safetensors, as a Hugging Face folder has them."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config))
        tables = self.tables(self.config) if self.tables else {}
        integers = [name for name, values in tables.items() if values.dtype.kind == "i"]
        write_safetensors(folder / "model.safetensors", self.weights(self.config), self.tensors(), self.stored, integers)


def random_ids(tag, shape, count):
    """Integers from 0 to below `count`."""
    return ((uniform(tag, shape) + 1.0) * 0.5 * count).astype(np.int64)


def to_stored(values, stored):
    """f32 values as the file holds them, as raw little-endian bits. bf16 rounds to nearest even; integers stay."""
    if values.dtype.kind == "i":
        return values.astype("<i8")
    if stored == "f32":
        return values.astype("<f4")
    if stored == "f16":
        return values.astype("<f2")
    bits = values.astype("<f4").view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype("<u2")


def from_stored(bits, stored):
    """The f32 values that a file's bits stand for."""
    if stored == "bf16":
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return bits if bits.dtype.kind == "i" else bits.astype(np.float32)


def write_safetensors(path, shapes, tensors, stored="f32", integers=()):
    """`tensors` yields (name, array) in the order of `shapes`; one tensor is in memory at a time. `integers` names those of i64."""
    header, offset = {}, 0
    for name, shape in shapes.items():
        width = 8 if name in integers else 4 if stored == "f32" else 2
        end = offset + math.prod(shape) * width
        kind = "I64" if name in integers else stored.upper()
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for _, values in tensors:
            out.write(to_stored(values, stored).tobytes())


def read_safetensors(path):
    """Yields (name, array) for every f32 and i64 tensor of a file."""
    kinds = {"F32": "<f4", "I64": "<i8"}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
        for name, entry in header.items():
            if name == "__metadata__" or entry["dtype"] not in kinds:
                continue
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            yield name, np.frombuffer(bytearray(file.read(end - begin)), kinds[entry["dtype"]]).reshape(entry["shape"])
