# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: operations in every element type against NumPy and the reference interpreter, on values at the edges.

The model file is made here: an entry for each type and group of operations, whose results have the operations' names.
"""
import json

import numpy as np
import pytest

import narrow
from artifact import Artifact, nacre

NUMPY = {"i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1", "u8": "u1", "bool": "?"}
NUMPY |= {"f64": "f8", "f32": "f4", "f16": "f2"}
CARRIED = {"i4": "i8", "bf16": "f32", "f8e4m3": "f32", "f8e5m2": "f32"}
INTEGERS = ("i64", "i32", "i16", "i8", "u8", "i4")
TYPES = (*INTEGERS, "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2")
EVERY = (*TYPES, "bool")
SIZES = ({"N": 5, "M": 19}, {"N": 1, "M": 2}, {"N": 3, "M": 66})

WHOLE, ROWS, COLUMNS = "[N, M]", "[N]", "[M]"
ARITHMETIC = {
    "add": ("x + y", WHOLE),
    "sub": ("x - y", WHOLE),
    "mul": ("x * y", WHOLE),
    "div": ("x / y", WHOLE),
    "rem": ("x % y", WHOLE),
    "neg": ("-x", WHOLE),
    "abs": ("abs(x)", WHOLE),
    "sign": ("sign(x)", WHOLE),
    "relu": ("relu(x)", WHOLE),
    "high": ("maximum(x, y)", WHOLE),
    "low": ("minimum(x, y)", WHOLE),
    "either": ("select(x < y, x, y)", WHOLE),
    "chain": ("(x + y) * x - y", WHOLE),
}
COMPARISONS = {
    "less": ("x < y", WHOLE),
    "most": ("x <= y", WHOLE),
    "more": ("x > y", WHOLE),
    "least": ("x >= y", WHOLE),
    "same": ("x == y", WHOLE),
    "other": ("x != y", WHOLE),
}
REDUCTIONS = {
    "sums": ("sum(x, axis=1)", ROWS),
    "totals": ("sum(x, axis=0)", COLUMNS),
    "products": ("prod(x, axis=0)", COLUMNS),
    "highest": ("max(x, axis=0)", COLUMNS),
    "lowest": ("min(x, axis=1)", ROWS),
    "running": ("cumsum(x)", WHOLE),
    "running_high": ("cummax(x, axis=0)", WHOLE),
    "running_product": ("cumprod(x, axis=0)", WHOLE),
}
PRODUCTS = {"matrix": ("x @ y.T", "[N, N]")}
PLACES = {
    "where_high": ("argmax(x)", ROWS),
    "where_low": ("argmin(x, axis=0)", COLUMNS),
    "order": ("argsort(x, axis=0)", WHOLE),
}
MOVES = {
    "ordered": ("sort(x)", WHOLE),
    "largest": ("largest(x)", "[N, 2]"),
    "rows": ("take(x, ids)", "[4, M]"),
    "picked": ("take_along_axis(x, ids[None] + zeros([N, 1], dtype=i64), axis=1)", "[N, 4]"),
    "placed": ("scatter(x, ids, take(y, others))", WHOLE),
    "added": ('scatter(x, ids, take(y, others), mode="add")', WHOLE),
    "turned": ("x.T", "[M, N]"),
    "joined": ("concat([x, y[:, 0:1]], axis=1)", "[N, M + 1]"),
    "padded": ("pad(x, [0, 1], [1, 0], value=1)", "[N + 1, M + 1]"),
    "thinned": ("x[:, ::2]", "[N, ceildiv(M, 2)]"),
}
CURVES = {
    "exponential": ("exp(x)", WHOLE),
    "logarithm": ("log(x)", WHOLE),
    "root": ("sqrt(x)", WHOLE),
    "tangent": ("tanh(x)", WHOLE),
    "shares": ("softmax(x)", WHOLE),
    "levelled": ("layer_norm(x)", WHOLE),
}
CASTS = {f"to_{to}": (f"x.to({to})", WHOLE) for to in EVERY}
GROUPS = {
    "arithmetic": ARITHMETIC,
    "comparisons": COMPARISONS,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "places": PLACES,
    "moves": MOVES,
    "curves": CURVES,
    "casts": CASTS,
}


def result_type(group, name, t):
    return {"comparisons": "bool", "places": "i64", "casts": name[3:]}.get(group, t)


def operations(group, t):
    """What of a group the language has for a type."""
    # Narrow floats are rounded where they are stored, so a chain has as many results as there are ways to compute it.
    skipped = {"chain"} if t in ("f16", *narrow.FORMATS) else {"neg"} if t == "u8" else set()
    return {name: what for name, what in GROUPS[group].items() if name not in skipped}


def entry(group, t, carried=False):
    """An entry's text. `carried`: types that .npy files lack come in and go out as wider ones."""
    outer = CARRIED.get(t, t) if carried else t
    names, values = [], []
    for name, (expression, shape) in operations(group, t).items():
        to = result_type(group, name, t)
        back = CARRIED.get(to, to) if carried else to
        names.append(f"    {name}: {back}{shape},")
        values.append(f"({expression})" if back == to else f"({expression}).to({back})")
    head = f"  entry {group}_{t}(a: {outer}[N, M], b: {outer}[N, M], ids: i64[4], others: i64[4]) -> ("
    lines = [head, *names, "  ) {"]
    lines += [f"    let x = a.to({t})", f"    let y = b.to({t})", "    return " + ", ".join(values), "  }"]
    return "\n".join(lines)


