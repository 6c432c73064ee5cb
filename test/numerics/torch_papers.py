# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text networks that transformers does not have, in plain PyTorch from the papers' formulas: the oracle of the numeric tests."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Weights(nn.Module):
    """Weights by their names in the file; `self.linear("x", y)` multiplies by `x.weight` and adds `x.bias` where there is one."""

    def __init__(self, config):
        super().__init__()
        self.config, self.w = config, {}

    def load_state_dict(self, state, strict):
        self.w = state

    def linear(self, name, x):
        return F.linear(x, self.w[f"{name}.weight"], self.w.get(f"{name}.bias"))

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], self.w.get(f"{name}.bias"), 1e-5)


def turned(x, places):
    """Rotary positions as complex numbers: element i of the first half and of the second are one, at `places`, [..., S]."""
    half = x.shape[-1] // 2
    angles = places[..., None].double() * 10000.0 ** (-torch.arange(half).double() / half)
    z = torch.complex(x[..., :half].double(), x[..., half:].double()) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([z.real, z.imag], -1).float()


def attend(q, k, v, visible):
    scores = (q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~visible, -math.inf).softmax(-1) @ v


class PaLM(Weights):
    def forward(self, ids):
        c, (b, s) = self.config, ids.shape
        heads, size, hidden = c["heads"], c["dim_head"], c["ff_mult"] * c["dim"]
        places, past = torch.arange(s), torch.ones(s, s, dtype=torch.bool).tril()
        x = self.w["token_emb.weight"][ids]
        for i in range(c["depth"]):
            name = f"layers.{i}."
            fused = self.linear(name + "fused_attn_ff_proj", self.norm(name + "norm", x))
            q, k, v, up, gate = fused.split([heads * size, size, size, hidden, hidden], -1)
            q = turned(q.reshape(b, s, heads, size).transpose(1, 2), places)
            a = attend(q, turned(k, places)[:, None], v[:, None], past).transpose(1, 2).reshape(b, s, heads * size)
            x = x + self.linear(name + "attn_out", a) + self.linear(name + "ff_out.1", up * F.silu(gate))
        return self.norm("norm", x) @ self.w["token_emb.weight"].T


class ChatGLM(Weights):
    def forward(self, ids, context, gap):
        c, (b, s) = self.config, ids.shape
        heads, alpha = c["num_attention_heads"], math.sqrt(2 * c["num_layers"])
        places, written = torch.zeros(b, s), torch.zeros(b, s)
        visible = torch.ones(s, s, dtype=torch.bool).tril().repeat(b, 1, 1)
        for row, (read, at) in enumerate(zip(context.tolist(), gap.tolist())):
            places[row, :read], places[row, read:] = torch.arange(read), at
            written[row, read:] = torch.arange(1, s - read + 1)
            visible[row, :, :read] = True
        x = self.w["transformer.word_embeddings.weight"][ids]
        for i in range(c["num_layers"]):
            name = f"transformer.layers.{i}."
            x = self.norm(name + "input_layernorm", x)
            fused = self.linear(name + "attention.query_key_value", x).reshape(b, s, heads, -1).transpose(1, 2)
            q, k, v = fused.chunk(3, -1)
            turn = lambda t: torch.cat([turned(h, p[:, None]) for h, p in zip(t.chunk(2, -1), (places, written))], -1)
            a = attend(turn(q), turn(k), v, visible[:, None]).transpose(1, 2).reshape(b, s, -1)
            x = self.norm(name + "post_attention_layernorm", alpha * x + self.linear(name + "attention.dense", a))
            wide = F.gelu(self.linear(name + "mlp.dense_h_to_4h", x), approximate="tanh")
            x = alpha * x + self.linear(name + "mlp.dense_4h_to_h", wide)
        return self.linear("lm_head", self.norm("transformer.final_layernorm", x))


