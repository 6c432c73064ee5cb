# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whatever a user gets wrong ends in a place, a reason, a way out and exit status 1."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

from command import NACRE, run_nacre, write_safetensors

pytestmark = pytest.mark.skipif(NACRE is None, reason="nacre is not built")

NET = """model Net(dim: int = 4, bias: bool = false) {
  weight w: f32[dim, 2]

  entry forward(x: f32[B, dim]) -> f32[B, 2] {
    return x @ w
  }
}
"""
TWO_INPUTS = """model Net {
  entry add(x: f32[B, 3], y: f32[B, 3]) -> f32[B, 3] {
    return x + y
  }
  entry twice(x: f32[B, 3]) -> f32[B, 3] {
    return x + x
  }
}
"""


def header(entries, data):
    """A safetensors file with this header, whatever the data is."""
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def good_weights(folder, name="w.safetensors", **tensors):
    write_safetensors(folder / name, tensors or {"w": np.ones((4, 2), np.float32)})


def npy(folder, name, array):
    np.save(folder / name, array)


class Case:
    """`files` maps names to text, bytes or a function of the folder; `says` are regular expressions, all of which
    the error must match: the first one is its place."""

    def __init__(self, arguments, files, *says):
        self.arguments, self.files, self.says = arguments.split(), files, says


def weights_case(content, *says):
    return Case("check net.ncr --weights w.safetensors", {"net.ncr": NET, "w.safetensors": content}, *says)


def run_case(arguments, make, *says):
    files = {"net.ncr": TWO_INPUTS, "inputs": make}
    return Case(f"run net.ncr --interpret {arguments}", files, *says)


def net(body, head="model Net {"):
    return head + "\n  entry forward(x: f32[B, 4]) -> f32[B, 4] {\n    " + body + "\n  }\n}\n"


