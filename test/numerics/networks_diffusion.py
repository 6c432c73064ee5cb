# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that make images out of noise: weights, inputs and configurations. No PyTorch here."""
import numpy as np

from network import Network, random_ids, uniform
from networks_images import Shapes


def _residual(s, name, fan_in, fan_out, steps):
    s.vectors(f"{name}.norm1", fan_in)
    s.conv(f"{name}.conv1", fan_in, fan_out, 3, bias=True)
    s.linear(f"{name}.temb_proj", steps, fan_out)
    s.vectors(f"{name}.norm2", fan_out)
    s.conv(f"{name}.conv2", fan_out, fan_out, 3, bias=True)
    if fan_in != fan_out:
        s.conv(f"{name}.nin_shortcut", fan_in, fan_out, 1, bias=True)


def _attention(s, name, dim):
    s.vectors(f"{name}.norm", dim)
    for part in ("q", "k", "v", "proj_out"):
        s.conv(f"{name}.{part}", dim, dim, 1, bias=True)


def ddpm_weights(c):
    s, width, depth = Shapes(), c["ch"], c["num_res_blocks"]
    steps, sizes = 4 * width, [width * f for f in c["ch_mult"]]
    s.linear("temb.dense.0", width, steps)
    s.linear("temb.dense.1", steps, steps)
    s.conv("conv_in", c["in_channels"], width, 3, bias=True)
    skips, fan_in = [width], width
    for level, size in enumerate(sizes):
        for i in range(depth):
            _residual(s, f"down.{level}.block.{i}", fan_in, size, steps)
            if c["image_size"] >> level in c["attn_resolutions"]:
                _attention(s, f"down.{level}.attn.{i}", size)
            fan_in = size
            skips.append(size)
        if level + 1 < len(sizes):
            s.conv(f"down.{level}.downsample.conv", size, size, 3, bias=True)
            skips.append(size)
    _residual(s, "mid.block_1", fan_in, fan_in, steps)
    _attention(s, "mid.attn_1", fan_in)
    _residual(s, "mid.block_2", fan_in, fan_in, steps)
    for level, size in reversed(list(enumerate(sizes))):
        for i in range(depth + 1):
            _residual(s, f"up.{level}.block.{i}", fan_in + skips.pop(), size, steps)
            if c["image_size"] >> level in c["attn_resolutions"]:
                _attention(s, f"up.{level}.attn.{i}", size)
            fan_in = size
        if level > 0:
            s.conv(f"up.{level}.upsample.conv", size, size, 3, bias=True)
    s.vectors("norm_out", fan_in)
    s.conv("conv_out", fan_in, c["in_channels"], 3, bias=True)
    return s


TAKES = {"forward": ("images", "step"), "sample": ("images", "key"), "sample_in": ("images", "steps", "eta", "key")}


def ddpm_inputs(c, tag, batch, _):
    images = uniform(tag, (batch, c["in_channels"], c["image_size"], c["image_size"])).astype(np.float32)
    made = {"images": images, "step": random_ids(f"{tag}.step", (batch,), 1000), "key": np.array(batch + 2**40)}
    return made | {"steps": np.array(3), "eta": np.array(0.5, np.float32)}


def ddpm_output(c, _, batch, __):
    return batch, c["in_channels"], c["image_size"], c["image_size"]


def _ddpm(name, size, width, factors, depth, places, groups, entries=("forward",), **more):
    config = {"image_size": size, "in_channels": 3, "ch": width, "ch_mult": factors, "num_res_blocks": depth}
    config |= {"attn_resolutions": places, "groups": groups, **more}
    functions = ddpm_weights, entries, ddpm_inputs, ddpm_output
    return Network(name, "ddpm/unet.ncr", config, *functions, lengths=(0,), takes=TAKES)


NOISE = {"num_diffusion_timesteps": 8, "beta_schedule": "cosine"}
SMALL = (_ddpm("ddpm-odd", 8, 6, [1, 1], 1, [4], 3, tuple(TAKES), **NOISE),)
FULL = (_ddpm("ddpm", 32, 128, [1, 2, 2, 2], 2, [16], 32),)
