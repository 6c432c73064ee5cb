# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: every piece of the library and every builtin against PyTorch's committed outputs."""
import numpy as np
import pytest

import blocks
import references


@pytest.mark.parametrize("case", blocks.CASES, ids=lambda c: c.name)
def test_equals_pytorch(compiled_blocks, case):
    output = compiled_blocks(case.file).call(case.entry, case.sizes, case.inputs().values())
    expected = np.load(references.FOLDER / f"{case.file}.npz")[case.name]
    assert references.sampled_error(references.sample(output, blocks.SAMPLES), expected) < case.bar
