#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds up what the test runners report.

    tools/testing/tally.py FOLDER            a line per report, then `N passed, N failed, N skipped`
    tools/testing/tally.py --one FILE        one report's counts, in words
    tools/testing/tally.py --record FILE passed|failed|skipped NAME
                                             writes a report of one outcome (of a build, of a fuzzer)

A report is JSON of GoogleTest or of lit, JUnit XML of pytest, or JSON {name: outcome}. One that
cannot be read counts as a failure, so a runner that died is seen.
"""
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

LIT_OUTCOMES = {
    "PASS": "passed",
    "FLAKYPASS": "passed",
    "XFAIL": "passed",
    "UNSUPPORTED": "skipped",
    "EXCLUDED": "skipped",
    "SKIPPED": "skipped",
}


def count_googletest(report):
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            if test.get("failures"):
                yield "failed"
            elif test["status"] == "NOTRUN" or test["result"] == "SKIPPED":
                yield "skipped"
            else:
                yield "passed"


def count_lit(report):
    for test in report["tests"]:
        yield LIT_OUTCOMES.get(test["code"], "failed")


def count_junit(root):
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            yield "failed"
        elif case.find("skipped") is not None:
            yield "skipped"
        else:
            yield "passed"


def counts(path):
    try:
        if path.suffix == ".xml":
            return collections.Counter(count_junit(xml.etree.ElementTree.parse(path).getroot()))
        report = json.loads(path.read_text())
        if "testsuites" in report:
            return collections.Counter(count_googletest(report))
        if "tests" in report:
            return collections.Counter(count_lit(report))
        return collections.Counter(outcome if outcome in ("passed", "skipped") else "failed" for outcome in report.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, xml.etree.ElementTree.ParseError):
        return collections.Counter(failed=1)


def in_words(total):
    return f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped"


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "--record":
        pathlib.Path(arguments[1]).write_text(json.dumps({arguments[3]: arguments[2]}))
        return 0
    if len(arguments) == 2 and arguments[0] == "--one":
        print(in_words(counts(pathlib.Path(arguments[1]))))
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    total = collections.Counter()
    groups = {}
    for path in sorted(pathlib.Path(arguments[0]).iterdir()):
        # `unit-tests.DimExprTest.json` is a part of the group `unit-tests`.
        group = groups.setdefault(path.name.split(".")[0], collections.Counter())
        group.update(counts(path))
    for name, group in groups.items():
        print(f"  {name[3:] if name[:2].isdigit() else name:28} {in_words(group)}")
        total.update(group)
    print(in_words(total))
    return 0 if total["failed"] == 0 and total["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
