# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT, GPT-2 and ResNet-18 in plain PyTorch, with the weight names of the published checkpoints.

They are the oracle of the numeric tests, so they spell out the arithmetic instead of calling fused operators.
test_full.py checks them against the transformers package where that is installed.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from catalog import bert_weights, from_stored, gpt2_weights, to_stored


class Namespace(nn.Module):
    """A module that only groups others, for the paths in the checkpoint."""

    def __init__(self, /, **parts):  # `self` is a part of BERT
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


def softmax_attention(q, k, v, heads, visible):
    """q, k, v: [B, S, heads * d]; visible: bool, broadcastable to [B, heads, S, S]."""
    b, s, dim = q.shape
    split = lambda t: t.reshape(b, s, heads, dim // heads).transpose(1, 2)
    scores = split(q) @ split(k).transpose(2, 3) / math.sqrt(dim // heads)
    weights = scores.masked_fill(~visible, -math.inf).softmax(-1)
    return (weights @ split(v)).transpose(1, 2).reshape(b, s, dim)


class BertLayer(nn.Module):
    def __init__(self, dim, heads, hidden, eps):
        super().__init__()
        self.heads = heads
        residual = lambda size: Namespace(dense=nn.Linear(size, dim), LayerNorm=nn.LayerNorm(dim, eps))
        attention = {"self": Namespace(**{n: nn.Linear(dim, dim) for n in ("query", "key", "value")})}
        self.attention = Namespace(**attention, output=residual(dim))
        self.intermediate = Namespace(dense=nn.Linear(dim, hidden))
        self.output = residual(hidden)

    def forward(self, x, visible):
        proj = getattr(self.attention, "self")
        a = softmax_attention(proj.query(x), proj.key(x), proj.value(x), self.heads, visible)
        x = self.attention.output.LayerNorm(self.attention.output.dense(a) + x)
        return self.output.LayerNorm(self.output.dense(F.gelu(self.intermediate.dense(x))) + x)


class Bert(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim, eps = c["hidden_size"], c["layer_norm_eps"]
        self.embeddings = Namespace(
            word_embeddings=nn.Embedding(c["vocab_size"], dim),
            position_embeddings=nn.Embedding(c["max_position_embeddings"], dim),
            token_type_embeddings=nn.Embedding(c["type_vocab_size"], dim),
            LayerNorm=nn.LayerNorm(dim, eps),
        )
        layers = [
            BertLayer(dim, c["num_attention_heads"], c["intermediate_size"], eps)
            for _ in range(c["num_hidden_layers"])
        ]
        self.encoder = Namespace(layer=nn.ModuleList(layers))
        self.pooler = Namespace(dense=nn.Linear(dim, dim))

    def encode(self, ids, mask, types):
        e = self.embeddings
        x = e.word_embeddings(ids) + e.position_embeddings.weight[: ids.shape[1]] + e.token_type_embeddings(types)
        x = e.LayerNorm(x)
        for layer in self.encoder.layer:
            x = layer(x, mask[:, None, None, :] != 0)
        return x

    def pooled(self, ids, mask, types):
        return torch.tanh(self.pooler.dense(self.encode(ids, mask, types)[:, 0]))

    def embed(self, ids, mask, types):
        keep = mask[..., None].float()
        mean = (self.encode(ids, mask, types) * keep).sum(1) / keep.sum(1)
        return mean / mean.norm(dim=-1, keepdim=True)


class Conv1D(nn.Module):
    """A linear layer that stores its weight as [in, out]."""

    def __init__(self, fan_in, fan_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(fan_in, fan_out))
        self.bias = nn.Parameter(torch.empty(fan_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class GPT2Block(nn.Module):
    def __init__(self, dim, heads, eps):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(dim, eps), nn.LayerNorm(dim, eps)
        self.attn = Namespace(c_attn=Conv1D(dim, 3 * dim), c_proj=Conv1D(dim, dim))
        self.mlp = Namespace(c_fc=Conv1D(dim, 4 * dim), c_proj=Conv1D(4 * dim, dim))

    def forward(self, x, visible):
        q, k, v = self.attn.c_attn(self.ln_1(x)).chunk(3, dim=-1)
        x = x + self.attn.c_proj(softmax_attention(q, k, v, self.heads, visible))
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim, eps = c["n_embd"], c["layer_norm_epsilon"]
        self.wte, self.wpe = nn.Embedding(c["vocab_size"], dim), nn.Embedding(c["n_positions"], dim)
        self.h = nn.ModuleList(GPT2Block(dim, c["n_head"], eps) for _ in range(c["n_layer"]))
        self.ln_f = nn.LayerNorm(dim, eps)

    def forward(self, ids):
        s = ids.shape[1]
        visible = torch.ones(s, s, dtype=torch.bool).tril()
        x = self.wte(ids) + self.wpe.weight[:s]
        for block in self.h:
            x = block(x, visible)
        return self.ln_f(x) @ self.wte.weight.T


class BasicBlock(nn.Module):
    def __init__(self, fan_in, fan_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(fan_out)
        if stride != 1 or fan_in != fan_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(fan_in, fan_out, 1, stride, bias=False), nn.BatchNorm2d(fan_out)
            )
        else:
            self.downsample = nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ResNet18(nn.Module):
    def __init__(self, _):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        fan_in = 64
        for stage, (fan_out, stride) in enumerate(((64, 1), (128, 2), (256, 2), (512, 2)), start=1):
            blocks = (BasicBlock(fan_in, fan_out, stride), BasicBlock(fan_out, fan_out, 1))
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            fan_in = fan_out
        self.fc = nn.Linear(512, 1000)

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def build(network):
    """The PyTorch twin of a catalogue network, with the weights that its file holds."""
    kind = {bert_weights: Bert, gpt2_weights: GPT2}.get(network.weights, ResNet18)
    model = kind(network.config)
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
