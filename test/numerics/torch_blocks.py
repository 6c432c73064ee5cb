# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every entry of blocks/*.ncr computes, in PyTorch. `w` has the file's weights by name."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

import blocks

torch.backends.mha.set_fastpath_enabled(False)  # the same arithmetic for every mask


def _of(function, **more):
    """An entry that uses no weight."""
    return lambda w, *inputs: function(*inputs, **more)


def _conv(name, bias=True, **more):
    """A convolution of the weight's rank."""

    def run(w, x):
        weight = w[f"{name}.weight"]
        function = (F.conv1d, F.conv2d, F.conv3d)[weight.dim() - 3]
        return function(x, weight, w[f"{name}.bias"] if bias else None, **more)

    return run


def _conv_transpose(name, stride, bias=True):
    return lambda w, x: F.conv_transpose2d(x, w[f"{name}.weight"], w[f"{name}.bias"] if bias else None, stride)


def _batch_norm(name, affine=True, eps=1e-5):
    names = blocks.STATISTICS + (blocks.AFFINE if affine else ())
    return lambda w, x: F.batch_norm(x, *(w[f"{name}.{n}"] for n in names), eps=eps)


def _group_norm(groups, affine=True, eps=1e-5):
    return lambda w, x: F.group_norm(x, groups, *((w["group.weight"], w["group.bias"]) if affine else ()), eps=eps)


def _rows(norm):
    """The norm over the last dimension instead of the second."""
    return lambda w, x: norm(w, x.reshape(-1, x.shape[-1])).reshape(x.shape)


def _layer_norm(name, vectors, eps=1e-5):
    return lambda w, x: F.layer_norm(x, (37,), *(w[f"{name}.{v}"] for v in vectors), eps=eps)


_attention = F.scaled_dot_product_attention


def _masked_attention(causal=False):
    def run(w, q, k, v, mask):
        seen = mask[:, None, None, :] != 0
        return _attention(q, k, v, attn_mask=seen & ~_later(q.shape[2]) if causal else seen)

    return run


def _seen(rule, **more):
    """Attention where `rule` of the places of queries and keys holds."""

    def run(w, q, k, v, *others):
        keys = torch.arange(k.shape[2])
        places = torch.arange(q.shape[2])[:, None] + (k.shape[2] - q.shape[2])
        return _attention(q, k, v, attn_mask=rule(places, keys, *others), **more)

    return run


DEEP = {"num_layers": 2, "bidirectional": True, "bias": False}


def _network(kind, w, name, **options):
    network = kind(6, 5, batch_first=True, **options)
    network.load_state_dict({n.removeprefix(f"{name}."): v for n, v in w.items() if n.startswith(f"{name}.")})
    return network


def _recurrent(kind, name, **options):
    return lambda w, x: _network(kind, w, name, **options)(x)[0]


def _rotate(x, positions=None, base=10000.0, dim=None, interleaved=False):
    """Pairs of elements as complex numbers, each turned by an angle that grows with its position (Su et al. 2021)."""
    dim = dim or x.shape[-1]
    positions = torch.arange(x.shape[-2]) if positions is None else positions
    if positions.dim() == 2:
        positions = positions[:, None]
    angles = positions[..., None] * base ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    pairs = x[..., :dim].double().unflatten(-1, (-1, 2) if interleaved else (2, -1))
    pairs = pairs if interleaved else pairs.mT
    turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angles), angles))
    turned = (turned if interleaved else turned.mT).flatten(-2)
    return torch.cat([turned.float(), x[..., dim:]], -1)


def _later(length):
    """True where a row must not look."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def _load(module, name, w):
    """A module of torch.nn with the file's weights."""
    module.load_state_dict({k.removeprefix(f"{name}."): v for k, v in w.items() if k.startswith(f"{name}.")})
    return module.eval()


def _heads(name, heads, causal=False, bias=True):
    def run(w, query, key=None, value=None, mask=None):
        key = query if key is None else key
        module = _load(nn.MultiheadAttention(24, heads, bias=bias, batch_first=True), name, w)
        return module(
            query,
            key,
            key if value is None else value,
            attn_mask=_later(query.shape[1]) if causal else None,
            key_padding_mask=None if mask is None else mask == 0,
            need_weights=False,
        )[0]

    return run


