# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C and C++ as clang-format lays it out, model files as `nacre fmt` does."""
import shutil
import subprocess

from common import Finding

RULE = "sources are laid out by clang-format, model files by nacre fmt"
SOURCES = (".cpp", ".h", ".c")


def check(tree, nacre=None):
    sources = tree.under(suffixes=SOURCES)
    formatter = shutil.which("clang-format-22")
    if sources and formatter is None:
        yield Finding("tools/setup.sh", 1, "clang-format-22 is not installed; tools/setup.sh installs it")
    elif sources:
        yield from unformatted(tree, [formatter, "--dry-run", "-Werror"], sources, f"{formatter.split('/')[-1]} -i")
    models = [path for path in tree.under("frontend/std", "models", suffixes=(".ncr",))]
    if models and nacre:
        yield from unformatted(tree, [nacre, "fmt", "--check"], models, "nacre fmt")


def unformatted(tree, command, paths, fix):
    """One process for all files; only where it finds something are they asked one by one."""
    if subprocess.run([*command, *paths], cwd=tree.root, capture_output=True).returncode == 0:
        return
    for path in paths:
        done = subprocess.run([*command, path], cwd=tree.root, capture_output=True, text=True)
        if done.returncode != 0:
            yield Finding(path, 1, f"not laid out as the project does; run '{fix} {path}'")
