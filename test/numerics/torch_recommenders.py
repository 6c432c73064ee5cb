# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_recommenders.py in plain PyTorch, from their papers, with their model files' weight names."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from torch_clicks import FeaturesEmbedding, FeaturesLinear, Perceptron
from torch_layers import Namespace


def all_pairs(x):
    """The two vectors of each pair of rows of x: [B, F, D]."""
    first, second = zip(*itertools.combinations(range(x.shape[1]), 2))
    return x[:, first], x[:, second]


class Fields(nn.Module):
    """The linear model and the table that most have."""

    def __init__(self, c, linear=True):
        super().__init__()
        if linear:
            self.linear = FeaturesLinear(c["features"])
        self.embedding = FeaturesEmbedding(c["features"], c["embed_dim"])
        self.fields, self.dim = c["fields"], c["embed_dim"]
        self.width = self.fields * self.dim

    def forward(self, ids, values):
        score = self.score(self.embedding(ids, values)).squeeze(-1)
        return torch.sigmoid(self.linear(ids, values) + score if isinstance(self.linear, FeaturesLinear) else score)


class FFM(nn.Module):
    """Equation 4 of Juan et al. 2016, pair by pair."""

    def __init__(self, c):
        super().__init__()
        self.linear = FeaturesLinear(c["features"])
        tables = (nn.Embedding(c["features"], c["embed_dim"]) for _ in range(c["fields"]))
        self.ffm = Namespace(embeddings=nn.ModuleList(tables))

    def forward(self, ids, values):
        score = self.linear(ids, values)
        for i, j in itertools.combinations(range(ids.shape[1]), 2):
            of_i, of_j = self.ffm.embeddings[j](ids[:, i]), self.ffm.embeddings[i](ids[:, j])
            score = score + (of_i * of_j).sum(1) * values[:, i] * values[:, j]
        return torch.sigmoid(score)


class AFM(Fields):
    def __init__(self, c):
        super().__init__(c)
        unit, dim = c["attn_size"], c["embed_dim"]
        self.afm = Namespace(attention=nn.Linear(dim, unit), projection=nn.Linear(unit, 1), fc=nn.Linear(dim, 1))

    def score(self, x):
        p, q = all_pairs(x)
        weights = self.afm.projection(F.relu(self.afm.attention(p * q))).softmax(1)
        return self.afm.fc((weights * p * q).sum(1))


class NFM(Fields):
    def __init__(self, c):
        super().__init__(c)
        self.fm = nn.Sequential(nn.Identity(), nn.BatchNorm1d(c["embed_dim"]), nn.Dropout())
        self.mlp = Perceptron(c["embed_dim"], c["mlp_dims"], scored=True)

    def score(self, x):
        p, q = all_pairs(x)
        return self.mlp(self.fm((p * q).sum(1)))


class DCN(Fields):
    """Equation 3 of Wang et al. 2017: the outer product of x0 and x, times w."""

    def __init__(self, c):
        super().__init__(c, linear=False)
        self.crossnet = nn.Module()
        self.crossnet.bias = nn.Parameter(torch.empty(c["num_layers"], self.width, 1))
        self.make_cross(c)
        self.mlp = Perceptron(self.width, c["mlp_dims"], scored=False)
        self.linear = nn.Linear(self.width + c["mlp_dims"][-1], 1)

    def make_cross(self, c):
        self.crossnet.kernels = nn.Parameter(torch.empty(c["num_layers"], self.width, 1))

    def cross(self, start):
        x = start
        for w, b in zip(self.crossnet.kernels, self.crossnet.bias):
            x = ((start[:, :, None] @ x[:, None]) @ w + b)[..., 0] + x
        return x

    def score(self, x):
        x = x.flatten(1)
        return self.linear(torch.cat([self.cross(x), self.mlp(x)], 1))


