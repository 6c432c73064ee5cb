#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes references/*.npz, PyTorch's outputs for the small networks of catalog.py. Run it after changing them."""
import numpy as np
import torch

import references
import torch_models
from catalog import SMALL


def main():
    torch.set_num_threads(1)
    references.FOLDER.mkdir(exist_ok=True)
    for network in SMALL.values():
        model = torch_models.build(network)
        outputs = {}
        for entry, batch, length in network.cases():
            output = torch_models.run(model, entry, network.inputs(batch, length))
            assert output.shape == network.output_shape(entry, batch, length) and np.isfinite(output).all()
            outputs[references.key(entry, batch, length)] = references.sample(output)
        np.savez_compressed(references.FOLDER / f"{network.name}.npz", **outputs)
        print(f"{network.name}: {len(outputs)} outputs, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
