# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: networks with caches, a prompt at once and then token by token, against their whole forward pass."""
import numpy as np
import pytest

from artifact import Artifact
from catalog import FULL, ROOT, SMALL
from network import random_ids

BAR = 1e-4
PROMPT, STEPS = 36, 64
TEXT = 23  # length of the text that a translator reads

# The network with a cache, and the file of the one without.
PAIRS = {
    "gpt2-cached": "gpt2/gpt2.ncr",
    "llama-cached": "llama/llama.ncr",
    "qwen2-cached": "qwen2/qwen2.ncr",
    "mistral-cached": "mistral/mistral.ncr",
    "t5-cached": "t5/t5.ncr",
    "whisper-cached": "whisper/whisper.ncr",
}


@pytest.fixture(scope="module", params=PAIRS)
def pair(request, tmp_path_factory):
    """The network, its artifact, and the artifact that sees all tokens at once, with the same weights."""
    folder = tmp_path_factory.mktemp(request.param)
    network = (SMALL | FULL)[request.param]
    network.write(folder)
    cached = Artifact(network.path, folder, folder / "cached")
    whole = Artifact(ROOT / "models" / PAIRS[request.param], folder, folder / "whole")
    yield network, cached, whole
    cached.close()
    whole.close()


def sources(network, batch):
    """What an encoder reads, by name, and its sizes."""
    if network.entries == ("step",):
        return {}, {}
    made = network.inputs(batch, TEXT)
    sizes = {"M": TEXT} if "mask" in made else {}
    return {name: value for name, value in made.items() if name != "targets"}, sizes


@pytest.mark.parametrize("threads", (1, 2))
@pytest.mark.parametrize("batch", (1, 3))
def test_steps_equal_the_whole(pair, batch, threads):
    """A prompt at once, then 64 steps of one token."""
    network, cached, whole = pair
    cached.set_threads(threads)
    length = PROMPT + STEPS
    ids = random_ids(f"decoding{batch}", (batch, length), network.config["vocab_size"])
    source, sizes = sources(network, batch)
    names = whole.dims("forward")
    all_sizes = {"B": batch, names[-1]: length} | ({"S": TEXT} if sizes else {})
    expected = whole.call("forward", all_sizes, [*source.values(), ids])
    state = cached.new_state({"B": batch} | sizes)
    for start, stop in [(0, PROMPT), *((t, t + 1) for t in range(PROMPT, length))]:
        entry = network.entries[0] if start == 0 else "step"
        inputs = [ids[:, start:stop]] if entry == "start" else [ids[:, start:stop], np.array(start, np.int64)]
        before = [*source.values()] if entry == "start" else []
        after = [source["mask"]] if entry == "step" and "mask" in source else []
        call_sizes = {"B": batch, "S": stop - start} | sizes
        (logits,) = cached.call_with(state, entry, call_sizes, [*before, *inputs, *after])
        assert abs(logits - expected[:, stop - 1]).max() < BAR * abs(expected).max(), (start, stop)
    cached.free_state(state)
