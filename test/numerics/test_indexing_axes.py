# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: the options of indices, order, running values and random numbers against NumPy."""
import numpy as np
import pytest

from artifact import Artifact
from network import ROOT

RANDOM = np.random.default_rng(4)
KEY = np.int64(91)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("indexing_axes")
    artifact = Artifact(ROOT / "test" / "numerics" / "blocks" / "indexing_axes.ncr", None, folder / "axes")
    yield artifact
    artifact.close()


@pytest.mark.parametrize("size", (1, 5, 100))
def test_order(model, size):
    x = RANDOM.integers(-5, 5, (7, size)).astype(np.float32)
    sizes = {"B": 7, "V": size}
    assert np.array_equal(model.call("rows", sizes, [x]), np.argmax(x, 0, keepdims=True))
    assert np.array_equal(model.call("least", sizes, [x]), np.argmin(x, 0, keepdims=True))
    assert np.array_equal(model.call("top_rows", sizes, [x]), -np.sort(-x, 0)[:2])
    assert np.array_equal(model.call("columns", sizes, [x]), np.sort(x, 0))
    assert np.array_equal(model.call("downwards", sizes, [x]), np.argsort(-x, 1, kind="stable"))
    places = RANDOM.integers(0, size, (7, 3))
    assert np.array_equal(model.call("taken", sizes, [x, places]), np.take_along_axis(x, places, 1))


def test_running_values(model):
    x = RANDOM.integers(1, 4, (7, 33)).astype(np.float32)
    sizes, up = {"B": 7, "V": 33}, x[::-1]
    assert np.array_equal(model.call("sums", sizes, [x]), np.cumsum(up, 0)[::-1])
    products = np.concatenate([np.ones((1, 33), np.float32), np.cumprod(up, 0)[:-1]])[::-1]
    assert np.array_equal(model.call("products", sizes, [x]), products)
    for entry, running, nothing in (("highest", np.maximum, -np.inf), ("lowest", np.minimum, np.inf)):
        behind = running.accumulate(x[:, ::-1], 1)[:, :-1]
        expected = np.concatenate([np.full((7, 1), nothing, np.float32), behind], 1)[:, ::-1]
        assert np.array_equal(model.call(entry, sizes, [x]), expected)


def test_places(model):
    ids = np.array([0, 3, 3, 2])
    assert np.array_equal(model.call("numbers", {"S": 4}, [ids]), np.eye(4, dtype=np.int32)[ids])
    x = RANDOM.integers(-9, 9, (3, 4)).astype(np.float32)
    expected = np.zeros((3, 4), np.float32)
    np.maximum.at(expected, (slice(None), ids), x)
    assert np.array_equal(model.call("placed", {"N": 4}, [ids, x]), expected)


def test_random(model):
    uniform, normal, gumbel = (model.call(entry, {}, [KEY]) for entry in ("uniform", "normal", "gumbel"))
    assert uniform.dtype == normal.dtype == gumbel.dtype == np.float64
    assert uniform.min() >= 0 and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01 and abs(uniform.var() - 1 / 12) < 0.002
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.02
    assert abs(gumbel.mean() - np.euler_gamma) < 0.04 and abs(gumbel.std() - np.pi / np.sqrt(6)) < 0.04
    logits = np.array([0.0, 1.0, -1.0, 2.0], np.float32)
    drawn = model.call("draw", {"V": 4, "B": 20000}, [np.tile(logits[:, None], (1, 20000)), KEY])
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(np.bincount(drawn, minlength=4) / 20000 - expected).max() < 0.015
