# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that keep keys and values: their first call, on a fresh state, against the last place of a whole pass.

test_decoding.py compares the calls after it. No PyTorch here.
"""
import dataclasses

import numpy as np

import networks_pretrained
import networks_text

CTX = 104  # places of the caches: more than test_decoding.py fills


def _whole(name):
    return next(n for n in (*networks_text.SMALL, *networks_pretrained.SMALL) if n.name == name)


def _last_logits(c, _, batch, __):
    return batch, c["vocab_size"]


def _more_places(whole, table):
    """The shapes of a network's weights, with `CTX` rows in its table of positions."""
    return lambda c: {n: (CTX, *shape[1:]) if n == table else shape for n, shape in whole.weights(c).items()}


def _from_zero(whole):
    """The inputs of `step` where nothing is in the caches yet."""

    def inputs(c, tag, batch, length):
        return whole.make_inputs(c, tag, batch, length) | {"pos": np.array(0, np.int64)}

    return inputs


def _decoder(name, model, whole, entry="step", ctx="max_position_embeddings", **more):
    """`whole` is the network without a cache whose weights and config it has, with room for `CTX` places."""
    inputs = _from_zero(whole) if entry == "step" else whole.make_inputs
    more = {"config": whole.config | {ctx: CTX}, "batches": (3,), "lengths": (7,)} | more
    return dataclasses.replace(
        whole, name=name, model=model, entries=(entry,), make_inputs=inputs, shape_of_output=_last_logits, **more
    )


def _text_sizes(batch, length):
    return {"B": batch, "M": length, "S": networks_pretrained.target_length(length)}


_WHISPER = _whole("whisper-odd")
_GPT2 = networks_text.gpt2_config(45, 3, 1, 101, CTX)

SMALL = (_decoder("gpt2-cached", "gpt2/generate.ncr", _whole("gpt2-odd"), config=_GPT2),)
# Loops hold networks once more for each of their calls, which takes the compiler too long for the quick tier.
FULL = (
    _decoder("llama-cached", "llama/generate.ncr", _whole("llama-odd")),
    _decoder("qwen2-cached", "llama/generate.ncr", _whole("qwen2-odd")),
    _decoder("mistral-cached", "llama/generate.ncr", _whole("mistral-odd")),
    _decoder("t5-cached", "t5/generate.ncr", _whole("t5-odd"), "start", "n_positions", make_sizes=_text_sizes),
    _decoder("flan-t5-cached", "t5/generate.ncr", _whole("flan-t5-odd"), "start", "n_positions", make_sizes=_text_sizes),
    _decoder(
        "whisper-cached",
        "whisper/generate.ncr",
        _WHISPER,
        "start",
        "max_target_positions",
        weights=_more_places(_WHISPER, "model.decoder.embed_positions.weight"),
        make_sizes=lambda batch, length: {"B": batch, "S": length},
    ),
)
