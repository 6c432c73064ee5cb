# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Who may include whom: dialects < passes < codegen < codegen/pipeline < tools; runtime sees nobody."""
import re

from common import Finding

RULE = "includes go from higher layers to lower ones"

# layer -> layers it may include
ALLOWED = {
    "dialects": {"dialects"},
    "passes": {"dialects", "passes"},
    "frontend": {"dialects", "frontend"},
    "codegen": {"dialects", "passes", "codegen"},
    "codegen/pipeline": {"dialects", "passes", "codegen", "frontend", "codegen/pipeline"},
    "runtime": {"runtime"},
    "tools": {"dialects", "passes", "frontend", "codegen", "codegen/pipeline", "runtime", "tools"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
TABLEGEN_INCLUDE = re.compile(r'^\s*include\s+(")([^"]+)"')


def layer_of(path):
    if path.startswith("codegen/pipeline/"):
        return "codegen/pipeline"
    folder = path.split("/", 1)[0]
    return folder if "/" in path and folder in ALLOWED else None


def check(tree):
    for path in tree.under(*{layer.split("/")[0] for layer in ALLOWED}, suffixes=(".h", ".cpp", ".c", ".td", ".inc")):
        pattern = TABLEGEN_INCLUDE if path.endswith(".td") else INCLUDE
        for number, line in tree.lines(path):
            match = pattern.match(line)
            if match:
                yield from check_include(tree, path, number, match[1], match[2])


def check_include(tree, path, number, quote, included):
    here = layer_of(path)
    if here == "runtime" and re.match(r"(llvm|mlir|llvm-c|mlir-c)/", included):
        yield Finding(path, number, f"the runtime sees no LLVM header, here '{included}'")
        return
    there = layer_of(included)
    if there is None:
        beside = path.rsplit("/", 1)[0] + "/" + included
        if quote == '"' and tree.has(beside) and here != "runtime":
            yield Finding(path, number, f"write the include from the root of the repository: '{beside}'")
        return
    # What an object holds and the runtime reads is said once, in the runtime's public C headers.
    if path.startswith("codegen/object/") and included.startswith("runtime/include/nacre/"):
        return
    if there not in ALLOWED[here]:
        may = ", ".join(sorted(ALLOWED[here]))
        yield Finding(path, number, f"{here} may not include {there} ('{included}'); it sees {may}")
