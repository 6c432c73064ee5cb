#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the files beside it with NumPy and safetensors themselves, so that the tests read what users' tools write."""
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

here = Path(__file__).parent
arrays = {
    "fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fc.bias": np.array([0.5, -0.5], dtype=np.float16),
    "ids": np.array([1, 2, 3], dtype=np.int64),
    "mask": np.array([[True, False]]),
    "scale": np.float64(2.5),
    "empty": np.zeros((0, 4), dtype=np.float32),
}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
save_file({name: np.asarray(array) for name, array in arrays.items()}, here / "numpy.safetensors", {"format": "np"})
np.save(here / "array.npy", arrays["fc.weight"])
np.save(here / "fortran.npy", np.asfortranarray(arrays["fc.weight"]))
np.save(here / "big_endian.npy", arrays["fc.weight"].astype(">f4"))
np.save(here / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
np.save(here / "records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
