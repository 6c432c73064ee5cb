# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: calls with sizes that the entry cannot compute are refused, and the nearest ones that it can run."""
import re

import numpy as np
import pytest

from artifact import Artifact

MODEL = """model M {
  weight w: f32[4, 3, 3] = ones

  entry conv(x: f32[B, 3, S]) -> f32[B, 4, S - 2] { return conv1d(x, w) }
  entry padded(x: f32[B, 3, S]) -> f32[B, 4, S - 2] { return conv1d(x, w, padding=1, dilation=2) }
  entry pool(x: f32[B, 3, S]) -> f32[B, 3, S - 4] { return max_pool1d(x, 5, stride=1) }
  entry rounded(x: f32[B, 3, S]) -> f32[B, 3, min(floordiv(S + 1, 3), floordiv(S + 2, 3))] { return max_pool1d(x, 4, stride=3, ceil_mode=true) }
  entry head(x: f32[B, N]) -> f32[B, 3] { return x[:, 0:3] }
  entry tail(x: f32[B, N]) -> f32[B, 3] { return x[:, N - 3:] }
  entry rest(x: f32[B, N]) -> f32[B, N - 3] { return x[:, 3:] }
  entry pick(x: f32[B, N]) -> f32[B] { return x[:, 7] }
  entry last(x: f32[B, N]) -> f32[B] { return x[:, -1] }
  entry both(x: f32[B, N], y: f32[B, S]) -> f32[B, N] { return x + y[:, 0:N] }
}
"""

# entry -> the largest sizes that it refuses, the message, and the smallest that it takes.
CASES = {
    "conv": ({"S": 2}, "S must be at least 3", {"S": 3}),
    "padded": ({"S": 2}, "S + 2 must be at least 5", {"S": 3}),
    "pool": ({"S": 4}, "S must be at least 5", {"S": 5}),
    "rounded": ({"S": 1}, "S must be at least 2", {"S": 2}),
    "head": ({"N": 2}, "3 must be at most N", {"N": 3}),
    "tail": ({"N": 2}, "N - 3 must be at least 0", {"N": 3}),
    "rest": ({"N": 2}, "N - 3 must be at least 0", {"N": 3}),
    "pick": ({"N": 7}, "7 + 1 must be at most N", {"N": 8}),
    "last": ({"N": 0}, "N - 1 must be at least 0", {"N": 1}),
    "both": ({"N": 5, "S": 4}, "N must be at most S", {"N": 5, "S": 5}),
}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes")
    (folder / "m.ncr").write_text(MODEL)
    made = Artifact(folder / "m.ncr", None, folder / "m")
    yield made
    made.close()


def inputs(entry, sizes):
    if entry == "both":
        return [np.ones((2, sizes["N"]), np.float32), np.ones((2, sizes["S"]), np.float32)]
    shape = (2, 3, sizes["S"]) if "S" in sizes else (2, sizes["N"])
    return [np.ones(shape, np.float32)]


@pytest.mark.parametrize("entry", CASES)
def test_refuses(artifact, entry):
    refused, message, taken = CASES[entry]
    with pytest.raises(RuntimeError, match=re.escape(message)):
        artifact.refuse(entry, {"B": 2} | refused)
    output = artifact.call(entry, {"B": 2} | taken, inputs(entry, taken))
    assert all(size >= 0 for size in output.shape) and np.isfinite(output).all()
