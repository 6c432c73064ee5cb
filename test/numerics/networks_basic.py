# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small networks of before, autoencoders, scores of words, trees: weights, inputs, configurations. No PyTorch here."""
import heapq

import numpy as np

from network import Network, random_ids, uniform
from networks_images import Shapes
from networks_text import token_mask


def linear_weights(c):
    outputs = {2: 1}.get(c.get("classes", 2), c.get("classes"))
    s = Shapes()
    s.linear("linear", c["inputs"], outputs)
    return s


def mlp_weights(c):
    s = Shapes()
    sizes = [c["inputs"], *c["hidden_sizes"], c["outputs"]]
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        s.linear(f"layers.{i}", fan_in, fan_out)
    return s


def ls_plm_weights(c):
    s = Shapes()
    s.linear("u", c["inputs"], c["regions"])
    s.linear("w", c["inputs"], c["regions"])
    return s


def _sequence(s, name, sizes):
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        s.linear(f"{name}.0.{2 * i}", fan_in, fan_out)


def autoencoder_weights(c):
    s = Shapes()
    _sequence(s, "encoder", c["sizes"])
    _sequence(s, "decoder", c["sizes"][::-1])
    return s


def vae_weights(c):
    s = Shapes()
    _sequence(s, "encoder", c["sizes"])
    _sequence(s, "decoder", [c["latent"], *c["sizes"][::-1]])
    s.linear("fc_mu", c["sizes"][-1], c["latent"])
    s.linear("fc_var", c["sizes"][-1], c["latent"])
    return s


def autorec_weights(c):
    s = Shapes()
    s.linear("encoder", c["users"], c["hidden"])
    s.linear("decoder", c["hidden"], c["users"])
    return s


def word2vec_weights(c):
    shape = (c["vocab"], c["vector_size"])
    return {"wv.vectors": shape, "syn1neg": shape}


def hierarchical_weights(c):
    vocab, dim, depth = c["vocab"], c["vector_size"], c["depth"]
    return {"wv.vectors": (vocab, dim), "syn1": (vocab - 1, dim)} | {
        f"wv.{name}": (vocab, depth) for name in ("points", "codes")
    }


