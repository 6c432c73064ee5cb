# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that make pairs and more of the fields of an example: weights and configurations. No PyTorch here."""
from network import Network
from networks_clicks import field_inputs, one_output
from networks_images import Shapes


class FieldShapes(Shapes):
    """Weight name -> shape, with what these networks have in common."""

    def __init__(self, c, linear=True):
        super().__init__()
        if linear:
            self["linear.fc.weight"], self["linear.bias"] = (c["features"], 1), (1,)
        self.table(c, "embedding")

    def table(self, c, name):
        self[f"{name}.embedding.weight"] = (c["features"], c["embed_dim"])

    def perceptron(self, fan_in, hidden, scored=True, name="mlp"):
        """pytorch-fm's."""
        for i, fan_out in enumerate(hidden):
            self.linear(f"{name}.mlp.{4 * i}", fan_in, fan_out)
            self.vectors(f"{name}.mlp.{4 * i + 1}", fan_out, "running_mean", "running_var")
            fan_in = fan_out
        if scored:
            self.linear(f"{name}.mlp.{4 * len(hidden)}", fan_in, 1)

    def dnn(self, name, fan_in, hidden, dice=False):
        """DeepCTR-Torch's."""
        for i, fan_out in enumerate(hidden):
            self.linear(f"{name}.linears.{i}", fan_in, fan_out)
            if dice:
                self.vectors(f"{name}.activation_layers.{i}.bn", fan_out, "running_mean", "running_var")
                self[f"{name}.activation_layers.{i}.alpha"] = (fan_out,)
            fan_in = fan_out


def pairs(count):
    return count * (count - 1) // 2


def width(c):
    return c["fields"] * c["embed_dim"]


def ffm_weights(c):
    s = FieldShapes(c)
    del s["embedding.embedding.weight"]
    for i in range(c["fields"]):
        s[f"ffm.embeddings.{i}.weight"] = (c["features"], c["embed_dim"])
    return s


def afm_weights(c):
    s = FieldShapes(c)
    s.linear("afm.attention", c["embed_dim"], c["attn_size"])
    s.linear("afm.projection", c["attn_size"], 1)
    s.linear("afm.fc", c["embed_dim"], 1)
    return s


def nfm_weights(c):
    s = FieldShapes(c)
    s.vectors("fm.1", c["embed_dim"], "running_mean", "running_var")
    s.perceptron(c["embed_dim"], c["mlp_dims"])
    return s


def dcn_weights(c):
    s = FieldShapes(c, linear=False)
    s["crossnet.kernels"] = s["crossnet.bias"] = (c["num_layers"], width(c), 1)
    s.perceptron(width(c), c["mlp_dims"], scored=False)
    s.linear("linear", width(c) + c["mlp_dims"][-1], 1)
    return s


def dcn_mix_weights(c):
    s = dcn_weights(c)
    del s["crossnet.kernels"]
    layers, experts, rank = c["num_layers"], c["num_experts"], c["low_rank"]
    s["crossnet.U_list"] = s["crossnet.V_list"] = (layers, experts, width(c), rank)
    s["crossnet.C_list"] = (layers, experts, rank, rank)
    for i in range(experts):
        s.linear(f"crossnet.gating.{i}", width(c), 1, bias=False)
    return s


def xdeepfm_weights(c):
    s = FieldShapes(c)
    before, counted, sizes = c["fields"], 0, c["cross_layer_sizes"]
    for i, size in enumerate(sizes):
        s[f"cin.conv_layers.{i}.weight"], s[f"cin.conv_layers.{i}.bias"] = (size, c["fields"] * before, 1), (size,)
        halved = c["split_half"] and i != len(sizes) - 1
        counted += size // 2 if halved else size
        before = size - size // 2 if halved else size
    s.linear("cin.fc", counted, 1)
    s.perceptron(width(c), c["mlp_dims"])
    return s


def pnn_weights(c):
    s = FieldShapes(c, linear=False)
    if c["method"] == "outer":
        s["pn.kernel"] = (c["embed_dim"], pairs(c["fields"]), c["embed_dim"])
    s.perceptron(width(c) + pairs(c["fields"]), c["mlp_dims"])
    return s


