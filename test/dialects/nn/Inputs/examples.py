# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a module with one function for each example of the operation pages.

Reads a generated dialect page on standard input. An example names its operands freely; their types
stand in its text: `index` for those in brackets and behind `sizes`, after the colon of a named
parameter (`scale %s : tensor<4xf32>`, `lengths %n : tensor<?xi64>`), and for the rest, in order, after the last ` : `.
"""
import re
import sys

TYPE = r"tensor<[^>]*>"


def operand_types(line):
    head, _, _ = line.rpartition(" -> ")
    body, _, listed = head.rpartition(" : ") if head else (line, "", "")
    types = {name: "index" for part in re.findall(r"\[([^\]]*%[^\]]*)\]|sizes\(([^)]*)\)", line)
             for name in re.findall(r"%\w+", " ".join(part))}
    types.update(re.findall(rf"(?:scale|bias|lengths) (%\w+) : ({TYPE})(?= bias| {{)", line))
    free = [name for name in re.findall(r"%\w+", body or line) if name not in types]
    types.update(zip(free, re.findall(TYPE, listed)))
    return types


def function(number, example):
    first = example.splitlines()[0]
    operation = first.partition(" = ")[2]
    if "nn.dispatch" in operation:
        inputs = re.search(r"\((.*?) : (.*?)\)", operation)
        types = dict(zip(inputs[1].split(", "), re.findall(TYPE, inputs[2])))
        types.update({name: "index" for name in re.findall(r"%\w+", operation.split("sizes")[1])})
    else:
        types = {}
        for line in example.splitlines():
            types = operand_types(line.partition(" = ")[2]) | types
    arguments = ", ".join(f"{name}: {type}" for name, type in types.items())
    return f"func.func @example_{number}({arguments}) {{\n{example}  return\n}}\n"


def main():
    page = sys.stdin.read()
    examples = re.findall(r"### `nn\.(\w+)`.*?Example:\n\n```mlir\n(.*?)```", page, re.DOTALL)
    operations = re.findall(r"^### `nn\.(\w+)`", page, re.MULTILINE)
    missing = set(operations) - {name for name, _ in examples}
    if missing:
        sys.exit(f"no example: {', '.join(sorted(missing))}")
    for number, (name, example) in enumerate(examples):
        # A terminator stands in the example of its parent.
        if name != "yield":
            print(function(number, example))


main()