class DCNMix(DCN):
    """Equations 3 and 4 of Wang et al. 2021."""

    def make_cross(self, c):
        layers, experts, rank = c["num_layers"], c["num_experts"], c["low_rank"]
        for name, rows in (("U_list", self.width), ("V_list", self.width), ("C_list", rank)):
            setattr(self.crossnet, name, nn.Parameter(torch.empty(layers, experts, rows, rank)))
        self.crossnet.gating = nn.ModuleList(nn.Linear(self.width, 1, bias=False) for _ in range(experts))

    def cross(self, start):
        net, x = self.crossnet, start
        for u, v, c, b in zip(net.U_list, net.V_list, net.C_list, net.bias):
            gates = torch.cat([g(x) for g in net.gating], 1).softmax(1)
            low = torch.einsum("ers,bes->ber", c, torch.einsum("edr,bd->ber", v, x).tanh()).tanh()
            experts = start[:, None] * (torch.einsum("edr,ber->bed", u, low) + b[:, 0])
            x = x + (gates[..., None] * experts).sum(1)
        return x


class XDeepFM(Fields):
    """Equation 6 of Lian et al. 2018."""

    def __init__(self, c):
        super().__init__(c)
        layers, before, counted, sizes = [], self.fields, 0, c["cross_layer_sizes"]
        for i, size in enumerate(sizes):
            layers.append(nn.Conv1d(self.fields * before, size, 1))
            halved = c["split_half"] and i < len(sizes) - 1
            before = size - size // 2 if halved else size
            counted += size // 2 if halved else size
        self.halved = c["split_half"]
        self.cin = Namespace(conv_layers=nn.ModuleList(layers), fc=nn.Linear(counted, 1))
        self.mlp = Perceptron(self.width, c["mlp_dims"], scored=True)

    def score(self, x):
        state, maps = x, []
        for i, conv in enumerate(self.cin.conv_layers):
            weight = conv.weight.unflatten(1, (self.fields, -1, 1))[..., 0]
            y = F.relu(torch.einsum("oij,bid,bjd->bod", weight[..., 0], x, state) + conv.bias[:, None])
            if self.halved and i < len(self.cin.conv_layers) - 1:
                count = conv.out_channels // 2
                y, state = y[:, :count], y[:, count:]
            else:
                state = y
            maps.append(y)
        return self.cin.fc(torch.cat(maps, 1).sum(2)) + self.mlp(x.flatten(1))


class PNN(Fields):
    def __init__(self, c):
        super().__init__(c, linear=False)
        self.linear, count = None, self.fields * (self.fields - 1) // 2
        self.outer = c["method"] == "outer"
        if self.outer:
            self.pn = nn.Module()
            self.pn.kernel = nn.Parameter(torch.empty(self.dim, count, self.dim))
        self.mlp = Perceptron(self.width + count, c["mlp_dims"], scored=True)

    def score(self, x):
        p, q = all_pairs(x)
        products = torch.einsum("bpe,dpe,bpd->bp", p, self.pn.kernel, q) if self.outer else (p * q).sum(2)
        return self.mlp(torch.cat([x.flatten(1), products], 1))


