# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the structure checks share: the files of a tree, and what a check reports."""
import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Finding:
    """A place that breaks a rule. A `notice` is worth a look and fails nothing."""

    path: str
    line: int
    message: str
    notice: bool = False

    def __str__(self):
        kind = "notice" if self.notice else "error"
        return f"{self.path}:{self.line}: {kind}: {self.message}"


class Tree:
    """The files of a checkout: those git tracks or would add, or every file where there is no git."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._paths = None

    def paths(self):
        if self._paths is None:
            self._paths = sorted(self._list())
        return self._paths

    def _list(self):
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
            return [path for path in listed.split("\0") if path and (self.root / path).is_file()]
        return [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]

    def under(self, *folders, suffixes=()):
        """Paths below any of the folders (all of them where none is named) with one of the suffixes."""
        return [
            path
            for path in self.paths()
            if (not folders or path.startswith(tuple(folder + "/" for folder in folders)))
            and (not suffixes or path.endswith(tuple(suffixes)))
        ]

    def has(self, path):
        return (self.root / path).is_file()

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def lines(self, path):
        """(number, line) pairs, from 1."""
        return enumerate(self.text(path).splitlines(), start=1)


def line_of(text, position):
    return text.count("\n", 0, position) + 1
