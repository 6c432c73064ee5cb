# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that the transformers package has: small configurations and inputs. No PyTorch here.

The names and shapes of their weights are the package's own: make_checkpoints.py wrote them to checkpoints.json.
"""
import functools
import json
import pathlib

import numpy as np

from network import Network, random_ids, uniform
from networks_text import bert_config, bert_inputs, bert_output, token_mask

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


def pretrained(name, model, kind, config, entries=("forward",), inputs=token_inputs, output=logits_shape, extra=None, old=("", ""), **more):
    """`kind` is the package's class; `extra` are weights of published files that it reads but does not write, and `old` how
    names begin now and in those files.
    """
    config = {"architectures": [kind]} | config

    def shapes(_):
        saved = checkpoints()["shapes"][name] | (extra or {})
        return {(old[1] + n.removeprefix(old[0]) if n.startswith(old[0]) else n): tuple(s) for n, s in saved.items()}

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
        "mixtral-odd",
        "mixtral/mixtral.ncr",
        "MixtralForCausalLM",
        llama_config("mixtral", hidden=20, num_hidden_layers=1, num_local_experts=3, num_experts_per_tok=2, sliding_window=None),
    ),
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


def roberta_inputs(c, tag, batch, length):
    """Padding has an id of its own, and stands behind the tokens."""
    mask = token_mask(batch, length)
    ids = 2 + random_ids(tag, (batch, length), c["vocab_size"] - 2)
    return {"ids": np.where(mask == 1, ids, c["pad_token_id"]), "mask": mask}


def unilm_inputs(c, tag, batch, length):
    made = bert_inputs(c, tag, batch, length)
    return made | {"source": np.array([max(1, length * (b + 1) // 4) for b in range(batch)])}


def ernie_inputs(c, tag, batch, length):
    return bert_inputs(c, tag, batch, length) | {"task": random_ids(tag + "task", (batch, length), c["task_type_vocab_size"])}


def pair_inputs(c, tag, batch, length):
    left = bert_inputs(c, tag + "left", batch, length)
    right = bert_inputs(c, tag + "right", batch, target_length(length))
    return {
        "left": left["ids"],
        "left_mask": left["mask"],
        "right": right["ids"],
        "right_mask": right["mask"],
    }


def target_length(length):
    return length * 2 // 3 + 1


def two_lengths(batch, length):
    return {"B": batch, "S": length, "T": target_length(length)}


def translation_inputs(c, tag, batch, length):
    targets = random_ids(tag + "targets", (batch, target_length(length)), c["vocab_size"])
    return masked_inputs(c, tag, batch, length) | {"targets": targets}


def target_logits_shape(c, _, batch, length):
    return batch, target_length(length), c["vocab_size"]


def whisper_inputs(c, tag, batch, length):
    features = uniform(tag, (batch, c["num_mel_bins"], 2 * c["max_source_positions"])).astype(np.float32)
    return {"features": features, "targets": random_ids(tag, (batch, length), c["vocab_size"])}


def clip_inputs(c, tag, batch, length):
    """Two texts, with the largest id at their ends and something behind it."""
    size, vocab = c["vision_config"]["image_size"], c["text_config"]["vocab_size"]
    ids = random_ids(tag, (2, length), vocab - 1)
    ids[0, -1] = ids[1, length // 2] = vocab - 1
    return {"images": uniform(tag, (batch, 3, size, size)).astype(np.float32), "ids": ids}


def llava_inputs(c, tag, batch, length):
    """Each sequence has its image at another place, the last one with a word between its rows."""
    size, token = c["vision_config"]["image_size"], c["image_token_index"]
    ids = random_ids(tag, (batch, length), token)
    count = (size // c["vision_config"]["patch_size"]) ** 2
    for b, row in enumerate(ids):
        start = (length - count) * b // batch
        places = np.arange(start, start + count)
        if b > 0 and length > start + count:
            places[count // 2 :] += 1
        row[places] = token
    return {"images": uniform(tag, (batch, 3, size, size)).astype(np.float32), "ids": ids}


def clip_shape(c, entry, batch, length):
    return {"forward": (batch, 2), "image": (batch, c["projection_dim"]), "text": (2, c["projection_dim"])}[entry]


def _bert(kind, **more):
    return bert_config(36, 3, 2, 50, 101, 64) | {"model_type": kind} | more


def seq2seq_config(kind, **more):
    return {
        "model_type": kind,
        "vocab_size": 101,
        "d_model": 36,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 3,
        "decoder_attention_heads": 3,
        "encoder_ffn_dim": 50,
        "decoder_ffn_dim": 50,
        "activation_function": "gelu",
        **more,
    }


def t5_config(mlp, **more):
    return {
        "model_type": "t5",
        "vocab_size": 101,
        "d_model": 36,
        "d_kv": 10,
        "d_ff": 50,
        "num_layers": 2,
        "num_decoder_layers": 2,
        "num_heads": 3,
        "relative_attention_num_buckets": 8,
        "relative_attention_max_distance": 20,
        "feed_forward_proj": mlp,
        **more,
    }


STATES = {"inputs": masked_inputs, "entries": ("encode",), "output": states_shape}
TRANSLATION = {"inputs": translation_inputs, "output": target_logits_shape, "make_sizes": two_lengths}
ENCODERS = (
    pretrained(
        "roberta-odd",
        "bert/roberta.ncr",
        "RobertaModel",
        _bert("roberta", type_vocab_size=1, pad_token_id=1),
        **STATES | {"inputs": roberta_inputs},
    ),
    pretrained(
        "ernie-odd",
        "bert/ernie.ncr",
        "ErnieModel",
        _bert("ernie", use_task_id=True, task_type_vocab_size=3),
        **STATES | {"inputs": ernie_inputs},
    ),
    pretrained(
        "unilm-odd",
        "bert/unilm.ncr",
        "BertModel",
        _bert("bert"),
        entries=("bidirectional", "left_to_right", "sequence_to_sequence"),
        inputs=unilm_inputs,
        output=states_shape,
        takes={
            "bidirectional": ("ids", "types", "mask"),
            "left_to_right": ("ids", "types"),
            "sequence_to_sequence": ("ids", "types", "source"),
        },
    ),
    pretrained(
        "sentence-bert-odd",
        "bert/sentence_bert.ncr",
        "BertModel",
        _bert("bert"),
        entries=("score", "contrast"),
        inputs=pair_inputs,
        output=lambda c, entry, batch, _: (batch,) if entry == "score" else (batch, batch),
        make_sizes=two_lengths,
    ),
    pretrained(
        "albert-odd",
        "albert/albert.ncr",
        "AlbertModel",
        _bert("albert", embedding_size=20, num_hidden_layers=3, num_hidden_groups=2, hidden_act="gelu_new"),
        **STATES | {"inputs": bert_inputs, "entries": ("encode", "pooled"), "output": bert_output},
    ),
)
TRANSLATORS = (
    pretrained("t5-odd", "t5/t5.ncr", "T5ForConditionalGeneration", t5_config("relu"), **TRANSLATION),
    pretrained(
        "flan-t5-odd",
        "t5/t5.ncr",
        "T5ForConditionalGeneration",
        t5_config("gated-gelu", tie_word_embeddings=False),
        extra={"lm_head.weight": (101, 36)},
        **TRANSLATION,
    ),
    pretrained(
        "bart-odd",
        "bart/bart.ncr",
        "BartForConditionalGeneration",
        seq2seq_config("bart", max_position_embeddings=64),
        **TRANSLATION,
    ),
    pretrained(
        "whisper-odd",
        "whisper/whisper.ncr",
        "WhisperForConditionalGeneration",
        seq2seq_config("whisper", num_mel_bins=10, max_source_positions=21, max_target_positions=40, pad_token_id=0),
        inputs=whisper_inputs,
        make_sizes=lambda batch, length: {"B": batch, "T": length},
    ),
)
DEBERTA = {
    "model_type": "deberta-v2",
    "vocab_size": 101,
    "max_position_embeddings": 64,
    "type_vocab_size": 0,
    "hidden_size": 36,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 50,
    "hidden_act": "gelu",
    "relative_attention": True,
    "position_biased_input": False,
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_buckets": 8,
    "max_relative_positions": -1,
    "norm_rel_ebd": "layer_norm",
    "layer_norm_eps": 1e-7,
}
# The first version has a row for each distance, and its own table reaches less far than the longest sequence.
DEBERTA_V1 = DEBERTA | {"model_type": "deberta", "max_position_embeddings": 20, "share_att_key": False}
DEBERTAS = (
    pretrained("deberta-v2-odd", "bert/deberta_v2.ncr", "DebertaV2Model", DEBERTA, **STATES),
    pretrained("deberta-odd", "bert/deberta.ncr", "DebertaModel", DEBERTA_V1, **STATES),
)


def count_of_targets(length):
    return length // 3 + 1


def xlnet_inputs(c, tag, batch, length):
    """Each sequence has its own order of prediction; the last tokens of it are the targets."""
    order = np.argsort(uniform(tag + "order", (batch, length)), axis=1)
    place = np.argsort(order, axis=1)
    targets = np.eye(length, dtype=np.float32)[order[:, length - count_of_targets(length) :]]
    return masked_inputs(c, tag, batch, length) | {
        "types": random_ids(tag + "types", (batch, length), 2),
        "order": (place[:, :, None] <= place[:, None, :]).astype(np.int64),
        "targets": targets,
    }


XLNETS = (
    pretrained(
        "xlnet-odd",
        "xlnet/xlnet.ncr",
        "XLNetLMHeadModel",
        {"model_type": "xlnet", "vocab_size": 101, "d_model": 36, "n_layer": 2, "n_head": 3, "d_inner": 50},
        entries=("forward", "predict"),
        inputs=xlnet_inputs,
        output=lambda c, entry, batch, length: (batch, length if entry == "forward" else count_of_targets(length), c["vocab_size"]),
        takes={"forward": ("ids", "types", "mask"), "predict": ("ids", "types", "order", "targets")},
        make_sizes=lambda batch, length: {"B": batch, "S": length, "P": count_of_targets(length)},
    ),
)
CLIP = {"hidden_size": 36, "intermediate_size": 50, "num_attention_heads": 3, "num_hidden_layers": 1}
MIXED = (
    pretrained(
        "clip-odd",
        "clip/clip.ncr",
        "CLIPModel",
        {
            "model_type": "clip",
            "projection_dim": 20,
            "vision_config": CLIP | {"image_size": 15, "patch_size": 5},
            "text_config": CLIP | {"vocab_size": 101, "max_position_embeddings": 40, "eos_token_id": 2},
        },
        entries=("forward", "image", "text"),
        inputs=clip_inputs,
        output=clip_shape,
        takes={"forward": ("images", "ids"), "image": ("images",), "text": ("ids",)},
        make_sizes=lambda batch, length: {"B": batch, "N": 2, "S": length},
        lengths=(2, 7, 33),
    ),
    pretrained(
        "llava-odd",
        "llava/llava.ncr",
        "LlavaForConditionalGeneration",
        {
            "model_type": "llava",
            "image_token_index": 100,
            "vision_feature_layer": -2,
            "vision_feature_select_strategy": "default",
            "vision_config": CLIP | {"model_type": "clip_vision_model", "num_hidden_layers": 2, "image_size": 15, "patch_size": 5},
            "text_config": llama_config("llama"),
        },
        inputs=llava_inputs,
        output=lambda c, _, batch, length: (batch, length, c["text_config"]["vocab_size"]),
        old=("vision_tower.", "vision_tower.vision_model."),
        lengths=(9, 33),
    ),
)

SMALL = (*DECODERS, *ENCODERS, *TRANSLATORS, *DEBERTAS, *XLNETS, *MIXED)
FULL = ()
