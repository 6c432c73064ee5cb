# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: indices, order, running values, einsum and random numbers against NumPy."""
import numpy as np
import pytest

from artifact import Artifact
from network import ROOT
from philox import blocks, folded, joined, normal, philox

RANDOM = np.random.default_rng(3)
KEY = np.int64(-6510615555426900571)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexing")
    artifact = Artifact(ROOT / "test" / "numerics" / "blocks" / "indexing.ncr", None, folder / "indexing")
    yield artifact
    artifact.close()


def test_known_answers():
    """The vectors that the paper's authors publish with Random123."""
    answers = {
        (0, 0): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF): "408f276d 41c83b0e a20bc7c6 6d5451fd",
    }
    for (word, key), answer in answers.items():
        assert " ".join(f"{int(w):08x}" for w in philox([word] * 4, key)) == answer
    pi = philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], 0x299F31D0A4093822)
    assert " ".join(f"{int(w):08x}" for w in pi) == "d16cfe09 94fdcceb 5001e420 24126ea1"


@pytest.mark.parametrize("size", (5, 6, 50257))
def test_order(model, size):
    x = RANDOM.integers(-40, 40, (3, size)).astype(np.float32)
    x[1, -1] = np.nan
    sizes = {"B": 3, "V": size}
    # A NaN is the largest to top_k, and the last to sort.
    down = np.argsort(np.where(np.isnan(x), -np.inf, -x), axis=1, kind="stable")[:, :5]
    assert np.array_equal(model.call("largest", sizes, [x]), np.argmax(x, 1))
    assert np.array_equal(model.call("best_at", sizes, [x]), down)
    assert np.array_equal(model.call("best", sizes, [x]), np.take_along_axis(x, down, 1), equal_nan=True)
    assert np.array_equal(model.call("sorted", sizes, [x]), -np.sort(-x, 1), equal_nan=True)
    assert np.array_equal(model.call("order", sizes, [x]), np.argsort(x, 0, kind="stable"))


def test_running_values(model):
    x = RANDOM.integers(-9, 9, (3, 100)).astype(np.float32)
    expected = np.cumsum(x, 1) - x + np.maximum.accumulate(x, 0)
    assert np.array_equal(model.call("running", {"B": 3, "V": 100}, [x]), expected)


def test_places(model):
    ids = np.array([[0, 6, 3], [2, 2, 5]])
    assert np.array_equal(model.call("hot", {"B": 2, "S": 3}, [ids]), np.eye(7, dtype=np.float32)[ids])
    x = RANDOM.integers(-9, 9, (6, 3)).astype(np.float32)
    where, expected = np.array([0, 3, 3, -1, 1, 0]), np.zeros((4, 3), np.float32)
    np.add.at(expected, where, x)
    assert np.array_equal(model.call("counted", {"N": 6}, [where, x]), expected)
    # Constants that a kernel reads from memory.
    padded = model.call("padded", {"N": 6}, [x])
    assert np.array_equal(padded, np.concatenate([np.zeros((2, 3), np.float32), x]))


def test_einsum(model):
    def whole(*shape):
        return RANDOM.integers(-5, 5, shape).astype(np.float32)

    q, k, a, b, c = whole(2, 4, 2, 3), whole(2, 5, 2, 3), whole(4, 5), whole(5, 6), whole(6)
    heads = model.call("heads", {"B": 2, "I": 4, "J": 5}, [q, k])
    assert np.array_equal(heads, np.einsum("bihd,bjhd->bhij", q, k))
    assert np.array_equal(model.call("chain", {"I": 4, "J": 5, "K": 6}, [a, b, c]), a @ b @ c)
    assert np.array_equal(model.call("trilinear", {"I": 6, "J": 4}, [c, a[:, 0].copy()]), np.outer(a[:, 0], c))


@pytest.mark.parametrize("threads", (1, 2))
def test_random(model, threads):
    model.set_threads(threads)
    assert np.array_equal(model.call("bits", {}, [KEY]), joined(blocks(1000, KEY)))
    like = np.ones((3, 37), np.float32)
    uniform = ((blocks(111, KEY)[0] >> np.uint64(8)).astype(np.float32) * np.float32(2**-24)).reshape(3, 37)
    assert np.array_equal(model.call("uniform", {"A": 3, "C": 37}, [KEY, like]), uniform * 2 - like)
    drawn = model.call("normal", {}, [KEY])
    assert np.abs(drawn - normal(20000, KEY)).max() < 2e-6
    assert abs(drawn.mean()) < 0.03 and abs(drawn.std() - 1) < 0.02
    keys = model.call("keys", {}, [KEY])
    assert np.array_equal(keys, joined(blocks(3, KEY, stream=1)))
    assert model.call("child", {}, [KEY, np.int64(2)]) == keys[2] == folded(KEY, 2)


def test_samples_follow_the_softmax(model):
    logits = np.array([0.0, 1.0, -1.0, 2.0], np.float32)
    drawn = model.call("draw", {"B": 20000, "V": 4}, [np.tile(logits, (20000, 1)), KEY])
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(np.bincount(drawn, minlength=4) / 20000 - expected).max() < 0.015


def test_last_byte_alone(model):
    """One byte behind a whole vector is stored as a byte: `call` looks behind the result."""
    x = np.arange(17, dtype=np.float32)
    assert np.array_equal(model.call("bytes", {}, [x]), x)
    rows = RANDOM.integers(0, 255, (6, 17)).astype(np.uint8)
    assert np.array_equal(model.call("running_bytes", {}, [rows]), np.cumsum(rows, 1, dtype=np.uint8))
