# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""nacre-lsp-server in sessions with a scripted editor."""
import json
import pathlib

import pytest

import make_builtins_page
from language_client import ROOT, SERVER, LanguageClient, apply_edits

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="nacre-lsp-server is not built")

NET = """import std.linear

/// 一个网络 😀 with two layers.
model Net(dim: int = 4, wide: int = 8) {
  part   up:   Linear(dim, wide)
  part   down: Linear(wide, dim)
  weight 偏置: f32[dim]

  /// Rows through the layers.
  entry forward(x: f32[B, dim]) -> f32[B, dim] {
    let h = relu(up(x))
    /* */
    return down(h) + 偏置
  }
}

/// Twice a tensor.
fn twice(t: T[..]) -> T[..] {
  return t * 2
}
""".replace("    /* */\n", "")


@pytest.fixture
def client():
    client = LanguageClient()
    client.initialize()
    yield client
    client.close()


@pytest.fixture
def net(client, tmp_path):
    uri = client.open(tmp_path / "net.ncr", NET)
    assert client.faults(uri) == []
    return uri


def messages(client, uri):
    return [fault["message"] for fault in client.faults(uri)]


def hover(client, uri, marked):
    result = client.ask("textDocument/hover", **client.at(uri, marked))
    return result and result["contents"]["value"]


def labels(client, uri, marked):
    result = client.ask("textDocument/completion", **client.at(uri, marked))
    return {item["label"]: item for item in result["items"]}


# What is replaced by what, and the faults after it: parts of their messages, in order, with the text they stand at.
EDITS = [
    ("relu(up(x))", "relu(up(x)", [("this '(' is never closed", "(")]),
    ("relu(up(x)", "relu(up(x))", []),
    ("relu(up(x))", "reluu(up(x))", [("unknown name 'reluu'; did you mean 'relu'?", "reluu")]),
    ("reluu(up(x))", "relu(up(h))", [("unknown name 'h'", "h")]),
    ("relu(up(h))", "relu(up(x))", []),
    ("Linear(dim, wide)", "Linear(dim)", [("'Linear' needs an argument for 'output'", "Linear(dim)")]),
    ("Linear(dim)", "Linear(dim, wide, wide)", [("'bias' must be a bool", "wide")]),
    ("Linear(dim, wide, wide)", "Linear(dim, dim)", [("must be f32[.., input]", "h")]),
    ("Linear(dim, dim)", "Liner(dim, wide)", [("unknown block 'Liner'", "Liner")]),
    ("Liner(dim, wide)", "Linear(dim, wide)", []),
    ("-> f32[B, dim] {", "-> f32[B, wide] {", [("", "down(h) + 偏置")]),
    ("-> f32[B, wide] {", "-> f32[B, dim] {", []),
    ("weight 偏置: f32[dim]", "weight 偏置: f32[Dim]", [("unknown size 'Dim'", "Dim")]),
    ("weight 偏置: f32[Dim]", "weight 偏置: f33[dim]", [("unknown element type 'f33'", "f33")]),
    ("weight 偏置: f33[dim]", "weight 偏置: f32[dim]", []),
    ("+ 偏置", "", [("is never read", "偏置")]),
    ("return down(h) ", "return down(h) + 偏置 😀", [("", "😀")]),
    (" 😀\n  }", "\n  }", []),
    ("import std.linear", "import std.liner", [("cannot find 'std.liner'", "std.liner"), ("unknown block 'Linear'", "Linear"),
                                              ("unknown block 'Linear'", "Linear")]),
    ("import std.liner", "import std.linear", []),
    ("fn twice(t: T[..]) -> T[..] {", "fn twice(t: T[..]) -> T[..]", [
        ("expected '{', found the end of the line", ""),
        ("expected a declaration: import, model, block, fn or const; found 'return'", "return"),
        ("'twice' ends without returning a value", ""),
    ]),
    ("fn twice(t: T[..]) -> T[..]", "fn twice(t: T[..]) -> T[..] {", []),
    ("t * 2", "t * ", [("expected an expression", None)]),
    ("t * ", "t.", [("expected a name after '.'", None)]),
    ("t.", "t.shpe", [("a tensor has no member 'shpe'", "shpe")]),
    ("t.shpe", "t * 2", []),
]


def test_edits_of_a_broken_file(client, net):
    assert len(EDITS) > 20
    for old, new, expected in EDITS:
        client.replace(net, old, new)
        faults = client.faults(net)
        assert len(faults) == len(expected), (new, faults)
        for fault, (message, place) in zip(faults, expected):
            assert message in fault["message"], (new, faults)
            assert place is None or client.spelled(net, fault["range"]) == place, (new, fault)
            assert fault["source"] == "nacre" and fault["severity"] in (1, 2)
    assert client.texts[net] == NET