class Transformer(nn.Module):
    """PyTorch's own layers."""

    def __init__(self, c):
        super().__init__()
        sizes = c["d_model"], c["nhead"], c["num_layers"], c["num_layers"], c["dim_feedforward"]
        self.embedding = nn.Embedding(c["vocab_size"], c["d_model"])
        self.transformer = nn.Transformer(*sizes, batch_first=True)
        # The paper has no norms behind the stacks.
        self.transformer.encoder.norm = self.transformer.decoder.norm = None

    def embedded(self, ids):
        dim = self.embedding.embedding_dim
        angles = torch.arange(ids.shape[1])[:, None] / 10000.0 ** (torch.arange(0, dim, 2) / dim)
        return self.embedding(ids) * math.sqrt(dim) + torch.cat([angles.sin(), angles.cos()], -1)

    def forward(self, ids, mask, targets):
        future = torch.ones(targets.shape[1], targets.shape[1], dtype=torch.bool).triu(1)
        padding = {"src_key_padding_mask": mask == 0, "memory_key_padding_mask": mask == 0}
        x = self.transformer(self.embedded(ids), self.embedded(targets), tgt_mask=future, **padding)
        return x @ self.embedding.weight.T


class Adapted(Weights):
    """A decoder with something trained beside it."""

    def low_rank(self, name, x, on):
        """LoRA where the layer has it: the product of its two matrices, added to the weight."""
        if f"{name}.lora_A.default.weight" not in self.w:
            return self.linear(name, x)
        update = self.w[f"{name}.lora_B.default.weight"] @ self.w[f"{name}.lora_A.default.weight"]
        update = self.config["lora_alpha"] / self.config["r"] * update
        base, bias = self.w[f"{name}.base_layer.weight"], self.w.get(f"{name}.base_layer.bias")
        return torch.stack([F.linear(row, base + share * update, bias) for row, share in zip(x, on)])

    def bottleneck(self, name, x, activation):
        if f"{name}.adapter_up.weight" not in self.w:
            return x
        return x + self.linear(f"{name}.adapter_up", activation(self.linear(f"{name}.adapter_down.0", x)))

    def layers(self, x, on=None, past=None):
        b, s, dim = x.shape
        split = lambda t: t.reshape(b, -1, self.config["n_head"], dim // self.config["n_head"]).transpose(1, 2)
        for i in range(self.config["n_layer"]):
            name = f"h.{i}."
            n = self.norm(name + "ln_1", x)
            q, v = (self.low_rank(f"{name}{p}_proj", n, on) for p in "qv")
            k = self.linear(name + "k_proj", n)
            if past is not None:
                k, v = (torch.cat([p.expand(b, -1, -1), t], 1) for p, t in zip(past[i], (k, v)))
            visible = torch.ones(s, k.shape[1], dtype=torch.bool).tril(k.shape[1] - s)
            a = attend(split(q), split(k), split(v), visible).transpose(1, 2).reshape(b, s, dim)
            x = x + self.bottleneck(name + "attention_adapter", self.linear(name + "out_proj", a), F.relu)
            wide = F.gelu(self.linear(name + "fc_in", self.norm(name + "ln_2", x)), approximate="tanh")
            x = x + self.bottleneck(name + "output_adapter", self.linear(name + "fc_out", wide), F.silu)
        return self.norm("ln_f", x) @ self.w["wte.weight"].T

    def placed(self, x, first=0):
        return x + self.w["wpe.weight"][first : first + x.shape[1]]

    def forward(self, ids, on=None):
        on = torch.ones(len(ids)) if self.config.get("merged") else on
        return self.layers(self.placed(self.w["wte.weight"][ids]), on)

    def prompted(self, ids):
        prompt = self.w["prompt_embeddings"]
        x = torch.cat([prompt.expand(len(ids), -1, -1), self.w["wte.weight"][ids]], 1)
        return self.layers(self.placed(x))[:, len(prompt) :]

    def prefixed(self, ids):
        past = self.w["past_key_values"]
        return self.layers(self.placed(self.w["wte.weight"][ids], past.shape[2]), past=past)


MODELS = {
    "palm/palm.ncr": PaLM,
    "chatglm/chatglm.ncr": ChatGLM,
    "transformer/transformer.ncr": Transformer,
    "adapters/lora.ncr": Adapted,
    "adapters/bottleneck.ncr": Adapted,
    "adapters/prompt.ncr": Adapted,
}
