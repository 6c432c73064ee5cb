# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The VS Code extension's files, and its grammar on all model files, by a small engine for what the grammar uses of TextMate."""
import json
import re
import struct

import pytest

from language_client import ROOT

EXTENSION = ROOT / "tools" / "vscode"
GRAMMAR = json.loads((EXTENSION / "syntaxes" / "ncr.tmLanguage.json").read_text())
FILES = sorted((ROOT / "frontend" / "std").glob("*.ncr")) + sorted((ROOT / "models").rglob("*.ncr"))
KEYWORDS = re.findall(r'^NACRE_KEYWORD\(\w+, "(\w+)"\)', (ROOT / "frontend" / "language" / "Tokens.def").read_text(), re.M)


def python_pattern(pattern):
    """Oniguruma's \\p{..} as classes of Python, and a choice of lengths in a lookbehind as several of them."""
    pattern = pattern.replace(r"[\p{L}_]", r"[^\W\d]").replace(r"[\p{L}\p{N}_]", r"\w").replace(r"\p{Lu}", "[A-Z]")
    pattern = pattern.replace(r"[\p{L}\p{N}_(]", r"[\w(]").replace(r"(?<=:\s|:|\[)", r"(?:(?<=:\s)|(?<=:)|(?<=\[))")
    assert r"\p" not in pattern, pattern
    return re.compile(pattern)


def rules(patterns):
    for rule in patterns:
        if "include" in rule:
            yield from rules(GRAMMAR["repository"][rule["include"][1:]]["patterns"]
                             if "patterns" in GRAMMAR["repository"][rule["include"][1:]]
                             and "begin" not in GRAMMAR["repository"][rule["include"][1:]]
                             else [GRAMMAR["repository"][rule["include"][1:]]])
        else:
            yield rule, python_pattern(rule.get("match") or rule["begin"])


RULES = list(rules(GRAMMAR["patterns"]))


def scopes(line):
    """(text, scope) of each piece of a line: at each place the earliest match, of those the first rule's."""
    place = 0
    ahead = [pattern.search(line) for _, pattern in RULES]
    while place < len(line):
        for order, (_, pattern) in enumerate(RULES):
            if ahead[order] and ahead[order].start() < place:
                ahead[order] = pattern.search(line, place)
        found = min(((match.start(), order, RULES[order][0], match) for order, match in enumerate(ahead) if match),
                    default=None, key=lambda each: each[:2])
        if not found:
            return
        start, _, rule, match = found
        end = match.end()
        if "begin" in rule:
            stop = re.compile(r'(?:[^"\\]|\\.)*("|$)').match(line, end)
            end = stop.end()
        for group, capture in rule.get("captures", {}).items():
            if match[int(group)]:
                yield match[int(group)], capture["name"]
        if "name" in rule:
            yield line[start:end], rule["name"]
        place = end


def scope_of(line, text):
    return next(scope for piece, scope in scopes(line) if piece == text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_word_of_a_model_has_a_scope(path):
    for line in path.read_text().splitlines():
        pieces = list(scopes(line))
        covered = "".join(text for text, _ in pieces)
        assert re.sub(r"\s", "", covered) == re.sub(r"\s", "", line), line
        for text, scope in pieces:
            if text in KEYWORDS:
                assert scope.startswith(("keyword.", "storage.", "constant.language")), (line, text, scope)


def test_every_keyword():
    assert len(KEYWORDS) > 15
    for word in KEYWORDS:
        assert scope_of(f"  {word} x", word).startswith(("keyword.", "storage.", "constant.language")), word
        assert scope_of(f"  x{word} = 1", f"x{word}").startswith("variable."), word


@pytest.mark.parametrize("line, text, scope", [
    ("model Net(dim: int = 4) {", "model", "storage.type"),
    ("model Net(dim: int = 4) {", "Net", "entity.name.type.class"),
    ("model Net(dim: int = 4) {", "int", "support.type"),
    ("import std.linear", "import", "keyword.control.import"),
    ("import std.linear", "std.linear", "entity.name.namespace"),
    ("  weight weight: f32[dim]", "weight", "storage.type"),
    ("  state keys: f32[B, ctx, dim]", "state", "storage.type"),
    ("  state keys: f32[B, ctx, dim]", "keys", "variable.other"),
    ("    while steps < most {", "while", "keyword.control"),
    ("    yield total", "yield", "keyword.control"),
    ("    let y = scan x over axis 0 reverse carry rest = 0.0 {", "reverse", "keyword.control"),
    ("  part up: Linear(dim, bias=false)", "Linear", "entity.name.type.class"),
    ("  part up: Linear(dim, bias=false)", "bias", "variable.parameter"),
    ("  entry forward(ids: i64[B, S]) -> f32[B] {", "forward", "entity.name.function"),
    ("    let f(t) = t // local", "f", "entity.name.function"),
    ("    let f(t) = t // local", "// local", "comment.line.double-slash"),
    ("/// 文档", "/// 文档", "comment.line.documentation"),
    ('  eps: float = config("a // b \\" c", 1e-12),', '"a // b \\" c"', "string.quoted"),
    ('  eps: float = config("a", 1e-12),', "1e-12", "constant.numeric.float"),
    ("    return scan g in gates over axis 1 carry h = zeros[B] {", "scan", "keyword.control"),
    ("    return scan g in gates over axis 1 carry h = zeros[B] {", "over", "keyword.control"),
    ("    return scan g in gates over axis 1 carry h = zeros[B] {", "axis", "keyword.control"),
    ("    return scan g in gates over axis 1 carry h = zeros[B] {", "carry", "keyword.control"),
    ("    let reverse = reversed(x)", "reverse", "variable.other"),
    ("    return sum(x, axis=1)", "axis", "variable.parameter"),
    ("    let 和 = x[..., None]", "和", "variable.other"),
    ("    let n = 0xff + 1_000", "0xff", "constant.numeric.hex"),
    ("    let n = 0xff + 1_000", "1_000", "constant.numeric.integer"),
])
def test_scopes(line, text, scope):
    assert scope_of(line, text).startswith(scope)


def test_the_extension_is_whole():
    package = json.loads((EXTENSION / "package.json").read_text())
    contributes = package["contributes"]
    [language] = contributes["languages"]
    named = [package["main"], package["icon"], language["configuration"], *language["icon"].values(),
             *(grammar["path"] for grammar in contributes["grammars"])]
    for name in named:
        assert (EXTENSION / name).is_file(), name
    for grammar in contributes["grammars"]:
        assert json.loads((EXTENSION / grammar["path"]).read_text())["scopeName"] == grammar["scopeName"]
    settings = json.loads((EXTENSION / "language-configuration.json").read_text())
    assert settings["comments"] == {"lineComment": "//"}
    for rule in settings["indentationRules"].values():
        re.compile(rule)
    png = (EXTENSION / package["icon"]).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (128, 128)
    script = (EXTENSION / package["main"]).read_text()
    for key in contributes["configuration"]["properties"]:
        assert key.removeprefix("nacre.server.") in script
    for command in contributes["commands"]:
        assert command["command"] in script
