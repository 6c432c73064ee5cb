# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_clicks.py in plain PyTorch, from their papers, with the weight names of their model files."""
import torch
from torch import nn
from torch.nn import functional as F

from torch_layers import Namespace


class FeaturesLinear(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.fc = nn.Embedding(features, 1)
        self.bias = nn.Parameter(torch.empty(1))

    def forward(self, ids, values):
        return (self.fc.weight[ids, 0] * values).sum(1) + self.bias


class FeaturesEmbedding(nn.Module):
    def __init__(self, features, dim):
        super().__init__()
        self.embedding = nn.Embedding(features, dim)

    def forward(self, ids, values):
        return self.embedding(ids) * values[..., None]


def pair_products(x):
    """The sum over all pairs of fields of the products of their vectors, pair by pair: equation 1 of Rendle 2010."""
    products = x @ x.mT
    return products.triu(1).sum((1, 2))


class Perceptron(nn.Module):
    def __init__(self, fan_in, hidden, scored):
        super().__init__()
        layers = []
        for fan_out in hidden:
            layers += [nn.Linear(fan_in, fan_out), nn.BatchNorm1d(fan_out), nn.ReLU(), nn.Dropout()]
            fan_in = fan_out
        self.mlp = nn.Sequential(*layers, *([nn.Linear(fan_in, 1)] if scored else []))

    def forward(self, x):
        return self.mlp(x)


class FM(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.linear = FeaturesLinear(c["features"])
        self.embedding = FeaturesEmbedding(c["features"], c["embed_dim"])

    def forward(self, ids, values):
        return torch.sigmoid(self.linear(ids, values) + pair_products(self.embedding(ids, values)))


class WideAndDeep(FM):
    def __init__(self, c):
        super().__init__(c)
        self.mlp = Perceptron(c["fields"] * c["embed_dim"], c["mlp_dims"], scored=True)

    def forward(self, ids, values):
        deep = self.mlp(self.embedding(ids, values).flatten(1))
        return torch.sigmoid(self.linear(ids, values) + deep[:, 0])


class DeepFM(WideAndDeep):
    def forward(self, ids, values):
        x = self.embedding(ids, values)
        return torch.sigmoid(self.linear(ids, values) + pair_products(x) + self.mlp(x.flatten(1))[:, 0])


class DCNv2(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["fields"] * c["embed_dim"]
        self.embedding = FeaturesEmbedding(c["features"], c["embed_dim"])
        self.cn = Namespace(cross_layers=nn.ModuleList(nn.Linear(width, width) for _ in range(c["num_layers"])))
        self.mlp = Perceptron(width, c["mlp_dims"], scored=False)
        self.linear = nn.Linear(width + c["mlp_dims"][-1], 1)

    def forward(self, ids, values):
        start = self.embedding(ids, values).flatten(1)
        x = start
        for layer in self.cn.cross_layers:
            x = start * layer(x) + x
        return torch.sigmoid(self.linear(torch.cat([x, self.mlp(start)], 1))[:, 0])


class Dice(nn.Module):
    """Equation 8 of Zhou et al. 2018."""

    def __init__(self, size):
        super().__init__()
        self.bn = nn.BatchNorm1d(size, 1e-8)
        self.alpha = nn.Parameter(torch.empty(size))

    def forward(self, x):
        p = torch.sigmoid(self.bn(x.reshape(-1, x.shape[-1])).reshape(x.shape))
        return p * x + (1 - p) * self.alpha * x


class DNN(nn.Module):
    def __init__(self, fan_in, hidden):
        super().__init__()
        self.linears, self.activation_layers = nn.ModuleList(), nn.ModuleList(map(Dice, hidden))
        for fan_out in hidden:
            self.linears.append(nn.Linear(fan_in, fan_out))
            fan_in = fan_out

    def forward(self, x):
        for linear, dice in zip(self.linears, self.activation_layers):
            x = dice(linear(x))
        return x


class DIN(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim, unit, hidden = c["embedding_size"], c["att_hidden_size"], c["dnn_hidden_units"]
        self.embedding_dict = Namespace(
            user=nn.Embedding(c["users"], dim),
            item=nn.Embedding(c["items"], dim),
            category=nn.Embedding(c["categories"], dim),
        )
        self.attention = Namespace(local_att=Namespace(dnn=DNN(8 * dim, unit), dense=nn.Linear(unit[-1], 1)))
        self.dnn, self.dnn_linear = DNN(5 * dim, hidden), nn.Linear(hidden[-1], 1, bias=False)
        self.out = nn.Module()
        self.out.bias = nn.Parameter(torch.empty(1))

    def forward(self, user, item, category, past_items, past_categories, mask):
        e, local = self.embedding_dict, self.attention.local_att
        query = torch.cat([e.item(item), e.category(category)], -1)
        keys = torch.cat([e.item(past_items), e.category(past_categories)], -1)
        interest = torch.zeros_like(query)
        for i in range(keys.shape[1]):
            key = keys[:, i]
            weight = local.dense(local.dnn(torch.cat([query, key, query - key, query * key], -1)))
            interest += weight * mask[:, i : i + 1] * key
        x = self.dnn(torch.cat([e.user(user), query, interest], -1))
        return torch.sigmoid(self.dnn_linear(x)[:, 0] + self.out.bias)


MODELS = {
    "fm/fm.ncr": FM,
    "widedeep/widedeep.ncr": WideAndDeep,
    "deepfm/deepfm.ncr": DeepFM,
    "dcn/dcn_v2.ncr": DCNv2,
    "din/din.ncr": DIN,
}
