# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrent networks, chains of states and tags, and networks that write after they have read. No PyTorch here."""
import functools

import numpy as np

from network import Network, make_weight, random_ids, uniform

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def _linear(s, name, fan_in, fan_out, bias=True):
    s[f"{name}.weight"] = (fan_out, fan_in)
    if bias:
        s[f"{name}.bias"] = (fan_out,)


def _recurrent(s, name, gates, fan_in, hidden, layers=1, directions=1):
    for i in range(layers):
        for way in ("", "_reverse")[:directions]:
            s[f"{name}.weight_ih_l{i}{way}"] = (gates * hidden, directions * hidden if i else fan_in)
            s[f"{name}.weight_hh_l{i}{way}"] = (gates * hidden, hidden)
            s[f"{name}.bias_ih_l{i}{way}"] = s[f"{name}.bias_hh_l{i}{way}"] = (gates * hidden,)


def _crf(s, tags):
    s["crf.start_transitions"] = s["crf.end_transitions"] = (tags,)
    s["crf.transitions"] = (tags, tags)


def recurrent_weights(c):
    s, directions = {}, 1 + c["bidirectional"]
    s["embedding.weight"] = (c["vocab_size"], c["embedding_dim"])
    _recurrent(s, "rnn", GATES[c["cell"]], c["embedding_dim"], c["hidden_size"], c["num_layers"], directions)
    _linear(s, "fc", directions * c["hidden_size"], c["num_outputs"])
    return s


def bilstm_crf_weights(c):
    s = {"embedding.weight": (c["vocab_size"], c["embedding_dim"])}
    _recurrent(s, "lstm", 4, c["embedding_dim"], c["hidden_size"], c["num_layers"], 2)
    _linear(s, "fc", 2 * c["hidden_size"], c["num_tags"])
    _crf(s, c["num_tags"])
    return s


def crf_weights(c):
    s = {}
    _linear(s, "emissions", c["features"], c["num_tags"])
    _crf(s, c["num_tags"])
    return s


def hmm_weights(c):
    n = c["n_components"]
    return {"startprob_": (n,), "transmat_": (n, n), "emissionprob_": (n, c["n_features"])}


def hmm_tables(c):
    """Probabilities; some moves, as in a model that goes from left to right, are impossible."""
    made = {name: np.exp(2 * uniform(name, shape)) for name, shape in hmm_weights(c).items()}
    made["transmat_"][np.arange(1, c["n_components"]), np.arange(c["n_components"] - 1)] = 0
    made["startprob_"][1] = 0
    return {name: (v / v.sum(-1, keepdims=True)).astype(np.float32) for name, v in made.items()}


def elmo_weights(c):
    s, dim, hidden = {}, c["projection_dim"], c["lstm_dim"]
    tokens, wide = "_elmo_lstm._token_embedder.", sum(count for _, count in c["filters"])
    s[f"{tokens}_char_embedding_weights"] = (c["n_characters"], c["embedding_dim"])
    for i, (reach, count) in enumerate(c["filters"]):
        s[f"{tokens}char_conv_{i}.weight"] = (count, c["embedding_dim"], reach)
        s[f"{tokens}char_conv_{i}.bias"] = (count,)
    for i in range(c["n_highway"]):
        _linear(s, f"{tokens}_highways._layers.{i}", wide, 2 * wide)
    _linear(s, f"{tokens}_projection", wide, dim)
    for way in ("forward", "backward"):
        for i in range(c["n_layers"]):
            layer = f"_elmo_lstm._elmo_lstm.{way}_layer_{i}."
            _linear(s, f"{layer}input_linearity", dim, 4 * hidden, bias=False)
            _linear(s, f"{layer}state_linearity", dim, 4 * hidden)
            _linear(s, f"{layer}state_projection", hidden, dim, bias=False)
    s["scalar_mix_0.gamma"] = (1,)
    for i in range(c["n_layers"] + 1):
        s[f"scalar_mix_0.scalar_parameters.{i}"] = (1,)
    return s


def elmo_tables(c):
    """Cells so large that the clipping counts."""
    name = "_elmo_lstm._elmo_lstm.forward_layer_0.state_projection.weight"
    return {name: 4 * make_weight(name, elmo_weights(c)[name]), "scalar_mix_0.gamma": np.full(1, 1.3, np.float32)}


def awd_weights(c):
    s, sizes = {"encoder.weight": (c["ntoken"], c["ninp"])}, [c["ninp"], *[c["nhid"]] * (c["nlayers"] - 1), c["ninp"]]
    for i, (fan_in, hidden) in enumerate(zip(sizes, sizes[1:])):
        _recurrent(s, f"rnns.{i}", 4, fan_in, hidden)
    s["decoder.bias"] = (c["ntoken"],)
    return s


def _tables(c):
    return {f"{n}coder.embedding.weight": (c[f"{w}_vocab"], c["embedding_dim"]) for n, w in (("en", "source"), ("de", "target"))}


