# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: GPT-2 with a cache, token by token and in a compiled loop, against its whole forward pass."""
import ctypes
import pathlib

import numpy as np
import pytest

from artifact import Artifact, Guarded
from catalog import SMALL

BAR = 1e-4
PROMPT, STEPS = 36, 64
HERE = pathlib.Path(__file__).resolve().parent


class Stateful(Artifact):
    """An artifact whose entries run on a state."""

    def new_state(self, *sizes):
        state = ctypes.c_void_p()
        dims = (ctypes.c_int64 * len(sizes))(*sizes)
        self._check(self.library.nacre_new_state(self.model, dims, ctypes.byref(state)))
        return state

    def run_with(self, state, entry, sizes, inputs, outputs):
        """Runs the entry once; `outputs` are the arrays that it fills."""
        arena = Guarded(self.arena_size(entry, sizes))
        buffers = [np.ascontiguousarray(v) for v in inputs] + outputs
        addresses = (ctypes.c_void_p * len(buffers))(*(b.ctypes.data for b in buffers))
        number = ctypes.c_uint32(self.entries[entry])
        dims = self._dims(entry, sizes)
        self._check(
            self.library.nacre_run_with(self.model, number, state, addresses, dims, ctypes.c_void_p(arena.address))
        )
        assert arena.intact()

    def free(self, state):
        self.library.nacre_free_state(state)


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decoding")
    network = SMALL["gpt2-odd"]
    network.write(folder)
    artifact = Stateful(HERE / "decoding" / "gpt2.ncr", folder, folder / "cached")
    yield artifact, network.config
    artifact.close()


@pytest.mark.parametrize("threads", (1, 2))
@pytest.mark.parametrize("batch", (1, 3))
def test_steps_equal_the_whole(cached, compiled, batch, threads):
    """A prompt at once, then 64 steps of one token."""
    artifact, config = cached
    artifact.set_threads(threads)
    length = PROMPT + STEPS
    ids = np.random.default_rng(batch).integers(0, config["vocab_size"], (batch, length))
    whole = compiled(SMALL["gpt2-odd"]).call("forward", {"B": batch, "S": length}, [ids])
    state = artifact.new_state(batch)
    logits = np.zeros((batch, config["vocab_size"]), np.float32)
    for start, stop in [(0, PROMPT), *((t, t + 1) for t in range(PROMPT, length))]:
        inputs = [ids[:, start:stop], np.array(start, np.int64)]
        artifact.run_with(state, "step", {"B": batch, "S": stop - start}, inputs, [logits])
        assert abs(logits - whole[:, stop - 1]).max() < BAR * abs(whole).max()
    artifact.free(state)


@pytest.mark.parametrize("stop_after", (5, None))
def test_generate_equals_the_whole(cached, compiled, stop_after):
    """Greedy decoding, to a stop token and to the end of the context."""
    artifact, config = cached
    ctx, prompt = config["n_positions"], np.random.default_rng(7).integers(0, config["vocab_size"], (1, 9))
    ids = prompt
    for _ in range(20):
        whole = compiled(SMALL["gpt2-odd"]).call("forward", {"B": 1, "S": ids.shape[1]}, [ids])
        ids = np.concatenate([ids, whole[:, -1].argmax(-1)[:, None]], axis=1)
    expected = ids[0, 9:]
    stop = expected[stop_after] if stop_after else -1
    count = np.flatnonzero(expected == stop)[0] + 1 if stop_after else ctx - 9
    tokens, length = np.zeros((1, ctx), np.int64), np.zeros((), np.int64)
    state = artifact.new_state(1)
    artifact.run_with(state, "generate", {"S": 9}, [prompt, np.array(stop, np.int64)], [tokens, length])
    artifact.free(state)
    assert length == count
    assert np.array_equal(tokens[0, : min(count, 20)], expected[: min(count, 20)])
