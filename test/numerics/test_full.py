# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: every block, and every network, small and of full size, live against PyTorch, element by element."""
import functools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing is compared live")

import blocks
import references
import torch_blocks
import torch_models
import torch_pretrained
from catalog import FULL, SMALL

BAR = 1e-4

NETWORKS = {**SMALL, **FULL}
CASES = [(n, *case) for n in NETWORKS.values() for case in n.cases()]


def case_id(value):
    return getattr(value, "name", str(value))


@functools.lru_cache(maxsize=1)
def twin(name):
    return torch_models.build(NETWORKS[name])


@pytest.mark.parametrize("network, entry, batch, length", CASES, ids=case_id)
def test_equals_pytorch(outputs, note_error, network, entry, batch, length):
    if network.model in torch_pretrained.MODELS:
        pytest.importorskip("transformers", reason="transformers is not installed: its networks are not compared live")
    expected = torch_models.run(twin(network.name), entry, network.inputs(batch, length, entry))
    got = outputs(network, entry, batch, length)
    assert np.isfinite(got).all()
    error = references.relative_error(got, expected)
    note_error(network.model, error)
    assert error < BAR


@pytest.mark.parametrize("case", blocks.CASES, ids=lambda c: c.name)
def test_block_equals_pytorch(compiled_blocks, case):
    expected = torch_blocks.run(case)
    got = compiled_blocks(case.file).call(case.entry, case.sizes, case.inputs().values())
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    assert np.isfinite(got).all()
    if expected.any():
        assert references.relative_error(got, expected) < case.bar
    else:
        assert not got.any()


@pytest.mark.parametrize("name", ("bert-odd", "gpt2-odd"))
def test_our_pytorch_equals_transformers(name):
    """The oracle itself: our plain PyTorch against the models people publish weights for."""
    transformers = pytest.importorskip("transformers")
    network = NETWORKS[name]
    batch, length = 3, 7
    inputs = {k: torch.from_numpy(v) for k, v in network.inputs(batch, length).items()}
    state = twin(name).state_dict()
    with torch.no_grad():
        if name.startswith("bert"):
            theirs = transformers.BertModel(transformers.BertConfig(**network.config, attn_implementation="eager"))
            theirs.load_state_dict(state, strict=False)
            output = theirs.eval()(inputs["ids"], inputs["mask"], inputs["types"])
            pairs = [(output.last_hidden_state, "encode"), (output.pooler_output, "pooled")]
        else:
            theirs = transformers.GPT2LMHeadModel(transformers.GPT2Config(**network.config))
            theirs.transformer.load_state_dict(state, strict=False)
            theirs.tie_weights()
            pairs = [(theirs.eval()(inputs["ids"]).logits, "forward")]
    for their_output, entry in pairs:
        ours = torch_models.run(twin(name), entry, network.inputs(batch, length))
        assert references.relative_error(ours, their_output.numpy()) < 1e-5


@pytest.mark.parametrize("name", ("vit-odd", "vit-biasless", "convnext-odd"))
def test_transformers_reads_our_files(tmp_path, name):
    """The oracle again, and the names and config keys: transformers finds all that it wants in a folder that we wrote."""
    transformers = pytest.importorskip("transformers")
    network = NETWORKS[name]
    network.write(tmp_path)
    kind = {"vit": "ViTForImageClassification", "convnext": "ConvNextForImageClassification"}[name.split("-")[0]]
    theirs, report = getattr(transformers, kind).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values())
    inputs = network.inputs(3, 0)
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(inputs["images"])).logits.numpy()
    assert references.relative_error(torch_models.run(twin(name), "forward", inputs), expected) < 1e-5
