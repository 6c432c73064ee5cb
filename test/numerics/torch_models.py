# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The PyTorch twins of the catalogue's networks: the oracle of the numeric tests.

They spell out the arithmetic instead of calling fused operators. test_full.py checks some of them against the
transformers package where that is installed.
"""
import torch

import torch_attention2d
import torch_basic
import torch_behaviour
import torch_clicks
import torch_diffusion
import torch_images
import torch_papers
import torch_pretrained
import torch_recommenders
import torch_sequences
import torch_text
from network import from_stored, to_stored

FAMILIES = (
    torch_text,
    torch_images,
    torch_clicks,
    torch_recommenders,
    torch_sequences,
    torch_behaviour,
    torch_basic,
    torch_attention2d,
    torch_diffusion,
    torch_papers,
    torch_pretrained,
)
MODELS = {model: twin for family in FAMILIES for model, twin in family.MODELS.items()}


def build(network):
    """The PyTorch twin of a catalogue network, with the weights that its file holds."""
    if network.model in torch_pretrained.MODELS:
        return torch_pretrained.build(network)
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
