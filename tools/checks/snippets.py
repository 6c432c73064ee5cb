# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code in README and docs works.

The word after the language says what a block is:

    ```ncr              passes `nacre check`
    ```ncr mlp.ncr      the same, and later C blocks of the page may include the header made from it, mlp.h
    ```ncr error        a broken model: `nacre check` must refuse it. Where a block without a language comes next and
                        begins as `NAME.ncr:1:2: error`, it is what the command says of that file
    ```c                compiles as C11 against the headers above it and the runtime's own
    ```sh               parses; its scripts exist, and so does every option it gives to nacre
    ```json, ```python  parse
"""
import ast
import functools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from common import Finding

RULE = "the code in README and docs compiles"
NEEDS_COMPILER = True

SHOWN = re.compile(r"\s*^```\n((\w+\.ncr):\d+:\d+: error.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^( *)```(\w+)([^\n`]*)\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)
PAGES = ("docs", "models")


def pages(tree):
    top = [path for path in tree.paths() if path.endswith(".md") and "/" not in path]
    return top + tree.under(*PAGES, suffixes=(".md",))


def blocks(text):
    """(line, language, words, code) of each fenced block that names a language; an error shown behind it is a word."""
    for match in FENCE.finditer(text):
        indent = len(match[1])
        code = "\n".join(line[indent:] for line in match[4].splitlines()) + "\n"
        words = match[3].split()
        if "error" in words and (shown := SHOWN.match(text, match.end())):
            words += [shown[2], shown[1]]
        yield text.count("\n", 0, match.start()) + 1, match[2], words, code


def check(tree, nacre=None):
    for path in pages(tree):
        with tempfile.TemporaryDirectory() as folder:
            page = Page(tree, path, pathlib.Path(folder), nacre)
            for line, language, words, code in blocks(tree.text(path)):
                test = getattr(page, "check_" + language, None)
                problem = test(code, words) if test else None
                if problem:
                    yield Finding(path, line, f"this {language} block: {problem}")


class Page:
    """The blocks of one page, in order, in one folder. Each check gives what is wrong, or None."""

    def __init__(self, tree, path, folder, nacre):
        self.tree, self.path, self.folder, self.nacre = tree, path, folder, nacre

    def check_ncr(self, code, words):
        if self.nacre is None:
            return None
        names = [word for word in words if word.endswith(".ncr")]
        file = self.folder / (names[0] if names else "snippet.ncr")
        file.write_text(code, encoding="utf-8")
        done = run(self.nacre, "check", file)
        if "error" in words:
            if done.returncode != 1:
                return "is marked as an error, and nacre check accepts it"
            shown = words[-1] if names else None
            said = (done.stderr or done.stdout).replace(f"{self.folder}/", "")
            indented = said.strip().replace("\n", "\n    ")
            return None if shown in (None, said) else f"nacre check says otherwise:\n    {indented}"
        if done.returncode != 0:
            return output_of(done)
        if names:
            prefix = file.with_suffix("")
            made = run(self.nacre, "compile", file, "--emit=header", "-o", prefix)
            if made.returncode != 0:
                return output_of(made)
        return None

    def check_c(self, code, words):
        compiler = shutil.which("clang-22")
        if self.nacre is None or compiler is None:
            return None
        file = self.folder / "snippet.c"
        file.write_text(code, encoding="utf-8")
        includes = [f"-I{self.folder}", f"-I{self.tree.root / 'runtime/include'}"]
        done = run(compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *includes, file)
        return None if done.returncode == 0 else output_of(done)

    def check_sh(self, code, words):
        done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True)
        if done.returncode != 0:
            return output_of(done)
        for script in re.findall(r"(?<![\w/.])(?:\./)?(tools/[\w/.-]+\.(?:sh|py))", code):
            if not self.tree.has(script):
                return f"there is no '{script}'"
        for subcommand, rest in re.findall(r"(?<![\w/-])(?:\S*/)?nacre +(\w+)((?:\\\n|[^\n|;&])*)", code):
            if self.nacre and (problem := unknown_option(self.nacre, subcommand, rest)):
                return problem
        return None

    def check_json(self, code, words):
        try:
            json.loads(code)
        except ValueError as error:
            return str(error)
        return None

    def check_python(self, code, words):
        try:
            ast.parse(code)
        except SyntaxError as error:
            return str(error)
        return None


@functools.cache
def help_of(nacre, subcommand):
    done = run(nacre, subcommand, "--help")
    return done.stdout if done.returncode == 0 else None


def unknown_option(nacre, subcommand, rest):
    text = help_of(nacre, subcommand)
    if text is None:
        return f"nacre has no subcommand '{subcommand}'"
    for option in re.findall(r"(?<=\s)(--[a-z][\w-]*)", rest):
        if not re.search(re.escape(option) + r"(?![\w-])", text):
            return f"nacre {subcommand} has no option '{option}'"
    return None


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)


def output_of(done):
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "\n    ".join(lines[:12]) or f"exit {done.returncode}"
