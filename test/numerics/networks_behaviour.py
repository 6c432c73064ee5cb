# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that predict clicks from what a user did, and order- and operation-aware ones. No PyTorch here."""
from network import Network, random_ids, uniform
from networks_clicks import din_inputs, field_inputs, one_output
from networks_recommenders import FieldShapes, pairs, width


def _tables(c, **counts):
    s = FieldShapes({"features": 1, "embed_dim": 1}, linear=False)
    s.clear()
    for name, (count, dim) in counts.items():
        s[f"embedding_dict.{name}.weight"] = (count, dim)
    return s


def _item_tables(c):
    dim = c["embedding_size"]
    return _tables(c, user=(c["users"], dim), item=(c["items"], dim), category=(c["categories"], dim))


def _score(s, fan_in, hidden):
    s.dnn("dnn", fan_in, hidden)
    s.linear("dnn_linear", hidden[-1], 1, bias=False)
    s["out.bias"] = (1,)


def _encoder_layer(s, name, dim, inner):
    s[f"{name}.self_attn.in_proj_weight"], s[f"{name}.self_attn.in_proj_bias"] = (3 * dim, dim), (3 * dim,)
    s.linear(f"{name}.self_attn.out_proj", dim, dim)
    s.linear(f"{name}.linear1", dim, inner)
    s.linear(f"{name}.linear2", inner, dim)
    s.vectors(f"{name}.norm1", dim)
    s.vectors(f"{name}.norm2", dim)


def oann_weights(c):
    s = FieldShapes(c, linear=False)
    for i in range(c["fields"]):
        s[f"ffm.embeddings.{i}.weight"] = (c["features"], c["embed_dim"])
    s.perceptron(width(c) + pairs(c["fields"]), c["mlp_dims"])
    return s


def oenn_weights(c):
    s = FieldShapes(c)
    del s["embedding.embedding.weight"]
    for i in range(c["orders"]):
        s.table(c, f"embeddings.{i}")
    s.perceptron((c["fields"] + c["orders"] - 1) * c["embed_dim"], c["mlp_dims"])
    return s


def bst_weights(c):
    s, dim, places = _item_tables(c), c["embedding_size"], c["max_len"] + 1
    s["position.weight"] = (places, 2 * dim)
    for i in range(c["transformer_num"]):
        _encoder_layer(s, f"transformer.layers.{i}", 2 * dim, c["transformer_hidden"])
    _score(s, dim + places * 2 * dim, c["dnn_hidden_units"])
    return s


def can_weights(c):
    dim, unit = c["embedding_size"], c["co_action_sizes"]
    acting = sum((a + 1) * b for a, b in zip([dim, *unit], unit))
    s = _tables(c, user=(c["users"], dim), item=(c["items"], dim), co_action=(c["items"], acting))
    _score(s, 2 * dim + sum(unit), c["dnn_hidden_units"])
    return s


def dsin_weights(c):
    s, dim = _item_tables(c), c["embedding_size"]
    wide = 2 * dim
    s["bias_encoding.session"] = (c["sess_max_count"], 1, 1)
    s["bias_encoding.place"], s["bias_encoding.unit"] = (c["sess_max_len"], 1), (wide,)
    _encoder_layer(s, "transformer", wide, c["att_hidden_size"])
    for way in ("", "_reverse"):
        for name, shape in (("weight_ih", (4 * dim, wide)), ("weight_hh", (4 * dim, dim))):
            s[f"lstm.{name}_l0{way}"] = shape
        s[f"lstm.bias_ih_l0{way}"] = s[f"lstm.bias_hh_l0{way}"] = (4 * dim,)
    s["interest.weight"] = s["evolving.weight"] = (wide, wide)
    _score(s, dim + 3 * wide, c["dnn_hidden_units"])
    return s


def dien_weights(c):
    s, wide = _item_tables(c), 2 * c["embedding_size"]
    for cell, end in (("interest_extractor.gru.", "_l0"), ("interest_evolution.interest_evolution.rnn.", "")):
        for name in ("ih", "hh"):
            s[f"{cell}weight_{name}{end}"], s[f"{cell}bias_{name}{end}"] = (3 * wide, wide), (3 * wide,)
    s["interest_evolution.attention.weight"] = (wide, wide)
    hidden = c["dnn_hidden_units"]
    s.dnn("dnn", c["embedding_size"] + 2 * wide, hidden, dice=True)
    s.linear("dnn_linear", hidden[-1], 1, bias=False)
    s["out.bias"] = (1,)
    return s


def mimn_weights(c):
    s, dim = _item_tables(c), c["embedding_size"]
    wide = 2 * dim
    s["memory.initial"] = (c["memory_size"], wide)
    for name in ("key", "erase", "add"):
        s.linear(f"memory.{name}", 2 * wide, wide)
    s["memory.induction.weight_ih"], s["memory.induction.weight_hh"] = (3 * wide, 2 * wide), (3 * wide, wide)
    s["memory.induction.bias_ih"] = s["memory.induction.bias_hh"] = (3 * wide,)
    _score(s, dim + 3 * wide, c["dnn_hidden_units"])
    return s


