# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: everything that a model can name is in some entry of blocks/*.ncr, and so is compared with PyTorch.

What there is to name is read from the library's files and from the compiler's tables of builtins; every parameter with a
default must be given something at least once, too.
"""
import re

import pytest

import blocks
from network import ROOT

# What no entry can show, and why.
UNTESTED = {
    "error": "stops the compilation",
}

LIBRARY = ROOT / "frontend" / "std"


def code(paths):
    return "\n".join(re.sub(r"//.*", "", path.read_text()) for path in sorted(paths))


# Every model has a reference too: test_table.py sees to it.
MODELS = ROOT / "models"
# Indices, order, random numbers and the loops of std.generation are compared with NumPy, in test_indexing*.py and test_searches.py.
FILES = [*blocks.ENTRIES, "generation", "indexing", "indexing_axes"]
ENTRIES = "\n".join((code(blocks.FOLDER / f"{file}.ncr" for file in FILES), code(MODELS.rglob("*.ncr"))))


def builtins():
    """name -> its parameters, (name, has a default)."""
    found = {}
    for path in sorted((ROOT / "frontend" / "language").glob("Builtins*.cpp")):
        text = path.read_text()
        lists = {
            name: [(p, bool(default)) for p, default in re.findall(r'\{"(\w+)",\s*[\w:]+(,\s*")?', body)]
            for name, body in re.findall(r"BuiltinParam (\w+)\[\] = \{(.*?)\};", text, re.DOTALL)
        }
        rows = re.findall(r'\{"(\w+)", (\w+), apply\w+', text)
        assert len(rows) == len(re.findall(r", apply[A-Z]\w*[,}]", text)), f"{path.name} has rows of another form"
        found |= {name: lists[parameters] for name, parameters in rows}
    return found


def library():
    """name -> its parameters, (name, has a default), of the blocks and functions of frontend/std."""
    found = {}
    text = code(LIBRARY.glob("*.ncr"))
    for kind, name in re.findall(r"^(block|fn|model|const) (\w+)", text, re.MULTILINE):
        header = re.search(rf"^{kind} {name}\((.*?)\) *(?:->|\{{)", text, re.MULTILINE | re.DOTALL)
        parameters = re.findall(r"(\w+): +[^,=]+(=)?", header[1]) if header else []
        found[name] = [(p, bool(default)) for p, default in parameters]
    return found


def arguments_of(name, code):
    """The arguments of every call of that name, each a list of texts; `x.f(y)` is `f(x, y)`."""
    calls = []
    for match in re.finditer(rf"(\.?)(?<!\w)(?<!fn )(?<!block ){name}\(", code):
        arguments, depth, text = [], 0, ""
        for character in code[match.end() :]:
            if character in ")]" and depth == 0:
                break
            if character == "," and depth == 0:
                arguments.append(text.strip())
                text = ""
                continue
            depth += (character in "([") - (character in ")]")
            text += character
        calls.append(["self"] * bool(match[1]) + arguments + [text.strip()] * bool(text.strip()))
    return calls


BUILTINS = builtins()
NAMES = {**library(), **BUILTINS}


def test_all_are_found():
    """The lists come from patterns: known names of every family must be among them."""
    for name in ("Conv3d", "GlobalAvgPool", "gelu_tanh", "relu", "rope", "conv3d", "rms_norm", "prod", "take", "pad", "arange", "zip"):
        assert name in NAMES
    assert NAMES["rope"] == [("x", False), ("positions", True), ("base", True), ("dim", True), ("interleaved", True), ("start", True)]
    assert NAMES["AvgPool1d"][3] == ("count_include_pad", True)
    assert NAMES["Linear"] == [("input", False), ("output", False), ("bias", True), ("dtype", True)]
    assert arguments_of("attention", ENTRIES)[1] == ["q", "k", "v", "causal=true"]


@pytest.mark.parametrize("name", sorted(NAMES.keys() - UNTESTED.keys()))
def test_is_in_some_entry(name):
    # What a block of the library uses is tested with it.
    calls = arguments_of(name, ENTRIES) + arguments_of(name, code(LIBRARY.glob("*.ncr")))
    # A function may be handed on, or be what another one takes where it is given none.
    handed_on = re.search(rf"[(,=] *{name}\s*[,)]", ENTRIES + code(LIBRARY.glob("*.ncr")))
    assert calls or handed_on, f"no entry of test/numerics/blocks and no model uses '{name}'"
    keyword = re.compile(r"(\w+)=[^=]")
    named = {match[1] for call in calls for argument in call if (match := keyword.match(argument))}
    positional = max((sum(not keyword.match(argument) for argument in call) for call in calls), default=0)
    optional = [p for p, has_default in NAMES[name][positional:] if has_default]
    missing = [p for p in optional if p not in named]
    assert not missing, f"no entry of test/numerics/blocks and no model gives '{name}' its {missing}"
