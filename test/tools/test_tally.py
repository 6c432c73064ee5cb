# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The closing line of tools/test.sh adds up every runner's report, and a broken report is a failure."""
import json
import pathlib
import subprocess
import sys

import pytest

TALLY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "testing" / "tally.py"

GOOGLETEST = {
    "testsuites": [
        {
            "testsuite": [
                {"status": "RUN", "result": "COMPLETED"},
                {"status": "RUN", "result": "COMPLETED", "failures": [{"failure": "x"}]},
                {"status": "RUN", "result": "SKIPPED"},
                {"status": "NOTRUN", "result": "SUPPRESSED"},
            ]
        }
    ]
}
LIT = {"tests": [{"code": code} for code in ("PASS", "PASS", "XFAIL", "FAIL", "UNRESOLVED", "UNSUPPORTED")]}
JUNIT = (
    '<testsuites><testsuite><testcase/><testcase><failure/></testcase><testcase><error/></testcase>'
    "<testcase><skipped/></testcase></testsuite></testsuites>"
)


def tally(folder):
    done = subprocess.run([sys.executable, str(TALLY), str(folder)], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "name, text, line",
    [
        ("01-unit.A.json", json.dumps(GOOGLETEST), "1 passed, 1 failed, 2 skipped"),
        ("01-lit.json", json.dumps(LIT), "3 passed, 2 failed, 1 skipped"),
        ("01-pytest.xml", JUNIT, "1 passed, 2 failed, 1 skipped"),
        ("01-checks.json", json.dumps({"a": "passed", "b": "failed", "c": "skipped"}), "1 passed, 1 failed, 1 skipped"),
        ("01-dead.json", "", "0 passed, 1 failed, 0 skipped"),
        ("01-half.xml", "<testsuites>", "0 passed, 1 failed, 0 skipped"),
    ],
)
def test_reports(name, text, line, tmp_path):
    (tmp_path / name).write_text(text)
    assert tally(tmp_path) == (1, line)


def test_sum(tmp_path):
    (tmp_path / "01-checks.json").write_text('{"a": "passed"}')
    (tmp_path / "02-lit.json").write_text('{"tests": [{"code": "PASS"}, {"code": "UNSUPPORTED"}]}')
    assert tally(tmp_path) == (0, "2 passed, 0 failed, 1 skipped")


def test_nothing_run_is_no_success(tmp_path):
    assert tally(tmp_path) == (1, "0 passed, 0 failed, 0 skipped")
