# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every pass: a source file and a test of its name, and IR before and after in its description."""
import re

from common import Finding, line_of

RULE = "every pass has a same-named source and test, and shows IR before and after"

PASS = re.compile(r'^def\s+\w+\s*:\s*(?:\w*Pass)\s*<\s*"([^"]+)"', re.MULTILINE)


def check(tree):
    for path in tree.under("passes", "codegen", suffixes=(".td",)):
        text = tree.text(path)
        starts = [match.start() for match in PASS.finditer(text)] + [len(text)]
        for match, end in zip(PASS.finditer(text), starts[1:]):
            folder = path.rsplit("/", 1)[0]
            yield from check_pass(tree, path, line_of(text, match.start()), folder, match[1], text[match.start() : end])


def check_pass(tree, path, line, folder, flag, body):
    name = flag.removeprefix("nn-")
    source = f"{folder}/{''.join(word.capitalize() for word in name.split('-'))}.cpp"
    test = f"test/{folder}/{name}.mlir"
    if not tree.has(source):
        yield Finding(path, line, f"pass '{flag}' has no source file of its name, '{source}'")
    if not tree.has(test):
        yield Finding(path, line, f"pass '{flag}' has no test of its name, '{test}'")
    description = re.search(r"let\s+description\s*=\s*\[\{(.*?)\}\];", body, re.DOTALL)
    shown = description[1] if description else ""
    if not re.search(r"\bbefore\b", shown, re.IGNORECASE) or not re.search(r"\bafter\b", shown, re.IGNORECASE):
        yield Finding(path, line, f"the description of pass '{flag}' shows no IR before and after")