def test_every_prefix_of_a_file(client, tmp_path):
    """Typing a file from its beginning: each text is answered, and the last one is right."""
    uri = client.open(tmp_path / "typed.ncr", "")
    for end in range(0, len(NET), 7):
        client.change(uri, (len(client.texts[uri]), len(client.texts[uri]), NET[len(client.texts[uri]):end]))
        end_of_text = {"textDocument": {"uri": uri}, "position": {"line": 10_000, "character": 10_000}}
        for method in ("hover", "completion", "signatureHelp", "definition"):
            client.ask(f"textDocument/{method}", **end_of_text)
    client.change(uri, (len(client.texts[uri]), len(client.texts[uri]), NET[len(client.texts[uri]):]))
    assert client.faults(uri) == []


def test_related_information(client, net):
    client.replace(net, "Linear(dim, wide)", "Linear(dim, dim)")
    [fault] = client.faults(net)
    related = {info["message"]: info["location"]["uri"] for info in fault["relatedInformation"]}
    assert related["'x' is declared"].endswith("/std/linear.ncr")
    client.replace(net, "part   down", "part   up")
    twice = next(f for f in client.faults(net) if "declared twice" in f["message"])
    [first] = twice["relatedInformation"]
    assert first["message"] == "first declared" and first["location"]["uri"] == net
    assert client.spelled(net, first["location"]["range"]) == "up"


def test_hover(client, net):
    assert "let h: f32[B, wide]" in hover(client, net, "let |h =")
    assert "gives `f32[B, wide]`" in hover(client, net, "re|lu(up(x))")
    assert "part   up: Linear" not in hover(client, net, "relu(u|p(x))")
    assert "part up: Linear(dim, wide)" in hover(client, net, "relu(u|p(x))")
    assert "x @ weight.T + bias" in hover(client, net, "down: Line|ar(wide")
    assert "weight 偏置: f32[dim]" in hover(client, net, "down(h) + 偏|置")
    assert hover(client, net, "down(h) |+ 偏置") == "```ncr\nf32[B, dim]\n```"
    assert "here `int = wide = 8`" in hover(client, net, "wi|de: int = 8")
    assert "Twice a tensor." in hover(client, net, "fn tw|ice(t")
    assert "Rows through the layers." in hover(client, net, "entry for|ward")
    assert hover(client, net, "model Net(dim: int = 4, wide: int = 8) |{") is None


def test_function_argument(client, tmp_path):
    """A parameter of type `fn` where nothing is known of it but that."""
    uri = client.open(tmp_path / "applied.ncr", "fn applied(step: fn, x: f32[B]) -> f32[B] {\n  return step(x)\n}\n")
    assert client.faults(uri) == []
    assert "step: fn" in hover(client, uri, "return st|ep(x)")


def test_positions_are_utf16(client, net):
    client.replace(net, "    return down(h)", "    let 和 = down(h) // 😀 注释\n    return 和")
    assert client.faults(net) == []
    result = client.ask("textDocument/hover", **client.at(net, "return |和 + 偏置"))
    assert "let 和: f32[B, dim]" in result["contents"]["value"]
    assert client.spelled(net, result["range"]) == "和"
    # Behind an emoji, which is two units wide, an edit still meets the right place.
    client.replace(net, "😀 注释", "😀😀 注释")
    client.replace(net, "😀😀 注释", "x")
    assert client.faults(net) == []
    text = client.texts[net]
    start = text.index("和 =")
    client.change(net, (start, start + 1, "sum_"), (text.index("return 和") + 10, text.index("return 和") + 11, "sum_"))
    assert client.faults(net) == []


def test_definition(client, net):
    def definition(marked):
        return [(place["uri"], client.spelled(net, place["range"]) if place["uri"] == net else place["range"])
                for place in client.ask("textDocument/definition", **client.at(net, marked))]
    assert definition("return down(|h)") == [(net, "h")]
    assert definition("down(h) + |偏置") == [(net, "偏置")]
    assert definition("relu(|up(x))") == [(net, "up")]
    assert definition("-> f32[|B, dim]") == [(net, "B")]
    assert definition("relu(up(x|))") == [(net, "x")]
    assert definition("re|lu(up(x))") == []
    linear = ROOT / "frontend" / "std" / "linear.ncr"
    [(uri, span)] = definition("up:   Line|ar(dim")
    assert pathlib.Path(uri.removeprefix("file://")).name == "linear.ncr"
    assert linear.read_text().splitlines()[span["start"]["line"]].startswith("block Linear(")
    [(uri, span)] = definition("import std.lin|ear")
    assert uri.endswith("/linear.ncr") and span["start"] == {"line": 0, "character": 0}
    client.replace(net, "Linear(dim, wide)", "Linear(dim, wide, bias=true)")
    [(uri, span)] = definition("bi|as=true")
    assert uri.endswith("/linear.ncr") and span["start"]["line"] >= 3
    client.replace(net, "relu(up(x))", "relu(x @ up.weight.T)")
    [(uri, span)] = definition("up.wei|ght.T")
    assert "weight weight" in linear.read_text().splitlines()[span["start"]["line"]]


