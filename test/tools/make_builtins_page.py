#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/builtins.md: the texts of BuiltinDocs.def with the signatures that nacre-lsp-server shows.

    test/tools/make_builtins_page.py
"""
import ast
import pathlib
import re
import tempfile

from language_client import ROOT, LanguageClient

PAGE = ROOT / "docs" / "builtins.md"
TABLE = ROOT / "frontend" / "language" / "BuiltinDocs.def"
ROW = re.compile(r'NACRE_BUILTIN(_FAMILY)?\(("(?:[^"\\]|\\.)*")(?:,\s*((?:"(?:[^"\\]|\\.)*"\s*)+))?\)')
HEAD = """# Builtin functions

What needs no import. A default after `=` may be left out, and any argument may be given by its name. `axis` counts from
the end where it is negative. A function whose first argument is a tensor may be called as its method: `x.softmax()`.
The notions are in [the language](language.md#builtin-functions); editors show the same texts.

Made from `frontend/language/BuiltinDocs.def` by `test/tools/make_builtins_page.py`.
"""


def rows():
    """(is a family, name or title, doc) of each row of the table; C's string literals are Python's too."""
    for family, name, doc in ROW.findall(TABLE.read_text()):
        yield bool(family), ast.literal_eval(name), ast.literal_eval(f"({doc})") if doc else ""


def signatures():
    """What completion shows of each builtin: name to (signature, doc)."""
    client = LanguageClient()
    client.initialize()
    with tempfile.TemporaryDirectory() as folder:
        uri = client.open(pathlib.Path(folder) / "page.ncr", "fn f(x: f32[]) -> f32[] {\n  return x\n}\n")
        items = client.ask("textDocument/completion", **client.at(uri, "return |x"))["items"]
    client.close()
    found = {item["label"]: (item["detail"], item.get("documentation", {}).get("value", ""))
             for item in items if item["kind"] == 3 and item["sortText"].startswith("4")}
    del found["config"]  # only the default of a model's parameter may call it
    return found


def page():
    known = signatures()
    text = HEAD
    for is_family, name, doc in rows():
        if is_family:
            text += f"\n## {name}\n\n| | |\n|---|---|\n"
        else:
            text += f"| `{known[name][0]}` | {doc.replace('|', chr(92) + '|')} |\n"
    return text


if __name__ == "__main__":
    PAGE.write_text(page())
