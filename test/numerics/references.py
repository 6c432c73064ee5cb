# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reference outputs small enough to commit: a fixed sample of each output's elements, and the largest magnitude."""
import pathlib

import numpy as np

from catalog import uniform

FOLDER = pathlib.Path(__file__).resolve().parent / "references"
SAMPLES = 96


def key(entry, batch, length):
    return f"{entry}.b{batch}s{length}"


def sample(output):
    """The output whole where it is small, else SAMPLES of its elements spread over all of it; and max |output| last."""
    flat = output.reshape(-1)
    if flat.size > SAMPLES:
        flat = flat[((uniform("sample", (SAMPLES,)) + 1.0) * 0.5 * flat.size).astype(np.int64)]
    return np.append(flat, np.abs(output).max()).astype(np.float32)


def relative_error(got, expected):
    """max |got - expected| / max |expected|, the figure that the tests bound. Not a number where `got` is not."""
    return float(np.abs(got.astype(np.float64) - expected).max() / np.abs(expected).max())
