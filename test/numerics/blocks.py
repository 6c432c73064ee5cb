# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pieces of the library and the builtins, one entry each: blocks/*.ncr, with their weights, inputs and sizes.

No PyTorch here; torch_blocks.py says what each entry computes.
"""
import dataclasses
import pathlib
import re

import numpy as np

from network import from_stored, make_weight, to_stored, uniform, write_safetensors

FOLDER = pathlib.Path(__file__).resolve().parent / "blocks"

# Sizes of the dimension variables that every entry is run at, from one artifact.
SIZES = ({"B": 1, "S": 1, "N": 1, "T": 5}, {"B": 3, "S": 7, "N": 33, "T": 1}, {"B": 2, "S": 66, "N": 1027, "T": 70})

SAMPLES = 40  # elements of each output that are committed

AFFINE = ("weight", "bias")
STATISTICS = ("running_mean", "running_var")


def _linear(name, rows, columns, bias):
    return {f"{name}.weight": (rows, columns)} | ({f"{name}.bias": (bias,)} if bias else {})


def _conv(name, *shape, bias=True):
    return {f"{name}.weight": shape} | ({f"{name}.bias": shape[:1]} if bias else {})


def _vectors(name, size, vectors):
    return {f"{name}.{v}": (size,) for v in vectors}


def _perceptron(name, *sizes):
    """pytorch-fm's; a size of 1 is the score's, which has no batch norm."""
    shapes = {}
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        shapes |= _linear(f"{name}.mlp.{4 * i}", fan_out, fan_in, fan_out)
        shapes |= {} if fan_out == 1 else _vectors(f"{name}.mlp.{4 * i + 1}", fan_out, AFFINE + STATISTICS)
    return shapes


def _dice(name, size):
    return _vectors(f"{name}.bn", size, AFFINE + STATISTICS) | {f"{name}.alpha": (size,)}


def _diced(name, fan_in, fan_out):
    """A layer of DeepCTR-Torch's."""
    return _linear(f"{name}.linears.0", fan_out, fan_in, fan_out) | _dice(f"{name}.activation_layers.0", fan_out)


def _recurrent(name, gates, layers=1, directions=1, bias=True):
    """PyTorch's recurrent networks, from 6 to 5 features."""
    shapes = {}
    for layer in range(layers):
        fan_in = 5 * directions if layer else 6
        for end in ("", "_reverse")[:directions]:
            place = f"l{layer}{end}"
            shapes |= {f"{name}.weight_ih_{place}": (5 * gates, fan_in), f"{name}.weight_hh_{place}": (5 * gates, 5)}
            shapes |= {f"{name}.bias_{kind}_{place}": (5 * gates,) for kind in ("ih", "hh")} if bias else {}
    return shapes


def _attention(name, bias=True):
    """PyTorch's multi-head attention, 24 wide."""
    shapes = {f"{name}.in_proj_weight": (72, 24)} | ({f"{name}.in_proj_bias": (72,)} if bias else {})
    return shapes | _linear(f"{name}.out_proj", 24, 24, 24 if bias else None)


def _layer(name, attentions, hidden=52, bias=True):
    """PyTorch's transformer layer, 24 wide."""
    shapes = {}
    for a in attentions:
        shapes |= _attention(f"{name}.{a}", bias)
    shapes |= _linear(f"{name}.linear1", hidden, 24, hidden if bias else None)
    shapes |= _linear(f"{name}.linear2", 24, hidden, 24 if bias else None)
    for i in range(1, len(attentions) + 2):
        shapes |= _vectors(f"{name}.norm{i}", 24, AFFINE if bias else AFFINE[:1])
    return shapes


def _layers(name, count, *layer):
    return {n: s for i in range(count) for n, s in _layer(f"{name}.layers.{i}", *layer).items()}


SELF = ("self_attn",)
BOTH = ("self_attn", "multihead_attn")