def _encoder(name, layers=0, causal=False, final_norm=False, eps=1e-5, hidden=52, **more):
    """A layer, or a stack of `layers`."""

    def run(w, x, mask=None):
        module = nn.TransformerEncoderLayer(24, 4, hidden, layer_norm_eps=eps, batch_first=True, **more)
        if layers:
            norm = nn.LayerNorm(24, eps) if final_norm else None
            module = nn.TransformerEncoder(module, layers, norm, enable_nested_tensor=False)
        later = _later(x.shape[1]) if causal else None
        padding = None if mask is None else mask == 0
        return _load(module, name, w)(x, later, src_key_padding_mask=padding)

    return run


def _decoder(name, layers=0, causal=True, final_norm=False, eps=1e-5, **more):
    def run(w, x, memory):
        module = nn.TransformerDecoderLayer(24, 4, 52, layer_norm_eps=eps, batch_first=True, **more)
        if layers:
            module = nn.TransformerDecoder(module, layers, nn.LayerNorm(24, eps) if final_norm else None)
        return _load(module, name, w)(x, memory, tgt_mask=_later(x.shape[1]) if causal else None)

    return run


def _mlp(name, activation):
    def run(w, x):
        hidden = activation(x @ w[f"{name}.c_fc.weight"] + w[f"{name}.c_fc.bias"])
        return hidden @ w[f"{name}.c_proj.weight"] + w[f"{name}.c_proj.bias"]

    return run


def _squeeze(w, x):
    hidden = F.relu(F.conv2d(F.adaptive_avg_pool2d(x, 1), w["squeeze.fc1.weight"], w["squeeze.fc1.bias"]))
    return x * F.conv2d(hidden, w["squeeze.fc2.weight"], w["squeeze.fc2.bias"]).sigmoid()


def _eca(weight, x):
    return x * F.conv1d(x.mean((2, 3))[:, None], weight, padding="same").sigmoid()[:, 0, :, None, None]


def _channel(w, name, x):
    mlp = lambda v: F.relu(v @ w[f"{name}.fc1.weight"][..., 0, 0].T) @ w[f"{name}.fc2.weight"][..., 0, 0].T
    return x * (mlp(x.mean((2, 3))) + mlp(x.amax((2, 3)))).sigmoid()[..., None, None]


def _spatial(w, name, x):
    places = F.conv2d(torch.stack([x.mean(1), x.amax(1)], 1), w[f"{name}.conv.conv.weight"], padding="same")
    return x * _batch_norm(f"{name}.conv.bn")(w, places).sigmoid()


def _positions(w, x):
    b, c, d = (_conv(f"positions.{n}_conv")(w, x).flatten(2) for n in ("query", "key", "value"))
    s = torch.einsum("nci,ncj->nij", b, c).softmax(2)
    return w["positions.gamma"] * torch.einsum("nij,ncj->nci", s, d).unflatten(2, x.shape[2:]) + x


def _channels(w, x):
    a = x.flatten(2)
    energy = a @ a.mT
    s = (energy.amax(2, keepdim=True) - energy).softmax(2)
    return w["channels.gamma"] * (s @ a).unflatten(2, x.shape[2:]) + x


def _dice(w, name, x):
    p = torch.sigmoid(_batch_norm(f"{name}.bn", eps=1e-8)(w, x))
    return x * p + w[f"{name}.alpha"] * x * (1 - p)


def _aware(w, ids, values, i, j):
    vector = lambda of, towards: w[f"aware.embeddings.{towards}.weight"][ids[:, of]] * values[:, of, None]
    return vector(i, j) * vector(j, i)


def _layer0(w, name, x):
    return F.linear(x, w[f"{name}.linears.0.weight"], w[f"{name}.linears.0.bias"])


def _plain(w, x):
    x = F.leaky_relu(_layer0(w, "plain", x))
    return F.leaky_relu(F.linear(x, w["plain.linears.1.weight"], w["plain.linears.1.bias"]))


def _interest(w, name, query, keys, mask):
    """Key by key."""
    result = torch.zeros_like(query)
    for i in range(keys.shape[1]):
        key, unit = keys[:, i], f"{name}.local_att"
        x = _layer0(w, f"{unit}.dnn", torch.cat([query, key, query - key, query * key], 1))
        x = torch.sigmoid(x) if name == "smooth" else _dice(w, f"{unit}.dnn.activation_layers.0", x)
        result += F.linear(x, w[f"{unit}.dense.weight"], w[f"{unit}.dense.bias"]) * mask[:, i : i + 1] * key
    return result


