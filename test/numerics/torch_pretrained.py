# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of the transformers package as the oracle, loaded from the folders that the compiler reads: it must find all
that it wants there and use all that there is, so names of weights and config keys are checked too.
"""
import pathlib
import tempfile

import torch
from torch import nn


class Causal(nn.Module):
    """A decoder with its language model's head."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, ids):
        return self.theirs(ids).logits


class CachedCausal(Causal):
    def step(self, ids, _):
        return self(ids)[:, -1]


class Encoder(nn.Module):
    """An encoder of masked tokens."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def encode(self, ids, mask, types=None, task=None):
        more = {} if task is None else {"task_type_ids": task}
        return self.theirs(ids, attention_mask=mask, token_type_ids=types, **more).last_hidden_state

    def pooled(self, ids, mask, types):
        return self.theirs(ids, attention_mask=mask, token_type_ids=types).pooler_output


class UniLM(Encoder):
    def among(self, ids, types, visible):
        bias = torch.where(visible != 0, 0.0, -torch.inf)[:, None]
        return self.theirs(ids, attention_mask=bias, token_type_ids=types).last_hidden_state

    def bidirectional(self, ids, types, mask):
        return self.encode(ids, mask, types)

    def left_to_right(self, ids, types):
        length = ids.shape[1]
        return self.among(ids, types, torch.ones(length, length).tril().expand(len(ids), -1, -1))

    def sequence_to_sequence(self, ids, types, source):
        visible = torch.ones(ids.shape[1], ids.shape[1]).tril().repeat(len(ids), 1, 1)
        for row, count in zip(visible, source):
            row[:, :count] = 1
        return self.among(ids, types, visible)


class SentenceBert(Encoder):
    def score(self, left, left_mask, right, right_mask):
        pool = lambda x, mask: torch.stack([row[keep != 0].mean(0) for row, keep in zip(x, mask)])
        a, b = (pool(self.encode(*text), text[1]) for text in ((left, left_mask), (right, right_mask)))
        return nn.functional.cosine_similarity(a, b)

    def contrast(self, left, left_mask, right, right_mask):
        a, b = self.encode(left, left_mask)[:, 0], self.encode(right, right_mask)[:, 0]
        return nn.functional.cosine_similarity(a[:, None], b[None], dim=-1) / 0.05


class Seq2Seq(nn.Module):
    """An encoder and a decoder with its language model's head."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, ids, mask, targets):
        return self.theirs(ids, attention_mask=mask, decoder_input_ids=targets).logits


class CachedSeq2Seq(Seq2Seq):
    def start(self, ids, mask, targets):
        return self(ids, mask, targets)[:, -1]


class Whisper(nn.Module):
    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, features, targets):
        return self.theirs(features, decoder_input_ids=targets).logits


class CachedWhisper(Whisper):
    def start(self, features, targets):
        return self(features, targets)[:, -1]


class Llava(Whisper):
    def forward(self, images, ids):
        return self.theirs(ids, images).logits


class Clip(nn.Module):
    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, images, ids):
        return self.theirs(ids, images).logits_per_image

    def image(self, images):
        ids = torch.full((1, 2), self.theirs.config.text_config.vocab_size - 1)
        return self.theirs(ids, images).image_embeds

    def text(self, ids):
        size = self.theirs.config.vision_config.image_size
        return self.theirs(ids, torch.zeros(1, 3, size, size)).text_embeds


class XLNet(nn.Module):
    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, ids, types, mask):
        return self.theirs(ids, token_type_ids=types, attention_mask=mask.float()).logits

    def predict(self, ids, types, order, targets):
        return self.theirs(ids, token_type_ids=types, perm_mask=order.float(), target_mapping=targets).logits


MODELS = {
    "llama/llama.ncr": Causal,
    "llama/generate.ncr": CachedCausal,
    "qwen2/qwen2.ncr": Causal,
    "mistral/mistral.ncr": Causal,
    "mixtral/mixtral.ncr": Causal,
    "opt/opt.ncr": Causal,
    "bloom/bloom.ncr": Causal,
    "gptj/gptj.ncr": Causal,
    "gpt_neox/gpt_neox.ncr": Causal,
    "gpt1/gpt1.ncr": Causal,
    "bert/roberta.ncr": Encoder,
    "bert/ernie.ncr": Encoder,
    "bert/unilm.ncr": UniLM,
    "bert/sentence_bert.ncr": SentenceBert,
    "albert/albert.ncr": Encoder,
    "t5/t5.ncr": Seq2Seq,
    "t5/generate.ncr": CachedSeq2Seq,
    "bart/bart.ncr": Seq2Seq,
    "whisper/whisper.ncr": Whisper,
    "whisper/generate.ncr": CachedWhisper,
    "clip/clip.ncr": Clip,
    "bert/deberta_v2.ncr": Encoder,
    "bert/deberta.ncr": Encoder,
    "xlnet/xlnet.ncr": XLNet,
    "llava/llava.ncr": Llava,
}


def build(network):
    import transformers

    transformers.logging.set_verbosity_error()
    kind = getattr(transformers, network.config["architectures"][0])
    with tempfile.TemporaryDirectory() as folder:
        network.write(pathlib.Path(folder))
        theirs, report = kind.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    assert not any(report.values()), report
    return MODELS[network.model](theirs).eval()
