# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every entry of blocks/*.ncr computes, in PyTorch. `w` has the file's weights by name."""
import torch
from torch import nn
from torch.nn import functional as F

import blocks


def _conv(name, bias=True, **more):
    return lambda w, x: F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"] if bias else None, **more)


def _attention(**more):
    return lambda w, q, k, v: F.scaled_dot_product_attention(q, k, v, **more)


def _plain(function, **more):
    return lambda w, x: function(x, **more)


torch.backends.mha.set_fastpath_enabled(False)  # the same arithmetic for every mask


def _layer(kind, name, w, **more):
    """A layer of torch.nn with the file's weights."""
    layer = kind(24, 4, 52, activation="gelu", batch_first=True, **more)
    layer.load_state_dict({k.removeprefix(f"{name}."): v for k, v in w.items() if k.startswith(f"{name}.")})
    return layer.eval()


def _encoder(w, x, mask=None):
    padding = None if mask is None else mask == 0
    return _layer(nn.TransformerEncoderLayer, "encoder", w)(x, src_key_padding_mask=padding)


def _decoder(w, x, memory):
    causal = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
    return _layer(nn.TransformerDecoderLayer, "decoder", w, norm_first=True)(x, memory, tgt_mask=causal)


MEANING = {
    "activations": {
        "of_relu": _plain(F.relu),
        "of_leaky_relu": _plain(F.leaky_relu, negative_slope=0.2),
        "of_elu": _plain(F.elu),
        "of_selu": _plain(F.selu),
        "of_sigmoid": _plain(torch.sigmoid),
        "of_tanh": _plain(torch.tanh),
        "of_gelu": _plain(F.gelu),
        "of_gelu_tanh": _plain(F.gelu, approximate="tanh"),
        "of_silu": _plain(F.silu),
        "of_softplus": _plain(F.softplus),
        "of_hard_swish": _plain(F.hardswish),
        "of_relu6": _plain(F.relu6),
        "of_mish": _plain(F.mish),
        "of_softmax": _plain(F.softmax, dim=-1),
        "of_softmax_first": _plain(F.softmax, dim=0),
    },
    "norms": {
        "of_layer": lambda w, x: F.layer_norm(x, (37,), w["layer.weight"], w["layer.bias"]),
        "of_rms": lambda w, x: F.rms_norm(x, (37,), w["rms.weight"], eps=1e-6),
        "of_batch": lambda w, x: F.batch_norm(x, *(w[f"batch.{n}"] for n in (*blocks.NORM[2:], *blocks.NORM[:2]))),
        "of_group": lambda w, x: F.group_norm(x, 3, w["group.weight"], w["group.bias"]),
    },
    "convolutions": {
        "of_line": lambda w, x: F.conv1d(x, w["line.weight"], w["line.bias"], padding=1),
        "of_plain": _conv("plain"),
        "of_strided": _conv("strided", stride=2, padding=2),
        "of_dilated": _conv("dilated", padding=2, dilation=2),
        "of_grouped": _conv("grouped", padding=1, groups=3),
        "of_depthwise": _conv("depthwise", bias=False, padding=1, groups=6),
        "of_pointwise": _conv("pointwise"),
        "of_max_pool": _plain(F.max_pool2d, kernel_size=3, stride=2, padding=1),
        "of_average_pool": _plain(F.avg_pool2d, kernel_size=2),
        "of_global_pool": lambda w, x: x.mean((2, 3)),
    },
    "linears": {
        "of_wide": lambda w, x: F.linear(x, w["wide.weight"], w["wide.bias"]),
        "of_narrow": lambda w, x: F.linear(x, w["narrow.weight"]),
        "of_transposed": lambda w, x: x @ w["transposed.weight"] + w["transposed.bias"],
        "of_table": lambda w, ids: F.embedding(ids, w["table.weight"]),
        "of_matmul": lambda w, a, b: a @ b,
        "of_matmul_transposed": lambda w, a, b: a @ b.mT,
    },
    "attentions": {
        "of_plain": _attention(),
        "of_causal": _attention(is_causal=True),
        "of_masked": lambda w, q, k, v, mask: F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask[:, None, None, :] != 0
        ),
        "of_cross": _attention(),
        "of_grouped": _attention(is_causal=True, enable_gqa=True),
        "of_spelled": _attention(),
    },
    "transformers": {"of_encoder": _encoder, "of_encoder_masked": _encoder, "of_decoder": _decoder},
    "arithmetic": {
        "of_broadcast": lambda w, x: (x + w["row"]) * w["column"] - x / 3.0,
        "of_functions": lambda w, x: torch.exp(-x * x) + x.abs().sqrt() - torch.log(1.0 + x**2),
        "of_choice": lambda w, x, y: torch.where(x > y, x, 2.0 * y),
        "of_sum": lambda w, x: x.sum(-1),
        "of_mean": lambda w, x: x.mean(1, keepdim=True),
        "of_max": lambda w, x: x.amax(1),
        "of_slices": lambda w, x: x[:, 1:4] + x[:, -1][:, None],
        "of_concat": lambda w, x: torch.cat([x, x * 2.0], 1),
        "of_split": lambda w, x: x[:, :3] * x[:, 3:],
        "of_transpose": lambda w, x: x.permute(2, 0, 1),
    },
}


def run(case):
    """NumPy output of one case."""
    weights = {n: torch.from_numpy(v) for n, v in blocks.tensors(case.file)}
    inputs = (torch.from_numpy(v) for v in case.inputs().values())
    with torch.no_grad():
        return MEANING[case.file][case.entry](weights, *inputs).contiguous().numpy()
