#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nacre beside its peers: the same workloads, checked to compute the same numbers, then timed in turns.

    test/benchmark/run.py                                    everything there is
    test/benchmark/run.py --workload 'bert*' --peer onnxruntime --peer openvino --threads 1 2
    test/benchmark/run.py --list

Needs Python 3.11 and what tools/setup.sh installs. Builds Nacre where no build folder has it, and installs each peer
from the package registry into an environment of its own below build/benchmark. One that cannot be installed, or has no
such workload or precision, stands in the table with the reason. Each peer lives in a process of its own, on the same
cores and with the same number of threads; in every round each has one turn, and so has a probe of what the cores can
do, so that whatever else the machine does falls on all of them alike. After each workload the results so far are in
build/benchmark/results: peers.md, peers.json, peers.svg and peers.png. Asserts no time; ends with 1 where Nacre failed.
"""
import argparse
import fnmatch
import os
import pathlib
import re
import subprocess
import sys

from harness import environments
from harness.paths import BUILD, ROOT

if __name__ == "__main__":
    environments.restart_in_report()

from harness import plot, report
from harness.child import Failed
from harness.measure import Session, Settings, measure, say
from peers import ALL as PEERS
from workloads import ALL as WORKLOADS
from workloads import networks


def select(patterns, names, what, parser):
    """The names that one of the patterns matches, in the order of `names`."""
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            parser.error(f"no {what} is called '{pattern}'; --list shows them")
    return [name for name in names if not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)]


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="show workloads and peers, and end")
    parser.add_argument("--workload", action="append", default=[], help="a name or pattern; repeatable; all by default")
    parser.add_argument("--peer", action="append", default=[], help="the same; Nacre is always there")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--turn", type=float, default=0.1, help="seconds that a turn should take, for short workloads")
    parser.add_argument("--patience", type=float, default=600, help="seconds that preparing may take")
    parser.add_argument("--cpus", type=int, nargs="+", help="cores to use; the last ones there are by default")
    parser.add_argument("--output", type=pathlib.Path, default=BUILD / "results", help="folder of the results")
    args = parser.parse_args(argv)
    args.workload = select(args.workload, list(WORKLOADS), "workload", parser)
    args.peer = select(args.peer + ["nacre"] if args.peer else [], list(PEERS), "peer", parser)
    if args.rounds < 1 or min(args.threads) < 1:
        parser.error("rounds and threads are at least 1")
    args.cpus = args.cpus or sorted(os.sched_getaffinity(0))[::-1]
    if max(args.threads) > len(args.cpus):
        parser.error(f"{max(args.threads)} threads need as many cores; there are {len(args.cpus)}")
    return args


def show_list():
    print("workloads\n  " + "\n  ".join(WORKLOADS))
    print("peers\n  " + "\n  ".join(f"{key:20}{peer.title}" for key, peer in PEERS.items()))


def find_or_build_nacre():
    from artifact import find_nacre

    try:
        return find_nacre()
    except FileNotFoundError:
        say("building Nacre, which takes some minutes")
    for command in (["tools/setup.sh"], ["cmake", "--preset", "dev"], ["ninja", "-C", "build/dev"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return find_nacre()


def machine():
    """The processor, in a few words."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.*)", text)
    flags = re.search(r"flags\s*:\s*(.*)", text)
    has = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if flags and f in flags[1].split()]
    return f"{name[1] if name else 'a processor'}, {os.cpu_count()} cores ({', '.join(has)})"


def main():
    args = arguments(sys.argv[1:])
    if args.list:
        return show_list()
    say(f"Nacre is {find_or_build_nacre()}")
    settings = Settings(args.peer, args.cpus, args.rounds, args.turn, args.patience)
    results, absent = [], networks.missing()
    failed = False
    for threads in args.threads:
        session = Session(settings, threads)
        for number, name in enumerate(args.workload, 1):
            say(f"{name}, {report.plural(threads, 'thread')} ({number} of {len(args.workload)})")
            try:
                result = measure(session, WORKLOADS[name], settings)
            except (Failed, environments.CannotInstall) as failure:
                say(f"  cannot be made: {failure}")
                absent[name] = str(failure)
                continue
            results.append(result)
            failed |= "reason" in result["rows"][0]
            print(report.section(result), flush=True)
            report.save(args.output, results, machine(), absent)
            plot.save(args.output, results)
        session.close()
    say(f"the results are in {args.output}")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
