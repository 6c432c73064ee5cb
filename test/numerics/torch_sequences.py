# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrent networks, chains and translators in PyTorch, text by text without padding; short chains by trying every path."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from torch_layers import Namespace

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

TRIED = 5  # the longest chain of which every path is tried


def padded(rows, length):
    """Rows of different lengths, with zeros behind them."""
    return torch.stack([F.pad(r, (0, 0) * (r.ndim - 1) + (0, length - len(r))) for r in rows])


class Recurrent(nn.Module):
    def __init__(self, c):
        super().__init__()
        directions = 1 + c["bidirectional"]
        self.embedding = nn.Embedding(c["vocab_size"], c["embedding_dim"])
        more = {"batch_first": True, "bidirectional": c["bidirectional"]}
        self.rnn = CELLS[c["cell"]](c["embedding_dim"], c["hidden_size"], c["num_layers"], **more)
        self.fc = nn.Linear(directions * c["hidden_size"], c["num_outputs"])


class Classifier(Recurrent):
    def forward(self, ids, lengths):
        scores = []
        for text, length in zip(ids, lengths):
            ends = self.rnn(self.embedding(text[None, :length]))[1]
            h = ends[0] if isinstance(ends, tuple) else ends
            scores.append(self.fc(h[-2 if self.rnn.bidirectional else -1 :, 0].flatten()))
        return torch.stack(scores)


class Tagger(Recurrent):
    def forward(self, ids, lengths):
        rows = [self.rnn(self.embedding(text[None, :n]))[0][0] for text, n in zip(ids, lengths)]
        return self.fc(padded(rows, ids.shape[1]))

    def decode(self, ids, lengths):
        return self(ids, lengths).argmax(-1)


class Chain:
    """One chain of states in f64: what a path scores, and what follows from all of them."""

    def __init__(self, start, moves, finish, scores):
        self.start, self.moves, self.finish, self.scores = start.double(), moves.double(), finish.double(), scores.double()
        self.length, self.states = scores.shape

    def score(self, path):
        total = self.start[path[0]] + self.finish[path[-1]] + sum(self.scores[t, s] for t, s in enumerate(path))
        return total + sum(self.moves[a, b] for a, b in zip(path, path[1:]))

    def paths(self):
        every = list(itertools.product(range(self.states), repeat=self.length))
        return every, torch.stack([self.score(path) for path in every])

    def forward(self):
        """Equations 19 to 21 of Rabiner 1989, of probabilities that are scaled at each place: these, and the sum."""
        p, total, rows = self.start.exp(), torch.zeros((), dtype=torch.float64), []
        for t, scores in enumerate(self.scores):
            p = (p if t == 0 else p @ self.moves.exp()) * scores.exp()
            total, p = total + p.sum().log(), p / p.sum()
            rows.append(p)
        return torch.stack(rows), total + (p * self.finish.exp()).sum().log()

    def partition(self):
        if self.length <= TRIED:
            return self.paths()[1].logsumexp(0)
        return self.forward()[1]

    def marginals(self):
        if self.length <= TRIED:
            every, scores = self.paths()
            weights, result = scores.softmax(0), torch.zeros(self.length, self.states, dtype=torch.float64)
            for path, weight in zip(every, weights):
                result[range(self.length), path] += weight
            return result
        # Equations 24 and 25.
        ahead, behind, rows = self.forward()[0], self.finish.exp(), []
        for t in reversed(range(self.length)):
            both = ahead[t] * behind
            rows.append(both / both.sum())
            behind = self.moves.exp() @ (self.scores[t].exp() * behind)
            behind = behind / behind.sum()
        return torch.stack(rows[::-1])

    def best(self):
        if self.length <= TRIED:
            every, scores = self.paths()
            return torch.tensor(every[int(scores.argmax())]), scores.max()
        # Equations 32 to 35, with the whole way to each state at hand.
        ways = [([s], self.start[s] + self.scores[0, s]) for s in range(self.states)]
        for t in range(1, self.length):
            steps = [[(way + [s], score + self.moves[way[-1], s] + self.scores[t, s]) for way, score in ways] for s in range(self.states)]
            ways = [max(options, key=lambda option: option[1]) for options in steps]
        way, score = max(((way, score + self.finish[way[-1]]) for way, score in ways), key=lambda option: option[1])
        return torch.tensor(way), score