CASES = {
    # Model files
    "a file that is not there": Case("check gone.ncr", {}, r"gone\.ncr", "No such file", "name a model file"),
    "a folder": Case("check folder", {"folder/a.txt": ""}, "folder", "directory|cannot", "name a model file"),
    "an empty file": Case("compile a.ncr", {"a.ncr": ""}, r"a\.ncr", "no model", "model"),
    "bytes that are no text": Case("check a.ncr", {"a.ncr": b"\xff\xfe\x00\x01model"}, r"a\.ncr:1:1", "UTF-8", "."),
    "a missing brace": Case("check a.ncr", {"a.ncr": NET.rsplit("}", 1)[0]}, r"a\.ncr:1:\d+", "never closed", "'{'"),
    "a misspelled function": Case(
        "check a.ncr", {"a.ncr": net("return reluu(x)")}, r"a\.ncr:3:12", "reluu", "did you mean"
    ),
    "a misspelled variable": Case(
        "check a.ncr", {"a.ncr": net("let total = x + x\n    return totl")}, r"a\.ncr:4:12", "totl", "did you mean 'total'"
    ),
    "shapes that do not fit": Case(
        "check a.ncr",
        {"a.ncr": NET.replace("x: f32[B, dim]", "x: f32[B, 2 * dim]")},
        r"a\.ncr:5:\d+",
        "inner dimensions",
        r"f32\[dim, 2\] +\(weight w, a\.ncr:2\)[\s\S]*f32\[B, 2\*dim\]",
    ),
    "a result of another shape": Case(
        "check a.ncr", {"a.ncr": NET.replace("-> f32[B, 2]", "-> f32[B, 3]")}, r"a\.ncr:\d+:\d+", r"f32\[B, 2\]", r"f32\[B, 3\]"
    ),
    "an unknown element type": Case("check a.ncr", {"a.ncr": NET.replace("f32[dim", "f33[dim")}, r"a\.ncr:2:13", "f33", "f32"),
    "an unknown import": Case(
        "check a.ncr", {"a.ncr": "import std.linaer\n" + NET}, r"a\.ncr:1:\d+", "linaer", r"did you mean|std\.linear|beside"
    ),
    "an argument too many": Case("check a.ncr", {"a.ncr": net("return relu(x, x)")}, r"a\.ncr:3:\d+", "relu", "argument"),
    "a block inside itself": Case(
        "check a.ncr",
        {"a.ncr": "block A {\n  part a: A()\n  fn (x: f32[B]) -> f32[B] {\n    return x\n  }\n}\nmodel M {\n  part a: A()\n"
                  "  entry f(x: f32[B]) -> f32[B] {\n    return a(x)\n  }\n}\n"},
        r"a\.ncr:\d+:\d+", "itself|contains|deep|recurs", ".",
    ),
    "two models, and none chosen": Case(
        "compile a.ncr",
        {"a.ncr": net("return x") + net("return x", "model Other {")},
        r"a\.ncr", "several models|2 models|more than one", "--model|Net",
    ),
    "a model that is not there": Case(
        "check a.ncr --model Nett", {"a.ncr": NET}, r"a\.ncr|--model", "Nett", "Net'|did you mean|has"
    ),
    "a parameter that is not there": Case(
        "compile a.ncr --set dims=3", {"a.ncr": NET}, "a.ncr|--set", "dims", "did you mean 'dim'"
    ),
    "a parameter of another type": Case("compile a.ncr --set dim=four", {"a.ncr": NET}, "a.ncr|--set", "four", "int"),
    # Weights
    "weights that are not there": Case("check net.ncr --weights gone", {"net.ncr": NET}, "gone", "No such file", "."),
    "a folder without weights": Case(
        "check net.ncr --weights folder", {"net.ncr": NET, "folder/a.txt": ""}, "folder", "safetensors", "."
    ),
    "no weights": Case("compile net.ncr", {"net.ncr": NET}, "nacre compile", "weights", "--weights"),
    "a file that is cut off": weights_case(
        header({"w": entry("F32", [4, 2], 0, 32)}, b"\0" * 16), r"w\.safetensors", "w", "truncated|cut|ends|beyond|short"
    ),
    "an absurd header": weights_case((1 << 62).to_bytes(8, "little") + b"{}", r"w\.safetensors", "header", "."),
    "a header that is no JSON": weights_case(
        (4).to_bytes(8, "little") + b"{x:}" + b"\0" * 32, r"w\.safetensors", "JSON|header", "."
    ),
    "offsets that overlap": weights_case(
        header({"w": entry("F32", [4, 2], 0, 32), "v": entry("F32", [4, 2], 16, 48)}, b"\0" * 48),
        r"w\.safetensors", "overlap", "'[wv]'",
    ),
    "bytes that do not fit the shape": weights_case(
        header({"w": entry("F32", [4, 2], 0, 16)}, b"\0" * 16), r"w\.safetensors", "w", "16|32"
    ),
    "a weight of another shape": weights_case(
        lambda folder: good_weights(folder, w=np.ones((2, 4), np.float32)), r"w", r"f32\[4, 2\]", r"f32\[2, 4\]"
    ),
    "a weight of another type": weights_case(
        lambda folder: good_weights(folder, w=np.ones((4, 2), np.int32)), r"w", r"f32\[4, 2\]", r"i32\[4, 2\]"
    ),
    "a missing weight": Case(
        "check net.ncr --weights w.safetensors",
        {"net.ncr": NET.replace("weight w:", "weight kernel:").replace("@ w", "@ kernel"),
         "w": lambda folder: good_weights(folder, kernal=np.ones((4, 2), np.float32))},
        r"w\.safetensors|kernel", r"kernel.*f32\[4, 2\]", "kernal",
    ),
    "a damaged archive": Case(
        "check net.ncr --weights w.npz", {"net.ncr": NET, "w.npz": b"PK\x03\x04" + b"\0" * 40}, r"w\.npz", "zip|archive|npz", "."
    ),
    "a broken config.json": Case(
        "check net.ncr --weights folder",
        {"net.ncr": NET, "folder/config.json": "{", "w": lambda folder: good_weights(folder, "folder/model.safetensors")},
        r"config\.json", "JSON|parse|end", ".",
    ),
    # Inputs to run
    "an input file that is not there": run_case(
        "--entry twice --input x=gone.npy", lambda folder: None, r"gone\.npy", "No such file|cannot", "."
    ),
    "an input that is no array": run_case(
        "--entry twice --input x=x.npy", lambda folder: (folder / "x.npy").write_text("1, 2"), r"x\.npy", "npy", "."
    ),
    "an array that is cut off": run_case(
        "--entry twice --input x=x.npy",
        lambda folder: (npy(folder, "x.npy", np.ones((2, 3), np.float32)), os.truncate(folder / "x.npy", 140)),
        r"x\.npy", "bytes|truncated|cut|short", ".",
    ),
    "an array of another type": run_case(
        "--entry twice --input x=x.npy",
        lambda folder: npy(folder, "x.npy", np.ones((2, 3))), r"x\.npy", r"f64\[2, 3\]", "astype",
    ),
    "an array of another rank": run_case(
        "--entry twice --input x=x.npy",
        lambda folder: npy(folder, "x.npy", np.ones(3, np.float32)), r"x\.npy", r"f32\[3\]", "2 dimensions",
    ),
    "an array of another size": run_case(
        "--entry twice --input x=x.npy",
        lambda folder: npy(folder, "x.npy", np.ones((2, 5), np.float32)), r"x\.npy", r"f32\[2, 5\]", "must be 3",
    ),
    "two sizes for one variable": run_case(
        "--entry add --input x=x.npy --input y=y.npy",
        lambda folder: (npy(folder, "x.npy", np.ones((2, 3), np.float32)), npy(folder, "y.npy", np.ones((4, 3), np.float32))),
        r"y\.npy", "B is 4 here, and 2 by x.npy", "one size",
    ),
    "an input that the entry lacks": run_case(
        "--entry twice --input z=x.npy", lambda folder: None, "--input z", "no input 'z'", "it has: x"
    ),
    "an input twice": run_case(
        "--entry twice --input x=x.npy --input x=x.npy",
        lambda folder: npy(folder, "x.npy", np.ones((2, 3), np.float32)), "--input x", "twice", "leave one",
    ),
    "no inputs": run_case("--entry twice", lambda folder: None, "nacre run", r"input 'x', f32\[B, 3\], is missing", "--random"),
    "a size that is not known": run_case("--entry twice --random", lambda folder: None, "--random", "how large B is", "--dim B=1"),
    "a variable that is not there": run_case(
        "--entry twice --random --dim Batch=1", lambda folder: None, "--dim Batch", "no dimension variable", "it has: B"
    ),
    "an input larger than memory": run_case(
        "--entry twice --random --dim B=99999999999", lambda folder: None, "--random", "8 GB", "smaller sizes"
    ),
    "several entries, and none chosen": run_case("--random", lambda folder: None, "nacre run", "several entries", "add, twice"),
    "an entry that is not there": run_case("--entry ad --random", lambda folder: None, "--entry", "no entry 'ad'", "did you mean 'add'"),
    "a library that is none": Case("run a.so --random", {"a.so": "no ELF"}, r"a\.so", "no compiled model", "--emit=so"),
    # Flags
    "no command": Case("", {}, "nacre", "no command", "--help"),
    "a misspelled command": Case("chekc a.ncr", {}, "nacre", "no command 'chekc'", "did you mean 'check'"),
    "a misspelled option": Case("run a.so --sead 1", {}, "nacre run", "no option '--sead'", "did you mean '--seed'"),
    "a number that is none": Case("run a.so --seed one", {}, "nacre run --seed", "'one' is not a whole number", "from 0 to"),
    "an option without its value": Case("run a.so --seed", {}, "nacre run --seed", "one value", "--seed N"),
    "a value for a switch": Case("run a.so --random=yes", {}, "nacre run --random", "no value", "."),
    "an argument too many for compile": Case("compile a.ncr b.ncr", {}, "nacre compile", "'b.ncr'", "--help"),
    "no model": Case("compile", {}, "nacre compile", "no model file", "nacre compile model.ncr"),
    "a binding without a name": Case("run a.so --input x.npy", {}, "nacre run --input", "no name", "ids=ids.npy"),
    "an unknown kind of output": Case("compile net.ncr --emit=objct", {"net.ncr": NET}, "--emit", "'objct'", "did you mean 'object'"),
    "an unknown phase": Case("compile net.ncr --stop-after=dispach", {"net.ncr": NET}, "--stop-after", "'dispach'", "did you mean 'dispatch'"),
    "phases in the wrong order": Case(
        "compile net.ncr --start-from=loops --stop-after=nn", {"net.ncr": NET}, "--stop-after", "before", "later phase"
    ),
    "an unknown processor": Case(
        "compile net.ncr --weights w.safetensors --target-cpu=zen99",
        {"net.ncr": NET, "w": good_weights}, "nacre compile|--target-cpu", "zen99", ".",
    ),
    "an unknown precision": Case("compile net.ncr --precision=int7", {"net.ncr": NET}, "--precision", "'int7'", "did you mean 'int8'"),
    "a file that cannot be laid out": Case("fmt a.ncr", {"a.ncr": "model {"}, r"a\.ncr:1:\d+", "expected", "."),
    "a file that is not laid out": Case("fmt --check a.ncr", {"a.ncr": "model  Net{}"}, r"a\.ncr", "not laid out", "nacre fmt"),
}


