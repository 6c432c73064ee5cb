# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that the transformers package has: small configurations and inputs. No PyTorch here.

The names and shapes of their weights are the package's own: make_checkpoints.py wrote them to checkpoints.json.
"""
import functools
import json
import pathlib

import numpy as np

from network import Network, random_ids, uniform
from networks_text import token_mask

CHECKPOINTS = pathlib.Path(__file__).resolve().parent / "references" / "checkpoints.json"

BATCHES = (1, 3)
LENGTHS = (1, 7, 33)


@functools.lru_cache(maxsize=1)
def checkpoints():
    return json.loads(CHECKPOINTS.read_text()) if CHECKPOINTS.exists() else {"shapes": {}, "published": {}}


def published(model):
    """How many numbers the weights have with the package's default configuration; None where it has no such model."""
    return checkpoints()["published"].get(model)


def token_inputs(c, tag, batch, length):
    return {"ids": random_ids(tag, (batch, length), c["vocab_size"])}


def masked_inputs(c, tag, batch, length):
    return token_inputs(c, tag, batch, length) | {"mask": token_mask(batch, length)}


def logits_shape(c, _, batch, length):
    return batch, length, c["vocab_size"]


def states_shape(c, _, batch, length):
    return batch, length, c["hidden_size"]


def pretrained(name, model, kind, config, entries=("forward",), inputs=token_inputs, output=logits_shape, **more):
    """`kind` is the package's class."""
    config = {"architectures": [kind]} | config
    shapes = lambda _: {n: tuple(s) for n, s in checkpoints()["shapes"][name].items()}
    more = {"batches": BATCHES, "lengths": LENGTHS} | more
    return Network(name, model, config, shapes, entries, inputs, output, **more)


def llama_config(kind, dim=36, heads=6, kv_heads=2, hidden=50, **more):
    return {
        "model_type": kind,
        "vocab_size": 101,
        "hidden_size": dim,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": hidden,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5,
        "rope_theta": 5000.0,
        "tie_word_embeddings": False,
        **more,
    }


DECODERS = (
    pretrained("llama-odd", "llama/llama.ncr", "LlamaForCausalLM", llama_config("llama", head_dim=10, attention_bias=True)),
    pretrained("qwen2-odd", "qwen2/qwen2.ncr", "Qwen2ForCausalLM", llama_config("qwen2", tie_word_embeddings=True)),
    pretrained("mistral-odd", "mistral/mistral.ncr", "MistralForCausalLM", llama_config("mistral", sliding_window=5)),
    pretrained(
        "opt-odd",
        "opt/opt.ncr",
        "OPTForCausalLM",
        {
            "model_type": "opt",
            "vocab_size": 101,
            "max_position_embeddings": 64,
            "hidden_size": 36,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "ffn_dim": 50,
            "word_embed_proj_dim": 36,
            "do_layer_norm_before": True,
            "activation_function": "relu",
        },
    ),
    pretrained(
        "bloom-odd",
        "bloom/bloom.ncr",
        "BloomForCausalLM",
        {"model_type": "bloom", "vocab_size": 101, "hidden_size": 36, "n_layer": 2, "n_head": 6},
    ),
    pretrained(
        "gptj-odd",
        "gptj/gptj.ncr",
        "GPTJForCausalLM",
        {
            "model_type": "gptj",
            "vocab_size": 101,
            "n_positions": 64,
            "n_embd": 36,
            "n_layer": 2,
            "n_head": 3,
            "rotary_dim": 6,
            "tie_word_embeddings": False,
        },
    ),
    pretrained(
        "gpt-neox-odd",
        "gpt_neox/gpt_neox.ncr",
        "GPTNeoXForCausalLM",
        {
            "model_type": "gpt_neox",
            "vocab_size": 101,
            "max_position_embeddings": 64,
            "hidden_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "intermediate_size": 50,
            "rotary_pct": 0.25,
            "tie_word_embeddings": False,
        },
    ),
    pretrained(
        "gpt1-odd",
        "gpt1/gpt1.ncr",
        "OpenAIGPTLMHeadModel",
        {"model_type": "openai-gpt", "vocab_size": 101, "n_positions": 64, "n_embd": 36, "n_layer": 2, "n_head": 3},
    ),
)

SMALL = (*DECODERS,)
FULL = ()
