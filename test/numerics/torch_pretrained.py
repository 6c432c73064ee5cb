# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of the transformers package as the oracle, loaded from the folders that the compiler reads: it must find all
that it wants there and use all that there is, so names of weights and config keys are checked too.
"""
import pathlib
import tempfile

from torch import nn


class Causal(nn.Module):
    """A decoder with its language model's head."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def forward(self, ids):
        return self.theirs(ids).logits


class Encoder(nn.Module):
    """An encoder of masked tokens."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs = theirs

    def encode(self, ids, mask):
        return self.theirs(ids, attention_mask=mask).last_hidden_state


MODELS = {
    "llama/llama.ncr": Causal,
    "qwen2/qwen2.ncr": Causal,
    "mistral/mistral.ncr": Causal,
    "opt/opt.ncr": Causal,
    "bloom/bloom.ncr": Causal,
    "gptj/gptj.ncr": Causal,
    "gpt_neox/gpt_neox.ncr": Causal,
    "gpt1/gpt1.ncr": Causal,
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