def make_files(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(folder)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)


@pytest.mark.parametrize("name", CASES)
def test_broken_input(name, tmp_path):
    case = CASES[name]
    make_files(tmp_path, case.files)
    done = run_nacre(*case.arguments, cwd=tmp_path)
    error = done.stderr
    assert done.returncode == 1, f"exit {done.returncode}\n{error}"
    first = next(line for line in error.splitlines() if ": error: " in line)
    assert re.search(case.says[0], first.split(": error: ")[0]), f"no place {case.says[0]!r} in\n{error}"
    for expected in case.says[1:]:
        assert re.search(expected, error), f"no {expected!r} in\n{error}"
    assert done.stdout == ""
    assert not re.search(r"internal compiler error|Assertion|Stack dump|LLVM ERROR|0x[0-9a-f]{8}", error), error
    assert "\x1b" not in error
    # Nothing half-made stays behind.
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert not [path for path in left if ".partial" in path or ".tmp" in path or path.endswith((".o", ".h"))], left


def test_an_artifact_with_weights_of_another_build(tmp_path):
    """Two compilations of models that differ make files that do not go together."""
    (tmp_path / "a.ncr").write_text(NET)
    (tmp_path / "b.ncr").write_text(NET.replace("x @ w", "x @ w + 1.0"))
    good_weights(tmp_path)
    for name in ("a", "b"):
        done = run_nacre("compile", f"{name}.ncr", "--weights", "w.safetensors", "--emit=so", "-o", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    shutil.copy(tmp_path / "b.weights", tmp_path / "a.weights")
    done = run_nacre("run", "a.so", "--random", "--dim", "B=1", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"a\.weights: error: ", done.stderr), done.stderr
    assert "compile the model again" in done.stderr


def test_an_artifact_without_its_weights(tmp_path):
    (tmp_path / "a.ncr").write_text(NET)
    good_weights(tmp_path)
    done = run_nacre("compile", "a.ncr", "--weights", "w.safetensors", "--emit=so", "-o", "a", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "a.weights").unlink()
    done = run_nacre("run", "a.so", "--random", "--dim", "B=1", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"a\.weights: error: ", done.stderr), done.stderr
    assert "--weights" in done.stderr


def test_there_are_thirty():
    assert len(CASES) >= 30
