#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How soon nacre-lsp-server answers an editor.

    test/benchmark/language_server.py [--model models/bert/bert.ncr] [--rounds 50]

Each round types a character into the file and then asks; the time of a request so includes the check of the new text.
Prints a Markdown table of milliseconds. Asserts no time.
"""
import argparse
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "tools"))

from language_client import LanguageClient, position  # noqa: E402


def measure(action):
    start = time.perf_counter()
    action()
    return 1e3 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models" / "bert" / "bert.ncr")
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()

    client = LanguageClient()
    client.initialize()
    times = {"open to diagnostics": []}
    uri = client.open(arguments.model)
    times["open to diagnostics"].append(measure(lambda: client.faults(uri)))
    end = len(client.texts[uri])
    place = position(client.texts[uri], client.texts[uri].index("return ") + len("return "))
    document = {"textDocument": {"uri": uri}}
    at = {**document, "position": place}
    everything = {"start": {"line": 0, "character": 0}, "end": position(client.texts[uri], end)}
    requests = {
        "hover": at, "definition": at, "completion": at, "signatureHelp": at,
        "references": {**at, "context": {"includeDeclaration": True}},
        "documentSymbol": document, "formatting": {**document, "options": {}},
        "inlayHint": {**document, "range": everything}, "semanticTokens/full": document,
    }
    for turn in range(arguments.rounds):
        client.change(uri, (end, len(client.texts[uri]), " " * (turn % 2)))
        times.setdefault("edit to diagnostics", []).append(measure(lambda: client.faults(uri)))
        for method, params in requests.items():
            times.setdefault(method, []).append(measure(lambda: client.ask(f"textDocument/{method}", **params)))
            client.change(uri, (end, len(client.texts[uri]), " " * (turn % 2)))
            times.setdefault(f"edit, then {method}", []).append(
                measure(lambda: client.ask(f"textDocument/{method}", **params)))
    client.ask("shutdown")
    client.notify("exit")

    print(f"| {arguments.model.name}, ms | median | largest |\n|---|---|---|")
    for name, values in times.items():
        print(f"| {name} | {sorted(values)[len(values) // 2]:.1f} | {max(values):.1f} |")


if __name__ == "__main__":
    main()
