# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""No file over 1,500 lines; one over 800 is named."""
from common import Finding

RULE = "files stay under 1,500 lines"
LIMIT = 1500
TELL = 800
SUFFIXES = (".cpp", ".h", ".c", ".td", ".py", ".sh", ".cmake", "CMakeLists.txt", ".ncr", ".mlir", ".md")


def check(tree):
    for path in tree.under(suffixes=SUFFIXES):
        count = len(tree.text(path).splitlines())
        if count > LIMIT:
            yield Finding(path, count, f"{count} lines, the limit is {LIMIT}: find the seam and split the file")
        elif count > TELL:
            yield Finding(path, count, f"{count} lines: look for the seam", notice=True)
