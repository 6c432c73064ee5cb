# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: GPT-2 with a cache, token by token, against its whole forward pass."""
import pathlib

import numpy as np
import pytest

from catalog import SMALL
from stateful import Stateful

BAR = 1e-4
PROMPT, STEPS = 36, 64
HERE = pathlib.Path(__file__).resolve().parent


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
