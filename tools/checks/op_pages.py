# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operation: numbered constraints in its description, and a negative test for each.

The description may be that of the TableGen class which the operation is a case of, or its own.
"""
import re

from common import Finding, line_of

RULE = "every operation has a negative test for each of its numbered constraints"

OPERATION = re.compile(r'^(?:def|defm)\s+\w+\s*:\s*(?P<base>\w+)\s*<\s*"(?P<mnemonic>[a-z0-9_.]+)"', re.MULTILINE)
CLASS = re.compile(r"^class\s+(\w+)\s*<.*?(?=^(?:class|def|defm)\s)", re.MULTILINE | re.DOTALL)
CONSTRAINT = re.compile(r"^\s*(?:[-*]\s*)?\(?\*{0,2}C(\d+)[.):]", re.MULTILINE)
TEST_FUNCTION = re.compile(r"@([a-z0-9_]+?)_c(\d+)(?![0-9])")


def tested_constraints(tree):
    """Pairs (operation, number) for which some *-errors.mlir file has a function."""
    found = set()
    for path in tree.under("test/dialects", suffixes=("-errors.mlir",)):
        found |= {(match[1], int(match[2])) for match in TEST_FUNCTION.finditer(tree.text(path))}
    return found


def check(tree):
    tested = tested_constraints(tree)
    for path in tree.under("dialects", suffixes=(".td",)):
        text = tree.text(path)
        classes = {match[1]: match[0] for match in CLASS.finditer(text)}
        starts = [match.start() for match in OPERATION.finditer(text)] + [len(text)]
        for match, end in zip(OPERATION.finditer(text), starts[1:]):
            body = text[match.start() : end]
            if "let description" not in body and "let arguments" not in body and "let summary" not in body:
                continue  # an enum case, a trait, a type
            if "let description" not in body:
                body = classes.get(match["base"], "") + body
            yield from check_operation(path, line_of(text, match.start()), match["mnemonic"], body, tested)


def check_operation(path, line, mnemonic, body, tested):
    numbers = sorted({int(number) for number in CONSTRAINT.findall(body)})
    if not numbers:
        yield Finding(path, line, f"operation '{mnemonic}' numbers no constraint (C1., C2. ...) in its description")
    if numbers != list(range(1, len(numbers) + 1)):
        yield Finding(path, line, f"the constraints of operation '{mnemonic}' are not numbered from 1 on: {numbers}")
    name = mnemonic.replace(".", "_")
    for number in numbers:
        if (name, number) not in tested:
            yield Finding(path, line, f"no negative test '@{name}_c{number}' in test/dialects/**/*-errors.mlir")
