# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""No notes to self, no paths of one machine, a licence line in every source file, an include guard in every header."""
import re

from common import Finding

RULE = "no leftover notes, no machine paths, a licence line and include guards"

TEXT = (".cpp", ".h", ".c", ".td", ".py", ".sh", ".cmake", "CMakeLists.txt", ".ncr", ".mlir", ".md", ".json", ".in")
LICENSED = (".cpp", ".h", ".c", ".td", ".py")
LICENSE_LINE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
# Spelled in two pieces, so that this file passes its own check.
NOTE = re.compile(r"\b(" + "TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w./$}])/(?:home|root|work|Users|mnt)/\w+")


def check(tree):
    for path in tree.under(suffixes=TEXT):
        text = tree.text(path)
        for number, line in enumerate(text.splitlines(), start=1):
            if note := NOTE.search(line):
                yield Finding(path, number, f"'{note[1]}': do it, or file an issue")
            if place := MACHINE_PATH.search(line):
                yield Finding(path, number, f"a path of one machine: '{place[0]}'")
        if path.endswith(LICENSED) and LICENSE_LINE not in "\n".join(text.splitlines()[:5]):
            yield Finding(path, 1, f"the first lines lack '{LICENSE_LINE}'")
        if path.endswith(".h") and not re.search(r"^#\s*(pragma once|ifndef \w+)", text, re.MULTILINE):
            yield Finding(path, 1, "the header has no include guard")
