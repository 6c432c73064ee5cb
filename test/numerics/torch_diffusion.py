# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_diffusion.py in plain PyTorch, from their papers, with their model files' weight names."""
import math

import torch
from torch import nn
from torch.nn import functional as F

import philox
from torch_layers import Namespace


class Residual(nn.Module):
    def __init__(self, fan_in, fan_out, steps, groups):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, fan_in, 1e-6), nn.GroupNorm(groups, fan_out, 1e-6)
        self.conv1, self.conv2 = nn.Conv2d(fan_in, fan_out, 3, padding=1), nn.Conv2d(fan_out, fan_out, 3, padding=1)
        self.temb_proj = nn.Linear(steps, fan_out)
        self.nin_shortcut = nn.Conv2d(fan_in, fan_out, 1) if fan_in != fan_out else nn.Identity()

    def forward(self, x, t):
        y = self.conv1(F.silu(self.norm1(x))) + self.temb_proj(F.silu(t))[..., None, None]
        return self.nin_shortcut(x) + self.conv2(F.silu(self.norm2(y)))


class PlaceAttention(nn.Module):
    def __init__(self, dim, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, dim, 1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(dim, dim, 1) for _ in range(4))

    def forward(self, x):
        n = self.norm(x)
        q, k, v = (conv(n).flatten(2).mT for conv in (self.q, self.k, self.v))
        return x + self.proj_out(F.scaled_dot_product_attention(q, k, v).mT.unflatten(2, x.shape[2:]))


class DiffusionUNet(nn.Module):
    """Appendix B of Ho et al. 2020: what is pushed on the way down is popped on the way up."""

    def __init__(self, c):
        super().__init__()
        self.width, depth, groups = c["ch"], c["num_res_blocks"], c["groups"]
        self.betas = betas(c.get("num_diffusion_timesteps", 1000), c.get("beta_schedule", "linear"))
        steps, sizes = 4 * self.width, [self.width * f for f in c["ch_mult"]]
        self.temb = Namespace(dense=nn.ModuleList([nn.Linear(self.width, steps), nn.Linear(steps, steps)]))
        self.conv_in = nn.Conv2d(c["in_channels"], self.width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, fan_in = [self.width], self.width

        def level(fans, size, at):
            blocks = nn.ModuleList(Residual(fan_in, size, steps, groups) for fan_in in fans)
            attends = c["image_size"] >> at in c["attn_resolutions"]
            attn = nn.ModuleList(PlaceAttention(size, groups) for _ in fans) if attends else nn.ModuleList()
            return Namespace(block=blocks, attn=attn)

        for i, size in enumerate(sizes):
            self.down.append(level([fan_in] + [size] * (depth - 1), size, i))
            skips, fan_in = skips + [size] * depth, size
            if i + 1 < len(sizes):
                self.down[i].downsample = Namespace(conv=nn.Conv2d(size, size, 3, 2))
                skips.append(size)
        self.mid = Namespace(
            block_1=Residual(fan_in, fan_in, steps, groups),
            attn_1=PlaceAttention(fan_in, groups),
            block_2=Residual(fan_in, fan_in, steps, groups),
        )
        for i, size in reversed(list(enumerate(sizes))):
            before = [fan_in] + [size] * depth
            self.up.insert(0, level([b + skips.pop() for b in before], size, i))
            fan_in = size
            if i > 0:
                self.up[0].upsample = Namespace(conv=nn.Conv2d(size, size, 3, padding=1))
        self.norm_out = nn.GroupNorm(groups, fan_in, 1e-6)
        self.conv_out = nn.Conv2d(fan_in, c["in_channels"], 3, padding=1)

    def sample(self, images, key):
        """Algorithm 2 of Ho et al. 2020."""
        kept = torch.cumprod(1 - self.betas, 0)
        for t in reversed(range(len(kept))):
            noise = self.forward(images, torch.full(images.shape[:1], t)).double()
            alpha = 1 - self.betas[t]
            images = (images - (1 - alpha) / (1 - kept[t]).sqrt() * noise) / alpha.sqrt()
            if t > 0:
                images = images + self.betas[t].sqrt() * drawn(images.shape, key, t)
            images = images.float()
        return images

    def sample_in(self, images, steps, eta, key):
        """Formula 12 of Song et al. 2021, with the deviations of formula 16."""
        kept, eta, steps = torch.cumprod(1 - self.betas, 0), float(eta), int(steps)
        places = [i * len(kept) // steps for i in range(steps)]
        for i in reversed(range(steps)):
            now, before = kept[places[i]], kept[places[i - 1]] if i > 0 else torch.tensor(1.0).double()
            deviation = eta * ((1 - before) / (1 - now)).sqrt() * (1 - now / before).sqrt()
            noise = self.forward(images, torch.full(images.shape[:1], places[i])).double()
            clean = (images - (1 - now).sqrt() * noise) / now.sqrt()
            towards = (1 - before - deviation**2).clamp(min=0).sqrt() * noise
            images = before.sqrt() * clean + towards + deviation * drawn(images.shape, key, i)
            images = images.float()
        return images

    def embedding(self, step):
        half = self.width // 2
        angles = step[:, None].double() * 10000.0 ** (-torch.arange(half).double() / (half - 1))
        return torch.cat([angles.sin(), angles.cos()], 1).float()

    @staticmethod
    def at(level, i, x, t):
        x = level.block[i](x, t)
        return level.attn[i](x) if len(level.attn) else x

    def forward(self, images, step):
        t = self.temb.dense[1](F.silu(self.temb.dense[0](self.embedding(step))))
        skips = [self.conv_in(images)]
        for level in self.down:
            for i in range(len(level.block)):
                skips.append(self.at(level, i, skips[-1], t))
            if hasattr(level, "downsample"):
                skips.append(level.downsample.conv(F.pad(skips[-1], (0, 1, 0, 1))))
        x = self.mid.block_2(self.mid.attn_1(self.mid.block_1(skips[-1], t)), t)
        for level in reversed(self.up):
            for i in range(len(level.block)):
                x = self.at(level, i, torch.cat([x, skips.pop()], 1), t)
            if hasattr(level, "upsample"):
                x = level.upsample.conv(F.interpolate(x, scale_factor=2, mode="nearest"))
        return self.conv_out(F.silu(self.norm_out(x)))


def betas(count, schedule):
    """The variances of Ho et al. 2020, or those of Nichol and Dhariwal 2021, in f64."""
    if schedule == "linear":
        return torch.linspace(0.0001, 0.02, count, dtype=torch.float64)
    left = [math.cos((t / count + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(count + 1)]
    return torch.tensor([min(1 - b / a, 0.999) for a, b in zip(left, left[1:])], dtype=torch.float64)


def drawn(shape, key, step):
    return torch.from_numpy(philox.normal(tuple(shape), philox.folded(int(key), step)))


MODELS = {
    "ddpm/unet.ncr": DiffusionUNet,
}