def test_references_and_rename(client, net):
    where = client.at(net, "relu(|up(x))")
    places = client.ask("textDocument/references", **where, context={"includeDeclaration": True})
    assert [client.spelled(net, place["range"]) for place in places] == ["up", "up"]
    assert len(client.ask("textDocument/references", **where, context={"includeDeclaration": False})) == 1
    assert len(client.ask("textDocument/documentHighlight", **where)) == 2
    assert client.spelled(net, client.ask("textDocument/prepareRename", **where)) == "up"
    edits = client.ask("textDocument/rename", **where, newName="升")["changes"][net]
    text = apply_edits(client.texts[net], edits)
    # The weights keep their names in files.
    assert 'part   升:   Linear(dim, wide) as "up"' in text and "relu(升(x))" in text
    client.change(net, (0, len(client.texts[net]), text))
    assert client.faults(net) == []
    for name in ("let", "a b", "", "1x"):
        assert "error" in client.call("textDocument/rename", **client.at(net, "let |h"), newName=name)
    assert "error" in client.call("textDocument/rename", **client.at(net, "re|lu("), newName="x")


def test_completion(client, net):
    found = labels(client, net, "let h = |relu")
    assert {"x", "up", "偏置", "dim", "relu", "Linear", "if", "B"} <= set(found)
    assert "h" not in found
    assert found["up"]["detail"].startswith("part up: Linear")
    assert "documentation" in found["Linear"]
    # A block of the library that is not imported yet comes with its import.
    [edit] = found["LayerNorm"]["additionalTextEdits"]
    assert "import std.linear\nimport std.norm\n" in apply_edits(client.texts[net], [edit])
    client.replace(net, "relu(up(x))", "up.")
    assert {"weight", "bias", "input"} <= set(labels(client, net, "up.|\n"))
    client.replace(net, "up.\n", "up(x).\n")
    found = labels(client, net, "up(x).|\n")
    assert {"T", "shape", "reshape", "transpose"} <= set(found) and "up" not in found and "twice" in found
    client.replace(net, "up(x).\n", "softmax(x, )\n")
    found = labels(client, net, "softmax(x, |)\n")
    assert "axis=" in found and "x=" not in found
    assert set(labels(client, net, "import std.|linear")) >= {"linear", "norm", "transformer"}
    assert labels(client, net, "/// Twice| a tensor") == {}
    client.replace(net, "  entry forward", "  \n  entry forward")
    assert {"weight", "part", "state", "entry"} <= set(labels(client, net, "layers.\n  |\n  entry"))
    help_ = client.ask("textDocument/signatureHelp", **client.at(net, "softmax(x, |)"))
    assert help_["signatures"][0]["label"].startswith("softmax(x, axis") and help_["activeParameter"] == 1


def test_builtins_have_a_text_that_is_the_page_too(client, net):
    signatures, rows = make_builtins_page.signatures(), list(make_builtins_page.rows())
    assert len(signatures) > 100
    assert sorted(name for is_family, name, _ in rows if not is_family) == sorted(signatures)
    for is_family, name, doc in rows:
        assert is_family or (doc and signatures[name][0].startswith(name + "(") and signatures[name][1] == doc), name
    assert make_builtins_page.PAGE.read_text() == make_builtins_page.page(), "run test/tools/make_builtins_page.py"
    shown = hover(client, net, "re|lu(up(x))")
    assert shown.startswith("```ncr\nrelu(x)\n```") and "or 0 where it is negative" in shown
    client.replace(net, "relu(up(x))", "softmax(up(x), )")
    help_ = client.ask("textDocument/signatureHelp", **client.at(net, "softmax(up(x), |)"))
    [signature] = help_["signatures"]
    assert signature["label"] == "softmax(x, axis=-1)" and "over its sum" in json.dumps(signature["documentation"])
    assert help_["activeParameter"] == 1


def test_formatting(client, net):
    whole = {"textDocument": {"uri": net}, "options": {"tabSize": 2, "insertSpaces": True}}
    assert client.ask("textDocument/formatting", **whole) == []
    client.replace(net, "    let h = relu(up(x))", "        let h=relu( up(x) )  // 😀")
    edits = client.ask("textDocument/formatting", **whole)
    assert len(edits) == 1
    laid_out = apply_edits(client.texts[net], edits)
    assert laid_out == NET.replace("relu(up(x))", "relu(up(x))  // 😀")
    client.replace(net, "relu( up(x) )", "relu( up(x)")
    assert client.ask("textDocument/formatting", **whole) == []  # broken text is not touched