def bst_inputs(c, tag, batch, _):
    return din_inputs(c, tag, batch, c["max_len"])


def can_inputs(c, tag, batch, length):
    made = din_inputs({**c, "categories": 1}, tag, batch, length)
    return {name: made[name] for name in ("user", "item", "past_items", "mask")}


def dsin_inputs(c, tag, batch, _):
    shape = batch, c["sess_max_count"], c["sess_max_len"]
    made = din_inputs(c, tag, batch, 1)
    made["past_items"] = random_ids(f"{tag}.items", shape, c["items"])
    made["past_categories"] = random_ids(f"{tag}.categories", shape, c["categories"])
    made["mask"] = (uniform(f"{tag}.mask", shape) > -0.4).astype("int64")
    made["mask"][..., 0] = 1
    return made


def _fields(name, model, weights, features, fields, dim, **more):
    config = {"features": features, "fields": fields, "embed_dim": dim, **more}
    return Network(name, model, config, weights, ("forward",), field_inputs, one_output, lengths=(0,))


def _oann(name, *sizes, mlp):
    return _fields(name, "onn/oann.ncr", oann_weights, *sizes, mlp_dims=mlp)


def _oenn(name, *sizes, orders, mlp):
    return _fields(name, "onn/oenn.ncr", oenn_weights, *sizes, orders=orders, mlp_dims=mlp)


def _behaviour(name, model, weights, inputs, counts, lengths=(0,), **more):
    config = dict(zip(("users", "items", "categories"), counts)) | more
    return Network(name, model, config, weights, ("forward",), inputs, one_output, lengths=lengths)


def _bst(name, *counts, length, dim, heads, layers, inner, dnn):
    more = {"max_len": length, "embedding_size": dim, "att_head_num": heads, "transformer_num": layers}
    more |= {"transformer_hidden": inner, "dnn_hidden_units": dnn}
    return _behaviour(name, "bst/bst.ncr", bst_weights, bst_inputs, counts, **more)


def _can(name, *counts, dim, unit, orders, dnn, lengths):
    more = {"embedding_size": dim, "co_action_sizes": unit, "orders": orders, "dnn_hidden_units": dnn}
    return _behaviour(name, "can/can.ncr", can_weights, can_inputs, counts, lengths=lengths, **more)


def _dien(name, *counts, dim, dnn, lengths):
    more = {"embedding_size": dim, "dnn_hidden_units": dnn}
    return _behaviour(name, "dien/dien.ncr", dien_weights, din_inputs, counts, lengths=lengths, **more)


def _mimn(name, *counts, dim, slots, dnn, lengths):
    more = {"embedding_size": dim, "memory_size": slots, "dnn_hidden_units": dnn}
    return _behaviour(name, "mimn/mimn.ncr", mimn_weights, din_inputs, counts, lengths=lengths, **more)


def _dsin(name, *counts, sessions, length, dim, heads, inner, dnn):
    more = {"sess_max_count": sessions, "sess_max_len": length, "embedding_size": dim, "att_head_num": heads}
    more |= {"att_hidden_size": inner, "dnn_hidden_units": dnn}
    return _behaviour(name, "dsin/dsin.ncr", dsin_weights, dsin_inputs, counts, **more)


SMALL = (
    _oann("oann-odd", 211, 5, 3, mlp=[19]),
    _oenn("oenn-odd", 211, 5, 3, orders=4, mlp=[19]),
    _bst("bst-odd", 23, 41, 11, length=5, dim=6, heads=3, layers=2, inner=19, dnn=[13, 7]),
    _can("can-odd", 23, 41, dim=5, unit=[7, 3], orders=2, dnn=[13, 7], lengths=(1, 6)),
    _dien("dien-odd", 23, 41, 11, dim=5, dnn=[13, 7], lengths=(1, 6)),
    _mimn("mimn-odd", 23, 41, 11, dim=5, slots=3, dnn=[13, 7], lengths=(1, 6)),
    _dsin("dsin-odd", 23, 41, 11, sessions=3, length=4, dim=6, heads=3, inner=19, dnn=[13, 7]),
)
FULL = (
    _oann("oann", 100_000, 39, 4, mlp=[400, 400]),
    _oenn("oenn", 100_000, 39, 16, orders=3, mlp=[400, 400]),
    _bst("bst", 192403, 63001, 801, length=20, dim=32, heads=8, layers=1, inner=256, dnn=[1024, 512, 256]),
    _can("can", 192403, 63001, dim=16, unit=[8, 4], orders=2, dnn=[200, 80], lengths=(20,)),
    _dien("dien", 192403, 63001, 801, dim=64, dnn=[200, 80], lengths=(100,)),
    _mimn("mimn", 192403, 63001, 801, dim=16, slots=4, dnn=[200, 80], lengths=(100,)),
    _dsin("dsin", 192403, 63001, 801, sessions=5, length=10, dim=16, heads=4, inner=64, dnn=[200, 80]),
)
