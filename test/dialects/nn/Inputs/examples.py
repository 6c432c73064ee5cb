# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a module with one function for each example of the operation pages.

Reads a generated dialect page on standard input. An example names its operands freely; their types
stand in its text: `index` for those in brackets (of run-time positions: tensors) and behind `sizes`, after the
colon of a named parameter (`scale %s : tensor<4xf32>`, `lengths %n : tensor<?xi64>`), and for the rest, in order,
after the last ` : `. What a region reads from outside has the types of its lines.
"""
import re
import sys

TYPE = r"tensor<[^>]*>"


def operand_types(line):
    head, _, _ = line.rpartition(" -> ")
    body, _, listed = (head or line).rpartition(" : ")
    brackets = [] if "axes [" in line else re.findall(r"\[([^\]]*%[^\]]*)\]", line)
    types = {name: "index" for part in brackets + re.findall(r"sizes\(([^)]*)\)", line)
             for name in re.findall(r"%\w+", part)}
    types.update(re.findall(rf"(?:scale|bias|lengths) (%\w+) : ({TYPE})(?= bias| {{)", line))
    free = [name for name in re.findall(r"%\w+", body or line) if name not in types]
    types.update(zip(free, re.findall(TYPE, listed)))
    return types


def region_types(lines):
    operation = lines[0].partition(" = ")[2]
    types = {}
    for names, listed in re.findall(r"\((%[^()]*) : ([^()]*)\)", operation):
        types.update(zip(names.split(", "), re.findall(TYPE, listed)))
    types.update({name: "index" for names in re.findall(r"sizes\(([^)]*)\)", operation)
                  for name in names.split(", ")})
    types.update({name: "tensor<i1>" for name in re.findall(r"nn\.(?:while|if) (%\w+)", operation)})
    own = set(re.findall(r"(%\w+):", "".join(lines))) | {line.split()[0] for line in lines if " = " in line}
    for line in lines[1:]:
        inner = operand_types(line.partition(" = ")[2] or line)
        types = {name: type for name, type in inner.items() if name not in own} | types
    return types


def function(number, example):
    lines = example.splitlines()
    types = region_types(lines) if lines[0].endswith("{") else {}
    for line in lines if not types else []:
        types = operand_types(line.partition(" = ")[2] or line) | types
    arguments = ", ".join(f"{name}: {type}" for name, type in types.items())
    return f"func.func @example_{number}({arguments}) {{\n{example}  return\n}}\n"


def main():
    page = sys.stdin.read()
    examples = re.findall(r"### `nn\.(\w+)`.*?Example:\n\n```mlir\n(.*?)```", page, re.DOTALL)
    operations = re.findall(r"^### `nn\.(\w+)`", page, re.MULTILINE)
    missing = set(operations) - {name for name, _ in examples}
    if missing:
        sys.exit(f"no example: {', '.join(sorted(missing))}")
    for symbol, type in sorted({(symbol, type) for _, example in examples
                                for symbol, type in re.findall(rf'nn\.state_\w+.*(@"[^"]+").* : ({TYPE})', example)}):
        print(f"ml_program.global private mutable {symbol} : {type}")
    for number, (name, example) in enumerate(examples):
        # A terminator stands in the example of its parent.
        if name != "yield":
            print(function(number, example))


main()
