# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A step of GPT-2 in PyTorch: attention to caches that end at a place known ahead, by PyTorch's own operator."""
import torch
import torch.nn.functional as F


def build(stored, place):
    """The step after `place` tokens, with the weights of a GPT-2 of the catalogue."""
    import torch_models

    return Step(torch_models.build(stored), place)


class Step(torch.nn.Module):
    def __init__(self, gpt2, place):
        super().__init__()
        self.gpt2, self.place = gpt2, place

    def whole(self, ids):
        return self.gpt2(ids)

    def heads(self, x, block):
        return x.unflatten(-1, (block.heads, -1)).transpose(1, 2)

    def cache(self, prompt):
        """Keys and values of a prompt, [layers, batch, heads, places, size] each."""
        caches = []
        x = self.gpt2.wte(prompt) + self.gpt2.wpe.weight[: prompt.shape[1]]
        for block in self.gpt2.h:
            q, k, v = (self.heads(t, block) for t in block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1))
            caches.append((k, v))
            x = self.rest(block, x, F.scaled_dot_product_attention(q, k, v, is_causal=True))
        return tuple(torch.stack(c) for c in zip(*caches))

    def rest(self, block, x, attended):
        x = x + block.attn.c_proj(attended.transpose(1, 2).flatten(2))
        return x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))

    def logits(self, x):
        return F.linear(self.gpt2.ln_f(x[:, -1]), self.gpt2.wte.weight)

    def forward(self, ids, keys, values):
        """The caches with the new keys and values behind them."""
        x = self.gpt2.wte(ids) + self.gpt2.wpe.weight[self.place]
        for i, block in enumerate(self.gpt2.h):
            q, k, v = (self.heads(t, block) for t in block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1))
            k, v = torch.cat([keys[i], k], dim=2), torch.cat([values[i], v], dim=2)
            x = self.rest(block, x, F.scaled_dot_product_attention(q, k, v))
        return self.logits(x)


class StepInPlace(Step):
    """The same where the caches have room for the new token, which is written into them."""

    def forward(self, ids, keys, values):
        x = self.gpt2.wte(ids) + self.gpt2.wpe.weight[self.place]
        for i, block in enumerate(self.gpt2.h):
            q, k, v = (self.heads(t, block) for t in block.attn.c_attn(block.ln_1(x)).chunk(3, dim=-1))
            keys[i, :, :, self.place :] = k
            values[i, :, :, self.place :] = v
            x = self.rest(block, x, F.scaled_dot_product_attention(q, keys[i], values[i]))
        return self.logits(x)
