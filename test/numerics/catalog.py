# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of the numeric tests: configuration, weight names and shapes, and inputs. No PyTorch here.

Weights and inputs come from a counter-based generator (splitmix64 of the tensor's name and the element's index), so
they are the same on every machine and with every NumPy, and need not be committed.
"""
import argparse
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
    elif "embed" in name or name.startswith(("wte", "wpe")):
        values = 0.5 * values
    else:
        fan_in = shape[0] if ".c_" in name else math.prod(shape[1:])
        values = values * math.sqrt(3.0 / fan_in) * (1.4 if len(shape) == 4 else 1.0)
    return values.astype(np.float32)


def bert_weights(c):
    dim, hidden = c["hidden_size"], c["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (c["vocab_size"], dim),
        "embeddings.position_embeddings.weight": (c["max_position_embeddings"], dim),
        "embeddings.token_type_embeddings.weight": (c["type_vocab_size"], dim),
        "embeddings.LayerNorm.weight": (dim,),
        "embeddings.LayerNorm.bias": (dim,),
    }
    for i in range(c["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        linears = [(f"attention.self.{n}", dim, dim) for n in ("query", "key", "value")]
        linears += [("attention.output.dense", dim, dim)]
        linears += [("intermediate.dense", dim, hidden), ("output.dense", hidden, dim)]
        for name, fan_in, fan_out in linears:
            shapes[f"{layer}{name}.weight"] = (fan_out, fan_in)
            shapes[f"{layer}{name}.bias"] = (fan_out,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{layer}{name}.weight"] = shapes[f"{layer}{name}.bias"] = (dim,)
    shapes["pooler.dense.weight"] = (dim, dim)
    shapes["pooler.dense.bias"] = (dim,)
    return shapes


def gpt2_weights(c):
    dim = c["n_embd"]
    shapes = {"wte.weight": (c["vocab_size"], dim), "wpe.weight": (c["n_positions"], dim)}
    for i in range(c["n_layer"]):
        for name in (f"h.{i}.ln_1", f"h.{i}.ln_2"):
            shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (dim,)
        for name, fan_in, fan_out in (
            ("attn.c_attn", dim, 3 * dim),
            ("attn.c_proj", dim, dim),
            ("mlp.c_fc", dim, 4 * dim),
            ("mlp.c_proj", 4 * dim, dim),
        ):
            shapes[f"h.{i}.{name}.weight"] = (fan_in, fan_out)
            shapes[f"h.{i}.{name}.bias"] = (fan_out,)
    shapes["ln_f.weight"] = shapes["ln_f.bias"] = (dim,)
    return shapes


def resnet18_weights(_):
    shapes = {}

    def conv_norm(conv, norm, fan_in, fan_out, size):
        shapes[f"{conv}.weight"] = (fan_out, fan_in, size, size)
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{name}"] = (fan_out,)

    conv_norm("conv1", "bn1", 3, 64, 7)
    fan_in = 64
    for stage, fan_out in enumerate((64, 128, 256, 512), start=1):
        for i in range(2):
            block = f"layer{stage}.{i}."
            conv_norm(block + "conv1", block + "bn1", fan_in, fan_out, 3)
            conv_norm(block + "conv2", block + "bn2", fan_out, fan_out, 3)
            if fan_in != fan_out:
                conv_norm(block + "downsample.0", block + "downsample.1", fan_in, fan_out, 1)
            fan_in = fan_out
    shapes["fc.weight"], shapes["fc.bias"] = (1000, 512), (1000,)
    return shapes


@dataclasses.dataclass(frozen=True)
class Network:
    """One configuration of one model file."""

    name: str
    model: str  # path below models/
    config: dict
    weights: object  # config -> {name: shape}
    entries: tuple
    lengths: tuple = LENGTHS
    stored: str = "f32"  # how the weights lie in the file

    @property
    def path(self):
        return ROOT / "models" / self.model

    def cases(self):
        """Every (entry, batch, length) that one artifact must serve."""
        return [(e, b, s) for e in self.entries for b in BATCHES for s in self.lengths]

    def tensors(self):
        for name, shape in self.weights(self.config).items():
            yield name, make_weight(name, shape)

    def inputs(self, batch, length):
        """The entry's inputs by name, in the order of the entry's signature."""
        tag = f"{self.name.split('-')[0]}.b{batch}s{length}"
        if self.weights is resnet18_weights:
            size = self.config["image_size"]
            return {"images": uniform(tag, (batch, 3, size, size)).astype(np.float32)}
        ids = ((uniform(tag, (batch, length)) + 1.0) * 0.5 * self.config["vocab_size"]).astype(np.int64)
        if self.weights is gpt2_weights:
            return {"ids": ids}
        # Sequence b of the batch has its last third * b / batch padded away; at least one token is left.
        ends = [max(1, length - length * b // 3) for b in range(batch)]
        mask = (np.arange(length)[None, :] < np.array(ends)[:, None]).astype(np.int64)
        types = (np.arange(length)[None, :] >= np.array(ends)[:, None] // 2).astype(np.int64)
        return {"ids": ids, "mask": mask, "types": types}

    def output_shape(self, entry, batch, length):
        if self.weights is bert_weights:
            dim = self.config["hidden_size"]
            return (batch, length, dim) if entry == "encode" else (batch, dim)
        if self.weights is gpt2_weights:
            return (batch, length, self.config["vocab_size"])
        return (batch, 1000)

    def write(self, folder):
        """Writes config.json and model.safetensors, as a Hugging Face folder has them."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config))
        write_safetensors(folder / "model.safetensors", self.weights(self.config), self.tensors(), self.stored)


