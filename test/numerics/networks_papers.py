# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text networks that transformers does not have: small configurations, weights and inputs. No PyTorch here."""
import numpy as np

from network import Network
from networks_images import Shapes
from networks_pretrained import BATCHES, LENGTHS, logits_shape, target_logits_shape, translation_inputs, two_lengths
from networks_pretrained import token_inputs


def palm_weights(c):
    s = Shapes()
    dim, size, hidden = c["dim"], c["dim_head"], c["ff_mult"] * c["dim"]
    s["token_emb.weight"], s["norm.weight"] = (c["vocab_size"], dim), (dim,)
    for i in range(c["depth"]):
        s[f"layers.{i}.norm.weight"] = (dim,)
        s.linear(f"layers.{i}.fused_attn_ff_proj", dim, (c["heads"] + 2) * size + 2 * hidden, bias=False)
        s.linear(f"layers.{i}.attn_out", c["heads"] * size, dim, bias=False)
        s.linear(f"layers.{i}.ff_out.1", hidden, dim, bias=False)
    return s


def chatglm_weights(c):
    s = Shapes()
    dim, hidden = c["hidden_size"], c["inner_hidden_size"]
    s["transformer.word_embeddings.weight"] = (c["vocab_size"], dim)
    for i in range(c["num_layers"]):
        layer = f"transformer.layers.{i}."
        s.vectors(layer + "input_layernorm", dim)
        s.vectors(layer + "post_attention_layernorm", dim)
        s.linear(layer + "attention.query_key_value", dim, 3 * dim)
        s.linear(layer + "attention.dense", dim, dim)
        s.linear(layer + "mlp.dense_h_to_4h", dim, hidden)
        s.linear(layer + "mlp.dense_4h_to_h", hidden, dim)
    s.vectors("transformer.final_layernorm", dim)
    s.linear("lm_head", dim, c["vocab_size"], bias=False)
    return s


def chatglm_inputs(c, tag, batch, length):
    """Contexts of several lengths, each with its mask inside; one token at least is read."""
    context = np.array([max(1, length * (b + 1) // 4) for b in range(batch)])
    return token_inputs(c, tag, batch, length) | {"context": context, "gap": context // 2}


def transformer_weights(c):
    s = Shapes()
    dim, hidden = c["d_model"], c["dim_feedforward"]
    s["embedding.weight"] = (c["vocab_size"], dim)
    for side, attentions in (("encoder", ("self_attn",)), ("decoder", ("self_attn", "multihead_attn"))):
        for i in range(c["num_layers"]):
            layer = f"transformer.{side}.layers.{i}."
            for name in attentions:
                s[f"{layer}{name}.in_proj_weight"], s[f"{layer}{name}.in_proj_bias"] = (3 * dim, dim), (3 * dim,)
                s.linear(f"{layer}{name}.out_proj", dim, dim)
            s.linear(layer + "linear1", dim, hidden)
            s.linear(layer + "linear2", hidden, dim)
            for norm in range(len(attentions) + 1):
                s.vectors(f"{layer}norm{norm + 1}", dim)
    return s


def adapted_weights(c):
    s = Shapes()
    dim, layers = c["n_embd"], c["n_layer"]
    s["wte.weight"], s["wpe.weight"] = (c["vocab_size"], dim), (c["n_positions"], dim)
    for i in range(layers):
        layer = f"h.{i}."
        for name in "qkv":
            low_rank = "r" in c and name != "k"
            s.linear(f"{layer}{name}_proj" + ".base_layer" * low_rank, dim, dim, bias=name != "v")
            if low_rank:
                s.linear(f"{layer}{name}_proj.lora_A.default", dim, c["r"], bias=False)
                s.linear(f"{layer}{name}_proj.lora_B.default", c["r"], dim, bias=False)
        s.linear(layer + "out_proj", dim, dim)
        s.linear(layer + "fc_in", dim, 4 * dim)
        s.linear(layer + "fc_out", 4 * dim, dim)
        s.vectors(layer + "ln_1", dim)
        s.vectors(layer + "ln_2", dim)
        if "bottleneck" in c:
            for name in ("attention_adapter", "output_adapter"):
                s.linear(f"{layer}{name}.adapter_down.0", dim, c["bottleneck"])
                s.linear(f"{layer}{name}.adapter_up", c["bottleneck"], dim)
    s.vectors("ln_f", dim)
    if "num_virtual_tokens" in c:
        s["prompt_embeddings"] = (c["num_virtual_tokens"], dim)
        s["past_key_values"] = (layers, 2, c["num_virtual_tokens"], dim)
    return s


def switched_inputs(c, tag, batch, length):
    """Updates count in full for the first sequence, and by parts or not at all for others."""
    return token_inputs(c, tag, batch, length) | {"on": np.array([1.0, 0.0, 0.25][:batch], np.float32)}


def _network(name, model, config, weights, inputs=token_inputs, output=logits_shape, entries=("forward",), **more):
    return Network(name, model, config, weights, entries, inputs, output, batches=BATCHES, lengths=LENGTHS, **more)


DECODER = {"vocab_size": 101, "n_positions": 64, "n_embd": 36, "n_head": 3, "n_layer": 2}
LORA = DECODER | {"r": 3, "lora_alpha": 8.0}


SMALL = (
    _network(
        "palm-odd",
        "palm/palm.ncr",
        {"vocab_size": 101, "num_tokens": 101, "dim": 36, "depth": 2, "heads": 3, "dim_head": 10, "ff_mult": 2},
        palm_weights,
    ),
    _network(
        "chatglm-odd",
        "chatglm/chatglm.ncr",
        {"vocab_size": 101, "hidden_size": 36, "num_layers": 2, "num_attention_heads": 3, "inner_hidden_size": 50},
        chatglm_weights,
        chatglm_inputs,
    ),
    _network(
        "transformer-odd",
        "transformer/transformer.ncr",
        {"vocab_size": 101, "d_model": 36, "nhead": 3, "num_layers": 2, "dim_feedforward": 50},
        transformer_weights,
        translation_inputs,
        target_logits_shape,
        make_sizes=two_lengths,
    ),
    _network("lora-odd", "adapters/lora.ncr", LORA, adapted_weights, switched_inputs),
    _network("lora-merged-odd", "adapters/lora.ncr", LORA | {"merged": True}, adapted_weights, switched_inputs),
    _network("bottleneck-odd", "adapters/bottleneck.ncr", DECODER | {"bottleneck": 5}, adapted_weights),
    _network(
        "prompt-odd",
        "adapters/prompt.ncr",
        DECODER | {"num_virtual_tokens": 5},
        adapted_weights,
        entries=("prompted", "prefixed"),
    ),
)
FULL = ()
