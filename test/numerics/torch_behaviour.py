# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of networks_behaviour.py in plain PyTorch, from their papers, with their model files' weight names."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from torch_clicks import DNN, FeaturesEmbedding, FeaturesLinear, Perceptron
from torch_layers import Namespace
from torch_recommenders import FFM


class OANN(FFM):
    """Figure 3 of Yang et al. 2019: copies, and inner products of the vectors of the operation."""

    def __init__(self, c):
        super().__init__(c)
        del self.linear
        fields, dim = c["fields"], c["embed_dim"]
        self.embedding = FeaturesEmbedding(c["features"], dim)
        self.mlp = Perceptron(fields * dim + fields * (fields - 1) // 2, c["mlp_dims"], scored=True)

    def forward(self, ids, values):
        x = [self.embedding(ids, values).flatten(1)]
        for i, j in itertools.combinations(range(ids.shape[1]), 2):
            of_i, of_j = self.ffm.embeddings[j](ids[:, i]), self.ffm.embeddings[i](ids[:, j])
            x.append((of_i * of_j).sum(1, keepdim=True) * values[:, i : i + 1] * values[:, j : j + 1])
        return torch.sigmoid(self.mlp(torch.cat(x, 1))[:, 0])


class OENN(nn.Module):
    """Every set of fields by itself; of orders above 3, and of many fields, by adding field after field."""

    def __init__(self, c):
        super().__init__()
        fields, dim, self.orders = c["fields"], c["embed_dim"], c["orders"]
        self.linear = FeaturesLinear(c["features"])
        self.embeddings = nn.ModuleList(FeaturesEmbedding(c["features"], dim) for _ in range(self.orders))
        self.mlp = Perceptron((fields + self.orders - 1) * dim, c["mlp_dims"], scored=True)

    def interaction(self, x, order):
        if x.shape[1] < 8:
            return sum(x[:, fields].prod(1) for fields in map(list, itertools.combinations(range(x.shape[1]), order)))
        sums = [torch.ones_like(x[:, 0])] + [torch.zeros_like(x[:, 0])] * order
        for row in x.unbind(1):
            sums = [sums[0]] + [sums[k] + sums[k - 1] * row for k in range(1, order + 1)]
        return sums[order]

    def forward(self, ids, values):
        tables = [table(ids, values) for table in self.embeddings]
        higher = [self.interaction(x, order) for order, x in enumerate(tables[1:], start=2)]
        return torch.sigmoid(self.linear(ids, values) + self.mlp(torch.cat([tables[0].flatten(1), *higher], 1))[:, 0])


class Score(nn.Module):
    """DeepCTR-Torch's layers above everything."""

    def __init__(self, fan_in, hidden, activation=F.relu):
        super().__init__()
        linears = nn.ModuleList(nn.Linear(a, b) for a, b in zip([fan_in, *hidden], hidden))
        self.dnn, self.dnn_linear = Namespace(linears=linears), nn.Linear(hidden[-1], 1, bias=False)
        self.out, self.activation = nn.Module(), activation
        self.out.bias = nn.Parameter(torch.empty(1))

    def score(self, *pieces):
        x = torch.cat(pieces, 1)
        for linear in self.dnn.linears:
            x = self.activation(linear(x))
        return torch.sigmoid(self.dnn_linear(x)[:, 0] + self.out.bias)


def tables(**counts):
    return Namespace(**{name: nn.Embedding(*shape) for name, shape in counts.items()})


class BST(Score):
    """Section 2 of Chen et al. 2019."""

    def __init__(self, c):
        dim, places = c["embedding_size"], c["max_len"] + 1
        super().__init__(dim + places * 2 * dim, c["dnn_hidden_units"], F.leaky_relu)
        self.embedding_dict = tables(user=(c["users"], dim), item=(c["items"], dim), category=(c["categories"], dim))
        self.position = nn.Embedding(places, 2 * dim)
        layer = nn.TransformerEncoderLayer(
            2 * dim, c["att_head_num"], c["transformer_hidden"], activation=F.leaky_relu, batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, c["transformer_num"], enable_nested_tensor=False)

    def forward(self, user, item, category, past_items, past_categories, mask):
        e = self.embedding_dict
        items = torch.cat([past_items, item[:, None]], 1)
        categories = torch.cat([past_categories, category[:, None]], 1)
        x = torch.cat([e.item(items), e.category(categories)], 2) + self.position(torch.arange(items.shape[1]))
        hidden = F.pad(mask == 0, (0, 1), value=False)
        y = self.transformer(x, src_key_padding_mask=hidden)
        return self.score(e.user(user), y.flatten(1))


class CAN(Score):
    """Equations 3 to 6 of Bian et al. 2020, item by item of the past."""

    def __init__(self, c):
        dim, self.unit, self.orders = c["embedding_size"], c["co_action_sizes"], c["orders"]
        super().__init__(2 * dim + sum(self.unit), c["dnn_hidden_units"])
        acting = sum((a + 1) * b for a, b in zip([dim, *self.unit], self.unit))
        self.embedding_dict = tables(user=(c["users"], dim), item=(c["items"], dim), co_action=(c["items"], acting))

    def acted(self, row, x):
        """The results of all layers of the network in `row` for a vector."""
        results, start = [], 0
        for size in self.unit:
            taps = len(x) * size
            matrix = row[start : start + taps].reshape(len(x), size)
            x = torch.tanh(x @ matrix + row[start + taps : start + taps + size])
            results.append(x)
            start += taps + size
        return torch.cat(results)

    def forward(self, user, item, past_items, mask):
        e, together = self.embedding_dict, []
        for row, ids, seen in zip(e.co_action(item), past_items, mask):
            past = e.item(ids[seen != 0])
            together.append(sum(self.acted(row, x**order) for x in past for order in range(1, self.orders + 1)))
        return self.score(e.user(user), e.item(item), torch.stack(together))


class DIEN(nn.Module):
    """Equations 2 to 5 and 14 to 16 of Zhou et al. 2019, step by step of what is there."""

    def __init__(self, c):
        super().__init__()
        dim, wide, hidden = c["embedding_size"], 2 * c["embedding_size"], c["dnn_hidden_units"]
        self.embedding_dict = tables(user=(c["users"], dim), item=(c["items"], dim), category=(c["categories"], dim))
        self.interest_extractor = Namespace(gru=nn.GRU(wide, wide, batch_first=True))
        self.interest_evolution = Namespace(
            attention=nn.Linear(wide, wide, bias=False), interest_evolution=Namespace(rnn=nn.GRUCell(wide, wide))
        )
        self.dnn, self.dnn_linear = DNN(dim + 2 * wide, hidden), nn.Linear(hidden[-1], 1, bias=False)
        self.out = nn.Module()
        self.out.bias = nn.Parameter(torch.empty(1))

    def augru(self, x, h, weight):
        """Equation 2 with the update gate of equation 15: 1 takes all of the new state."""
        cell = self.interest_evolution.interest_evolution.rnn
        of_x, of_h = F.linear(x, cell.weight_ih, cell.bias_ih), F.linear(h, cell.weight_hh, cell.bias_hh)
        reset, update = torch.sigmoid(of_x + of_h).chunk(3, -1)[:2]
        new = torch.tanh(of_x.chunk(3, -1)[2] + reset * of_h.chunk(3, -1)[2])
        return torch.lerp(h, new, weight * update)

    def forward(self, user, item, category, past_items, past_categories, mask):
        e = self.embedding_dict
        query = torch.cat([e.item(item), e.category(category)], 1)
        ends = []
        for q, items, categories, seen in zip(query, past_items, past_categories, mask):
            past = torch.cat([e.item(items[seen != 0]), e.category(categories[seen != 0])], 1)
            interests = self.interest_extractor.gru(past)[0]
            weights = (interests @ self.interest_evolution.attention(q)).softmax(0)
            h = torch.zeros_like(q)
            for interest, weight in zip(interests, weights):
                h = self.augru(interest, h, weight)
            ends.append(h)
        x = self.dnn(torch.cat([e.user(user), query, torch.stack(ends)], 1))
        return torch.sigmoid(self.dnn_linear(x)[:, 0] + self.out.bias)


class MIMN(Score):
    """Equations 1 to 5 of Pi et al. 2019, step by step of what is there and slot by slot."""

    def __init__(self, c):
        dim, wide = c["embedding_size"], 2 * c["embedding_size"]
        super().__init__(dim + 3 * wide, c["dnn_hidden_units"])
        self.embedding_dict = tables(user=(c["users"], dim), item=(c["items"], dim), category=(c["categories"], dim))
        layers = {name: nn.Linear(2 * wide, wide) for name in ("key", "erase", "add")}
        self.memory = Namespace(**layers, induction=nn.GRUCell(2 * wide, wide))
        self.memory.initial = nn.Parameter(torch.empty(c["memory_size"], wide))

    @staticmethod
    def address(key, rows):
        return F.cosine_similarity(key[None], rows, 1).softmax(0)

    def remember(self, past):
        net, read = self.memory, torch.zeros(past.shape[1])
        held, induced = net.initial, torch.zeros_like(net.initial)
        for x in past:
            controller = torch.cat([x, read])
            weights = self.address(net.key(controller), held)
            read = weights @ held
            erase, add = net.erase(controller).sigmoid(), net.add(controller).tanh()
            held = held * (1 - torch.outer(weights, erase)) + torch.outer(weights, add)
            rows = []
            for slot, state, weight in zip(held, induced, weights):
                rows.append(torch.lerp(state, net.induction(torch.cat([slot, x]), state), weight))
            induced = torch.stack(rows)
        return held, induced

    def forward(self, user, item, category, past_items, past_categories, mask):
        e, found = self.embedding_dict, []
        query = torch.cat([e.item(item), e.category(category)], 1)
        for q, items, categories, seen in zip(query, past_items, past_categories, mask):
            past = torch.cat([e.item(items[seen != 0]), e.category(categories[seen != 0])], 1)
            found.append(torch.cat([self.address(q, rows) @ rows for rows in self.remember(past)]))
        return self.score(e.user(user), query, torch.stack(found))


class DSIN(Score):
    """Section 3 of Feng et al. 2019."""

    def __init__(self, c):
        dim = c["embedding_size"]
        wide = 2 * dim
        super().__init__(dim + 3 * wide, c["dnn_hidden_units"])
        self.embedding_dict = tables(user=(c["users"], dim), item=(c["items"], dim), category=(c["categories"], dim))
        self.bias_encoding = nn.Module()
        shapes = {"session": (c["sess_max_count"], 1, 1), "place": (c["sess_max_len"], 1), "unit": (wide,)}
        for name, shape in shapes.items():
            setattr(self.bias_encoding, name, nn.Parameter(torch.empty(shape)))
        self.transformer = nn.TransformerEncoderLayer(wide, c["att_head_num"], c["att_hidden_size"], batch_first=True)
        self.lstm = nn.LSTM(wide, dim, batch_first=True, bidirectional=True)
        self.interest, self.evolving = nn.Linear(wide, wide, bias=False), nn.Linear(wide, wide, bias=False)

    def forward(self, user, item, category, past_items, past_categories, mask):
        e, b = self.embedding_dict, self.bias_encoding
        query = torch.cat([e.item(item), e.category(category)], 1)
        x = torch.cat([e.item(past_items), e.category(past_categories)], 3) + b.session + b.place + b.unit
        interests = []
        for session, seen in zip(x.unbind(1), mask.unbind(1)):
            y = self.transformer(session, src_key_padding_mask=seen == 0).masked_fill(seen[..., None] == 0, 0)
            interests.append(y.sum(1) / seen.sum(1, keepdim=True))
        interests = torch.stack(interests, 1)
        pieces = [e.user(user), query]
        for rows, product in ((interests, self.interest), (self.lstm(interests)[0], self.evolving)):
            weights = torch.einsum("bkd,bd->bk", rows, product(query)).softmax(1)
            pieces.append(torch.einsum("bk,bkd->bd", weights, rows))
        return self.score(*pieces)


MODELS = {
    "onn/oann.ncr": OANN,
    "onn/oenn.ncr": OENN,
    "bst/bst.ncr": BST,
    "can/can.ncr": CAN,
    "dien/dien.ncr": DIEN,
    "mimn/mimn.ncr": MIMN,
    "dsin/dsin.ncr": DSIN,
}