class HMM(nn.Module):
    def __init__(self, c):
        super().__init__()
        n = c["n_components"]
        for name, shape in (("startprob_", (n,)), ("transmat_", (n, n)), ("emissionprob_", (n, c["n_features"]))):
            setattr(self, name, nn.Parameter(torch.empty(shape)))

    def chains(self, symbol, lengths):
        start, moves, emissions = (p.double().log() for p in (self.startprob_, self.transmat_, self.emissionprob_))
        return [Chain(start, moves, 0 * self.startprob_, emissions.T[s[:n]]) for s, n in zip(symbol, lengths)]

    def forward(self, symbol, lengths):
        return torch.stack([c.partition() for c in self.chains(symbol, lengths)])

    def posterior(self, symbol, lengths):
        n = self.transmat_.shape[0]
        empty = torch.full((symbol.shape[1], n), 1 / n, dtype=torch.float64)
        return torch.stack([torch.cat([c.marginals(), empty[c.length :]]) for c in self.chains(symbol, lengths)])

    def viterbi(self, symbol, lengths):
        return padded([c.best()[0] for c in self.chains(symbol, lengths)], symbol.shape[1])

    def best(self, symbol, lengths):
        return torch.stack([c.best()[1] for c in self.chains(symbol, lengths)])


class ConditionalRandomField(nn.Module):
    """`scores_of` gives the scores of the tags at the places of one text."""

    def __init__(self, tags):
        super().__init__()
        names = {"start_transitions": (tags,), "end_transitions": (tags,), "transitions": (tags, tags)}
        self.crf = nn.Module()
        for name, shape in names.items():
            setattr(self.crf, name, nn.Parameter(torch.empty(shape)))

    def chains(self, x, lengths):
        crf = self.crf
        return [
            Chain(crf.start_transitions, crf.transitions, crf.end_transitions, self.scores_of(row[:n]))
            for row, n in zip(x, lengths)
        ]

    def score(self, x, y, lengths):
        chains = self.chains(x, lengths)
        return torch.stack([c.score([int(t) for t in path[: c.length]]) for c, path in zip(chains, y)])

    def partition(self, x, lengths):
        return torch.stack([c.partition() for c in self.chains(x, lengths)])

    def forward(self, x, y, lengths):
        return self.score(x, y, lengths) - self.partition(x, lengths)

    def marginals(self, x, lengths):
        n = len(self.crf.transitions)
        empty = torch.full((x.shape[1], n), 1 / n, dtype=torch.float64)
        return torch.stack([torch.cat([c.marginals(), empty[c.length :]]) for c in self.chains(x, lengths)])

    def decode(self, x, lengths):
        return padded([c.best()[0] for c in self.chains(x, lengths)], x.shape[1])


class LinearChainCRF(ConditionalRandomField):
    def __init__(self, c):
        super().__init__(c["num_tags"])
        self.emissions = nn.Linear(c["features"], c["num_tags"])

    def scores_of(self, row):
        return self.emissions(row)


class BiLSTMCRF(ConditionalRandomField):
    def __init__(self, c):
        super().__init__(c["num_tags"])
        self.embedding = nn.Embedding(c["vocab_size"], c["embedding_dim"])
        self.lstm = nn.LSTM(c["embedding_dim"], c["hidden_size"], c["num_layers"], batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * c["hidden_size"], c["num_tags"])

    def scores_of(self, row):
        return self.fc(self.lstm(self.embedding(row)[None])[0][0])


