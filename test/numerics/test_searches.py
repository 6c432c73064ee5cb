# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: the loops of std.generation on a tiny network against loops in NumPy."""
import ctypes
import itertools

import numpy as np
import pytest

from network import ROOT, write_safetensors
from stateful import Stateful

VOCAB, CTX, NEVER = 5, 8, -1
RANDOM = np.random.default_rng(11)
TABLE = RANDOM.normal(size=(VOCAB, 6)).astype(np.float32)
OUT = (2 * RANDOM.normal(size=(6, VOCAB))).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searches")
    tensors = {"table": TABLE, "out": OUT}
    write_safetensors(folder / "weights.safetensors", {n: t.shape for n, t in tensors.items()}, tensors.items())
    artifact = Stateful(ROOT / "test/numerics/blocks/generation.ncr", folder / "weights.safetensors", folder / "net")
    yield artifact
    artifact.close()


def continued(model, entry, prompt, *inputs):
    """What an entry makes of a prompt: the places that count."""
    tokens, length = np.full((len(prompt), CTX), -7, np.int64), np.zeros((), np.int64)
    state = model.new_state(len(prompt))
    inputs = [prompt, *(np.array(x, np.float32 if isinstance(x, float) else np.int64) for x in inputs)]
    model.run_with(state, entry, {"B": prompt.shape[0], "S": prompt.shape[1]}, inputs, [tokens, length])
    model.free(state)
    return tokens[:, : int(length)]


def logits_after(ids):
    """The network, one row at a time and without a memory between calls."""
    memory = np.zeros(6, np.float32)
    for i in ids:
        memory = np.tanh(0.5 * memory + TABLE[i])
    return memory @ OUT


def log_softmax(x):
    x = np.asarray(x, np.float64)
    return x - x.max(-1, keepdims=True) - np.log(np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True))


def penalized(logits, tokens, penalty):
    made = logits.copy()
    for row, seen in zip(made, tokens):
        for t in set(seen.tolist()):
            row[t] = row[t] * penalty if row[t] < 0 else row[t] / penalty
    return made


def likeliest(prompt, stop, penalty):
    rows = [list(row) for row in prompt]
    while len(rows[0]) < CTX and not all(stop in row[prompt.shape[1] :] for row in rows):
        for row in rows:
            logits = penalized(logits_after(row)[None], np.array([row]), np.float32(penalty))
            row.append(stop if stop in row[prompt.shape[1] :] else int(logits.argmax()))
    return np.array(rows)


@pytest.mark.parametrize("penalty", (1.0, 1.8))
@pytest.mark.parametrize("stop", range(NEVER, VOCAB))
@pytest.mark.parametrize("batch, length", [(1, 1), (4, 3), (2, CTX - 1), (2, CTX)])
def test_greedy(model, batch, length, stop, penalty):
    prompt = np.random.default_rng(batch).integers(0, VOCAB, (batch, length))
    assert np.array_equal(continued(model, "likeliest", prompt, stop, penalty), likeliest(prompt, stop, penalty))


def likeliest_only(logits, p):
    """The shortest list of the likeliest tokens that has `p` of the probability."""
    made = np.full_like(logits, -np.inf)
    for row, kept in zip(logits, made):
        total = 0.0
        for t in np.argsort(-row, kind="stable"):
            kept[t] = row[t]
            total += np.exp(log_softmax(row)[t])
            if total >= p:
                break
    return made


@pytest.mark.parametrize("vocab", (4, 50, 1001))
@pytest.mark.parametrize("count, p, penalty", [(0, 1.0, 1.0), (3, 0.6, 1.3), (7, 0.05, 0.5), (7, 0.95, 2.0)])
def test_adjustments(model, vocab, count, p, penalty):
    logits = RANDOM.normal(size=(3, vocab)).astype(np.float32) * 4
    ids = RANDOM.integers(0, vocab, (3, 7))
    made = [np.zeros_like(logits) for _ in range(3)]
    inputs = [logits, ids, np.array(count), np.array(p, np.float32), np.array(penalty, np.float32)]
    model.run_with(ctypes.c_void_p(), "adjusted", {"B": 3, "V": vocab, "M": 7}, inputs, made)
    assert np.allclose(made[0], penalized(logits, ids[:, :count], np.float32(penalty)), rtol=1e-6)
    fourth = np.sort(logits, axis=1)[:, -4:-3]
    assert np.array_equal(made[1], np.where(logits >= fourth, logits, np.float32(-3e38)))
    kept = likeliest_only(logits, p)
    assert np.array_equal(made[2], np.where(np.isinf(kept), np.float32(-3e38), kept))


def test_drawn_by_the_key(model):
    """The same key, the same tokens; another key, others."""
    prompt = RANDOM.integers(0, VOCAB, (40, 2))
    first, again, other = (continued(model, "drawn", prompt, NEVER, key, 1.0, 1.0) for key in (7, 7, 8))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    # Each step draws by a key of its own.
    drawn = first[:, 2:]
    assert len({tuple(column) for column in drawn.T}) == drawn.shape[1]


