# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full tier: what recurrent networks do with their states: translations word by word, and a text in pieces."""
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing is compared live")

import references
import torch_models
from catalog import SMALL

TRANSLATORS = ("sutskever-odd", "cho-odd", "bahdanau-odd")


@pytest.mark.parametrize("name", TRANSLATORS)
@pytest.mark.parametrize("batch, begin", ((1, 1), (3, 2)))
def test_translations(compiled, name, batch, begin):
    """The words that the twin chooses; `stop` is one of them, so that the first text ends before the others."""
    network, artifact = SMALL[name], compiled(SMALL[name])
    inputs = network.inputs(batch, 7)
    source, lengths, target = inputs["source"], inputs["lengths"], inputs["target"][:, :begin]
    most = network.config["max_length"]

    def expected(stop):
        with torch.no_grad():
            tensors = [torch.from_numpy(v) for v in (source, lengths, target)]
            return torch_models.build(network).generate(*tensors, stop, most).numpy()

    endless = expected(-1)
    for stop in (-1, endless[0, begin + 2]):
        texts = expected(int(stop))
        # The loop ends with the text that ends last.
        ends = [begin + next((i for i, w in enumerate(t[begin:], 1) if w == stop), most - begin) for t in texts]
        state = artifact.new_state({"B": batch})
        words, count = artifact.call_with(
            state, "generate", {"B": batch, "S": 7, "T": begin}, [source, lengths, target, np.array(stop)]
        )
        artifact.free_state(state)
        assert count == max(ends)
        assert np.array_equal(words, texts[:, : max(ends)])


def test_a_text_in_pieces(compiled):
    """AWD-LSTM goes on where the last call has ended."""
    network = SMALL["awd-lstm-odd"]
    artifact, ids = compiled(network), network.inputs(3, 9)["ids"]
    whole = artifact.call("forward", {"B": 3, "S": 9}, [ids])
    state = artifact.new_state({"B": 3})
    pieces = [
        artifact.call_with(state, "resume", {"B": 3, "S": part.shape[1]}, [part])[0]
        for part in (ids[:, :4], ids[:, 4:5], ids[:, 5:])
    ]
    artifact.free_state(state)
    assert references.relative_error(np.concatenate(pieces, axis=1), whole) < 1e-6


def test_draws_follow_the_code(compiled):
    """A VAE's reconstructions differ by the key, and the loss averages to what integrating over the noise gives."""
    network = SMALL["vae-odd"]
    artifact, x = compiled(network), network.inputs(3, 0, "loss")["x"]
    losses = np.array([artifact.call("loss", {"B": 3}, [x, np.array(k)]).copy() for k in range(500)])
    assert not np.array_equal(losses[0], losses[1])
    assert np.array_equal(losses[0], artifact.call("loss", {"B": 3}, [x, np.array(0)]))
    twin = torch_models.build(network)
    with torch.no_grad():
        rows = torch.from_numpy(np.tile(x, (4000, 1)))
        code = twin.code(rows).sample()
        made = twin.decode(code)
        cross = torch.nn.functional.binary_cross_entropy(made, rows, reduction="none").sum(1)
        normal = torch.distributions.Normal(0.0, 1.0)
        expected = (cross + torch.distributions.kl_divergence(twin.code(rows), normal).sum(1)).reshape(4000, 3)
    deviation = expected.std(0).numpy() * np.sqrt(1 / 500 + 1 / 4000)
    assert (np.abs(losses.mean(0) - expected.mean(0).numpy()) < 5 * deviation).all()