class ProjectedLSTM(nn.Module):
    def __init__(self, dim, hidden, clip):
        super().__init__()
        self.clip, self.hidden = clip, hidden
        self.input_linearity, self.state_linearity = nn.Linear(dim, 4 * hidden, bias=False), nn.Linear(dim, 4 * hidden)
        self.state_projection = nn.Linear(hidden, dim, bias=False)

    def forward(self, words):
        h, c, rows = torch.zeros_like(words[0]), torch.zeros(self.hidden), []
        for word in words:
            i, f, u, o = (self.input_linearity(word) + self.state_linearity(h)).chunk(4)
            c = (i.sigmoid() * u.tanh() + f.sigmoid() * c).clamp(-self.clip, self.clip)
            h = self.state_projection(o.sigmoid() * c.tanh()).clamp(-self.clip, self.clip)
            rows.append(h)
        return torch.stack(rows)


class ELMo(nn.Module):
    """Section 3 of Peters et al. 2018, text by text and word by word."""

    def __init__(self, c):
        super().__init__()
        dim, wide = c["projection_dim"], sum(count for _, count in c["filters"])
        tokens = {
            f"char_conv_{i}": nn.Conv1d(c["embedding_dim"], count, reach) for i, (reach, count) in enumerate(c["filters"])
        }
        highways = nn.ModuleList(nn.Linear(wide, 2 * wide) for _ in range(c["n_highway"]))
        tokens |= {"_highways": Namespace(_layers=highways), "_projection": nn.Linear(wide, dim)}
        tokens = Namespace(**tokens)
        tokens._char_embedding_weights = nn.Parameter(torch.empty(c["n_characters"], c["embedding_dim"]))
        layers = {
            f"{way}_layer_{i}": ProjectedLSTM(dim, c["lstm_dim"], c["cell_clip"])
            for way in ("forward", "backward")
            for i in range(c["n_layers"])
        }
        self._elmo_lstm = Namespace(_token_embedder=tokens, _elmo_lstm=Namespace(**layers))
        self.scalar_mix_0 = nn.Module()
        self.scalar_mix_0.scalar_parameters = nn.ParameterList(torch.empty(1) for _ in range(c["n_layers"] + 1))
        self.scalar_mix_0.gamma = nn.Parameter(torch.empty(1))
        self.filters, self.layers = len(c["filters"]), c["n_layers"]

    def word(self, chars):
        net = self._elmo_lstm._token_embedder
        x = net._char_embedding_weights[chars].T[None]
        x = torch.cat([getattr(net, f"char_conv_{i}")(x).amax(2)[0].relu() for i in range(self.filters)])
        for layer in net._highways._layers:
            new, gate = layer(x).chunk(2)
            x = torch.lerp(new.relu(), x, gate.sigmoid())
        return net._projection(x)

    def text(self, words):
        alone = lambda sign: torch.tensor([259, sign, 260, *[261] * (words.shape[1] - 3)])
        left = torch.stack([self.word(w) for w in (alone(257), *words, alone(258))])
        right, all = left, [torch.cat([left, left], 1)]
        for i in range(self.layers):
            net = self._elmo_lstm._elmo_lstm
            y = getattr(net, f"forward_layer_{i}")(left)
            z = getattr(net, f"backward_layer_{i}")(right.flip(0)).flip(0)
            left, right = (y, z) if i == 0 else (left + y, right + z)
            all.append(torch.cat([left, right], 1))
        weights = torch.cat(list(self.scalar_mix_0.scalar_parameters)).softmax(0)
        return self.scalar_mix_0.gamma * torch.einsum("l,lsd->sd", weights, torch.stack(all))[1:-1]

    def forward(self, chars):
        return padded([self.text(words[words[:, 0] != 0]) for words in chars], chars.shape[1])


class AWDLSTM(nn.Module):
    def __init__(self, c):
        super().__init__()
        sizes = [c["ninp"], *[c["nhid"]] * (c["nlayers"] - 1), c["ninp"]]
        self.encoder = nn.Embedding(c["ntoken"], c["ninp"])
        self.rnns = nn.ModuleList(nn.LSTM(a, b, batch_first=True) for a, b in zip(sizes, sizes[1:]))
        self.decoder = nn.Module()
        self.decoder.bias = nn.Parameter(torch.empty(c["ntoken"]))

    def forward(self, ids):
        x = self.encoder(ids)
        for rnn in self.rnns:
            x = rnn(x)[0]
        return x @ self.encoder.weight.T + self.decoder.bias


