# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: ways out of choices and loops at run time (blocks/choices.ncr) against the same code in Python."""
import numpy as np
import pytest

from network import ROOT
from stateful import Stateful


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("choices")
    artifact = Stateful(ROOT / "test/numerics/blocks/choices.ncr", None, folder / "net")
    yield artifact
    artifact.close()


def nested(x, n):
    y = x + 1.0
    if n > 2:
        y = y * 2.0
        if n > 4:
            y = y * 3.0
            if n > 6:
                return y - 7.0
            elif n == 5:
                return x
            y = y + 0.5
        y = y + 0.25
    elif n == 1:
        return y * 10.0
    return y + 100.0


def both(x, n):
    if n == 5:
        return ((x - 0.25) * 2.0, 1) if x.max() > 0 else (x * 3.0, 0)
    return x, 0


def grown(x, n):
    if n > 5:
        return x * 4.0
    return x + x if n > 3 else x + x + 1.0


def rounds(x, n):
    y = x
    for i in range(6):
        if n == i:
            break
        y = y + i
        if n % 2 == 0:
            if i % 2 == 1:
                continue
            y = y * 2.0
        y = y - 0.5
    return y


def found(x, n):
    count = 0
    for i in range(3):
        for j in range(3):
            if n == j + 3:
                continue
            if n == 7:
                break
            count = count + 1
            if n == 3 * i + j:
                return x * i - j, count
        count = count + 100
    return x, count


def mixed(x, n):
    y, steps = x, 0
    while steps < 5:
        steps = steps + 1
        for i in range(3):
            if n == steps + i:
                break
            y = y + i
        if n > 3:
            if steps == 2:
                continue
        y = y * 1.5
        if n == 2:
            if steps > 3:
                break
    return y


def inner(x, n):
    y, i = x, 0
    while i < 4:
        for k in range(2):
            j = 0
            while j < 3:
                if n == i + j + k:
                    if n % 2 == 1:
                        return y * 2.0, i * 100 + j * 10 + k
                    break
                j += 1
                y = y + 1.0
            y = y - 0.25
        if n == 7:
            return y, i
        i += 1
        if n == 8:
            continue
        y = y * 0.5
    return y, i


def endless(x, n):
    return x + sum(range(1, n + 1))


TWINS = [nested, both, grown, rounds, found, mixed, inner, endless]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
@pytest.mark.parametrize("batch", [1, 5])
def test_every_way_out(model, twin, batch):
    x = np.random.default_rng(batch).normal(size=batch).astype(np.float32)
    for n in range(-1, 10):
        wanted = twin(x, n)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        made = [np.zeros(batch, np.float32), np.zeros((), np.int64)][: len(wanted)]
        model.run_with(None, twin.__name__, {"B": batch}, [x, np.array(n, np.int64)], made)
        np.testing.assert_allclose(made[0], wanted[0], rtol=1e-6)
        assert len(wanted) == 1 or made[1] == wanted[1], n


class Kept:
    """The twin of an entry that has states."""

    def __init__(self, batch):
        self.seen, self.sums = 0, np.zeros((batch, 4), np.float32)

    def __call__(self, x, n):
        if n > 2:
            self.seen += 1
            if n > 4:
                self.sums[:, 1] = x
                return self.sums.sum(1), self.seen
            self.sums[:, 0] += x
        for i in range(1, 4):
            self.seen += 10
            if n == i:
                return self.sums.sum(1) * 2.0, self.seen
            for j in range(2):
                if n == j + 3:
                    break
                self.sums[:, 2 + j] += x
                self.seen += 100
        self.seen += 1000
        return self.sums.sum(1) * 3.0, self.seen


def test_states_at_every_way_out(model):
    twin, state = Kept(2), model.new_state(2)
    random = np.random.default_rng(0)
    for n in [*range(-1, 7), *random.integers(-1, 7, 20)]:
        x = random.normal(size=2).astype(np.float32)
        y, seen = np.zeros(2, np.float32), np.zeros((), np.int64)
        model.run_with(state, "kept", {"B": 2}, [x, np.array(n, np.int64)], [y, seen])
        wanted, count = twin(x, n)
        np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-4)
        assert seen == count, n
    model.free(state)
