# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The PyTorch twins of the catalogue's networks: the oracle of the numeric tests.

They spell out the arithmetic instead of calling fused operators. test_full.py checks some of them against the
transformers package where that is installed.
"""
import torch

import torch_clicks
import torch_images
import torch_text
from network import from_stored, to_stored

MODELS = {**torch_text.MODELS, **torch_images.MODELS, **torch_clicks.MODELS}


def build(network):
    """The PyTorch twin of a catalogue network, with the weights that its file holds."""
    model = MODELS[network.model](network.config)
    state = {
        name: torch.from_numpy(from_stored(to_stored(values, network.stored), network.stored))
        for name, values in network.tensors()
    }
    for name, counter in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = counter
    model.load_state_dict(state, strict=True)
    return model.eval()


def run(model, entry, inputs):
    """NumPy in, NumPy out."""
    with torch.no_grad():
        return getattr(model, entry)(*(torch.from_numpy(v) for v in inputs.values())).numpy()