def fgcnn_weights(c):
    s = FieldShapes(c, linear=False)
    s.table(c, "fg_embedding")
    height, fan_in, count, dim = c["fields"], 1, c["fields"], c["embed_dim"]
    layers = zip(c["channels"], c["kernel_heights"], c["pooling_sizes"], c["recombined_channels"])
    for i, (channels, kernel, pool, made) in enumerate(layers):
        s[f"fgcnn_layer.conv_list.{i}.0.weight"] = (channels, fan_in, kernel, 1)
        s[f"fgcnn_layer.conv_list.{i}.0.bias"] = (channels,)
        height, fan_in = -(-height // pool), channels
        s.linear(f"fgcnn_layer.recombine_list.{i}.0", channels * height * dim, made * height * dim)
        count += made * height
    s.perceptron(count * dim + pairs(count), c["mlp_dims"])
    return s


def fibinet_weights(c):
    s = FieldShapes(c)
    fields, hidden, dim = c["fields"], c["senet_hidden"], c["embed_dim"]
    s.linear("SE.excitation.0", fields, hidden, bias=False)
    s.linear("SE.excitation.2", hidden, fields, bias=False)
    for i in range(fields - 1):
        s.linear(f"Bilinear.bilinear.{i}", dim, dim, bias=False)
    s.dnn("dnn", 2 * pairs(fields) * dim, c["dnn_hidden_units"])
    s.linear("dnn_linear", c["dnn_hidden_units"][-1], 1, bias=False)
    return s


def autoint_weights(c):
    s = FieldShapes(c)
    wide = c["atten_embed_dim"]
    for name in ("atten_embedding", "V_res_embedding"):
        s.linear(name, c["embed_dim"], wide)
    for i in range(c["num_layers"]):
        s[f"self_attns.{i}.in_proj_weight"], s[f"self_attns.{i}.in_proj_bias"] = (3 * wide, wide), (3 * wide,)
        s.linear(f"self_attns.{i}.out_proj", wide, wide)
    s.linear("attn_fc", c["fields"] * wide, 1)
    s.perceptron(width(c), c["mlp_dims"])
    return s


def _network(name, model, weights, features, fields, dim, **more):
    config = {"features": features, "fields": fields, "embed_dim": dim, **more}
    return Network(name, model, config, weights, ("forward",), field_inputs, one_output, lengths=(0,))


def _ffm(name, *sizes):
    return _network(name, "ffm/ffm.ncr", ffm_weights, *sizes)


def _afm(name, *sizes, unit):
    return _network(name, "afm/afm.ncr", afm_weights, *sizes, attn_size=unit)


def _nfm(name, *sizes, mlp):
    return _network(name, "nfm/nfm.ncr", nfm_weights, *sizes, mlp_dims=mlp)


def _dcn(name, *sizes, layers, mlp):
    return _network(name, "dcn/dcn.ncr", dcn_weights, *sizes, num_layers=layers, mlp_dims=mlp)


def _dcn_mix(name, *sizes, layers, experts, rank, mlp):
    more = {"num_layers": layers, "num_experts": experts, "low_rank": rank, "mlp_dims": mlp}
    return _network(name, "dcn/dcn_mix.ncr", dcn_mix_weights, *sizes, **more)


def _xdeepfm(name, *sizes, cross, halved, mlp):
    more = {"cross_layer_sizes": cross, "split_half": halved, "mlp_dims": mlp}
    return _network(name, "xdeepfm/xdeepfm.ncr", xdeepfm_weights, *sizes, **more)


def _pnn(name, *sizes, mlp, method):
    return _network(name, "pnn/pnn.ncr", pnn_weights, *sizes, mlp_dims=mlp, method=method)


def _fgcnn(name, *sizes, channels, kernels, pools, made, mlp):
    more = {"channels": channels, "kernel_heights": kernels, "pooling_sizes": pools, "recombined_channels": made}
    return _network(name, "fgcnn/fgcnn.ncr", fgcnn_weights, *sizes, **more, mlp_dims=mlp)


def _fibinet(name, *sizes, squeezed, dnn):
    return _network(name, "fibinet/fibinet.ncr", fibinet_weights, *sizes, senet_hidden=squeezed, dnn_hidden_units=dnn)


def _autoint(name, *sizes, wide, heads, layers, mlp):
    more = {"atten_embed_dim": wide, "num_heads": heads, "num_layers": layers, "mlp_dims": mlp}
    return _network(name, "autoint/autoint.ncr", autoint_weights, *sizes, **more)


SMALL = (
    _ffm("ffm-odd", 211, 5, 3),
    _afm("afm-odd", 211, 5, 5, unit=7),
    _nfm("nfm-odd", 211, 7, 5, mlp=[19]),
    _dcn("dcn-odd", 211, 5, 5, layers=2, mlp=[19]),
    _dcn_mix("dcn-mix-odd", 211, 5, 5, layers=2, experts=2, rank=3, mlp=[19]),
    _xdeepfm("xdeepfm-odd", 211, 5, 5, cross=[7, 5], halved=True, mlp=[19]),
    _xdeepfm("xdeepfm-whole", 211, 5, 5, cross=[7, 5], halved=False, mlp=[19]),
    _pnn("ipnn-odd", 211, 5, 5, mlp=[19], method="inner"),
    _pnn("opnn-odd", 211, 5, 5, mlp=[19], method="outer"),
    _fgcnn("fgcnn-odd", 211, 7, 5, channels=[3, 2], kernels=[3, 5], pools=[2, 3], made=[2, 1], mlp=[19]),
    _fibinet("fibinet-odd", 211, 5, 5, squeezed=3, dnn=[19, 7]),
    _autoint("autoint-odd", 211, 5, 5, wide=12, heads=2, layers=2, mlp=[19]),
)
FULL = (
    _ffm("ffm", 100_000, 39, 4),
    _afm("afm", 100_000, 39, 16, unit=16),
    _nfm("nfm", 100_000, 39, 64, mlp=[64]),
    _dcn("dcn", 100_000, 39, 16, layers=3, mlp=[400, 400]),
    _dcn_mix("dcn-mix", 100_000, 39, 16, layers=3, experts=4, rank=32, mlp=[400, 400]),
    _xdeepfm("xdeepfm", 100_000, 39, 16, cross=[100, 100], halved=True, mlp=[400, 400]),
    _pnn("ipnn", 100_000, 39, 16, mlp=[400, 400], method="inner"),
    _pnn("opnn", 100_000, 39, 16, mlp=[400, 400], method="outer"),
    _fgcnn("fgcnn", 100_000, 39, 16, channels=[14, 16], kernels=[7, 7], pools=[2, 2], made=[3, 3], mlp=[400, 400]),
    _fibinet("fibinet", 100_000, 39, 16, squeezed=13, dnn=[400, 400]),
    _autoint("autoint", 100_000, 39, 16, wide=32, heads=2, layers=3, mlp=[400, 400]),
)