def test_drawn_by_probability(model):
    """How often each pair of tokens follows, of 20000 rows, against the probabilities of the network."""
    rows, prompt = 20000, [3, 1]
    drawn = continued(model, "drawn", np.tile(prompt, (rows, 1)), NEVER, 5, 1.0, 1.0)[:, 2:4]
    for first, second in itertools.product(range(VOCAB), repeat=2):
        one, both = logits_after(prompt), logits_after([*prompt, first])
        expected = np.exp(log_softmax(one)[first] + log_softmax(both)[second])
        found = (drawn == (first, second)).all(1).mean()
        assert abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / rows) + 1e-4, (first, second)


def test_drawn_from_few(model):
    """What the adjustments take away is never drawn, and all that they leave is."""
    prompt = np.tile([2, 0, 2], (4000, 1))
    drawn = continued(model, "drawn", prompt, NEVER, 1, 0.8, 1.5)[:, 3]
    logits = penalized(logits_after([2, 0, 2])[None].astype(np.float32), prompt[:1], np.float32(1.5))
    kept = np.flatnonzero(np.isfinite(likeliest_only(logits, 0.8)[0]))
    assert 1 < len(kept) < VOCAB
    assert set(drawn.tolist()) == set(kept.tolist())


def test_drawn_rows_end(model):
    """A row goes on with `stop` when it has met it, and all end when the last one does."""
    prompt = RANDOM.integers(0, VOCAB, (6, 1))
    free = continued(model, "drawn", prompt, NEVER, 3, 1.0, 1.0)
    for stop in range(VOCAB):
        ended = np.logical_or.accumulate(np.insert(free[:, 1:-1] == stop, 0, False, axis=1), axis=1)
        got = continued(model, "drawn", prompt, stop, 3, 1.0, 1.0)
        first = np.where(ended[:, : got.shape[1] - 1], stop, -1)
        assert (got[:, 1:][first == stop] == stop).all()
        assert got.shape[1] == CTX or (got[:, -1] == stop).all()


def warmer(logits, count):
    """Of blocks/generation.ncr; in a beam search it gets logarithms of probability."""
    return logits * (1.0 if count % 2 == 0 else 0.5)


def beams_of(prompt, stop, beams=3, penalty=0.5):
    """Beam search as lists, best first: [(score, tokens)]. It ends where no length could make up for what is lost."""
    going, ended = [(0.0, prompt)], []
    while going:
        found = []
        for total, ids in going:
            gains = warmer(log_softmax(logits_after(ids)), len(ids))
            found += [(total + gain, [*ids, v]) for v, gain in enumerate(gains)]
        found = sorted(found, key=lambda x: -x[0])[: 2 * beams]
        more = len(found[0][1]) - len(prompt)
        over = [ids[-1] == stop or len(ids) == CTX for _, ids in found]
        ended += [(total / more**penalty, ids) for (total, ids), end in list(zip(found, over))[:beams] if end]
        ended = sorted(ended, key=lambda x: -x[0])[:beams]
        going = [x for x, end in zip(found, over) if not end][:beams]
        if len(ended) == beams and going and going[0][0] / (CTX - len(prompt)) ** penalty <= ended[-1][0]:
            break
    return ended


@pytest.mark.parametrize("length", (1, 3, 7))
@pytest.mark.parametrize("stop", range(NEVER, VOCAB))
def test_beam_search(model, length, stop):
    prompt = np.random.default_rng(length).integers(0, VOCAB, (2, length))
    ids, count, scores = np.full((4, CTX), -7, np.int64), np.zeros((), np.int64), np.zeros(4, np.float32)
    state = model.new_state(6)
    model.run_with(state, "searched", {"S": length}, [prompt, np.array(stop)], [ids, count, scores])
    model.free(state)
    expected = [best for row in prompt.tolist() for best in beams_of(row, stop)[:2]]
    assert np.allclose(scores, [score for score, _ in expected], rtol=1e-5)
    assert count == max(len(tokens) for _, tokens in expected)
    for got, (_, tokens) in zip(ids, expected):
        assert got[: len(tokens)].tolist() == tokens
        assert (got[len(tokens) : int(count)] == stop).all()


@pytest.mark.parametrize("length", (1, 4))
@pytest.mark.parametrize("stop", (NEVER, 0, 3))
def test_exhaustive_search(model, length, stop):
    prompt = np.random.default_rng(length).integers(0, VOCAB, (1, length))
    ids, scores = np.zeros((9, length + 3), np.int64), np.zeros(9, np.float32)
    state = model.new_state(VOCAB**2)
    model.run_with(state, "exhausted", {"S": length}, [prompt, np.array(stop)], [ids, scores])
    model.free(state)
    every = []
    for tokens in itertools.product(range(VOCAB), repeat=3):
        row, total = prompt[0].tolist(), 0.0
        for token in tokens:
            if stop in row[length:]:
                total -= 0.0 if token == stop else np.inf
            else:
                total += log_softmax(warmer(logits_after(row), len(row)))[token]
            row.append(token)
        every.append((total, row))
    every.sort(key=lambda x: -x[0])
    assert ids.tolist() == [row for _, row in every[:9]]
    assert np.allclose(scores, [total for total, _ in every[:9]], rtol=1e-5)