def sutskever_weights(c):
    s, dim, hidden = _tables(c), c["embedding_dim"], c["hidden_dim"]
    for name in ("encoder", "decoder"):
        _recurrent(s, f"{name}.rnn", 4, dim, hidden, c["n_layers"])
    _linear(s, "decoder.fc_out", hidden, c["target_vocab"])
    return s


def cho_weights(c):
    s, dim, hidden = _tables(c), c["embedding_dim"], c["hidden_dim"]
    _recurrent(s, "encoder.rnn", 3, dim, hidden)
    _recurrent(s, "decoder.rnn", 3, dim + hidden, hidden)
    _linear(s, "decoder.fc_out", dim + 2 * hidden, c["target_vocab"])
    return s


def bahdanau_weights(c):
    s, dim, hidden, encoded = _tables(c), c["embedding_dim"], c["decoder_hidden_dim"], 2 * c["encoder_hidden_dim"]
    _recurrent(s, "encoder.rnn", 3, dim, encoded // 2, directions=2)
    _linear(s, "encoder.fc", encoded, hidden)
    _linear(s, "decoder.attention.attn", hidden + encoded, hidden)
    _linear(s, "decoder.attention.v", hidden, 1, bias=False)
    _recurrent(s, "decoder.rnn", 3, dim + encoded, hidden)
    _linear(s, "decoder.fc_out", hidden + encoded + dim, c["target_vocab"])
    return s


def lengths_of(batch, length):
    """The first is whole, the others are shorter; of each at least one element is there."""
    return np.array([max(1, length - length * b // 3) for b in range(batch)])


def chain_inputs(c, tag, batch, length):
    made = {"lengths": lengths_of(batch, length)}
    made["ids"] = random_ids(f"{tag}.ids", (batch, length), c.get("vocab_size", 1))
    made["symbol"] = random_ids(f"{tag}.symbol", (batch, length), c.get("n_features", 1))
    made["x"] = uniform(f"{tag}.x", (batch, length, c.get("features", 1))).astype(np.float32)
    made["y"] = random_ids(f"{tag}.y", (batch, length), c.get("num_tags", 1))
    return made


def chars_inputs(c, tag, batch, length):
    """Words of one to nine letters, spelled as ELMo's mapper spells them: begin, letters, end, padding."""
    words = np.zeros((batch, length, 12), np.int64)
    for b, count in enumerate(lengths_of(batch, length)):
        sizes = random_ids(f"{tag}.{b}", (count,), 9) + 1
        letters = random_ids(f"{tag}.letters{b}", (count, 12), 256) + 1
        for w, size in enumerate(sizes):
            words[b, w] = [259, *letters[w, :size], 260, *[261] * (10 - size)]
    return {"chars": words}


def ids_inputs(c, tag, batch, length):
    return {"ids": random_ids(tag, (batch, length), c["ntoken"])}


def translation_inputs(c, tag, batch, length):
    return {
        "source": random_ids(f"{tag}.source", (batch, length), c["source_vocab"]),
        "lengths": lengths_of(batch, length),
        "target": random_ids(f"{tag}.target", (batch, length + 2), c["target_vocab"]),
    }


def _shape(c, entry, batch, length):
    last = {"posterior": c.get("n_components"), "marginals": c.get("num_tags")}
    if entry in last:
        return batch, length, last[entry]
    return (batch, length) if entry in ("viterbi", "decode") else (batch,)


def _classes(c, _, batch, __):
    return batch, c["num_outputs"]


def _tags(c, entry, batch, length):
    return (batch, length) if entry == "decode" else (batch, length, c["num_outputs"])


def _takes(**entries):
    return {entry: tuple(names.split()) for entry, names in entries.items()}


def _net(name, model, config, weights, inputs, shape, lengths=(1, 9), **more):
    takes = more.get("takes") or {"forward": None}
    return Network(name, model, config, weights, tuple(takes), inputs, shape, lengths=lengths, **more)


def _recurrent_net(name, file, cell, vocab, dim, hidden, layers, bidirectional, outputs, **more):
    config = {
        "cell": cell,
        "vocab_size": vocab,
        "embedding_dim": dim,
        "hidden_size": hidden,
        "num_layers": layers,
        "bidirectional": bidirectional,
        "num_outputs": outputs,
        {"classifier": "num_classes", "tagger": "num_tags"}[file]: outputs,
    }
    entries = {"forward": "ids lengths"} | ({"decode": "ids lengths"} if file == "tagger" else {})
    shape = _classes if file == "classifier" else _tags
    return _net(name, f"recurrent/{file}.ncr", config, recurrent_weights, chain_inputs, shape, takes=_takes(**entries), **more)


_classifier = functools.partial(_recurrent_net, file="classifier")
_tagger = functools.partial(_recurrent_net, file="tagger")


def _hmm(name, states, symbols, lengths):
    takes = _takes(**{entry: "symbol lengths" for entry in ("forward", "posterior", "viterbi", "best")})
    config = {"n_components": states, "n_features": symbols}
    return _net(name, "hmm/hmm.ncr", config, hmm_weights, chain_inputs, _shape, lengths, tables=hmm_tables, takes=takes)


def _crf_net(name, features, tags, lengths):
    takes = _takes(
        forward="x y lengths", score="x y lengths", partition="x lengths", marginals="x lengths", decode="x lengths"
    )
    config = {"features": features, "num_tags": tags}
    return _net(name, "crf/crf.ncr", config, crf_weights, chain_inputs, _shape, lengths, takes=takes)


def _bilstm_crf(name, vocab, dim, hidden, layers, tags, lengths=(1, 5)):
    config = {"vocab_size": vocab, "embedding_dim": dim, "hidden_size": hidden, "num_layers": layers, "num_tags": tags}
    takes = _takes(forward="ids y lengths", decode="ids lengths")
    return _net(name, "crf/bilstm_crf.ncr", config, bilstm_crf_weights, chain_inputs, _shape, lengths, takes=takes)


def _elmo(name, size, filters, dim, hidden, layers, lengths=(1, 6)):
    config = {
        "n_characters": 262,
        "embedding_dim": size,
        "filters": filters,
        "n_highway": 2,
        "projection_dim": dim,
        "lstm_dim": hidden,
        "n_layers": layers,
        "cell_clip": 3.0,
    }
    shape = lambda c, _, batch, length: (batch, length, 2 * c["projection_dim"])
    sizes = lambda batch, length: {"B": batch, "S": length, "C": 12}
    more = {"tables": elmo_tables, "make_sizes": sizes}
    return _net(name, "elmo/elmo.ncr", config, elmo_weights, chars_inputs, shape, lengths, **more)


def _awd(name, vocab, dim, hidden, layers, lengths=(1, 9)):
    config = {"ntoken": vocab, "ninp": dim, "nhid": hidden, "nlayers": layers}
    shape = lambda c, _, batch, length: (batch, length, c["ntoken"])
    return _net(name, "awd_lstm/awd_lstm.ncr", config, awd_weights, ids_inputs, shape, lengths)


def _translator(name, file, weights, lengths=(1, 7), **config):
    shape = lambda c, _, batch, length: (batch, length + 2, c["target_vocab"])
    sizes = lambda batch, length: {"B": batch, "S": length, "T": length + 2}
    return _net(name, f"seq2seq/{file}.ncr", config, weights, translation_inputs, shape, lengths, make_sizes=sizes)


_ODD = {"source_vocab": 31, "target_vocab": 23, "embedding_dim": 11, "max_length": 12}
_LARGE = {"source_vocab": 15_000, "target_vocab": 15_000, "embedding_dim": 500, "max_length": 50}

SMALL = (
    _classifier("rnn-odd", cell="rnn", vocab=31, dim=11, hidden=7, layers=1, bidirectional=False, outputs=3),
    _classifier("lstm-odd", cell="lstm", vocab=31, dim=11, hidden=7, layers=2, bidirectional=False, outputs=3),
    _classifier("gru-odd", cell="gru", vocab=31, dim=11, hidden=7, layers=2, bidirectional=True, outputs=3),
    _tagger("bilstm-odd", cell="lstm", vocab=31, dim=11, hidden=7, layers=2, bidirectional=True, outputs=5),
    _hmm("hmm-odd", 3, 5, (1, 5, 40)),
    _crf_net("crf-odd", 7, 3, (1, 5, 40)),
    _bilstm_crf("bilstm-crf-odd", 31, 11, 7, 1, 3),
    _elmo("elmo-odd", 5, [[1, 3], [2, 5], [3, 6]], 7, 13, 2),
    _awd("awd-lstm-odd", 31, 11, 19, 3),
    _translator("sutskever-odd", "sutskever", sutskever_weights, **_ODD, hidden_dim=7, n_layers=2),
    _translator("cho-odd", "cho", cho_weights, **_ODD, hidden_dim=7),
    _translator(
        "bahdanau-odd", "bahdanau", bahdanau_weights, **_ODD, encoder_hidden_dim=7, decoder_hidden_dim=9, max_source=10
    ),
)
FULL = (
    _classifier("lstm", cell="lstm", vocab=30_000, dim=100, hidden=256, layers=2, bidirectional=True, outputs=2, lengths=(50,)),
    _tagger("bilstm", cell="lstm", vocab=30_000, dim=100, hidden=128, layers=1, bidirectional=True, outputs=9, lengths=(50,)),
    _hmm("hmm", 8, 32, (100,)),
    _crf_net("crf", 64, 9, (100,)),
    _bilstm_crf("bilstm-crf", 30_000, 100, 100, 1, 9, (50,)),
    _elmo("elmo", 16, [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]], 512, 4096, 2, (12,)),
    _awd("awd-lstm", 33_278, 400, 1150, 3, (35,)),
    _translator("sutskever", "sutskever", sutskever_weights, (20,), **_LARGE, hidden_dim=1000, n_layers=4),
    _translator("cho", "cho", cho_weights, (20,), **_LARGE, hidden_dim=1000),
    _translator(
        "bahdanau",
        "bahdanau",
        bahdanau_weights,
        (20,),
        **_LARGE,
        encoder_hidden_dim=1000,
        decoder_hidden_dim=1000,
        max_source=50,
    ),
)
