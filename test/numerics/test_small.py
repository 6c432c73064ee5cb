# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: small networks against PyTorch's committed outputs (make_references.py wrote them)."""
import numpy as np
import pytest

import references
from artifact import Artifact, run_command
from catalog import SMALL
from network import ROOT

BAR = 1e-4  # relative error against PyTorch in f32

CASES = [(n, *case) for n in SMALL.values() for case in n.cases()]


def case_id(value):
    return getattr(value, "name", str(value))


@pytest.mark.parametrize("network, entry, batch, length", CASES, ids=case_id)
def test_equals_pytorch(outputs, network, entry, batch, length):
    expected = np.load(references.FOLDER / f"{network.name}.npz")[references.key(entry, batch, length)]
    assert references.sampled_error(references.sample(outputs(network, entry, batch, length)), expected) < BAR


@pytest.mark.parametrize("network", SMALL.values(), ids=case_id)
def test_threads_and_repetition_change_nothing(compiled, outputs, network):
    entry, batch, length = network.cases()[-1]
    compiled(network).set_threads(1)
    once = outputs(network, entry, batch, length)
    compiled(network).set_threads(2)
    assert np.array_equal(once, outputs(network, entry, batch, length))
    assert np.array_equal(once, outputs(network, entry, batch, length))


@pytest.mark.parametrize("name", ("bert-odd", "gpt2-odd", "resnet18-32px"))
def test_run_command_gives_the_same(compiled, outputs, tmp_path, name):
    network = SMALL[name]
    entry, batch, length = network.cases()[-2 if network.lengths[0] else -1]
    through_command = run_command(
        compiled(network).library_path, entry, network.inputs(batch, length), tmp_path
    )
    assert np.array_equal(through_command, outputs(network, entry, batch, length))


@pytest.mark.parametrize("name", ("mlp", "cnn"))
def test_digits_logits(tmp_path, note_error, name):
    folder = ROOT / "models" / "digits"
    expected = np.load(folder / f"{name}.logits.npy")
    count = len(expected)
    raw = np.frombuffer((folder / "heldout.bin").read_bytes()[12:], np.uint8).reshape(count, 67)
    images = (raw[:, :64] / np.float32(16)).astype(np.float32).reshape(count, 1, 8, 8)
    artifact = Artifact(folder / f"{name}.ncr", folder / f"{name}.safetensors", tmp_path / name)
    together = artifact.call("forward", {"B": count}, [images])
    alone = np.concatenate([artifact.call("forward", {"B": 1}, [images[i : i + 1]]) for i in range(count)])
    artifact.close()
    for got in (together, alone):
        error = references.relative_error(got, expected)
        note_error(f"digits/{name}.ncr", error)
        assert error < BAR
        assert np.array_equal(got.argmax(1), expected.argmax(1))
