# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BERT and GPT-2 in plain PyTorch, with the weight names of the published checkpoints.

They are the oracle of the numeric tests, so they spell out the arithmetic instead of calling fused operators.
test_full.py checks them against the transformers package where that is installed.
"""
import torch
from torch import nn
from torch.nn import functional as F

from torch_layers import Namespace, softmax_attention


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


class CachedGPT2(GPT2):
    def step(self, ids, _):
        return self(ids)[:, -1]


MODELS = {"bert/bert.ncr": Bert, "gpt2/gpt2.ncr": GPT2, "gpt2/generate.ncr": CachedGPT2}