def _perceptron(w, name, layers, x):
    for i in range(layers):
        x = F.linear(x, w[f"{name}.mlp.{4 * i}.weight"], w[f"{name}.mlp.{4 * i}.bias"])
        x = F.relu(_batch_norm(f"{name}.mlp.{4 * i + 1}")(w, x))
    return x


def _gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


def _named(w, x):
    functions = [F.relu, F.gelu, _gelu_tanh, _gelu_tanh, F.silu, F.silu, torch.tanh, torch.sigmoid, nn.Identity(), nn.Identity()]
    return sum((i + 1) * function(x) for i, function in enumerate(functions))


def _comparisons(w, x, y):
    a, b = x.floor(), y.floor()
    either = torch.where((a < b) | (a == b + 1.0), a, b * 3.0)
    return either + torch.where((a < b) & (a != b - 1.0), 10.0, x)


def _applied(indices, scales=(1.0, 1.0, 1.0)):
    """The linear layers of that order, each with what its result is multiplied with."""

    def run(w, x):
        for i, scale in zip(indices, scales):
            x = F.linear(x, w[f"layers.{i}.weight"], w[f"layers.{i}.bias"]) * scale
        return x

    return run


def _numbers(w, x):
    for number in (-4, 4, 3, 9, 2):
        x = x * 2.0 + number
    return x


_ACTIVATIONS = {
    "of_relu": _of(F.relu),
    "of_leaky_relu": _of(F.leaky_relu, negative_slope=0.2),
    "of_selu": _of(F.selu),
    "of_sigmoid": _of(torch.sigmoid),
    "of_tanh": _of(torch.tanh),
    "of_gelu": _of(F.gelu),
    "of_gelu_tanh": _of(_gelu_tanh),
    "of_silu": _of(F.silu),
    "of_softplus": _of(F.softplus),
    "of_mish": _of(F.mish),
}

