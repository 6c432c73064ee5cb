# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each structure check on a small tree that keeps its rule, and on trees that break it."""
import importlib
import pathlib
import stat
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools" / "checks"))

from common import Tree  # noqa: E402

LICENSE = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
GOOD_PASS = """def FoldThing : Pass<"nn-fold-thing"> {
  let description = [{
    Before: `nn.a`. After: `nn.b`.
  }];
}
"""
GOOD_OP = """def NN_DropOp : NN_Op<"drop"> {
  let summary = "drops";
  let description = [{
    C1. the rank is 2
  }];
}
"""

SHARED_PAGE = """class NN_Unary<string mnemonic> : NN_Op<mnemonic> {
  let description = [{
    C1. the rank is 2
  }];
}

def NN_DropOp : NN_Unary<"drop"> { let summary = "drops"; }
"""

# check, files, and what one finding says, or None where there must be none
CASES = {
    "layering: lower layers": ("layering", {"passes/fuse/A.cpp": '#include "dialects/nn/NN.h"\n'}, None),
    "layering: pipeline sees the front end": (
        "layering",
        {"codegen/pipeline/P.cpp": '#include "frontend/language/Language.h"\n'},
        None,
    ),
    "layering: a dialect includes a pass": (
        "layering",
        {"dialects/nn/A.cpp": '#include "passes/fuse/Fuse.h"\n'},
        "dialects may not include passes",
    ),
    "layering: a pass includes a tool": (
        "layering",
        {"passes/fuse/A.cpp": '#include "tools/nacre/Run.h"\n'},
        "passes may not include tools",
    ),
    "layering: the front end includes code generation": (
        "layering",
        {"frontend/language/A.cpp": '#include "codegen/cpu/Cpu.h"\n'},
        "frontend may not include codegen",
    ),
    "layering: code generation includes the pipeline": (
        "layering",
        {"codegen/cpu/A.cpp": '#include "codegen/pipeline/Pipeline.h"\n'},
        "codegen may not include codegen/pipeline",
    ),
    "layering: code generation includes the runtime": (
        "layering",
        {"codegen/cpu/A.cpp": '#include "runtime/Weights.h"\n'},
        "codegen may not include runtime",
    ),
    "layering: object files include the format that the runtime reads": (
        "layering",
        {"codegen/object/A.cpp": '#include "runtime/include/nacre/artifact.h"\n'},
        None,
    ),
    "layering: object files include the runtime's inside": (
        "layering",
        {"codegen/object/A.cpp": '#include "runtime/Model.h"\n'},
        "codegen may not include runtime",
    ),
    "layering: the runtime includes LLVM": (
        "layering",
        {"runtime/A.cpp": "#include <llvm/ADT/StringRef.h>\n"},
        "sees no LLVM header",
    ),
    "layering: an operation file includes a pass file": (
        "layering",
        {"dialects/nn/A.td": 'include "passes/fuse/Passes.td"\n'},
        "dialects may not include passes",
    ),
    "layering: an include from the file's own folder": (
        "layering",
        {"passes/fuse/A.cpp": '#include "B.h"\n', "passes/fuse/B.h": ""},
        "from the root of the repository",
    ),
    "length: 1,500 lines": ("file_length", {"a.cpp": "\n" * 700}, None),
    "length: 1,501 lines": ("file_length", {"a.cpp": "\n" * 1501}, "the limit is 1500"),
    "pass: as it should be": (
        "pass_pages",
        {
            "passes/fuse/Passes.td": GOOD_PASS,
            "passes/fuse/FoldThing.cpp": "",
            "test/passes/fuse/fold-thing.mlir": "",
        },
        None,
    ),
    "pass: no test": (
        "pass_pages",
        {"passes/fuse/Passes.td": GOOD_PASS, "passes/fuse/FoldThing.cpp": ""},
        "no test of its name, 'test/passes/fuse/fold-thing.mlir'",
    ),
    "pass: no source file": (
        "pass_pages",
        {"passes/fuse/Passes.td": GOOD_PASS, "test/passes/fuse/fold-thing.mlir": ""},
        "no source file of its name, 'passes/fuse/FoldThing.cpp'",
    ),
    "pass: nothing shown": (
        "pass_pages",
        {
            "passes/fuse/Passes.td": GOOD_PASS.replace("After", "Then"),
            "passes/fuse/FoldThing.cpp": "",
            "test/passes/fuse/fold-thing.mlir": "",
        },
        "no IR before and after",
    ),
    "operation: as it should be": (
        "op_pages",
        {"dialects/nn/A.td": GOOD_OP, "test/dialects/nn/a-errors.mlir": "func.func @drop_c1_rank() {"},
        None,
    ),
    "operation: no negative test": (
        "op_pages",
        {"dialects/nn/A.td": GOOD_OP, "test/dialects/nn/a-errors.mlir": "func.func @drop_c12() {"},
        "no negative test '@drop_c1'",
    ),
    "operation: the page of its class": (
        "op_pages",
        {"dialects/nn/A.td": SHARED_PAGE, "test/dialects/nn/a-errors.mlir": "func.func @drop_c1() {"},
        None,
    ),
    "operation: no negative test for a constraint of its class": (
        "op_pages",
        {"dialects/nn/A.td": SHARED_PAGE},
        "no negative test '@drop_c1'",
    ),
    "operation: no constraint": (
        "op_pages",
        {"dialects/nn/A.td": GOOD_OP.replace("C1. ", "")},
        "numbers no constraint",
    ),
    "operation: a gap in the numbers": (
        "op_pages",
        {"dialects/nn/A.td": GOOD_OP.replace("C1", "C2"), "test/dialects/nn/a-errors.mlir": "func.func @drop_c2() {"},
        "not numbered from 1",
    ),
    "hygiene: as it should be": (
        "hygiene",
        {"a.h": LICENSE + "#ifndef A_H\n#define A_H\n#endif\n", "b.sh": 'cd "$HOME/work/x"\ncp a ./home/work/b\n'},
        None,
    ),
    "hygiene: a note to self": ("hygiene", {"a.cpp": LICENSE + "// TO" + "DO: more\n"}, "do it, or file an issue"),
    "hygiene: a path of one machine": ("hygiene", {"a.sh": "cd /ho" + "me/ann/nacre\n"}, "a path of one machine"),
    "hygiene: no licence line": ("hygiene", {"a.cpp": "int a;\n"}, "lack 'SPDX"),
    "hygiene: no include guard": ("hygiene", {"a.h": LICENSE + "int a;\n"}, "no include guard"),
    "formatting: as it should be": ("formatting", {"a.cpp": "int a;\n"}, None),
    "formatting: loose": ("formatting", {"a.cpp": "int   a ;\n"}, "run 'clang-format-22 -i a.cpp'"),
}


