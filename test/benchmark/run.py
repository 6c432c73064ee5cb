#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nacre beside its peers: the same workloads, checked to compute the same numbers, then timed in turns.

    test/benchmark/run.py                                    everything there is
    test/benchmark/run.py --workload 'bert*' --peer onnxruntime --peer openvino --threads 1 2
    test/benchmark/run.py --bars                             what bars.toml asks for, and whether it is met
    test/benchmark/run.py --bars --workload 'matmul*'        a part of it, put to the results that are there
    test/benchmark/run.py --list

Needs Python 3.11 and what tools/setup.sh installs. Builds Nacre where no build folder has it, and installs each peer
from the package registry into an environment of its own below build/benchmark. One that cannot be installed, or has no
such workload or precision, stands in the table with the reason. Each peer lives in a process of its own, on the same
cores and with the same number of threads; in every round each has one turn, and so has a probe of what the cores can
do, so that whatever else the machine does falls on all of them alike. After each workload the results so far are in
build/benchmark/results: peers.md, peers.json, peers.svg and peers.png; with --bars also bars.md, of all results in that
folder so far, and in it bars.json. Asserts no time; ends with 1 where Nacre failed.
"""
import argparse
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from harness import environments
from harness.paths import BUILD, ROOT

if __name__ == "__main__":
    environments.restart_in_report()

from harness import bars, plot, report
from harness import figures as artifact_figures
from harness.child import Failed
from harness.measure import Session, Settings, materialise, measure, say
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
    parser.add_argument("--bars", action="store_true", help="what bars.toml has, beside the peers that it names")
    parser.add_argument("--fresh", action="store_true", help="with --bars: forget the results that are there")
    parser.add_argument("--prepare", action="store_true", help="install peers and make inputs; measure nothing")
    parser.add_argument("--list", action="store_true", help="show workloads and peers, and end")
    parser.add_argument("--workload", action="append", default=[], help="a name or pattern; repeatable; all by default")
    parser.add_argument("--peer", action="append", default=[], help="the same; Nacre is always there")
    parser.add_argument("--threads", type=int, nargs="+", help="1 by default; with --bars, what each bar has")
    parser.add_argument("--rounds", type=int, help="11 by default; 5 with --bars")
    parser.add_argument("--turn", type=float, default=0.1, help="seconds that a turn should take, for short workloads")
    parser.add_argument("--patience", type=float, default=600, help="seconds that preparing may take")
    parser.add_argument("--cpus", type=int, nargs="+", help="cores to use; the last ones there are by default")
    parser.add_argument("--output", type=pathlib.Path, default=BUILD / "results", help="folder of the results")
    args = parser.parse_args(argv)
    args.rounds = (5 if args.bars else 11) if args.rounds is None else args.rounds
    args.threads = args.threads or ([1, 2] if args.bars else [1])
    # Of an artifact, beside no peer: with all bars, or asked for by their name.
    args.figures = args.bars and (not args.workload or "figures" in args.workload)
    if args.workload == ["figures"] and args.bars:
        args.workload = []
    else:
        patterns = [name for name in args.workload if name != "figures" or not args.bars]
        args.workload = select(patterns, list(WORKLOADS), "workload", parser)
    args.peer = select(args.peer + ["nacre"] if args.peer else [], list(PEERS), "peer", parser)
    if args.rounds < 1 or min(args.threads) < 1:
        parser.error("rounds and threads are at least 1")
    args.cpus = args.cpus or sorted(os.sched_getaffinity(0))[::-1]
    if max(args.threads) > len(args.cpus):
        parser.error(f"{max(args.threads)} threads need as many cores; there are {len(args.cpus)}")
    return args


def tasks(args):
    """[(threads, workload, peers)] in the order in which they are measured."""
    if not args.bars:
        return [(threads, name, args.peer) for threads in args.threads for name in args.workload]
    planned = bars.plan(bars.load(), list(WORKLOADS), list(PEERS))
    return [
        (threads, name, [peer for peer in needed if peer in args.peer])
        for threads, name, needed in planned
        if threads in args.threads and name in args.workload
    ]


def prepare(settings, todo):
    """All that can be done while the machine is not quiet yet."""
    status = 0
    for peer in {PEERS[peer].environment for _, _, peers in todo for peer in peers}:
        try:
            environments.ensure(peer, say)
        except environments.CannotInstall as why:
            say(f"  {peer} cannot be installed: {why}")
    for name in dict.fromkeys(name for _, name, _ in todo):
        say(f"making {name}")
        try:
            materialise(WORKLOADS[name], settings)
        except (Failed, environments.CannotInstall) as why:
            say(f"  cannot be made: {why}")
            status = 1
    return status


def measured_before(args):
    """What a part of the bars that was measured before left: results and figures."""
    path = args.output / "bars.json"
    if not args.bars or args.fresh or not path.exists():
        return [], {}
    found = json.loads(path.read_text())
    return found["results"], found["figures"]


def measure_figures(figures):
    """What bars.toml has of whole artifacts."""
    wanted = {}
    for bar in bars.load():
        if "figure" in bar:
            wanted.setdefault(bar["network"], []).append(bar["figure"])
    for network, names in wanted.items():
        say(f"{network}: {', '.join(names)}")
        figures[network] = artifact_figures.measure(network, names)
        say("  " + ", ".join(f"{name} {value:.4g}" for name, value in figures[network].items()))


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
    settings = Settings(args.cpus, args.rounds, args.turn, args.patience)
    results, absent, failed = [], networks.missing(), False
    before, figures = measured_before(args)
    todo = tasks(args)
    if args.prepare:
        return prepare(settings, todo)
    started = time.monotonic()
    session = None
    for number, (threads, name, peers) in enumerate(todo, 1):
        if session is None or session.threads != threads:
            if session is not None:
                session.close()
            session = Session(settings, threads)
        passed = (time.monotonic() - started) / 60
        say(f"{name}, {report.plural(threads, 'thread')} ({number} of {len(todo)}, {passed:.1f} minutes so far)")
        try:
            result = measure(session, WORKLOADS[name], settings, peers)
        except (Failed, environments.CannotInstall) as failure:
            say(f"  cannot be made: {failure}")
            absent[name] = str(failure)
            continue
        results.append(result)
        failed |= "reason" in result["rows"][0]
        print(report.section(result), flush=True)
        save(args, before, results, figures, absent)
    if session is not None:
        session.close()
    if args.bars and args.figures:
        measure_figures(figures)
        save(args, before, results, figures, absent)
    say(f"the results are in {args.output}")
    return 1 if failed or not (results or args.figures) else 0


def save(args, before, results, figures, absent):
    together = bars.merged(before, results)
    report.save(args.output, together, machine(), absent)
    if together:
        plot.save(args.output, together)
    if args.bars:
        text = bars.markdown(bars.load(), list(WORKLOADS), together, figures, machine())
        report.write(args.output / "bars.md", text)
        document = {"results": together, "figures": figures}
        report.write(args.output / "bars.json", json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
