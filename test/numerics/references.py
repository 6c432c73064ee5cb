# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reference outputs small enough to commit: a fixed sample of each output's elements, and the largest magnitude."""
import pathlib

import numpy as np

from network import uniform

FOLDER = pathlib.Path(__file__).resolve().parent / "references"


def key(entry, batch, length):
    return f"{entry}.b{batch}s{length}"


def sample(output, count=96):
    """The output whole where it is small, else `count` of its elements spread over all of it; and max |output| last."""
    flat = output.reshape(-1)
    if flat.size > count:
        flat = flat[((uniform("sample", (count,)) + 1.0) * 0.5 * flat.size).astype(np.int64)]
    return np.append(flat, np.abs(output).max()).astype(np.float32)


def sampled_error(got, expected):
    """The larger of the two relative errors that samples can show: of the elements, and of max |output|.

    Where only zeros are expected it is the absolute error.
    """
    if got.shape != expected.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got.astype(np.float64) - expected).max() / (expected[-1] or 1.0))


def relative_error(got, expected):
    """max |got - expected| / max |expected|, the figure that the tests bound. Not a number where `got` is not.

    Where only zeros are expected it is the absolute error.
    """
    return float(np.abs(got.astype(np.float64) - expected).max() / (np.abs(expected).max() or 1.0))
