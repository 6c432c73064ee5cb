# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the PyTorch twins of several networks are made of."""
import math

import torch
from torch import nn


class Namespace(nn.Module):
    """A module that only groups others, for the paths in the checkpoint."""

    def __init__(self, /, **parts):  # `self` is a part of BERT
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


def softmax_attention(q, k, v, heads, visible=torch.tensor(True)):
    """q, k, v: [B, S, heads * d]; visible: bool, broadcastable to [B, heads, S, S]."""
    b, s, dim = q.shape
    split = lambda t: t.reshape(b, s, heads, dim // heads).transpose(1, 2)
    scores = split(q) @ split(k).transpose(2, 3) / math.sqrt(dim // heads)
    weights = scores.masked_fill(~visible, -math.inf).softmax(-1)
    return (weights @ split(v)).transpose(1, 2).reshape(b, s, dim)
