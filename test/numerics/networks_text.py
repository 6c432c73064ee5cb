# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT and GPT-2: weights, inputs and configurations. No PyTorch here."""
import numpy as np

from network import Network, random_ids


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


def token_mask(batch, length):
    """1 for a token and 0 for padding: sequence b of the batch has its last third * b / batch padded away."""
    return (np.arange(length)[None, :] < _ends(batch, length)[:, None]).astype(np.int64)


def _ends(batch, length):
    """How long each sequence is; at least one token is left."""
    return np.array([max(1, length - length * b // 3) for b in range(batch)])


def bert_inputs(c, tag, batch, length):
    ids = random_ids(tag, (batch, length), c["vocab_size"])
    types = (np.arange(length)[None, :] >= _ends(batch, length)[:, None] // 2).astype(np.int64)
    return {"ids": ids, "mask": token_mask(batch, length), "types": types}


def bert_output(c, entry, batch, length):
    return (batch, length, c["hidden_size"]) if entry == "encode" else (batch, c["hidden_size"])


def gpt2_inputs(c, tag, batch, length):
    return {"ids": random_ids(tag, (batch, length), c["vocab_size"])}


def gpt2_output(c, _, batch, length):
    return batch, length, c["vocab_size"]


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


def _bert(name, config, **more):
    entries = ("encode", "pooled", "embed")
    return Network(name, "bert/bert.ncr", config, bert_weights, entries, bert_inputs, bert_output, **more)


def _gpt2(name, config, **more):
    return Network(name, "gpt2/gpt2.ncr", config, gpt2_weights, ("forward",), gpt2_inputs, gpt2_output, **more)


SMALL = (
    _bert("bert-even", bert_config(64, 4, 2, 256, 128, 256)),
    _bert("bert-odd", bert_config(60, 3, 2, 131, 97, 211)),
    _bert("bert-odd-f16", bert_config(60, 3, 2, 131, 97, 211), stored="f16"),
    _bert("bert-odd-bf16", bert_config(60, 3, 2, 131, 97, 211), stored="bf16"),
    _gpt2("gpt2-even", gpt2_config(64, 4, 2, 128, 256)),
    _gpt2("gpt2-odd", gpt2_config(45, 3, 2, 101, 203)),
)
FULL = (
    _bert("bert-base", bert_config(768, 12, 12, 3072, 30522, 512)),
    _gpt2("gpt2-124m", gpt2_config(768, 12, 12, 50257, 1024)),
)