def make_tree(folder, files):
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Tree(folder)


@pytest.mark.parametrize("case", CASES)
def test_check(case, tmp_path):
    name, files, expected = CASES[case]
    findings = list(importlib.import_module(name).check(make_tree(tmp_path, files)))
    failures = [str(finding) for finding in findings if not finding.notice]
    if expected is None:
        assert failures == []
    else:
        assert any(expected in failure for failure in failures), failures


def test_a_long_file_is_named_before_it_fails(tmp_path):
    findings = list(importlib.import_module("file_length").check(make_tree(tmp_path, {"a.cpp": "\n" * 801})))
    assert [finding.notice for finding in findings] == [True]


# A stand-in for the compiler: refuses files that say 'wrong', and writes a header for any other.
FAKE_NACRE = """#!/bin/sh
case "$1 $2" in
  "run --help") echo '  --seed N'; exit 0;;
  *--help) exit 1;;
  check*) if grep -q wrong "$2"; then echo "$2:1:1: error: wrong"; exit 1; fi;;
  compile*) echo 'int net_forward(void);' > "$5.h";;
esac
"""
SNIPPETS = {
    "a model": ("```ncr\nmodel A {}\n```\n", None),
    "a broken model": ("```ncr\nwrong\n```\n", "error: wrong"),
    "a model shown for its error": ("```ncr error\nwrong\n```\n", None),
    "an error as it is shown": ("```ncr error\nwrong\n```\n\n```\nnet.ncr:1:1: error: wrong\n```\n", None),
    "an error that is shown otherwise": (
        "```ncr error\nwrong\n```\n\n```\nnet.ncr:1:1: error: is wrong\n```\n",
        "says otherwise",
    ),
    "a model shown for an error that it lacks": ("```ncr error\nmodel A {}\n```\n", "accepts it"),
    "C with the header": (
        '```ncr net.ncr\nmodel A {}\n```\n\n```c\n#include "net.h"\nint f(void) { return net_forward(); }\n```\n',
        None,
    ),
    "C that calls what the header lacks": (
        '```ncr net.ncr\nmodel A {}\n```\n\n```c\n#include "net.h"\nint f(void) { return net_run(); }\n```\n',
        "net_run",
    ),
    "C without a header": ('```c\n#include "net.h"\n```\n', "not found"),
    "a known option": ("```sh\nnacre run a.ncr --seed 1\n```\n", None),
    "an unknown option": ("```sh\nnacre run a.ncr --sed 1\n```\n", "has no option '--sed'"),
    "an unknown subcommand": ("```sh\nbin/nacre walk a.ncr\n```\n", "no subcommand 'walk'"),
    "a script that is not there": ("```sh\ntools/gone.sh\n```\n", "there is no 'tools/gone.sh'"),
    "a shell error": ("```sh\nif true; then\n```\n", "syntax error"),
    "broken JSON": ("```json\n{,}\n```\n", "double quotes"),
    "text": ("```text\nwrong {\n```\n", None),
}


@pytest.mark.parametrize("case", SNIPPETS)
def test_snippets(case, tmp_path):
    page, expected = SNIPPETS[case]
    fake = tmp_path / "nacre"
    fake.write_text(FAKE_NACRE)
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    tree = make_tree(tmp_path, {"README.md": page})
    findings = [str(finding) for finding in importlib.import_module("snippets").check(tree, nacre=fake)]
    if expected is None:
        assert findings == []
    else:
        assert any(expected in finding for finding in findings), findings