class FGCNN(nn.Module):
    """Section 3 of Liu et al. 2019."""

    def __init__(self, c):
        super().__init__()
        dim, height, fan_in, self.count = c["embed_dim"], c["fields"], 1, c["fields"]
        self.embedding = FeaturesEmbedding(c["features"], dim)
        self.fg_embedding = FeaturesEmbedding(c["features"], dim)
        convs, recombine = [], []
        for channels, kernel, pool, made in zip(
            c["channels"], c["kernel_heights"], c["pooling_sizes"], c["recombined_channels"]
        ):
            conv = nn.Conv2d(fan_in, channels, (kernel, 1), padding="same")
            convs.append(nn.Sequential(conv, nn.Tanh(), nn.MaxPool2d((pool, 1), ceil_mode=True)))
            height, fan_in = -(-height // pool), channels
            recombine.append(nn.Sequential(nn.Linear(channels * height * dim, made * height * dim), nn.Tanh()))
            self.count += made * height
        self.fgcnn_layer = Namespace(conv_list=nn.ModuleList(convs), recombine_list=nn.ModuleList(recombine))
        self.mlp = Perceptron(self.count * dim + self.count * (self.count - 1) // 2, c["mlp_dims"], scored=True)

    def forward(self, ids, values):
        raw = self.embedding(ids, values)
        x, features = self.fg_embedding(ids, values)[:, None], [raw]
        for conv, recombine in zip(self.fgcnn_layer.conv_list, self.fgcnn_layer.recombine_list):
            x = conv(x)
            features.append(recombine(x.flatten(1)).unflatten(1, (-1, raw.shape[2])))
        x = torch.cat(features, 1)
        p, q = all_pairs(x)
        return torch.sigmoid(self.mlp(torch.cat([x.flatten(1), (p * q).sum(2)], 1))[:, 0])


class ReluDNN(nn.Module):
    """DeepCTR-Torch's, with ReLU."""

    def __init__(self, fan_in, hidden):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in zip([fan_in, *hidden], hidden))

    def forward(self, x):
        for linear in self.linears:
            x = F.relu(linear(x))
        return x


class FiBiNET(Fields):
    def __init__(self, c):
        super().__init__(c)
        fields, dim, hidden = self.fields, self.dim, c["senet_hidden"]
        layers = nn.Linear(fields, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, fields, bias=False), nn.ReLU()
        self.SE = Namespace(excitation=nn.Sequential(*layers))
        self.Bilinear = Namespace(bilinear=nn.ModuleList(nn.Linear(dim, dim, bias=False) for _ in range(fields - 1)))
        self.dnn = ReluDNN(fields * (fields - 1) * dim, c["dnn_hidden_units"])
        self.dnn_linear = nn.Linear(c["dnn_hidden_units"][-1], 1, bias=False)

    def bilinear(self, x):
        pairs = itertools.combinations(range(self.fields), 2)
        return torch.stack([self.Bilinear.bilinear[i](x[:, i]) * x[:, j] for i, j in pairs], 1)

    def score(self, x):
        weighed = x * self.SE.excitation(x.mean(2))[..., None]
        both = torch.cat([self.bilinear(weighed), self.bilinear(x)], 1)
        return self.dnn_linear(self.dnn(both.flatten(1)))


class AutoInt(Fields):
    def __init__(self, c):
        super().__init__(c)
        wide, layers = c["atten_embed_dim"], range(c["num_layers"])
        self.atten_embedding, self.V_res_embedding = nn.Linear(self.dim, wide), nn.Linear(self.dim, wide)
        attention = (nn.MultiheadAttention(wide, c["num_heads"], batch_first=True) for _ in layers)
        self.self_attns = nn.ModuleList(attention)
        self.attn_fc = nn.Linear(self.fields * wide, 1)
        self.mlp = Perceptron(self.width, c["mlp_dims"], scored=True)

    def score(self, x):
        y = self.atten_embedding(x)
        for attention in self.self_attns:
            y = attention(y, y, y, need_weights=False)[0]
        return self.attn_fc(F.relu(y + self.V_res_embedding(x)).flatten(1)) + self.mlp(x.flatten(1))


MODELS = {
    "ffm/ffm.ncr": FFM,
    "afm/afm.ncr": AFM,
    "nfm/nfm.ncr": NFM,
    "dcn/dcn.ncr": DCN,
    "dcn/dcn_mix.ncr": DCNMix,
    "xdeepfm/xdeepfm.ncr": XDeepFM,
    "pnn/pnn.ncr": PNN,
    "fgcnn/fgcnn.ncr": FGCNN,
    "fibinet/fibinet.ncr": FiBiNET,
    "autoint/autoint.ncr": AutoInt,
}