def bert_config(dim, heads, layers, hidden, vocab, ctx):
    return {
        "model_type": "bert",
        "vocab_size": vocab,
        "max_position_embeddings": ctx,
        "type_vocab_size": 2,
        "hidden_size": dim,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": hidden,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
    }


def gpt2_config(dim, heads, layers, vocab, ctx):
    return {
        "model_type": "gpt2",
        "vocab_size": vocab,
        "n_positions": ctx,
        "n_embd": dim,
        "n_head": heads,
        "n_layer": layers,
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
    }


BERT_ENTRIES = ("encode", "pooled", "embed")


def _bert(name, config, **more):
    return Network(name, "bert/bert.ncr", config, bert_weights, BERT_ENTRIES, **more)


def _gpt2(name, config, **more):
    return Network(name, "gpt2/gpt2.ncr", config, gpt2_weights, ("forward",), **more)


def _resnet(name, size):
    return Network(name, "resnet/resnet18.ncr", {"image_size": size}, resnet18_weights, ("forward",), lengths=(0,))


# "odd" sizes are multiples of no vector width and no tile, so every remainder is taken.
SMALL = {
    n.name: n
    for n in (
        _bert("bert-even", bert_config(64, 4, 2, 256, 128, 256)),
        _bert("bert-odd", bert_config(60, 3, 2, 131, 97, 211)),
        _bert("bert-odd-f16", bert_config(60, 3, 2, 131, 97, 211), stored="f16"),
        _bert("bert-odd-bf16", bert_config(60, 3, 2, 131, 97, 211), stored="bf16"),
        _gpt2("gpt2-even", gpt2_config(64, 4, 2, 128, 256)),
        _gpt2("gpt2-odd", gpt2_config(45, 3, 2, 101, 203)),
        _resnet("resnet18-32px", 32),
    )
}
FULL = {
    n.name: n
    for n in (
        _bert("bert-base", bert_config(768, 12, 12, 3072, 30522, 512)),
        _gpt2("gpt2-124m", gpt2_config(768, 12, 12, 50257, 1024)),
        _resnet("resnet18", 224),
    )
}


def to_stored(values, stored):
    """f32 values as the file holds them, as raw little-endian bits. bf16 rounds to nearest even."""
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
    return bits.astype(np.float32)


def write_safetensors(path, shapes, tensors, stored="f32"):
    """`tensors` yields (name, f32 array) in the order of `shapes`; one tensor is in memory at a time."""
    width = 4 if stored == "f32" else 2
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + math.prod(shape) * width
        header[name] = {"dtype": stored.upper(), "shape": list(shape), "data_offsets": [offset, end]}
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


def main():
    parser = argparse.ArgumentParser(description="Writes a network's config.json and random weights into a folder.")
    parser.add_argument("network", choices=sorted(SMALL | FULL))
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    (SMALL | FULL)[args.network].write(args.folder)


if __name__ == "__main__":
    main()
