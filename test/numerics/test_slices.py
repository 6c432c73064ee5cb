# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: everything that can stand in brackets, and einsum's '...' and diagonals, against NumPy."""
import numpy as np
import pytest

from artifact import Artifact
from network import ROOT

SIZES = (
    {"A": 2, "N": 6, "M": 9, "K": 3, "L": 4},
    {"A": 1, "N": 5, "M": 8, "K": 1, "L": 2},
    {"A": 3, "N": 33, "M": 70, "K": 40, "L": 1},
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slices")
    artifact = Artifact(ROOT / "test" / "numerics" / "blocks" / "slices.ncr", None, folder / "slices")
    yield artifact
    artifact.close()


# Of each entry: the shapes of its inputs, and what it computes.
SLICES = {
    "backwards": (["NM"], lambda x: x[::-1, ::-1]),
    "thinned": (["NM"], lambda x: x[::-2, ::3]),
    "between": (["NM"], lambda x: x[:, -2:0:-2][:, :2]),
    "ends": (["NM"], lambda x: x.T[3:, ::-1][:, :2]),
    "last": (["ANM"], lambda x: x[..., -1].T[:, None]),
    "listed": (["N6"], lambda x: np.concatenate([x[:, ::-2], x[:, 4:0:-3], x[:, 1::4], x[:, -9:1:1]], 1)),
}
PRODUCTS = {
    "batched": (["ANK", "KM"], lambda x, y: x @ y),
    "stretched": (["A1NK", "LMK"], lambda x, y: x.transpose(1, 0, 2, 3) @ y[:, None].swapaxes(-1, -2)),
    "leading": (["ANM"], lambda x: np.einsum("...c->c...", x)),
    "diagonal": (["ANN"], lambda x: np.diagonal(x, 0, 1, 2).T),
    "traces": (["ANNN"], lambda x: np.einsum("aiii->a", x)),
    "weighed": (["NMN", "NM"], lambda x, y: np.einsum("iji,ij->i", x, y)),
    "trace": (["NN"], np.trace),
}


def whole(random, letters, sizes):
    return random.integers(-5, 5, [sizes.get(c) or int(c) for c in letters]).astype(np.float32)


@pytest.mark.parametrize("sizes", SIZES, ids=lambda s: s["N"])
@pytest.mark.parametrize("entry", [*SLICES, *PRODUCTS])
def test_equals_numpy(model, entry, sizes):
    shapes, function = (SLICES | PRODUCTS)[entry]
    random = np.random.default_rng(sizes["N"])
    inputs = [whole(random, letters, sizes) for letters in shapes]
    expected = function(*inputs)
    got = model.call(entry, {name: sizes[name] for name in model.dims(entry)}, inputs)
    assert got.shape == expected.shape and np.array_equal(got, expected)


@pytest.mark.parametrize("sizes", SIZES, ids=lambda s: s["N"])
def test_index_tensors(model, sizes):
    random = np.random.default_rng(sizes["M"])
    n, m, k, l = (sizes[name] for name in "NMKL")
    x, y = whole(random, "NM", sizes), whole(random, "ANM", sizes)

    def below(size, *shape):
        return random.integers(-size, size, shape)

    def call(entry, *inputs):
        return model.call(entry, {name: sizes[name] for name in model.dims(entry)}, inputs)

    ids, rows, columns, few = below(n, k, l), below(n, k), below(m, k), below(m, l)
    assert np.array_equal(call("rows", x, ids), x[ids])
    assert np.array_equal(call("columns", x, columns.astype(np.int32)), x[:, columns])
    assert np.array_equal(call("pairs", x, rows, columns), x[rows, columns])
    assert np.array_equal(call("grid", y, rows, few.astype(np.int32)), y[:, rows[:, None], few])
    z, first = whole(random, "ANM2", sizes), below(sizes["A"], k)
    at = np.array(random.integers(-n, n))
    # An index outside is clamped.
    third = np.clip(first * 2, -m, m - 1)
    assert np.array_equal(call("triples", z, first, at), z[first, at, third, ::-1])
    far = np.full(k, 2**40), np.full(k, -(2**40))
    assert np.array_equal(call("pairs", x, *far), np.full(k, x[-1, 0]))
