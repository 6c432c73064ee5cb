#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes references/*.npz, PyTorch's outputs for the small networks of catalog.py and for the entries of blocks.py.

Run it after changing either.
"""
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


def main():
    torch.set_num_threads(1)
    references.FOLDER.mkdir(exist_ok=True)
    for file in blocks.ENTRIES:
        cases = [c for c in blocks.CASES if c.file == file]
        save(file, {c.name: references.sample(torch_blocks.run(c), blocks.SAMPLES) for c in cases})
    for network in SMALL.values():
        model = torch_models.build(network)
        outputs = {}
        for entry, batch, length in network.cases():
            output = torch_models.run(model, entry, network.inputs(batch, length))
            assert output.shape == network.output_shape(entry, batch, length) and np.isfinite(output).all()
            outputs[references.key(entry, batch, length)] = references.sample(output)
        save(network.name, outputs)


if __name__ == "__main__":
    main()