def test_outline_hints_and_tokens(client, net):
    document = {"textDocument": {"uri": net}}
    model, twice = client.ask("textDocument/documentSymbol", **document)
    assert (model["name"], model["detail"], twice["name"]) == ("Net", "model", "twice")
    assert [child["name"] for child in model["children"]] == ["up", "down", "偏置", "forward"]
    for symbol in (model, twice, *model["children"]):
        assert client.spelled(net, symbol["selectionRange"]) == symbol["name"]
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    [hint] = client.ask("textDocument/inlayHint", **document, range=everything)
    assert hint["label"] == ": f32[B, wide]"
    data = client.ask("textDocument/semanticTokens/full", **document)["data"]
    line = column = 0
    spelled = []
    lines = NET.split("\n")
    for down, right, length, _, _ in zip(*[iter(data)] * 5):
        line, column = line + down, right if down else column + right
        spelled.append(lines[line].encode("utf-16-le")[2 * column:2 * (column + length)].decode("utf-16-le"))
    assert spelled[:4] == ["linear", "Net", "dim", "int"] and spelled.count("偏置") == 2 and "relu" in spelled


def test_quick_fix(client, net):
    client.replace(net, "relu(up(x))", "reluu(up(x))")
    [fault] = client.faults(net)
    [action] = client.ask("textDocument/codeAction", textDocument={"uri": net}, range=fault["range"],
                          context={"diagnostics": [fault]})
    assert action["title"] == "Replace 'reluu' by 'relu'"
    assert apply_edits(client.texts[net], action["edit"]["changes"][net]) == NET


def test_open_files_are_seen_by_those_that_import_them(client, tmp_path):
    (tmp_path / "parts.ncr").write_text("block Half() {\n  fn (x: f32[B]) -> f32[B] { return x / 2.0 }\n}\n")
    user = client.open(tmp_path / "user.ncr",
                       "import parts\n\nmodel M() {\n  part half: Half()\n  entry run(x: f32[B]) -> f32[B] { return half(x) }\n}\n")
    assert client.faults(user) == []
    parts = client.open(tmp_path / "parts.ncr")
    assert client.faults(parts) == []
    # An edit that is not saved breaks the other file.
    client.replace(parts, "x / 2.0", "y / 2.0")
    assert messages(client, parts) == ["unknown name 'y'"]
    client.receive(lambda m: "in parts.ncr:2: unknown name 'y'" in json.dumps(m))
    [fault] = client.diagnostics[user][1]
    assert client.spelled(user, fault["range"]) == "parts"
    client.notify("textDocument/didClose", textDocument={"uri": parts})
    client.receive(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == user
                   and m["params"]["diagnostics"] == [])


def test_what_is_no_message_ends_nothing(client, net):
    for body in (b"{", b"[]", b"17", b'"x"', b"{}", b'{"jsonrpc": "1.0", "method": "x"}', b"\xff\xfe", b'{"jsonrpc":"2.0","id":9}',
                 b'{"jsonrpc":"2.0","id":9,"result":null}', b'{"jsonrpc":"2.0","method":"textDocument/didOpen"}',
                 b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":7}}', b"[" * 100_000):
        client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    client.send_bytes(b"Content-Length: x\r\n\r\n" + b"Other: 1\r\n\r\n")
    unknown = client.call("textDocument/noSuchThing", textDocument={"uri": net})
    assert unknown["error"]["code"] == -32601
    client.notify("workspace/noSuchThing", a=1)
    assert "error" in client.call("textDocument/hover", textDocument={"uri": net})  # no position
    assert "error" in client.call("textDocument/hover", textDocument={"uri": "file:///not/open.ncr"},
                                  position={"line": 0, "character": 0})
    client.notify("textDocument/didChange", textDocument={"uri": "file:///not/open.ncr", "version": 2}, contentChanges=[])
    for line, character in ((-1, 0), (0, -5), (10**6, 3), (0, 10**6)):
        client.ask("textDocument/hover", textDocument={"uri": net}, position={"line": line, "character": character})
    assert "let h" in hover(client, net, "let |h =")


def test_shutdown(client, net):
    assert client.ask("shutdown") is None
    client.notify("exit")
    assert client.process.wait(10) == 0


def test_exit_without_shutdown_is_a_fault(client):
    client.notify("exit")
    assert client.process.wait(10) == 1


@pytest.mark.parametrize("path", sorted((ROOT / "frontend" / "std").glob("*.ncr")), ids=lambda path: path.stem)
def test_the_library_has_meanings(client, path):
    """Blocks that no model uses are checked too, and names in them are known."""
    uri = client.open(path)
    assert client.faults(uri) == []
    data = client.ask("textDocument/semanticTokens/full", textDocument={"uri": uri})["data"]
    assert len(data) // 5 >= 10
