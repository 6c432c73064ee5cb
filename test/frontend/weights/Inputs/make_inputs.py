#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the files beside it with NumPy and safetensors themselves, so that the tests read what users' tools write.

The fuzzers start from copies: test/fuzz/corpus/NpzFuzzer and SafetensorsFuzzer/numpy.
"""
from pathlib import Path

import numpy as np

ARRAYS = {
    "fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fc.bias": np.array([0.5, -0.5], dtype=np.float16),
    "ids": np.array([1, 2, 3], dtype=np.int64),
    "mask": np.array([[True, False]]),
    "scale": np.float64(2.5),
    "empty": np.zeros((0, 4), dtype=np.float32),
}


def write_numpy(folder):
    np.savez(folder / "stored.npz", **ARRAYS)
    np.savez_compressed(folder / "deflated.npz", **ARRAYS)
    np.save(folder / "array.npy", ARRAYS["fc.weight"])
    np.save(folder / "fortran.npy", np.asfortranarray(ARRAYS["fc.weight"]))
    np.save(folder / "big_endian.npy", ARRAYS["fc.weight"].astype(">f4"))
    np.save(folder / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.save(folder / "records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))


def write_safetensors(folder):
    from safetensors.numpy import save_file

    arrays = {name: np.asarray(array) for name, array in ARRAYS.items()}
    save_file(arrays, folder / "numpy.safetensors", {"format": "np"})


if __name__ == "__main__":
    here = Path(__file__).parent
    write_numpy(here)
    write_safetensors(here)
    corpus = here.parents[2] / "fuzz" / "corpus"
    for name in ("stored.npz", "deflated.npz", "array.npy", "fortran.npy", "records.npy"):
        (corpus / "NpzFuzzer" / name).write_bytes((here / name).read_bytes())
    (corpus / "SafetensorsFuzzer" / "numpy").write_bytes((here / "numpy.safetensors").read_bytes())
