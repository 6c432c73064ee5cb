# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures one workload: all are prepared and checked first, then every round has each of them once, and the probe."""
import dataclasses
import statistics
import sys
import time

import numpy as np

from harness import environments
from harness.child import Child, Failed, Lacks
from harness.paths import BUILD, stamp_of
from peers import ALL as PEERS
from workloads.base import ALLOWED

SETTLE = 0.3  # seconds between turns with several threads: the last one's waiting threads stop spinning
SLOW = 3.0  # seconds; one call that takes longer is timed in the first round only
MOST_CALLS = 1000
NARROW = 1e-5  # the least error that bf16 leaves


@dataclasses.dataclass
class Settings:
    cpus: list
    rounds: int
    turn: float  # seconds that one turn should take
    patience: float  # seconds that one request may take


def say(text):
    print(f"benchmark: {text}", file=sys.stderr, flush=True)


class Session:
    """The children of one number of threads; they live as long as they answer."""

    def __init__(self, settings, threads):
        self.settings, self.threads = settings, threads
        self.cpus = set(settings.cpus[:threads])
        self.children, self.versions = {}, {}

    def child(self, name):
        """The peer's process, started where there is none. Raises Failed where it cannot be installed."""
        if name not in self.children or not self.children[name].is_alive():
            environment = "report" if name == "probe" else PEERS[name].environment
            try:
                python = environments.ensure(environment, say)
            except environments.CannotInstall as error:
                raise Failed(f"cannot be installed: {error}") from None
            self.children[name] = Child(python, name, self.threads, self.cpus)
        return self.children[name]

    def ask(self, name, **request):
        return self.child(name).ask(self.settings.patience, **request)

    def close(self):
        for child in self.children.values():
            child.close()


def materialise(workload, settings):
    """The folder with what the workload needs, made once by a process of its own."""
    folder = BUILD / "workloads" / workload.stem
    stamp, wanted = folder / "made-by", stamp_of(workload.sources())
    if not stamp.exists() or stamp.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        maker = Child(environments.ensure(workload.made_in, say), "maker", len(settings.cpus), set(settings.cpus))
        try:
            maker.ask(settings.patience, do="materialise", workload=workload.name, folder=str(folder))
        finally:
            maker.close()
        stamp.write_text(wanted)
    return folder


def relative_error(result, expected):
    """Root mean square, relative."""
    if result.shape != expected.shape:
        return float("inf")
    difference = np.mean((result.astype(np.float64) - expected) ** 2)
    return float(np.sqrt(difference / np.mean(expected.astype(np.float64) ** 2)))


def prepare(session, workload, folder, name):
    """Prepares one peer and checks what it computes; gives its row, which has a `reason` where it is not to be timed."""
    row = {"peer": name, "title": PEERS[name].title, "seconds": []}
    started = time.monotonic()
    try:
        if name not in session.versions:
            session.versions[name] = session.ask(name, do="version")["version"]
        row["version"] = session.versions[name]
        output = folder / f"{name}.npy"
        answer = session.ask(name, do="prepare", workload=workload.name, folder=str(folder), result=str(output))
        if "arena_bytes" in answer:
            row["arena_bytes"] = answer["arena_bytes"]
        row["error"] = relative_error(np.load(output), np.load(folder / "expected.npy"))
        output.unlink()
    except (Failed, Lacks) as why:
        row["reason"] = str(why)
        row["lacks"] = isinstance(why, Lacks)
    else:
        row["prepared_in"] = time.monotonic() - started
        row["in_f32"] = workload.precision != "f32" and row["error"] < NARROW
        allowed = PEERS[name].less_accurate.get(workload.precision, ALLOWED[workload.precision])
        if not row["error"] < allowed:
            row["reason"] = f"computes something else: relative error {row['error']:.1e}"
    verdict = row.get("reason") or f"error {row['error']:.1e}, ready after {row['prepared_in']:.1f} s"
    say(f"  {row['title']}: {verdict}")
    return row


def take_turn(session, row):
    """One turn of one peer: a call that warms, then the calls that count, of which the median stays."""
    if "reason" in row or row.get("slow"):
        row["seconds"].append(None)
        return
    if session.threads > 1:
        time.sleep(SETTLE)
    try:
        if "calls" not in row:
            seconds = session.ask(row["peer"], do="time", calls=1, warm=False)["seconds"]
            if seconds[0] > SLOW:  # or disturbed
                seconds += session.ask(row["peer"], do="time", calls=1, warm=False)["seconds"]
            row["slow"] = min(seconds) > SLOW
            row["calls"] = max(1, min(MOST_CALLS, int(session.settings.turn / min(seconds))))
        if not row["slow"]:
            seconds = session.ask(row["peer"], do="time", calls=row["calls"], warm=True)["seconds"]
        row["seconds"].append(statistics.median(seconds))
    except Failed as failure:
        row["reason"] = str(failure)
        row["seconds"].append(None)


def measure(session, workload, settings, peers):
    """All that one workload comes to with one number of threads."""
    folder = materialise(workload, settings)
    facts = workload.facts(folder)
    rows = [prepare(session, workload, folder, name) for name in peers]
    limits, bounds = [], []
    for number in range(settings.rounds):
        # Another one begins each round, so that nobody always follows the same neighbour.
        first = number % len(rows)
        for row in rows[first:] + rows[:first]:
            take_turn(session, row)
        if session.threads > 1:
            time.sleep(SETTLE)
        rates = session.ask("probe", do="rates", precision=workload.precision, weights=facts["weights"])
        bounds.append((facts["operations"] / rates["multiply"], facts["weights"] / rates["read"]))
        limits.append(max(bounds[-1]))
        if sys.stderr.isatty():
            print(f"\r  round {number + 1} of {settings.rounds}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr, flush=True)
    for name, child in session.children.items():
        if name != "probe" and child.is_alive():
            try:
                session.ask(name, do="release")
            except Failed:
                pass  # it is started again for the next workload
    return {
        "workload": workload.name,
        "family": workload.family,
        "precision": workload.precision,
        "threads": session.threads,
        "rounds": settings.rounds,
        **facts,
        "limit_seconds": limits,
        "bound": "multiply" if statistics.median(m / r for m, r in bounds) > 1 else "read",
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "arena_bytes": rows[0].pop("arena_bytes", None),
        "rows": rows,
    }