WEIGHTS = {
    "activations": {},
    "activation_layers": {},
    "arithmetic": {"row": (17,), "column": (6, 1)},
    "attentions": _attention("heads") | _attention("biasless", bias=False),
    "attention2d": _conv("squeeze.fc1", 3, 6, 1, 1)
    | _conv("squeeze.fc2", 6, 3, 1, 1)
    | {"near.conv.weight": (1, 1, 3), "far.conv.weight": (1, 1, 5)}
    | {f"{n}fc1.weight": (2, 6, 1, 1) for n in ("channel.", "cbam.channel.")}
    | {f"{n}fc2.weight": (6, 2, 1, 1) for n in ("channel.", "cbam.channel.")}
    | {f"{n}.conv.conv.weight": (1, 2, k, k) for n, k in (("spatial", 7), ("cbam.spatial", 3), ("close", 3))}
    | {w: s for n in ("spatial", "cbam.spatial", "close") for w, s in _vectors(f"{n}.conv.bn", 1, AFFINE + STATISTICS).items()}
    | {w: s for n, c in (("query", 2), ("key", 2), ("value", 6)) for w, s in _conv(f"positions.{n}_conv", c, 6, 1, 1).items()}
    | {"positions.gamma": (1,), "channels.gamma": (1,)},
    "convolutions": _conv("line", 8, 5, 3)
    | _conv("plain", 10, 3, 3, 3)
    | _conv("strided", 9, 6, 5, 5)
    | _conv("dilated", 7, 6, 3, 3)
    | _conv("grouped", 9, 2, 3, 3)
    | _conv("depthwise", 6, 1, 3, 3, bias=False)
    | _conv("pointwise", 33, 6, 1, 1)
    | _conv("sparse", 9, 2, 3, bias=False)
    | {"upward.weight": (6, 5, 2, 2), "upward.bias": (5,), "wider.weight": (6, 3, 3, 3)},
    "elementwise": {},
    "halves": _linear("wide", 131, 37, 131)
    | _linear("biasless", 20, 37, None)
    | {"crossed.weight": (37, 20), "crossed.bias": (20,)}
    | _linear("table", 11, 37, None)
    | _vectors("layer", 37, AFFINE)
    | _vectors("rms", 37, AFFINE[:1])
    | {n: s for name in ("rows", "line", "batch", "volume") for n, s in _vectors(name, 6, AFFINE + STATISTICS).items()}
    | _vectors("group", 6, AFFINE)
    | _conv("conv_line", 8, 6, 3)
    | _conv("conv", 9, 6, 3, 3)
    | {"upward.weight": (6, 5, 2, 2), "upward.bias": (5,)}
    | _conv("conv_cube", 5, 6, 2, 2, 2),
    "linears": _linear("wide", 131, 37, 131)
    | _linear("narrow", 1, 130, None)
    | _linear("transposed", 37, 20, 20)
    | _linear("unshifted", 37, 20, None)
    | _linear("table", 11, 37, None),
    "recurrent": _recurrent("rnn", 1)
    | _recurrent("rectified", 1, 2, 2, bias=False)
    | _recurrent("lstm", 4)
    | _recurrent("deep", 4, 2, 2, bias=False)
    | _recurrent("gru", 3)
    | _recurrent("both", 3, 2, 2, bias=False),
    "norms": _vectors("layer", 37, AFFINE)
    | _vectors("layer_shiftless", 37, AFFINE[:1])
    | _vectors("rms", 37, AFFINE[:1])
    | _vectors("rms_soft", 37, AFFINE[:1])
    | _vectors("batch", 6, AFFINE + STATISTICS)
    | _vectors("batch_bare", 6, STATISTICS)
    | _vectors("line", 6, AFFINE + STATISTICS)
    | _vectors("line_bare", 6, STATISTICS)
    | _vectors("rows", 6, AFFINE + STATISTICS)
    | _vectors("rows_bare", 6, STATISTICS)
    | _vectors("group", 6, AFFINE),
    "pools": {},
    "recommenders": {"wide.fc.weight": (11, 1), "wide.bias": (1,), "embedding.embedding.weight": (11, 10)}
    | _perceptron("scored", 20, 37, 13, 1)
    | _perceptron("unscored", 20, 37)
    | _linear("plain.linears.0", 9, 20, 9)
    | _linear("plain.linears.1", 7, 9, 7)
    | _diced("diced", 20, 9)
    | _dice("dice", 20)
    | {f"aware.embeddings.{i}.weight": (11, 3) for i in range(4)}
    | _diced("interest.local_att.dnn", 40, 9)
    | _linear("interest.local_att.dense", 1, 9, 1)
    | _linear("smooth.local_att.dnn.linears.0", 9, 40, 9)
    | _linear("smooth.local_att.dense", 1, 9, 1),
    "reductions": {},
    "rotations": {},
    "shapes": {"row": (17,)},
    "transformers": _layer("encoder", SELF)
    | _layer("decoder", BOTH)
    | _layer("encoder_first", SELF, bias=False)
    | _layer("decoder_last", BOTH, bias=False)
    | _layers("encoders", 3, SELF)
    | _vectors("encoders.norm", 24, AFFINE)
    | _layers("encoders_first", 2, SELF, 40)
    | _layers("decoders", 2, BOTH)
    | _vectors("decoders.norm", 24, AFFINE)
    | _layers("decoders_last", 2, BOTH)
    | {f"mlp{n}.c_fc.{v}": (24, 52) if v == "weight" else (52,) for n in ("", "_silu") for v in AFFINE}
    | {f"mlp{n}.c_proj.{v}": (52, 24) if v == "weight" else (24,) for n in ("", "_silu") for v in AFFINE},
    "unrolled": {n: s for i in range(3) for n, s in _linear(f"layers.{i}", 13, 13, 13).items()},
    "volumes": _conv("plain", 10, 3, 3, 3, 3)
    | _conv("strided", 7, 4, 3, 3, 3)
    | _conv("grouped", 6, 2, 3, 3, 3, bias=False)
    | _conv("point", 19, 4, 1, 1, 1)
    | _conv("narrow", 4, 3, 2, 2, 2)
    | _vectors("batch", 4, AFFINE + STATISTICS)
    | _vectors("bare", 4, STATISTICS),
}

