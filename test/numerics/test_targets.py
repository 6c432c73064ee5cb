# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Artifacts with code for several processors: each target computes the network from the same weights file."""
import numpy as np
import pytest

from artifact import Artifact
from catalog import SMALL

TARGETS = ["x86-64-v4+avx512vnni", "x86-64-v4", "x86-64-v3", "x86-64"]


CASES = [("bert-odd", "f32"), ("bert-odd", "int8"), ("gpt2-odd", "bf16"), ("resnet18-32px", "f32")]


@pytest.mark.parametrize("name, precision", CASES)
def test_targets_agree(outputs, tmp_path, name, precision):
    network = SMALL[name]
    network.write(tmp_path / "weights")
    options = ["--target-cpu=portable", f"--precision={precision}"]
    artifact = Artifact(network.path, tmp_path / "weights", tmp_path / "net", *options)
    assert artifact.targets() == TARGETS
    ran = 0
    for entry, batch, length in network.cases():
        inputs = list(network.inputs(batch, length).values())
        sizes = {"B": batch, "S": length} if length else {"B": batch}
        expected = outputs(network, entry, batch, length)
        first = None
        for target in TARGETS:
            try:
                artifact.open(target)
            except RuntimeError as refusal:
                assert "which this one lacks" in str(refusal)
                continue
            got = artifact.call(entry, sizes, inputs)
            first = got if first is None else first
            # Orders of summation differ, and with them how a number near a middle is quantised.
            scale = np.abs(expected).max()
            np.testing.assert_allclose(got, first, atol=(1e-2 if precision == "int8" else 1e-4) * scale, rtol=0)
            if precision == "f32":
                np.testing.assert_allclose(got, expected, atol=1e-4 * scale, rtol=0)
            ran += 1
    artifact.close()
    assert ran
