# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_basic.py in plain PyTorch, from their papers, with the weight names of their model files."""
import torch
from torch import nn
from torch.nn import functional as F

import philox
from torch_layers import Namespace

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Perceptron(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.linear = nn.Linear(c["inputs"], 1)

    def forward(self, x):
        return (self.linear(x)[:, 0] > 0).float() * 2 - 1


class LogisticRegression(nn.Module):
    """Two classes are those of 0 and the sum."""

    def __init__(self, c):
        super().__init__()
        self.linear = nn.Linear(c["inputs"], c["classes"] if c["classes"] > 2 else 1)

    def forward(self, x):
        y = self.linear(x)
        return torch.cat([torch.zeros_like(y), y] if y.shape[1] == 1 else [y], 1).softmax(1)


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        sizes = [c["inputs"], *c["hidden_sizes"], c["outputs"]]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.activation = ACTIVATIONS[c["activation"]]()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class LSPLM(nn.Module):
    """Equation 2 of Gai et al. 2017."""

    def __init__(self, c):
        super().__init__()
        self.u, self.w = nn.Linear(c["inputs"], c["regions"]), nn.Linear(c["inputs"], c["regions"])

    def forward(self, x):
        weights = self.u(x).exp()
        return (weights / weights.sum(1, keepdim=True) / (1 + (-self.w(x)).exp())).sum(1)


def sequence(sizes, activation):
    layers = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[activation]()]
    return nn.Sequential(nn.Sequential(*layers[:-1]))


class Autoencoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.encoder = sequence(c["sizes"], c["activation"])
        self.decoder = sequence(c["sizes"][::-1], c["activation"])

    def encode(self, x):
        return self.encoder(x)

    def forward(self, x):
        return self.decoder(self.encoder(x)).sigmoid()


class Denoising(Autoencoder):
    def __init__(self, c):
        super().__init__(c)
        self.gone, self.activation = c["corruption"], ACTIVATIONS[c["activation"]]()

    def forward(self, x, noise):
        code = self.activation(self.encoder(x.masked_fill(noise < self.gone, 0)))
        return self.decoder(code).sigmoid()

    def loss(self, x, noise):
        return F.binary_cross_entropy(self(x, noise), x, reduction="none").sum(1)


class VAE(nn.Module):
    """Appendix B and C of Kingma and Welling 2013."""

    def __init__(self, c):
        super().__init__()
        self.encoder = sequence(c["sizes"], c["activation"])
        self.decoder = sequence([c["latent"], *c["sizes"][::-1]], c["activation"])
        self.fc_mu, self.fc_var = nn.Linear(c["sizes"][-1], c["latent"]), nn.Linear(c["sizes"][-1], c["latent"])
        self.activation, self.beta, self.samples = ACTIVATIONS[c["activation"]](), c["beta"], c["samples"]

    def code(self, x):
        hidden = self.activation(self.encoder(x))
        return torch.distributions.Normal(self.fc_mu(hidden), self.fc_var(hidden).exp().sqrt())

    def decode(self, code):
        return self.decoder(code).sigmoid()

    def generate(self, key):
        return self.decode(torch.from_numpy(philox.normal((self.samples, self.fc_mu.out_features), int(key))).float())

    def forward(self, x, key):
        code = self.code(x)
        noise = torch.from_numpy(philox.normal(tuple(code.mean.shape), int(key))).float()
        return self.decode(code.mean + code.stddev * noise)

    def loss(self, x, key):
        normal = torch.distributions.Normal(0.0, 1.0)
        distance = torch.distributions.kl_divergence(self.code(x), normal).sum(1)
        return F.binary_cross_entropy(self(x, key), x, reduction="none").sum(1) + self.beta * distance


class AutoRec(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(c["users"], c["hidden"]), nn.Linear(c["hidden"], c["users"])

    def forward(self, ratings):
        return self.decoder(self.encoder(ratings).sigmoid())


class Words(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wv = nn.Module()
        self.wv.vectors = nn.Parameter(torch.empty(c["vocab"], c["vector_size"]))
        self.make_output(c)

    def make_output(self, c):
        self.syn1neg = nn.Parameter(torch.empty(c["vocab"], c["vector_size"]))

    def mean(self, around, mask):
        """Example by example, of the words that are there."""
        return torch.stack([self.wv.vectors[words[seen != 0]].mean(0) for words, seen in zip(around, mask)])


class SkipGram(Words):
    def forward(self, centre, words):
        return torch.sigmoid((self.wv.vectors[centre][:, None] * self.syn1neg[words]).sum(2))


class CBOW(Words):
    def forward(self, around, mask):
        return F.linear(self.mean(around, mask), self.syn1neg).softmax(1)


class Hierarchical(Words):
    """Equation 3 of Mikolov et al. 2013, turn by turn."""

    def make_output(self, c):
        self.syn1 = nn.Parameter(torch.empty(c["vocab"] - 1, c["vector_size"]))
        for name in ("points", "codes"):
            self.wv.register_buffer(name, torch.zeros(c["vocab"], c["depth"], dtype=torch.int64))

    def forward(self, around, mask, word):
        result = []
        for mean, w in zip(self.mean(around, mask), word):
            probability = torch.tensor(1.0, dtype=torch.float64)
            for point, code in zip(self.wv.points[w], self.wv.codes[w]):
                if code >= 0:
                    right = torch.sigmoid((self.syn1[point].double() * mean.double()).sum())
                    probability = probability * (right if code == 0 else 1 - right)
            result.append(probability.log())
        return torch.stack(result).float()


class GBDTLR(nn.Module):
    """Each example down each tree until it is at a leaf; then a one-hot vector for each tree into the regression."""

    def __init__(self, c):
        super().__init__()
        trees, self.nodes = c["n_estimators"], c["max_nodes"]
        self.ensemble = nn.Module()
        for name in ("feature", "children_left", "children_right"):
            self.ensemble.register_buffer(name, torch.zeros(trees, self.nodes, dtype=torch.int64))
        self.ensemble.threshold = nn.Parameter(torch.empty(trees, self.nodes))
        self.lr = nn.Linear(trees * self.nodes, 1)

    def leaves(self, x):
        e, ends = self.ensemble, []
        for row in x:
            for features, limits, left, right in zip(e.feature, e.threshold, e.children_left, e.children_right):
                node = 0
                while left[node] != node:
                    node = int(left[node] if row[features[node]] <= limits[node] else right[node])
                ends.append(node)
        return torch.tensor(ends).reshape(len(x), -1)

    def forward(self, x):
        ones = F.one_hot(self.leaves(x), self.nodes).flatten(1).float()
        return self.lr(ones)[:, 0].sigmoid()


MODELS = {
    "basic/perceptron.ncr": Perceptron,
    "basic/logistic.ncr": LogisticRegression,
    "basic/mlp.ncr": MLP,
    "basic/ls_plm.ncr": LSPLM,
    "autoencoder/autoencoder.ncr": Autoencoder,
    "autoencoder/denoising.ncr": Denoising,
    "autoencoder/vae.ncr": VAE,
    "autorec/autorec.ncr": AutoRec,
    "word2vec/skipgram.ncr": SkipGram,
    "word2vec/cbow.ncr": CBOW,
    "word2vec/hierarchical.ncr": Hierarchical,
    "gbdt/gbdt_lr.ncr": GBDTLR,
}
