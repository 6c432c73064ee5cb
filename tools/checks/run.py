#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the structure checks: every rule of the project that a script can see.

    tools/checks/run.py                  all checks; those that need the compiler are skipped without it
    tools/checks/run.py layering         only this one
    tools/checks/run.py --nacre build/dev/bin/nacre

Each check is a module beside this file with RULE, its sentence, and check(tree), which yields findings.
Exit status: 1 when a rule is broken, else 0.
"""
import argparse
import importlib
import inspect
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from common import Tree  # noqa: E402

CHECKS = ("layering", "file_length", "pass_pages", "op_pages", "hygiene", "formatting", "snippets")


def run_check(name, tree, nacre):
    """(outcome, findings): outcome is passed, failed or skipped."""
    module = importlib.import_module(name)
    takes_compiler = "nacre" in inspect.signature(module.check).parameters
    if takes_compiler and nacre is None and getattr(module, "NEEDS_COMPILER", False):
        return "skipped", []
    findings = list(module.check(tree, nacre=nacre) if takes_compiler else module.check(tree))
    return ("failed" if any(not finding.notice for finding in findings) else "passed"), findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", nargs="*", help="which checks (all)")
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2], type=pathlib.Path)
    parser.add_argument("--nacre", type=pathlib.Path, help="the compiler, for the checks that need one")
    parser.add_argument("--report", type=pathlib.Path, help="write the outcomes as JSON")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.check if name not in CHECKS]
    if unknown:
        parser.error(f"no check '{unknown[0]}'; there are {', '.join(CHECKS)}")

    tree = Tree(arguments.root)
    nacre = arguments.nacre.resolve() if arguments.nacre and arguments.nacre.exists() else None
    outcomes = {}
    for name in arguments.check or CHECKS:
        outcomes[name], findings = run_check(name, tree, nacre)
        reason = "  (needs the compiler: --nacre)" if outcomes[name] == "skipped" else ""
        print(f"{outcomes[name]:7}  {name}: {importlib.import_module(name).RULE}{reason}")
        for finding in findings:
            print(f"    {finding}")
    if arguments.report:
        arguments.report.write_text(json.dumps(outcomes))
    return 1 if "failed" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
