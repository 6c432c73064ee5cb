# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that predict clicks: weights, inputs and configurations. No PyTorch here."""
import numpy as np

from network import Network, random_ids, uniform
from networks_images import Shapes
from networks_text import token_mask

BATCHES = (1, 3, 66)  # an output is one number

def _linear_part(s, c):
    s["linear.fc.weight"], s["linear.bias"] = (c["features"], 1), (1,)


def _embedding(s, c):
    s["embedding.embedding.weight"] = (c["features"], c["embed_dim"])


def _perceptron(s, c, scored):
    """pytorch-fm's: linear, batch norm, ReLU and dropout for each layer, all in one list."""
    fan_in = c["fields"] * c["embed_dim"]
    for i, fan_out in enumerate(c["mlp_dims"]):
        s.linear(f"mlp.mlp.{4 * i}", fan_in, fan_out)
        s.vectors(f"mlp.mlp.{4 * i + 1}", fan_out, "running_mean", "running_var")
        fan_in = fan_out
    if scored:
        s.linear(f"mlp.mlp.{4 * len(c['mlp_dims'])}", fan_in, 1)


def fm_weights(c):
    s = Shapes()
    _linear_part(s, c)
    _embedding(s, c)
    return s


def deepfm_weights(c):
    """Those of Wide & Deep too."""
    s = fm_weights(c)
    _perceptron(s, c, scored=True)
    return s


def dcn_v2_weights(c):
    s = Shapes()
    _embedding(s, c)
    width = c["fields"] * c["embed_dim"]
    for i in range(c["num_layers"]):
        s.linear(f"cn.cross_layers.{i}", width, width)
    _perceptron(s, c, scored=False)
    s.linear("linear", width + c["mlp_dims"][-1], 1)
    return s


def din_weights(c):
    s = Shapes()
    dim = c["embedding_size"]
    for name, count in (("user", c["users"]), ("item", c["items"]), ("category", c["categories"])):
        s[f"embedding_dict.{name}.weight"] = (count, dim)

    def dnn(name, fan_in, sizes):
        for i, fan_out in enumerate(sizes):
            s.linear(f"{name}.linears.{i}", fan_in, fan_out)
            s.vectors(f"{name}.activation_layers.{i}.bn", fan_out, "running_mean", "running_var")
            s[f"{name}.activation_layers.{i}.alpha"] = (fan_out,)
            fan_in = fan_out

    dnn("attention.local_att.dnn", 8 * dim, c["att_hidden_size"])
    s.linear("attention.local_att.dense", c["att_hidden_size"][-1], 1)
    dnn("dnn", 5 * dim, c["dnn_hidden_units"])
    s.linear("dnn_linear", c["dnn_hidden_units"][-1], 1, bias=False)
    s["out.bias"] = (1,)
    return s


def field_inputs(c, tag, batch, _):
    """Each field has its share of the features; two thirds of the fields are categories, the others have values in 0..1."""
    fields = c["fields"]
    share = c["features"] // fields
    ids = random_ids(tag, (batch, fields), share) + share * np.arange(fields)
    values = (uniform(f"{tag}.values", (batch, fields)) + 1.0) * 0.5
    values[:, : 2 * fields // 3] = 1.0
    return {"ids": ids, "values": values.astype(np.float32)}


def din_inputs(c, tag, batch, length):
    return {
        "user": random_ids(f"{tag}.user", (batch,), c["users"]),
        "item": random_ids(f"{tag}.item", (batch,), c["items"]),
        "category": random_ids(f"{tag}.category", (batch,), c["categories"]),
        "past_items": random_ids(f"{tag}.items", (batch, length), c["items"]),
        "past_categories": random_ids(f"{tag}.categories", (batch, length), c["categories"]),
        "mask": token_mask(batch, length),
    }


def one_output(_, __, batch, ___):
    return (batch,)


def _network(name, model, weights, features, fields, dim, **more):
    config = {"features": features, "fields": fields, "embed_dim": dim, **more}
    return Network(name, model, config, weights, ("forward",), field_inputs, one_output, BATCHES, (0,))


def _fm(name, *sizes):
    return _network(name, "fm/fm.ncr", fm_weights, *sizes)


def _deepfm(name, *sizes, mlp):
    return _network(name, "deepfm/deepfm.ncr", deepfm_weights, *sizes, mlp_dims=mlp)


def _widedeep(name, *sizes, mlp):
    return _network(name, "widedeep/widedeep.ncr", deepfm_weights, *sizes, mlp_dims=mlp)


def _dcn_v2(name, *sizes, layers, mlp):
    return _network(name, "dcn/dcn_v2.ncr", dcn_v2_weights, *sizes, num_layers=layers, mlp_dims=mlp)


def _din(name, users, items, categories, dim, dnn, unit):
    config = {
        "users": users,
        "items": items,
        "categories": categories,
        "embedding_size": dim,
        "dnn_hidden_units": dnn,
        "att_hidden_size": unit,
    }
    return Network(name, "din/din.ncr", config, din_weights, ("forward",), din_inputs, one_output, BATCHES, (1, 7, 100))


SMALL = (
    _fm("fm-odd", 211, 7, 5),
    _deepfm("deepfm-odd", 211, 7, 5, mlp=[37, 19]),
    _widedeep("widedeep-odd", 211, 7, 5, mlp=[37]),
    _dcn_v2("dcn-v2-odd", 211, 7, 5, layers=2, mlp=[37, 19]),
    _din("din-odd", 23, 41, 11, 9, [37, 19], [21, 13]),
)
FULL = (
    _fm("fm", 1_000_000, 39, 16),
    _deepfm("deepfm", 1_000_000, 39, 10, mlp=[400, 400, 400]),
    _widedeep("widedeep", 1_000_000, 39, 16, mlp=[1024, 512, 256]),
    _dcn_v2("dcn-v2", 1_000_000, 39, 16, layers=3, mlp=[768, 768]),
    _din("din", 192403, 63001, 801, 64, [200, 80], [80, 40]),
)
