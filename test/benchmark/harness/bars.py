# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bars of bars.toml: what has to be measured for them, and whether the results meet them."""
import fnmatch
import re
import tomllib

from harness import report
from harness.paths import BENCHMARK

OPEN = "not measured"


def load():
    return tomllib.loads((BENCHMARK / "bars.toml").read_text())["bar"]


def matching(names, patterns):
    return [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def plan(bars, workloads, peers):
    """[(threads, workload, its peers)] that the bars need, one thread first; a speed-up needs both."""
    wanted = {}
    for bar in bars:
        beside = matching(peers, [*bar.get("peers", []), *bar.get("beside", []), "nacre"])
        for name in matching(workloads, bar.get("workloads", [])):
            wanted.setdefault((bar.get("threads", 1), name), set()).update(beside)
            if "speedup" in bar:
                wanted.setdefault((1, name), set()).add("nacre")
    order = {name: i for i, name in enumerate(workloads)}
    keys = sorted(wanted, key=lambda key: (key[0], order[key[1]]))
    return [(threads, name, [p for p in peers if p in wanted[threads, name]]) for threads, name in keys]


def merged(old, new):
    """The results so far with new ones in the place of their like; peers that were not asked this time go."""
    key = lambda result: (result["workload"], result["threads"])
    replaced = {key(result): result for result in new}
    return [r for r in old if key(r) not in replaced] + new


def judge(bar, workloads, results, figures):
    """[(what, seen, met)], one for each thing that the bar is about; `met` is None where it was not measured."""
    if "figure" in bar:
        value = figures.get(bar["network"], {}).get(bar["figure"])
        if value is None:
            return [(bar["network"], OPEN, None)]
        return [(bar["network"], f"{value:.4g}", value <= bar["limit"])]
    names, found = matching(workloads, bar["workloads"]), {(r["workload"], r["threads"]): r for r in results}
    if "linear" in bar:
        return judge_growth(bar, names, found)
    verdicts = []
    for name in names:
        result = found.get((name, bar.get("threads", 1)))
        lines = {line["peer"]: line for line in report.summary(result)} if result else {}
        if result is None:
            verdicts.append((name, OPEN, None))
        elif "nacre" not in lines:
            verdicts.append((name, f"Nacre failed: {reason_of(result, 'nacre')}", False))
        elif "at_most" in bar:
            verdicts += judge_ratios(bar, name, result, lines)
        elif "speedup" in bar:
            verdicts.append(judge_speedup(bar, name, lines, found.get((name, 1))))
        elif not bar.get("compute_bound") or result["bound"] == "multiply":
            share = lines["nacre"]["share"]
            verdicts.append((name, f"{share:.3f}", share >= bar["of_limit"]))
    return verdicts


def judge_ratios(bar, name, result, lines):
    """One verdict for each peer that computed the workload; a peer that lacks it decides nothing."""
    verdicts = []
    for row in result["rows"]:
        if row["peer"] == "nacre" or not matching([row["peer"]], bar["peers"]):
            continue
        line = lines.get(row["peer"])
        if line and line["ratio"] is not None:
            verdicts.append((f"{name} / {row['title']}", f"{line['ratio']:.3f}", line["ratio"] <= bar["at_most"]))
    return verdicts or [(name, OPEN + " beside a peer", None)]


def judge_speedup(bar, name, lines, alone):
    one = {line["peer"]: line for line in report.summary(alone)}.get("nacre") if alone else None
    if one is None:
        return name, OPEN + " with one thread", None
    speedup = one["min"] / lines["nacre"]["min"]
    return name, f"{speedup:.3f}", speedup >= bar["speedup"]


def judge_growth(bar, names, found):
    """From the shortest length on, no longer one needs more of it per place."""
    families = {}
    for name in names:
        length = int(re.search(r"-s(\d+)", name)[1])
        families.setdefault(name.replace(f"-s{length}", ""), []).append((length, found.get((name, 1))))
    verdicts = []
    for family, members in families.items():
        sizes = [(length, result.get(bar["linear"])) for length, result in members if result]
        sizes = sorted((length, size) for length, size in sizes if size is not None)
        if len(sizes) < 2:
            verdicts.append((family, OPEN, None))
            continue
        (short, first), (long, last) = sizes[0], sizes[-1]
        seen = f"{first} bytes at {short}, {last} at {long}"
        verdicts.append((family, seen, last * short <= max(first, 1) * long))
    return verdicts


def reason_of(result, peer):
    return next((row.get("reason", "no time") for row in result["rows"] if row["peer"] == peer), "not asked")


def target(bar):
    if "figure" in bar:
        return f"<= {bar['limit']}"
    if "linear" in bar:
        return "linear"
    if "at_most" in bar:
        return f"<= {bar['at_most']}"
    return f">= {bar.get('of_limit', bar.get('speedup'))}"


def verdict(met):
    return "" if met is None else "yes" if met else "**no**"


def row(bar, verdicts):
    """One line of the table: the worst that was seen, and of how many."""
    text = f"| {bar['text']} | {target(bar)} "
    known = [v for v in verdicts if v[2] is not None]
    if not known:
        return text + f"| {OPEN if verdicts else 'nothing to judge'} | |"
    missed, rest = [v for v in known if not v[2]], len(verdicts) - len(known)
    shown = "; ".join(f"{seen} ({what})" for what, seen, _ in (missed or [worst(bar, known)]))
    counted = f"{len(known) - len(missed)} of {len(known)} met" + (f", {rest} {OPEN}" if rest else "")
    met = False if missed else None if rest else True
    return text + f"| {counted}: {shown} | {verdict(met) or 'so far'} |"


def worst(bar, known):
    number = lambda v: float(re.match(r"[0-9.e+-]+", v[1])[0])
    return (max if "at_most" in bar or "figure" in bar or "linear" in bar else min)(known, key=number)


def markdown(bars, workloads, results, figures, machine):
    judged = [(bar, judge(bar, workloads, results, figures)) for bar in bars]
    lines = ["# Bars", "", f"{machine}."]
    lines += ["Ratios are Nacre's time over the peer's. Where a bar is missed, all that miss it are named; else the one that is"]
    lines += ["nearest to it.", ""]
    lines += ["| bar | wanted | seen | met |", "|---|---|---|---|", *(row(*each) for each in judged), ""]
    for bar, verdicts in judged:
        lines += [f"### {bar['text']}, {target(bar)}", "", "| | seen | met |", "|---|---|---|"]
        lines += [f"| {what} | {seen} | {verdict(met)} |" for what, seen, met in verdicts] + [""]
    lines += ["### When", ""]
    lines += [f"- {r['workload']}, {report.plural(r['threads'], 'thread')}: {r['when']}" for r in results]
    lines += ["", "### Peers that have no time, and why", ""]
    lines += [f"- {title}: {why} ({', '.join(names)})" for (title, why), names in sorted(reasons(results).items())]
    return "\n".join([*lines, ""])


def reasons(results):
    """(peer, why it has no time) -> workloads."""
    found = {}
    for result in results:
        for row in result["rows"]:
            if "reason" in row:
                found.setdefault((row["title"], row["reason"]), []).append(result["workload"])
    return found
