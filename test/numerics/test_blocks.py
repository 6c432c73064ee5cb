# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: every piece of the library and every builtin against PyTorch's committed outputs."""
import numpy as np
import pytest

import blocks
import references
from artifact import Artifact

BAR = 1e-5  # relative error; one operator deep, so tighter than for whole networks


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    made = {}

    def get(file):
        if file not in made:
            folder = tmp_path_factory.mktemp(file)
            blocks.write_weights(file, folder / "weights.safetensors")
            weights = folder / "weights.safetensors" if blocks.WEIGHTS[file] else None
            try:
                made[file] = Artifact(blocks.FOLDER / f"{file}.ncr", weights, folder / "net")
            except (RuntimeError, OSError) as error:
                made[file] = error
        if isinstance(made[file], Exception):
            pytest.fail(f"{file}.ncr was not compiled: {made[file]}", pytrace=False)
        return made[file]

    yield get
    for artifact in made.values():
        if not isinstance(artifact, Exception):
            artifact.close()


@pytest.mark.parametrize("case", blocks.CASES, ids=lambda c: c.name)
def test_equals_pytorch(artifacts, case):
    output = artifacts(case.file).call(case.entry, case.sizes, case.inputs().values())
    expected = np.load(references.FOLDER / f"{case.file}.npz")[case.name]
    assert references.sampled_error(references.sample(output, blocks.SAMPLES), expected) < BAR
