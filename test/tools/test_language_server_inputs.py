# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""nacre-lsp-server with what no careful editor sends: random edits, cut messages, huge texts."""
import json
import random
import re

import pytest

from language_client import ROOT, SERVER, LanguageClient

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="nacre-lsp-server is not built")

MODELS = ["gpt2/gpt2.ncr", "mimn/mimn.ncr"]
PIECES = ["(", ")", "[", "]", "{", "}", "\n", " ", ".", "..", ",", ":", "=", "@", "->", '"', "//", "///", "0", "1e", "-1", "x", "B",
          "fn", "let", "if", "for", "scan", "while", "yield", "return", "weight", "state", "part", "import std.", "break",
          "<=", "carry", "over axis", "é", "中", "😀", "a\u0301", "\r\n", "\r", "\t", "\x00", "\u2028", "\ufeff"]
POINTED = ("hover", "definition", "completion", "signatureHelp", "documentHighlight", "prepareRename")
WHOLE = ("documentSymbol", "semanticTokens/full")


@pytest.fixture
def client():
    client = LanguageClient()
    client.initialize()
    yield client
    client.close()


def ask_everything(client, uri, place):
    """Every request; none may fail otherwise than by saying that there is nothing."""
    document = {"textDocument": {"uri": uri}}
    for method in POINTED:
        answer = client.call(f"textDocument/{method}", **document, position=place)
        assert "error" not in answer or answer["error"]["code"] != -32603, (method, answer)
    for method in WHOLE:
        client.ask(f"textDocument/{method}", **document)
    client.ask("textDocument/references", **document, position=place, context={"includeDeclaration": True})
    client.ask("textDocument/formatting", **document, options={"tabSize": 2, "insertSpaces": True})
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}
    client.ask("textDocument/inlayHint", **document, range=whole)
    client.ask("textDocument/codeAction", **document, range=whole, context={"diagnostics": []})


def lines_of(text):
    """As the protocol counts them: a lone '\r' ends a line too."""
    return re.split("\r\n|\n|\r", text)


def edit(random_, text):
    start = random_.randrange(len(text) + 1)
    end = min(len(text), start + random_.choice([0, 0, 0, 1, 1, 3, 20, 200]))
    piece = random_.choice(PIECES) if random_.random() < 0.8 else text[(at := random_.randrange(len(text) + 1)):at + 40]
    # Not between '\r' and '\n', where the protocol has no position.
    while 0 < start < len(text) and text[start - 1:start + 1] == "\r\n":
        start -= 1
    while end < len(text) and text[end - 1:end + 1] == "\r\n":
        end += 1
    return start, max(start, end), piece


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(2))
def test_random_edits(client, tmp_path, model, seed):
    """What the server says after many edits is what a new session says of the text that they left."""
    random_ = random.Random(f"{model} {seed}")
    whole = (ROOT / "models" / model).read_text()
    uri = client.open(tmp_path / "edited.ncr", whole)
    for turn in range(40):
        client.change_raw(uri, *(edit(random_, whole if not client.texts[uri] else client.texts[uri])
                                 for _ in range(random_.randrange(1, 4))))
        line = random_.randrange(len(lines_of(client.texts[uri])) + 1)
        ask_everything(client, uri, {"line": line, "character": random_.randrange(60)})
        if turn % 10 == 9:
            assert_same_as_new(client, uri, tmp_path)
            client.change_raw(uri, (0, len(client.texts[uri]), whole))
    assert client.faults(uri) == []


def assert_same_as_new(client, uri, tmp_path):
    other = LanguageClient()
    other.initialize()
    fresh = other.open(tmp_path / "edited.ncr", client.texts[uri])
    assert client.faults(uri) == other.faults(fresh)
    for method in WHOLE:
        assert (client.ask(f"textDocument/{method}", textDocument={"uri": uri})
                == other.ask(f"textDocument/{method}", textDocument={"uri": fresh}))
    other.close()