MEANING = {
    "activations": _ACTIVATIONS
    | {
        "of_elu": _of(F.elu),
        "of_elu_slow": _of(F.elu, alpha=0.3),
        "of_hard_swish": _of(F.hardswish),
        "of_hard_sigmoid": _of(F.hardsigmoid),
        "of_relu6": _of(F.relu6),
        "of_softmax": _of(F.softmax, dim=-1),
        "of_softmax_first": _of(F.softmax, dim=0),
        "of_log_softmax": _of(F.log_softmax, dim=-1),
        "of_log_softmax_first": _of(F.log_softmax, dim=0),
        "of_named": _named,
    },
    "activation_layers": _ACTIVATIONS
    | {
        "of_relu6": lambda w, x: F.relu6(3.0 * x),
        "of_elu": _of(F.elu, alpha=0.3),
        "of_hard_swish": lambda w, x: F.hardswish(2.0 * x),
        "of_hard_sigmoid": lambda w, x: F.hardsigmoid(2.0 * x),
        "of_softmax": _of(F.softmax, dim=0),
        "of_dropout": _of(torch.clone),
        "of_identity": _of(torch.clone),
    },
    "arithmetic": {
        "of_broadcast": lambda w, x: (x + w["row"]) * w["column"] - x / 3.0,
        "of_functions": lambda w, x: torch.exp(-x * x) + x.abs().sqrt() - torch.log(1.0 + x**2),
        "of_choice": lambda w, x, y: torch.where(x > y, x, 2.0 * y),
        "of_sum": _of(torch.sum, dim=-1),
        "of_mean": _of(torch.mean, dim=1, keepdim=True),
        "of_max": _of(torch.amax, dim=1),
        "of_slices": lambda w, x: x[:, 1:4] + x[:, -1][:, None],
        "of_concat": lambda w, x: torch.cat([x, x * 2.0], 1),
        "of_split": lambda w, x: x[:, :3] * x[:, 3:],
        "of_transpose": lambda w, x: x.permute(2, 0, 1),
    },
    "attentions": {
        "of_plain": _of(_attention),
        "of_causal": _of(_attention, is_causal=True),
        "of_masked": _masked_attention(),
        "of_cross": _of(_attention),
        "of_grouped": _of(_attention, is_causal=True, enable_gqa=True),
        "of_spelled": _of(_attention),
        "of_scaled": _of(_attention, scale=0.5),
        "of_biased": lambda w, q, k, v, bias: _attention(q, k, v, attn_mask=bias[None]),
        "of_masked_causal": _masked_attention(causal=True),
        "of_window": _seen(lambda i, j: (j <= i) & (j > i - 5)),
        "of_two_sided": _seen(lambda i, j: (i - j).abs() < 3),
        "of_spelled_window": _seen(lambda i, j: (j <= i) & (j > i - 4), scale=0.25),
        "of_lengths": _seen(lambda i, j, ids: (j < ids[:, None] + 1)[:, None, None]),
        "of_cache": _seen(lambda i, j, ids: (j <= i - 11 + ids[:, None, None])[:, None], enable_gqa=True),
        "of_decode": _of(_attention, enable_gqa=True),
        "of_blocks": _seen(lambda i, j, mask: mask[:, i // 4, j // 4] != 0),
        "of_heads": _heads("heads", 4, causal=True),
        "of_heads_cross": _heads("heads", 4),
        "of_heads_masked": lambda w, query, key, mask: _heads("heads", 4)(w, query, key, mask=mask),
        "of_heads_masked_causal": lambda w, x, mask: _heads("heads", 4, causal=True)(w, x, mask=mask),
        "of_biasless": _heads("biasless", 3, bias=False),
        "of_split_heads": lambda w, x: x.unflatten(-1, (4, 6)).transpose(1, 2),
        "of_join_heads": lambda w, q: q.transpose(1, 2).flatten(2),
    },
    "convolutions": {
        "of_line": _conv("line", padding=1),
        "of_dynamic_line": _conv("line", padding=1),
        "of_sparse": _conv("sparse", bias=False, stride=2, padding=2, dilation=2, groups=3),
        "of_plain": _conv("plain"),
        "of_strided": _conv("strided", stride=2, padding=2),
        "of_dilated": _conv("dilated", padding=2, dilation=2),
        "of_grouped": _conv("grouped", padding=1, groups=3),
        "of_depthwise": _conv("depthwise", bias=False, padding=1, groups=6),
        "of_pointwise": _conv("pointwise"),
        "of_upward": _conv_transpose("upward", 2),
        "of_wider": _conv_transpose("wider", 3, bias=False),
        "of_dynamic_upward": _conv_transpose("upward", 2),
        "of_pixel_shuffle": _of(F.pixel_shuffle, upscale_factor=2),
        "of_conv1d": _conv("line", stride=2, padding=3, dilation=2),
        "of_uneven": _conv("grouped", stride=(1, 2), padding=(2, 1), dilation=(3, 1), groups=3),
        "of_dynamic": _conv("grouped", padding=1, groups=3),
    },
    "elementwise": {
        "of_rsqrt": lambda w, x: (x.abs() + 0.1).rsqrt(),
        "of_sin": lambda w, x: (x * 20.0).sin(),
        "of_cos": lambda w, x: (x * 20.0).cos(),
        "of_erf": _of(torch.erf),
        "of_floor": lambda w, x: (x * 5.0).floor(),
        "of_ceil": lambda w, x: (x * 5.0).ceil(),
        "of_round": lambda w, x: ((x * 5.0).floor() / 2.0).round(),
        "of_sign": lambda w, x: x.floor().sign(),
        "of_pow": lambda w, x, y: (x.abs() + 0.1) ** y,
        "of_powers": lambda w, x: x**3 + x**2 + x.abs() ** 0.5,
        "of_maximum": lambda w, x, y: torch.maximum(x, y) - x.clamp(min=0.5),
        "of_minimum": lambda w, x, y: torch.minimum(x, y) - y.clamp(max=0.5),
        "of_where": lambda w, x, y: torch.where(x <= y, x - 1.0, y * x),
        "of_comparisons": _comparisons,
        "of_remainder": lambda w, x: x.remainder(0.7),
        "of_integers": lambda w, ids: ((ids - 5) * 3).remainder(4) - (ids - 7).abs() + ids.clamp(min=4),
        "of_cast_to_integers": lambda w, x: (x * 9.0).to(torch.int32),
        "of_cast_to_bools": lambda w, x: x.floor().bool(),
        "of_cast_to_half": lambda w, x: x.half(),
        "of_cast_to_double": lambda w, x: x.double(),
        "of_cast_from_bytes": lambda w, x: (x * 40.0).to(torch.int8).float() + (x + 3.0).to(torch.uint8).float(),
        "of_bytes": lambda w, b: b.float() / 255.0,
        "of_byte_arithmetic": lambda w, b: (b * 3 + 200) // 7 - b.clamp(max=9) % 4,
        "of_byte_comparison": lambda w, b: torch.where(b < 128, b.clamp(min=40).int(), -b.int()),
        "of_cast_through_bf16": lambda w, x: x.bfloat16().float(),
    },
    "halves": {
        "of_wide": lambda w, x: F.linear(x, w["wide.weight"], w["wide.bias"]),
        "of_biasless": lambda w, x: F.linear(x, w["biasless.weight"]),
        "of_crossed": lambda w, x: x @ w["crossed.weight"] + w["crossed.bias"],
        "of_table": lambda w, ids: F.embedding(ids, w["table.weight"]),
        "of_layer": _layer_norm("layer", blocks.AFFINE),
        "of_rms": lambda w, x: F.rms_norm(x, (37,), w["rms.weight"], eps=1e-6),
        "of_rows": _rows(_batch_norm("rows")),
        "of_line": _batch_norm("line"),
        "of_batch": _batch_norm("batch"),
        "of_volume": _batch_norm("volume"),
        "of_group": _group_norm(3),
        "of_conv_line": _conv("conv_line", padding=1),
        "of_conv": _conv("conv", stride=2),
        "of_upward": _conv_transpose("upward", 2),
        "of_conv_cube": _conv("conv_cube"),
        "of_softmax": _of(F.softmax, dim=-1),
        "of_gelu": _of(F.gelu),
        "of_mean": _of(torch.mean, dim=1),
        "of_attention": lambda w, q, k, v: _attention(_rotate(q), _rotate(k), v, is_causal=True),
        "of_max_pool": _of(F.max_pool2d, kernel_size=2),
    },
    "linears": {
        "of_wide": lambda w, x: F.linear(x, w["wide.weight"], w["wide.bias"]),
        "of_narrow": lambda w, x: F.linear(x, w["narrow.weight"]),
        "of_transposed": lambda w, x: x @ w["transposed.weight"] + w["transposed.bias"],
        "of_unshifted": lambda w, x: x @ w["unshifted.weight"],
        "of_table": lambda w, ids: F.embedding(ids, w["table.weight"]),
        "of_matmul": _of(torch.matmul),
        "of_matmul_transposed": lambda w, a, b: a @ b.mT,
        "of_linear": lambda w, x: F.linear(x, w["narrow.weight"], w["narrow.weight"][:, 3]),
        "of_embedding": lambda w, ids: F.embedding(ids, w["table.weight"]),
        "of_matmul_named": _of(torch.matmul),
        "of_vectors": _of(torch.matmul),
        "of_stacks": _of(torch.matmul),
    },
    "norms": {
        "of_layer": _layer_norm("layer", blocks.AFFINE),
        "of_rms": lambda w, x: F.rms_norm(x, (37,), w["rms.weight"], eps=1e-6),
        "of_batch": _batch_norm("batch"),
        "of_group": _group_norm(3),
        "of_line": _batch_norm("line"),
        "of_rows": _rows(_batch_norm("rows")),
        "of_rows_bare": _rows(_batch_norm("rows_bare", affine=False, eps=0.1)),
        "of_layer_shiftless": _layer_norm("layer_shiftless", blocks.AFFINE[:1], eps=0.1),
        "of_layer_bare": _layer_norm("layer", ()),
        "of_rms_soft": lambda w, x: F.rms_norm(x, (37,), w["rms_soft.weight"], eps=0.5),
        "of_line_bare": _batch_norm("line_bare", affine=False, eps=0.1),
        "of_batch_bare": _batch_norm("batch_bare", affine=False, eps=0.01),
        "of_group_bare": _group_norm(2, affine=False, eps=0.1),
        "of_layer_norm": lambda w, x: F.layer_norm(x, x.shape[1:], eps=0.01),
        "of_layer_norm_scaled": lambda w, x: F.layer_norm(x, (37,), w["layer.weight"] * 2.0, w["layer.bias"]),
        "of_rms_norm": lambda w, x: F.rms_norm(x, x.shape[1:], eps=0.01),
        "of_rms_norm_scaled": lambda w, x: F.rms_norm(x, (37,), w["rms.weight"] + 1.0, eps=1e-6),
        "of_batch_norm_last": lambda w, x: _batch_norm("line", eps=0.001)(w, x.mT).mT,
        "of_group_norm": _group_norm(6, eps=0.001),
    },
    "pools": {
        "of_max1": _of(F.max_pool1d, kernel_size=3, stride=2, padding=1, ceil_mode=True),
        "of_max1_spaced": _of(F.max_pool1d, kernel_size=2, dilation=3),
        "of_avg1": _of(F.avg_pool1d, kernel_size=3, stride=2, padding=1, count_include_pad=False),
        "of_avg1_ceil": _of(F.avg_pool1d, kernel_size=4, stride=3, ceil_mode=True),
        "of_dynamic_max1": _of(F.max_pool1d, kernel_size=3, stride=1, padding=1),
        "of_dynamic_avg1": _of(F.avg_pool1d, kernel_size=3, stride=1, padding=1),
        "of_max2": _of(F.max_pool2d, kernel_size=3, stride=2, padding=1),
        "of_max2_spaced": _of(F.max_pool2d, kernel_size=2, stride=1, dilation=2, ceil_mode=True),
        "of_avg2": _of(F.avg_pool2d, kernel_size=2),
        "of_avg2_edges": _of(
            F.avg_pool2d, kernel_size=3, stride=2, padding=1, count_include_pad=False, ceil_mode=True
        ),
        "of_max_pool2d": _of(F.max_pool2d, kernel_size=(4, 3), stride=(3, 1), padding=(1, 1), ceil_mode=True),
        "of_avg_pool2d": _of(F.avg_pool2d, kernel_size=(3, 2), stride=(1, 2), padding=(1, 0)),
        "of_mean": _of(torch.mean, dim=(2, 3)),
        "of_global_avg": lambda w, x: 2.0 * x.mean((2, 3)),
        "of_global_max": lambda w, x: 2.0 * x.amax((2, 3)),
    },
    "attention2d": {
        "of_channels": lambda w, x: _squeeze(w, _eca(w["near.conv.weight"], _eca(w["far.conv.weight"], x))) + _channel(w, "channel", x),
        "of_places": lambda w, x: _spatial(w, "spatial", x)
        + _spatial(w, "cbam.spatial", _channel(w, "cbam.channel", _spatial(w, "close", x))),
        "of_dual": lambda w, x: _positions(w, x) - 2 * _channels(w, x),
        "of_resize": lambda w, x: F.interpolate(x, size=(7, 3), mode="bilinear", align_corners=False),
        "of_nearest": _of(F.interpolate, scale_factor=3, mode="nearest"),
        "of_bilinear": lambda w, x: F.interpolate(x[:, None], size=(9, 4), mode="bilinear", align_corners=False)[:, 0],
    },
    "recommenders": {
        "of_linear": lambda w, ids, values: (w["wide.fc.weight"][ids, 0] * values).sum(1) + w["wide.bias"],
        "of_embedding": lambda w, ids, values: w["embedding.embedding.weight"][ids] * values[..., None],
        "of_machine": lambda w, x: (x @ x.mT).triu(1).sum((1, 2)),
        "of_scored": lambda w, x: F.linear(_perceptron(w, "scored", 2, x), w["scored.mlp.8.weight"], w["scored.mlp.8.bias"]),
        "of_unscored": lambda w, x: _perceptron(w, "unscored", 1, x),
        "of_interaction": lambda w, x: sum(x[:, i] * x[:, j] for i, j in itertools.combinations(range(x.shape[1]), 2))
        + torch.zeros_like(x[:, 0]),
        "of_pairs": lambda w, x: torch.stack(
            [x[:, i] - 2 * x[:, j] for i, j in itertools.combinations(range(5), 2)] + list(x[:, :3].unbind(1)), 1
        ),
        "of_dnns": lambda w, x: torch.cat([_plain(w, x), _dice(w, "diced.activation_layers.0", _layer0(w, "diced", x))], 1),
        "of_aware": lambda w, ids, values: torch.stack([_aware(w, ids, values, *p) for p in itertools.combinations(range(4), 2)], 1),
        "of_dice": lambda w, x: _dice(w, "dice", x),
        "of_interest": lambda w, x, y, mask: _interest(w, "interest", x, y, mask) + 2 * _interest(w, "smooth", x, y, mask),
    },
    "reductions": {
        "of_sum": _of(torch.sum, dim=1),
        "of_sum_first": _of(torch.sum, dim=0, keepdim=True),
        "of_sum_all": _of(torch.sum),
        "of_sum_whole": _of(torch.sum, dim=-1),
        "of_byte_sum": lambda w, b: b.sum(-1).to(torch.uint8),
        "of_byte_max": _of(torch.amax, dim=1),
        "of_mean": _of(torch.mean, dim=(0, 2)),
        "of_mean_first": _of(torch.mean, dim=0),
        "of_mean_all": _of(torch.mean),
        "of_max": _of(torch.amax, dim=-1, keepdim=True),
        "of_max_all": _of(torch.amax),
        "of_min": _of(torch.amin, dim=-1),
        "of_min_first": _of(torch.amin, dim=0),
        "of_min_kept": _of(torch.amin, dim=(0, -1), keepdim=True),
        "of_prod": _of(torch.prod, dim=1),
        "of_prod_kept": lambda w, x: (x * 0.7).prod(-1, keepdim=True),
        "of_variance": _of(torch.var, dim=-1, correction=0),
        "of_variance_kept": _of(torch.var, dim=(1, 2), correction=0, keepdim=True),
    },
    "recurrent": {
        "of_rnn": _recurrent(torch.nn.RNN, "rnn"),
        "of_relu": _recurrent(torch.nn.RNN, "rectified", nonlinearity="relu", **DEEP),
        "of_lstm": _recurrent(torch.nn.LSTM, "lstm"),
        "of_deep_lstm": _recurrent(torch.nn.LSTM, "deep", **DEEP),
        "of_cells": lambda w, x, y: torch.cat(_network(torch.nn.LSTM, w, "lstm")(x, (y[:1], y[1:]))[1]),
        "of_gru": _recurrent(torch.nn.GRU, "gru"),
        "of_deep_gru": _recurrent(torch.nn.GRU, "both", **DEEP),
    },
    "rotations": {
        "of_halves": _of(_rotate),
        "of_pairs": _of(_rotate, interleaved=True),
        "of_halves_partly": _of(_rotate, dim=12),
        "of_pairs_partly": _of(_rotate, dim=6, interleaved=True),
        "of_base": _of(_rotate, base=500.0),
        "of_matrix": _of(_rotate),
        "of_positions": _of(_rotate),
        "of_later_positions": lambda w, x, ids: sum(_rotate(x, torch.arange(x.shape[-2]) + n) for n in (ids, 7)),
        "of_own_positions": lambda w, x, ids: _rotate(x, ids * 9, dim=14, interleaved=True),
        "of_attention": lambda w, q, k, v: _attention(_rotate(q), _rotate(k), v, is_causal=True, scale=0.3),
    },
    "shapes": {
        "of_reshape": lambda w, x: x.reshape(-1, 17, 6),
        "of_reshape_merged": lambda w, x: x.flatten(0, 1) + 1.0,
        "of_flatten": lambda w, x: x.flatten(1) * 2.0,
        "of_flatten_first": lambda w, x: x.flatten(0, 1) * 2.0,
        "of_squeeze": lambda w, x: x[:, 2],
        "of_unsqueeze": lambda w, x: x[:, None] + 1.0,
        "of_transpose": lambda w, x: x.permute(2, 0, 1),
        "of_matrix": lambda w, x: x.T,
        "of_broadcast": lambda w, x: w["row"] - x,
        "of_broadcast_alone": lambda w, x: x.expand(-1, 6, -1),
        "of_take": lambda w, x, ids: x[:, ids],
        "of_take_first": lambda w, x, ids: x[ids],
        "of_gather": lambda w, x, ids: x[..., ids],
        "of_index": lambda w, x, ids: x[ids],
        "of_strides": lambda w, x: x[:, 1::3, :16:3],
        "of_ellipsis": lambda w, x: x[..., -2],
        "of_split": lambda w, x: x[..., :5] * x[..., 12:] + x[..., 6:11],
        "of_split_rows": lambda w, x: x[:, :2] * x[:, 2:4] - x[:, 4:],
        "of_concat": lambda w, x, y: torch.cat([x, y], -1),
        "of_concat_first": lambda w, x, y: torch.cat([x, y], 0),
        "of_concat_dynamic": lambda w, x, y: torch.cat([x, y], 1),
        "of_concat_batches": lambda w, x, y: torch.cat([x, y, x * 2.0], 0),
        "of_stack": lambda w, x, y: torch.stack([x, y]),
        "of_stack_last": lambda w, x, y: torch.stack([x, y, x * y], -1),
        "of_pad": lambda w, x: F.pad(x, (2, 1, 1, 2, 0, 1)),
        "of_pad_value": lambda w, x: F.pad(x, (0, 0, 0, 2), value=-1.5),
        "of_zeros": lambda w, x: 2.0 * x,
        "of_ones": lambda w, x: 1.0 - x,
        "of_full": lambda w, x: 2.5 * x + 3.0,
        "of_arange": lambda w, x: x * torch.arange(x.shape[1]) + torch.arange(x.shape[1]),
    },
    "transformers": {
        "of_encoder": _encoder("encoder", activation="gelu"),
        "of_encoder_masked": _encoder("encoder", activation="gelu"),
        "of_decoder": _decoder("decoder", activation="gelu", norm_first=True),
        "of_encoder_causal": _encoder("encoder", causal=True, activation="gelu"),
        "of_encoder_first": _encoder("encoder_first", eps=0.01, norm_first=True, bias=False),
        "of_encoder_first_masked": _encoder("encoder_first", causal=True, eps=0.01, norm_first=True, bias=False),
        "of_decoder_last": _decoder("decoder_last", causal=False, eps=0.01, bias=False),
        "of_encoders": _encoder("encoders", 3, causal=True, final_norm=True, eps=0.001),
        "of_encoders_masked": _encoder("encoders", 3, final_norm=True, eps=0.001),
        "of_encoders_first": _encoder("encoders_first", 2, hidden=40, activation="gelu", norm_first=True),
        "of_decoders": _decoder("decoders", 2, final_norm=True, eps=0.001, norm_first=True),
        "of_decoders_last": _decoder("decoders_last", 2, causal=False, activation="gelu"),
        "of_mlp": _mlp("mlp", _gelu_tanh),
        "of_mlp_silu": _mlp("mlp_silu", F.silu),
    },
    "unrolled": {
        "of_range": lambda w, x: ((x * 0.5 + 0) * 0.5 + 1) * 0.5 + 2 + 12 * x,
        "of_reversed": _applied((2, 1, 0)),
        "of_enumerate": _applied((0, 1, 2), (1.0, 2.0, 3.0)),
        "of_zip": _applied((0, 1, 2), (0.5, 2.0, -1.0)),
        "of_numbers": _numbers,
        "of_halves": lambda w, x: x[:, :6] * x[:, 7:],
        "of_choice": lambda w, x: (x + 2) * 3,
        "of_local": lambda w, x: (x * 3 + x) * 0.25 + x,
    },
    "volumes": {
        "of_plain": _conv("plain"),
        "of_strided": _conv("strided", stride=2, padding=1),
        "of_grouped": _conv("grouped", bias=False, padding=2, dilation=2, groups=2),
        "of_point": _conv("point"),
        "of_uneven": _conv("plain", bias=False, stride=(1, 2, 1), padding=(1, 0, 0)),
        "of_batch": _batch_norm("batch"),
        "of_bare": _batch_norm("bare", affine=False, eps=0.01),
        "of_folded": lambda w, x: F.relu(_batch_norm("batch")(w, _conv("narrow")(w, x))),
        "of_largest": _of(F.max_pool3d, kernel_size=3, stride=2, padding=1, ceil_mode=True),
        "of_meaned": _of(
            F.avg_pool3d, kernel_size=3, stride=2, padding=1, count_include_pad=False, ceil_mode=True
        ),
        "of_spaced": _of(F.max_pool3d, kernel_size=2, dilation=2),
        "of_halved": _of(F.avg_pool3d, kernel_size=2),
        "of_max_pool": _of(F.max_pool3d, kernel_size=(2, 3, 2), stride=(2, 1, 1)),
        "of_avg_pool": _of(F.avg_pool3d, kernel_size=(2, 3, 1)),
    },
}


def run(case):
    """NumPy output of one case. f16 is computed in f32 and rounded at the end."""
    weights = {n: torch.from_numpy(v) for n, v in blocks.tensors(case.file)}
    inputs = [torch.from_numpy(v) for v in case.inputs().values()]
    inputs = [v.float() if v.dtype == torch.float16 else v for v in inputs]
    with torch.no_grad():
        output = MEANING[case.file][case.entry](weights, *inputs).contiguous()
    return (output.half() if case.file in blocks.STORED else output).numpy()
