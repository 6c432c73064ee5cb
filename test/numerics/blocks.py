# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pieces of the library and the builtins, one entry each: blocks/*.ncr, with their weights, inputs and sizes.

No PyTorch here; torch_blocks.py says what each entry computes.
"""
import dataclasses
import pathlib

import numpy as np

from catalog import make_weight, uniform, write_safetensors

FOLDER = pathlib.Path(__file__).resolve().parent / "blocks"

# Sizes of the dimension variables that every entry is run at, from one artifact.
SIZES = ({"B": 1, "S": 1, "N": 1, "T": 5}, {"B": 3, "S": 7, "N": 33, "T": 1}, {"B": 2, "S": 66, "N": 1027, "T": 70})

SAMPLES = 40  # elements of each output that are committed

NORM = ("weight", "bias", "running_mean", "running_var")


def _linear(name, rows, columns, bias):
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (bias,)}


def _layer(name, attentions):
    """PyTorch's transformer layer: 24 wide, 52 hidden."""
    shapes = {}
    for a in attentions:
        shapes |= {f"{name}.{a}.in_proj_weight": (72, 24), f"{name}.{a}.in_proj_bias": (72,)}
        shapes |= _linear(f"{name}.{a}.out_proj", 24, 24, 24)
    shapes |= _linear(f"{name}.linear1", 52, 24, 52) | _linear(f"{name}.linear2", 24, 52, 24)
    for i in range(1, len(attentions) + 2):
        shapes |= {f"{name}.norm{i}.weight": (24,), f"{name}.norm{i}.bias": (24,)}
    return shapes


WEIGHTS = {
    "activations": {},
    "norms": {
        "layer.weight": (37,),
        "layer.bias": (37,),
        "rms.weight": (37,),
        **{f"batch.{n}": (6,) for n in NORM},
        **{f"group.{n}": (6,) for n in NORM[:2]},
    },
    "convolutions": {
        **{"line.weight": (8, 5, 3), "line.bias": (8,)},
        **{"plain.weight": (10, 3, 3, 3), "plain.bias": (10,)},
        **{"strided.weight": (9, 6, 5, 5), "strided.bias": (9,)},
        **{"dilated.weight": (7, 6, 3, 3), "dilated.bias": (7,)},
        **{"grouped.weight": (9, 2, 3, 3), "grouped.bias": (9,)},
        "depthwise.weight": (6, 1, 3, 3),
        **{"pointwise.weight": (33, 6, 1, 1), "pointwise.bias": (33,)},
    },
    "linears": {
        **_linear("wide", 131, 37, 131),
        "narrow.weight": (1, 130),
        **_linear("transposed", 37, 20, 20),
        "table.weight": (11, 37),
    },
    "attentions": {},
    "transformers": {**_layer("encoder", ("self_attn",)), **_layer("decoder", ("self_attn", "multihead_attn"))},
    "arithmetic": {"row": (17,), "column": (6, 1)},
}

_MATRIX = {"x": ("B", "N")}
_IMAGE = {"x": ("B", 6, 11, 13)}
_TOKENS = {"x": ("B", "S", 37)}
_CUBE = {"x": ("B", 6, 17)}
_QKV = {n: ("B", 3, "S", 20) for n in "qkv"}

# file -> entry -> inputs by name with their shapes; `mask` is 0 or 1, `ids` are below 11, the rest lies in -3..3.
ENTRIES = {
    "activations": {
        f"of_{n}": _MATRIX
        for n in "relu leaky_relu elu selu sigmoid tanh gelu gelu_tanh silu softplus hard_swish relu6 mish".split()
        + ["softmax", "softmax_first"]
    },
    "norms": {
        "of_layer": _TOKENS,
        "of_rms": _TOKENS,
        "of_batch": {"x": ("B", 6, 5, 7)},
        "of_group": {"x": ("B", 6, 5, 7)},
    },
    "convolutions": {
        "of_line": {"x": ("B", 5, 19)},
        "of_plain": {"x": ("B", 3, 12, 9)},
        **{f"of_{n}": _IMAGE for n in "strided dilated grouped depthwise pointwise max_pool global_pool".split()},
        "of_average_pool": {"x": ("B", 6, 10, 12)},
    },
    "linears": {
        "of_wide": _TOKENS,
        "of_narrow": {"x": ("B", 130)},
        "of_transposed": _TOKENS,
        "of_table": {"ids": ("B", "S")},
        "of_matmul": {"a": ("B", "S", 9), "b": ("B", 9, 14)},
        "of_matmul_transposed": {"a": ("B", "S", 9), "b": ("B", "S", 9)},
    },
    "attentions": {
        "of_plain": _QKV,
        "of_causal": _QKV,
        "of_masked": _QKV | {"mask": ("B", "S")},
        "of_cross": {"q": ("B", 3, "S", 20), "k": ("B", 3, "T", 20), "v": ("B", 3, "T", 20)},
        "of_grouped": {"q": ("B", 4, "S", 16), "k": ("B", 2, "S", 16), "v": ("B", 2, "S", 16)},
        "of_spelled": _QKV,
    },
    "transformers": {
        "of_encoder": {"x": ("B", "S", 24)},
        "of_encoder_masked": {"x": ("B", "S", 24), "mask": ("B", "S")},
        "of_decoder": {"x": ("B", "S", 24), "memory": ("B", "T", 24)},
    },
    "arithmetic": {
        "of_functions": _MATRIX,
        "of_choice": {"x": ("B", "N"), "y": ("B", "N")},
        **{f"of_{n}": _CUBE for n in "broadcast sum mean max slices concat split transpose".split()},
    },
}


@dataclasses.dataclass(frozen=True)
class Case:
    """One entry at one choice of sizes."""

    file: str
    entry: str
    sizes_index: int

    @property
    def name(self):
        return f"{self.file}.{self.entry}.{self.sizes_index}"

    @property
    def sizes(self):
        """Only the dimension variables that the entry has."""
        used = {d for shape in ENTRIES[self.file][self.entry].values() for d in shape if isinstance(d, str)}
        return {n: s for n, s in SIZES[self.sizes_index].items() if n in used}

    def inputs(self):
        made = {}
        for name, dims in ENTRIES[self.file][self.entry].items():
            shape = tuple(SIZES[self.sizes_index].get(d, d) for d in dims)
            values = uniform(f"{self.name}.{name}", shape)
            if name == "ids":
                made[name] = ((values + 1.0) * 5.5).astype(np.int64)
            elif name == "mask":
                made[name] = (values > -0.3).astype(np.int64)
                made[name][..., 0] = 1
            else:
                made[name] = (3.0 * values).astype(np.float32)
        return made


CASES = [Case(f, e, i) for f, entries in ENTRIES.items() for e in entries for i in range(len(SIZES))]


def tensors(file):
    for name, shape in WEIGHTS[file].items():
        yield name, make_weight(name, shape)


def write_weights(file, path):
    write_safetensors(path, WEIGHTS[file], tensors(file))