def huffman_tables(c):
    """The way to each word of a Huffman tree over words whose frequency falls as Zipf's law says."""
    vocab = c["vocab"]
    heap = [(1_000_000 // (i + 1), i) for i in range(vocab)]
    parent, turn = {}, {}
    heapq.heapify(heap)
    for node in range(vocab, 2 * vocab - 1):
        for side in (0, 1):
            weight, child = heapq.heappop(heap)
            parent[child], turn[child] = node, side
            total = weight if side == 0 else total + weight
        heapq.heappush(heap, (total, node))
    points, codes = np.full((2, vocab, c["depth"]), -1)
    for word in range(vocab):
        way, node = [], word
        while node in parent:
            way.append((parent[node] - vocab, turn[node]))
            node = parent[node]
        for place, (point, code) in enumerate(reversed(way)):
            points[word, place], codes[word, place] = point, code
    return {"wv.points": points, "wv.codes": codes}


TREE = "ensemble."


def gbdt_weights(c):
    trees, nodes = c["n_estimators"], c["max_nodes"]
    tables = {TREE + n: (trees, nodes) for n in ("feature", "threshold", "children_left", "children_right")}
    return tables | {"lr.weight": (1, trees * nodes), "lr.bias": (1,)}


def tree_tables(c):
    """Trees of uneven depth: nodes are split in the order in which they were made, unless a draw says leaf."""
    trees, nodes = c["n_estimators"], c["max_nodes"]
    feature = random_ids("feature", (trees, nodes), c["inputs"])
    left = np.tile(np.arange(nodes), (trees, 1))
    right = left.copy()
    stops = uniform("stops", (trees, nodes)) > 0.6
    for t in range(trees):
        open_nodes, made = [(0, 0)], 1
        while open_nodes and made + 2 <= nodes:
            node, depth = open_nodes.pop(0)
            if depth < c["max_depth"] and (node == 0 or not stops[t, node]):
                left[t, node], right[t, node] = made, made + 1
                open_nodes += [(made, depth + 1), (made + 1, depth + 1)]
                made += 2
    return {TREE + "feature": feature, TREE + "children_left": left, TREE + "children_right": right}


def row_inputs(c, tag, batch, _):
    return {"x": uniform(tag, (batch, c["inputs"])).astype(np.float32)}


def _unit(tag, shape):
    """Numbers in 0..1."""
    return ((uniform(tag, shape) + 1.0) * 0.5).astype(np.float32)


def autoencoder_inputs(c, tag, batch, _):
    return {"x": _unit(tag, (batch, c["sizes"][0]))}


def noisy_inputs(c, tag, batch, _):
    """Uniform noise for what is taken away."""
    x = _unit(tag, (batch, c["sizes"][0]))
    return {"x": x, "noise": _unit(f"{tag}.noise", x.shape)}


def vae_inputs(c, tag, batch, _):
    code = 2 * uniform(f"{tag}.code", (batch, c["latent"]))
    key = np.array(random_ids(f"{tag}.key", (), 2**62))
    return {"x": _unit(tag, (batch, c["sizes"][0])), "key": key, "code": code.astype(np.float32)}


def ratings_inputs(c, tag, batch, _):
    """One to five stars from a third of the users."""
    stars = 1 + random_ids(tag, (batch, c["users"]), 5)
    return {"ratings": np.where(uniform(f"{tag}.seen", stars.shape) > 0.33, stars, 0).astype(np.float32)}


def skipgram_inputs(c, tag, batch, length):
    centre = random_ids(f"{tag}.centre", (batch,), c["vocab"])
    return {"centre": centre, "words": random_ids(tag, (batch, length), c["vocab"])}


def cbow_inputs(c, tag, batch, length):
    return {"around": random_ids(tag, (batch, length), c["vocab"]), "mask": token_mask(batch, length)}


def hierarchical_inputs(c, tag, batch, length):
    return cbow_inputs(c, tag, batch, length) | {"word": random_ids(f"{tag}.word", (batch,), c["vocab"])}


def one_output(_, __, batch, ___):
    return (batch,)


def classes_output(c, _, batch, __):
    return batch, c.get("classes", c.get("outputs"))


def autoencoder_output(c, entry, batch, _):
    others = {"encode": (batch, c["sizes"][-1]), "loss": (batch,), "generate": (c.get("samples"), c["sizes"][0])}
    return others.get(entry, (batch, c["sizes"][0]))


def gbdt_output(c, entry, batch, _):
    return (batch,) if entry == "forward" else (batch, c["n_estimators"])


def _network(name, model, config, weights, inputs, output, entries=("forward",), lengths=(0,), **more):
    return Network(name, model, config, weights, entries, inputs, output, lengths=lengths, **more)


def _perceptron(name, inputs):
    return _network(name, "basic/perceptron.ncr", {"inputs": inputs}, linear_weights, row_inputs, one_output)


def _logistic(name, inputs, classes):
    config = {"inputs": inputs, "classes": classes}
    return _network(name, "basic/logistic.ncr", config, linear_weights, row_inputs, classes_output)


def _mlp(name, inputs, hidden, outputs, activation):
    config = {"inputs": inputs, "hidden_sizes": hidden, "outputs": outputs, "activation": activation}
    return _network(name, "basic/mlp.ncr", config, mlp_weights, row_inputs, classes_output)


def _ls_plm(name, inputs, regions):
    config = {"inputs": inputs, "regions": regions}
    return _network(name, "basic/ls_plm.ncr", config, ls_plm_weights, row_inputs, one_output)


def _autoencoder(name, sizes):
    config = {"sizes": sizes, "activation": "sigmoid"}
    entries = ("encode", "forward")
    model = "autoencoder/autoencoder.ncr"
    return _network(name, model, config, autoencoder_weights, autoencoder_inputs, autoencoder_output, entries)


def _denoising(name, sizes):
    config = {"sizes": sizes, "activation": "sigmoid", "corruption": 0.25}
    entries = ("forward", "loss")
    model = "autoencoder/denoising.ncr"
    return _network(name, model, config, autoencoder_weights, noisy_inputs, autoencoder_output, entries)


def _vae(name, sizes, latent, beta):
    config = {"sizes": sizes, "latent": latent, "activation": "relu", "beta": beta, "samples": 7}
    takes = {"forward": ("x", "key"), "loss": ("x", "key"), "decode": ("code",), "generate": ("key",)}
    model = "autoencoder/vae.ncr"
    return _network(name, model, config, vae_weights, vae_inputs, autoencoder_output, tuple(takes), takes=takes)


def _autorec(name, users, hidden):
    config = {"users": users, "hidden": hidden}
    shape = lambda c, _, batch, __: (batch, c["users"])
    return _network(name, "autorec/autorec.ncr", config, autorec_weights, ratings_inputs, shape)


def _skipgram(name, vocab, dim, lengths):
    config = {"vocab": vocab, "vector_size": dim}
    shape = lambda _, __, batch, length: (batch, length)
    return _network(name, "word2vec/skipgram.ncr", config, word2vec_weights, skipgram_inputs, shape, lengths=lengths)


def _cbow(name, vocab, dim, lengths):
    config = {"vocab": vocab, "vector_size": dim}
    shape = lambda c, _, batch, __: (batch, c["vocab"])
    return _network(name, "word2vec/cbow.ncr", config, word2vec_weights, cbow_inputs, shape, lengths=lengths)


def _hierarchical(name, vocab, dim, depth, lengths):
    config = {"vocab": vocab, "vector_size": dim, "depth": depth}
    more = {"lengths": lengths, "tables": huffman_tables}
    model = "word2vec/hierarchical.ncr"
    return _network(name, model, config, hierarchical_weights, hierarchical_inputs, one_output, **more)


def _gbdt(name, inputs, trees, nodes, depth):
    config = {"inputs": inputs, "n_estimators": trees, "max_nodes": nodes, "max_depth": depth}
    entries = ("forward", "leaves")
    return _network(
        name, "gbdt/gbdt_lr.ncr", config, gbdt_weights, row_inputs, gbdt_output, entries, tables=tree_tables
    )


SMALL = (
    _perceptron("perceptron-odd", 13),
    _logistic("logistic-odd", 13, 5),
    _logistic("logistic-two", 13, 2),
    _mlp("mlp-odd", 13, [19, 7], 5, "tanh"),
    _ls_plm("ls-plm-odd", 13, 3),
    _autoencoder("autoencoder-odd", [19, 13, 5]),
    _denoising("denoising-odd", [19, 7]),
    _vae("vae-odd", [19, 13], 5, 1.0),
    _vae("vae-beta", [19, 13], 5, 4.0),
    _autorec("autorec-odd", 37, 7),
    _skipgram("skipgram-odd", 41, 7, (1, 6)),
    _cbow("cbow-odd", 41, 7, (1, 6)),
    _hierarchical("hierarchical-odd", 41, 7, 9, (1, 6)),
    _gbdt("gbdt-odd", 7, 5, 15, 4),
)
FULL = (
    _perceptron("perceptron", 64),
    _logistic("logistic", 64, 10),
    _mlp("mlp", 784, [256, 128], 10, "relu"),
    _ls_plm("ls-plm", 128, 12),
    _autoencoder("autoencoder", [784, 256, 64, 16]),
    _denoising("denoising", [784, 500]),
    _vae("vae", [784, 400], 20, 1.0),
    _autorec("autorec", 6040, 500),
    _skipgram("skipgram", 30_000, 100, (6,)),
    _cbow("cbow", 30_000, 100, (10,)),
    _hierarchical("hierarchical", 30_000, 100, 24, (10,)),
    _gbdt("gbdt", 39, 100, 63, 5),
)
