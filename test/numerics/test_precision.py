# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks compiled with fewer bits, against their own f32 form."""
import numpy as np
import pytest

from artifact import Artifact
from catalog import SMALL

# Root mean square of the error, relative. Random weights have no structure that would let errors cancel; a wrong scale,
# sign or layout gives an error of about 1. Steps of 4 bits, a seventh of a group's largest weight, leave an error of 7 %
# of evenly distributed weights, and the 13 layers in a row here about sqrt(13) times as much; kernel tests hold
# the arithmetic itself to the interpreter's.
BARS = {"bf16": 1e-2, "int8": 4e-2, "int8-weights": 2e-2, "int4-weights": 0.3}


@pytest.mark.parametrize("precision", BARS)
@pytest.mark.parametrize("name", ("bert-even", "bert-odd", "gpt2-odd"))
def test_is_near_f32(outputs, tmp_path, name, precision):
    network = SMALL[name]
    network.write(tmp_path / "weights")
    artifact = Artifact(network.path, tmp_path / "weights", tmp_path / "net", f"--precision={precision}")
    changed = False
    for entry, batch, length in network.cases():
        inputs = network.inputs(batch, length).values()
        got = artifact.call(entry, {"B": batch, "S": length}, inputs)
        expected = outputs(network, entry, batch, length)
        error = np.sqrt(np.mean((got - expected) ** 2) / np.mean(expected**2))
        assert error < BARS[precision], f"{entry} of {batch} x {length}"
        changed |= error > 0
    artifact.close()
    # The option does something.
    assert changed