def test_cut_and_broken_messages(client, tmp_path):
    uri = client.open(tmp_path / "net.ncr", "fn f(x: f32[B]) -> f32[B] {\n  return relu(x)\n}\n")
    whole = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": {"uri": uri, "version": 1}, "contentChanges": [{"text": "fn é😀"}]}}).encode()
    random_ = random.Random(7)
    bodies = [whole[:end] for end in range(1, len(whole), 3)]
    for _ in range(100):
        body = bytearray(whole)
        for _ in range(random_.randrange(1, 5)):
            body[random_.randrange(len(body))] = random_.randrange(256)
        bodies.append(bytes(body))
    bodies += [b"{" * 300, b'{"a":' * 250, b"\xed\xa0\x80", b'{"jsonrpc":"2.0","method":"\\ud800"}',
               b'{"jsonrpc":"2.0","id":{"a":1},"method":"textDocument/hover"}',
               b'{"jsonrpc":"2.0","id":1e400,"method":"shutdown"}']
    for body in bodies:
        client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    client.change_raw(uri, (0, 0, ""))  # whatever the broken ones did, the session goes on
    client.set_text(uri, "fn f(x: f32[B]) -> f32[B] {\n  return relu(x)\n}\n")
    assert client.faults(uri) == []
    # The stream ends inside a message.
    client.send_bytes(b"Content-Length: 1000\r\n\r\n{")
    client.process.stdin.close()
    assert client.process.wait(30) == 1


@pytest.mark.parametrize("name, text, wanted", [
    ("long line", "fn f(x: f32[B]) -> f32[B] { return x" + " + x" * 20_000 + " }\n", None),
    ("deep", "fn f(x: f32[B]) -> f32[B] { return " + "(" * 100_000, "nested"),
    ("many lines", "// 中😀\n" * 100_000 + "fn f(x: f32[B]) -> f32[B] {\n  return x + y\n}\n", "unknown name 'y'"),
    ("many faults", "fn f(x: f32[B]) -> f32[B] {\n" + "  let 和 = y😀 + z\n" * 2_000 + "}\n", None),
    ("too large", "// 0123456789\n" * 400_000, "4 MB"),
    ("one string", 'fn f() { let x = "' + "é" * 1_000_000, None),
    ("no text", "", None),
    ("zeros", "\0" * 100_000, None),
], ids=lambda each: each if isinstance(each, str) and len(each) < 12 else "")
def test_huge_texts(client, tmp_path, name, text, wanted):
    uri = client.open(tmp_path / "huge.ncr", text)
    faults = client.faults(uri)
    assert wanted is None or any(wanted in fault["message"] for fault in faults), faults[:3]
    assert len(faults) <= 1000
    last = len(lines_of(text)) - 1
    ask_everything(client, uri, {"line": max(0, last - 2), "character": 9})
    client.change_raw(uri, (len(text), len(text), "//\n"))
    ask_everything(client, uri, {"line": last, "character": 0})


def test_positions_inside_a_character(client, tmp_path):
    """Half of an emoji is no place; what is asked there is asked at its beginning."""
    uri = client.open(tmp_path / "net.ncr", "fn f(x: f32[B]) -> f32[B] {\n  /* */\n}\n".replace("/* */", "return x  // 😀x"))
    line = {"textDocument": {"uri": uri}}
    for character in range(30):
        ask_everything(client, uri, {"line": 1, "character": character})
    start = {"line": 1, "character": 16}  # between the halves of the emoji
    client.notify("textDocument/didChange", textDocument={"uri": uri, "version": 2},
                  contentChanges=[{"range": {"start": start, "end": {"line": 1, "character": 99}}, "text": "y"}])
    client.versions[uri] = 2
    client.texts[uri] = "fn f(x: f32[B]) -> f32[B] {\n  return x  // y\n}\n"
    assert client.faults(uri) == []
    assert client.ask("textDocument/formatting", **line, options={}) == []