# Kernels of their own take long to compile, and test/codegen/cpu compares them one by one.
FEW = ("i64", "i8", "u8", "i4", "f64", "f16", "bf16")
HAVE = {"arithmetic": TYPES, "comparisons": TYPES, "casts": EVERY, "products": ("u8", "i4", "bf16")}
HAVE["curves"] = ("f64", "f16", "bf16")
CASES = [(g, t) for g in GROUPS for t in HAVE.get(g, FEW)]


def model_text(carried=False):
    largest = ["fn largest(x: T[N, M]) -> T[N, 2] {", "  let (values, _) = top_k(x, 2)", "  return values", "}"]
    return "\n".join([*largest, "model Types {", *(entry(g, t, carried) for g, t in CASES), "}", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")
    (folder / "types.ncr").write_text(model_text())
    (folder / "carried.ncr").write_text(model_text(carried=True))
    return folder


@pytest.fixture(scope="module")
def model(folder):
    artifact = Artifact(folder / "types.ncr", None, folder / "types")
    yield artifact
    artifact.close()


def stored(values, t):
    """Values as the type holds them, in the NumPy type that carries it."""
    if t == "i4":
        return narrow.wrapped(values)
    if t in narrow.FORMATS:
        return narrow.rounded(values, t)
    return values.astype(NUMPY[t])


def values_of(t, shape, random, extremes=True):
    if t == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if t in INTEGERS:
        low, high = (-8, 7) if t == "i4" else (np.iinfo(NUMPY[t]).min, np.iinfo(NUMPY[t]).max)
        edges = [low, low + 1, high, high - 1, 0, 0, 1, 2, 3, 7] + ([-1, -2, -7] if low < 0 else [])
        values = np.array([edges[i] for i in random.integers(0, len(edges), shape).ravel()], dtype=object)
        small = random.integers(max(low, -20), min(high, 20), shape)
        return np.where(random.integers(0, 2, shape), values.reshape(shape), small).astype(NUMPY.get(t, "i1"))
    least, most = {"f64": (5e-324, 1.7e308), "f32": (1e-45, 3.4e38), "f16": (6e-8, 65504)}.get(t, (0, 0))
    if t in narrow.FORMATS:
        finite = narrow.finite(t)
        least, most = finite[1], finite[-1]
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, np.nan]
    # Sums of the largest and products of the smallest have as many results as orders.
    edges += [least, -least, 3 * least, most, -most] if extremes else []
    edges += [np.inf, -np.inf] if t != "f8e4m3" else []
    picked = np.array(edges)[random.integers(0, len(edges), shape)]
    return stored(np.where(random.integers(0, 3, shape), random.normal(size=shape) * 3, picked), t)


def expected(group, t, values):
    """Each operation's result, exact or of doubles, before it is rounded to the type."""
    x, y, ids, others = values
    real = t not in INTEGERS and t != "bool"
    # Integers wrap at any width that is a multiple of theirs; floats are computed wider and rounded.
    x, y = ((v.astype(np.longdouble if t == "f64" else np.float64) if real else v) for v in (x, y))
    if group == "casts":
        return {f"to_{to}": x for to in EVERY}
    if group == "curves":
        shares = np.exp(x - x.max(1, keepdims=True))
        centred = x - x.mean(1, keepdims=True)
        made = {"exponential": np.exp(x), "logarithm": np.log(x), "root": np.sqrt(x), "tangent": np.tanh(x)}
        made["shares"] = shares / shares.sum(1, keepdims=True)
        return made | {"levelled": centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)}
    if group == "arithmetic":
        by = y if real else np.where(y == 0, 1, y)
        quotient, rest = (x / y, np.mod(x, y)) if real else (np.where(y == 0, 0, x // by), np.where(y == 0, 0, x % by))
        step = (lambda v: stored(v, t).astype(v.dtype)) if real else (lambda v: v)
        signs = np.where(np.isnan(x), x, np.sign(x)) if real else np.sign(x)
        made = {"add": x + y, "sub": x - y, "mul": x * y, "div": quotient, "rem": rest, "neg": -x, "abs": np.abs(x)}
        made |= {"sign": signs, "relu": np.maximum(x, 0), "high": np.maximum(x, y), "low": np.minimum(x, y)}
        return made | {"either": np.where(x < y, x, y), "chain": step(step(x + y) * x) - y}
    if group == "comparisons":
        return {"less": x < y, "most": x <= y, "more": x > y, "least": x >= y, "same": x == y, "other": x != y}
    if group == "places":
        order = np.argsort(x, 0, kind="stable")
        return {"where_high": np.argmax(x, 1), "where_low": np.argmin(x, 0), "order": order}
    if group == "products":
        return {"matrix": x @ y.T}
    kind = {} if real else {"dtype": x.dtype}
    if group == "reductions":
        made = {"sums": x.sum(1, **kind), "totals": x.sum(0, **kind), "products": x.prod(0, **kind)}
        made |= {"highest": x.max(0), "lowest": x.min(1), "running": np.cumsum(x, 1, **kind)}
        return made | {
            "running_high": np.maximum.accumulate(x, 0),
            "running_product": np.cumprod(x, 0, **kind),
        }
    placed, added = x.copy(), x.copy()
    for to, row in zip(ids, y[others]):
        placed[to] = row
        added[to] = stored(added[to] + row, t)
    # Sorted, NaN come last; of the largest, they are the first.
    down = np.stack([np.lexsort((-row, ~np.isnan(row))) for row in x]) if real else np.argsort(~x, 1, kind="stable")
    return {
        "ordered": np.sort(x, 1),
        "largest": np.take_along_axis(x, down[:, :2], 1),
        "rows": x[ids],
        "picked": x[:, ids.clip(-x.shape[1], x.shape[1] - 1)],
        "placed": placed,
        "added": added,
        "turned": x.T,
        "joined": np.concatenate([x, y[:, :1]], 1),
        "padded": np.pad(x, ((0, 1), (1, 0)), constant_values=1),
        "thinned": x[:, ::2],
    }


def inputs(group, t, sizes):
    random = np.random.default_rng(len(t) + sizes["M"])
    shape, extremes = (sizes["N"], sizes["M"]), group not in ("reductions", "products", "curves")
    x, y = (values_of(t, shape, random, extremes) for _ in range(2))
    if group == "curves":  # one element that is no number spoils its row
        x[1:] = stored(random.normal(size=x[1:].shape) * 3, t)
    ids, others = (random.integers(-sizes["N"], sizes["N"], 4) for _ in range(2))
    return x, y, ids, others


# A result of several roundings may be this many units away for each of its terms.
SLACK = {"sums": 1, "totals": 1, "products": 8, "running": 1, "running_product": 8, "matrix": 2, "added": 4}
SLACK |= {"exponential": 2, "logarithm": 2, "tangent": 2, "shares": 8, "levelled": 8}
UNITS = {"f64": 2.0**-52, "f32": 2.0**-23, "f16": 2.0**-10, "bf16": 2.0**-7}


def difference(group, name, t, got, wanted, slack):
    """What is wrong with a result; empty where nothing is."""
    to = result_type(group, name, t)
    exact, wanted = wanted, stored(wanted, to)
    assert got.shape == wanted.shape, name
    bad = (got != wanted) & ~((got != got) & (wanted != wanted))
    if group == "casts" and exact.dtype.kind == "f" and to in INTEGERS:
        # What lies outside of an integer's range becomes some integer.
        low, high = (-8, 7) if to == "i4" else (np.iinfo(NUMPY[to]).min, np.iinfo(NUMPY[to]).max)
        bad &= (np.trunc(exact) >= low) & (np.trunc(exact) <= high)
    if name in SLACK and t in UNITS:
        bad &= ~(np.abs(got - exact) <= SLACK[name] * (UNITS[t] * slack + tiny(t)))
    if not bad.any():
        return ""
    where = tuple(np.argwhere(bad)[0])
    return f"{name}{list(map(int, where))}: {got[where]}, not {wanted[where]} ({int(bad.sum())} wrong)"


def tiny(t):
    return float(narrow.finite(t)[1]) if t in narrow.FORMATS else float(np.finfo(NUMPY[t]).smallest_subnormal)


def differences(group, t, values, results):
    with np.errstate(all="ignore"):
        exact = expected(group, t, values)
        slack = exact
        if group in ("reductions", "products", "moves"):
            slack = expected(group, t, [*map(np.abs, values[:2]), *values[2:]])
        elif group == "curves":
            slack = {name: np.maximum(np.abs(v), name == "levelled") for name, v in exact.items()}
        found = [difference(group, n, t, r, exact[n], slack[n]) for n, r in zip(operations(group, t), results)]
    return [text for text in found if text]


def to_bits(values, t):
    return narrow.bits(values, t) if t in narrow.FORMATS else values


def from_bits(values, t):
    return narrow.values(values, t) if t in narrow.FORMATS else values


@pytest.mark.parametrize("group, t", CASES)
def test_artifact(model, group, t):
    for sizes in SIZES:
        values = inputs(group, t, sizes)
        given = [to_bits(values[0], t), to_bits(values[1], t), *values[2:]]
        results = model.call_with(None, f"{group}_{t}", sizes, given)
        names = operations(group, t)
        results = [from_bits(r, result_type(group, n, t)) for n, r in zip(names, results)]
        assert not differences(group, t, values, results), sizes


@pytest.mark.parametrize("group, t", CASES)
def test_interpreter(folder, tmp_path, group, t):
    values = inputs(group, t, SIZES[0])
    arguments = ["run", folder / "carried.ncr", "--interpret", "--entry", f"{group}_{t}", "--output-dir", tmp_path]
    for name, value in zip(("a", "b", "ids", "others"), values):
        np.save(tmp_path / f"in-{name}.npy", value)
        arguments += ["--input", f"{name}={tmp_path}/in-{name}.npy"]
    nacre(*arguments, folder=tmp_path)
    results = [np.load(tmp_path / f"{name}.npy") for name in operations(group, t)]
    assert not differences(group, t, values, results)


STORED = {"f8e4m3": "F8_E4M3", "f8e5m2": "F8_E5M2", "bf16": "BF16", "i4": "I8", "u8": "U8", "i16": "I16"}
KEEPER = """model Keeper {
%s
  state last: f8e5m2[N, 19]
  state count: i4

  entry sums(x: f32[5, 19]) -> f32[5, 19] {
    return x + %s
  }

  /// What three calls see.
  entry kept(x: f32[N, 19]) -> (before: f8e5m2[N, 19], calls: i4[]) {
    let before = last
    last = x.to(f8e5m2)
    count += 7
    return before, count
  }

  /// A loop at run time, and one over rows, around narrow elements.
  entry rounds(x: i4[N, M], times: i64[]) -> (i4[N, M], f8e4m3[N, M], u8[N, M]) {
    var y = x
    var z = x.to(f8e4m3)
    var i = 0
    while i < times {
      y = y * 3 + 1
      z = z * 0.5
      i += 1
    }
    let u = scan row in x over axis 0 carry h = x[0].to(u8) {
      h = h * 5 + row.to(u8)
      yield h
    }
    return y, z, u
  }
}
"""


@pytest.fixture(scope="module")
def keeper(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("keeper"), np.random.default_rng(8)
    weights = {t: stored(random.integers(-8, 8, (5, 19)) * (1 if t in INTEGERS else 0.3), t) for t in STORED}
    header, data = {}, b""
    for t, values in weights.items():
        raw = to_bits(values, t).tobytes()
        header[t] = {"dtype": STORED[t], "shape": [5, 19], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    (folder / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    declared = "\n".join(f'  weight w_{t}: {t}[5, 19] as "{t}"' for t in STORED)
    (folder / "keeper.ncr").write_text(KEEPER % (declared, " + ".join(f"w_{t}.to(f32)" for t in STORED)))
    artifact = Artifact(folder / "keeper.ncr", folder / "w.safetensors", folder / "keeper")
    yield artifact, sum(w.astype(np.float32) for w in weights.values()), folder
    artifact.close()


def test_weights(keeper):
    model, total, folder = keeper
    x = np.zeros((5, 19), np.float32)
    assert np.allclose(model.call("sums", {}, [x]), total, rtol=1e-6, atol=1e-5)
    np.save(folder / "x.npy", x)
    command = ["run", folder / "keeper.ncr", "--weights", folder / "w.safetensors", "--interpret", "--entry", "sums"]
    nacre(*command, "--input", f"x={folder}/x.npy", "--output-dir", folder, folder=folder)
    assert np.allclose(np.load(folder / "result.npy"), total, rtol=1e-6, atol=1e-5)


def test_states(keeper):
    model, _, _ = keeper
    state, before = model.new_state({"N": 3}), np.zeros((3, 19), np.float32)
    for i in range(1, 4):
        x = np.random.default_rng(i).normal(size=(3, 19)).astype(np.float32)
        seen, calls = model.call_with(state, "kept", {"N": 3}, [x])
        assert np.array_equal(from_bits(seen, "f8e5m2"), before)
        assert calls == narrow.wrapped(np.array(7 * i))
        before = stored(x, "f8e5m2")
    model.free_state(state)


def test_loops(keeper):
    model, _, _ = keeper
    x = np.random.default_rng(1).integers(-8, 8, (4, 19)).astype(np.int8)
    y, z, bytes_ = x.astype(np.int64), stored(x.astype(np.float64), "f8e4m3"), []
    for _ in range(9):
        y, z = y * 3 + 1, stored(z * 0.5, "f8e4m3")
    row = x[0].astype(np.uint8)
    for each in x.astype(np.uint8):
        row = row * np.uint8(5) + each
        bytes_.append(row)
    got = model.call_with(None, "rounds", {"N": 4, "M": 19}, [x, np.int64(9)])
    assert np.array_equal(got[0], narrow.wrapped(y))
    assert np.array_equal(from_bits(got[1], "f8e4m3"), z)
    assert np.array_equal(got[2], np.stack(bytes_))
