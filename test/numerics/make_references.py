#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes references/*.npz, PyTorch's outputs for the small networks of catalog.py and for the entries of blocks.py.

Run it after changing either; the arguments name what to write, nothing else is touched, and without any it is all.
"""
import sys

import numpy as np
import torch

import blocks
import references
import torch_blocks
import torch_models
from catalog import SMALL


def save(name, outputs):
    np.savez_compressed(references.FOLDER / f"{name}.npz", **outputs)
    print(f"{name}: {len(outputs)} outputs, PyTorch {torch.__version__}")


def main(wanted):
    torch.set_num_threads(1)
    references.FOLDER.mkdir(exist_ok=True)
    for file in blocks.ENTRIES:
        if wanted and file not in wanted:
            continue
        cases = [c for c in blocks.CASES if c.file == file]
        save(file, {c.name: references.sample(torch_blocks.run(c), blocks.SAMPLES) for c in cases})
    for network in SMALL.values():
        if wanted and network.name not in wanted:
            continue
        model = torch_models.build(network)
        outputs = {}
        for entry, batch, length in network.cases():
            output = torch_models.run(model, entry, network.inputs(batch, length, entry))
            assert output.shape == network.output_shape(entry, batch, length) and np.isfinite(output).all()
            outputs[references.key(entry, batch, length)] = references.sample(output)
        save(network.name, outputs)


if __name__ == "__main__":
    main(sys.argv[1:])