# How the weights of a file are stored where it is not f32.
STORED = {"halves": "f16"}


def _entries(file):
    """entry -> inputs by name, each with its element type and dimensions, as the file declares them."""
    text = (FOLDER / f"{file}.ncr").read_text()
    entries = {}
    for name, arguments in re.findall(r"^  entry (\w+)\((.*?)\) ->", text, re.MULTILINE | re.DOTALL):
        inputs = re.findall(r"(\w+): +(\w+)\[([^]]*)\]", arguments)
        entries[name] = {i: (element, dims.split(",")) for i, element, dims in inputs}
    return entries


ENTRIES = {file: _entries(file) for file in WEIGHTS}


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
        used = {n for _, dims in ENTRIES[self.file][self.entry].values() for d in dims for n in re.findall("[A-Z]", d)}
        return {n: s for n, s in SIZES[self.sizes_index].items() if n in used}

    @property
    def bar(self):
        """The relative error that is allowed: less than for whole networks, or the four roundings to f16 of a norm."""
        return 4 * 2.0**-11 if self.file in STORED else 1e-5

    def inputs(self):
        """By name: `mask` is 0 or 1, `ids` are from 0 to 10, `bytes` any, the rest lies in -3..3."""
        made = {}
        for name, (element, dims) in ENTRIES[self.file][self.entry].items():
            # A dimension is a number, a variable, or a sum of them.
            shape = tuple(eval(d.strip(), {}, SIZES[self.sizes_index]) for d in dims)
            values = uniform(f"{self.name}.{name}", shape)
            if name == "ids":
                made[name] = ((values + 1.0) * 5.5).astype(np.int64)
            elif name == "bytes":
                made[name] = ((values + 1.0) * 128.0).astype(np.uint8)
            elif name == "mask":
                made[name] = (values > -0.3).astype(np.int64)
                made[name][..., 0] = 1
            else:
                made[name] = (3.0 * values).astype({"f32": np.float32, "f16": np.float16}[element])
        return made


CASES = [Case(f, e, i) for f, entries in ENTRIES.items() for e in entries for i in range(len(SIZES))]


def tensors(file):
    """The weights' values, as the file stores them."""
    stored = STORED.get(file, "f32")
    for name, shape in WEIGHTS[file].items():
        yield name, from_stored(to_stored(make_weight(name, shape), stored), stored)


def write_weights(file, path):
    write_safetensors(path, WEIGHTS[file], tensors(file), STORED.get(file, "f32"))