class Translator(nn.Module):
    """`read` and `write` do one text."""

    def __init__(self, c, encoder, decoder, wide, **more):
        super().__init__()
        self.encoder = Namespace(embedding=nn.Embedding(c["source_vocab"], c["embedding_dim"]), rnn=encoder)
        parts = {"embedding": nn.Embedding(c["target_vocab"], c["embedding_dim"]), "rnn": decoder}
        self.decoder = Namespace(**parts, fc_out=nn.Linear(wide, c["target_vocab"]), **more)

    def forward(self, source, lengths, target):
        return torch.stack([self.write(t, *self.read(s[:n])) for s, n, t in zip(source, lengths, target)])

    def generate(self, source, lengths, begin, stop, most):
        """Greedily, by running everything again for each word; a text that has ended goes on with `stop`."""
        texts = []
        for s, n, text in zip(source, lengths, begin):
            about, ended = self.read(s[:n]), False
            while len(text) < most:
                word = torch.tensor(stop) if ended else self.write(text, *about)[-1].argmax()
                text, ended = torch.cat([text, word[None]]), ended or word == stop
            texts.append(text)
        return torch.stack(texts)


class Sutskever(Translator):
    def __init__(self, c):
        rnns = [nn.LSTM(c["embedding_dim"], c["hidden_dim"], c["n_layers"]) for _ in range(2)]
        super().__init__(c, *rnns, c["hidden_dim"])

    def read(self, source):
        return [self.encoder.rnn(self.encoder.embedding(source))[1]]

    def write(self, target, states):
        return self.decoder.fc_out(self.decoder.rnn(self.decoder.embedding(target), states)[0])


class Cho(Translator):
    def __init__(self, c):
        dim, hidden = c["embedding_dim"], c["hidden_dim"]
        super().__init__(c, nn.GRU(dim, hidden), nn.GRU(dim + hidden, hidden), dim + 2 * hidden)

    def read(self, source):
        return [self.encoder.rnn(self.encoder.embedding(source))[1]]

    def write(self, target, context):
        h, rows, net = context, [], self.decoder
        for x in net.embedding(target):
            y, h = net.rnn(torch.cat([x, context[0]])[None], h)
            rows.append(net.fc_out(torch.cat([x, y[0], context[0]])))
        return torch.stack(rows)


class Bahdanau(Translator):
    def __init__(self, c):
        dim, hidden, encoded = c["embedding_dim"], c["decoder_hidden_dim"], 2 * c["encoder_hidden_dim"]
        rnns = nn.GRU(dim, encoded // 2, bidirectional=True), nn.GRU(dim + encoded, hidden)
        attention = Namespace(attn=nn.Linear(hidden + encoded, hidden), v=nn.Linear(hidden, 1, bias=False))
        super().__init__(c, *rnns, hidden + encoded + dim, attention=attention)
        self.encoder.fc = nn.Linear(encoded, hidden)

    def read(self, source):
        all, last = self.encoder.rnn(self.encoder.embedding(source))
        return all, self.encoder.fc(last.flatten()).tanh()

    def write(self, target, all, h):
        rows, net = [], self.decoder
        for x in net.embedding(target):
            energies = [net.attention.v(net.attention.attn(torch.cat([h, state])).tanh()) for state in all]
            context = torch.cat(energies).softmax(0) @ all
            h = net.rnn(torch.cat([x, context])[None], h[None])[1][0]
            rows.append(net.fc_out(torch.cat([h, context, x])))
        return torch.stack(rows)


MODELS = {
    "recurrent/classifier.ncr": Classifier,
    "recurrent/tagger.ncr": Tagger,
    "hmm/hmm.ncr": HMM,
    "crf/crf.ncr": LinearChainCRF,
    "crf/bilstm_crf.ncr": BiLSTMCRF,
    "elmo/elmo.ncr": ELMo,
    "awd_lstm/awd_lstm.ncr": AWDLSTM,
    "seq2seq/sutskever.ncr": Sutskever,
    "seq2seq/cho.ncr": Cho,
    "seq2seq/bahdanau.ncr": Bahdanau,
}
