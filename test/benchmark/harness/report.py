# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the rounds come to: ratios within each round, their medians, minima; as Markdown and as JSON."""
import json
import os
import statistics


def pairs(ours, theirs):
    """The rounds that both have."""
    return [(a, b) for a, b in zip(ours, theirs) if a is not None and b is not None]


def median_ratio(ours, theirs):
    """The median of ours / theirs within each round; None without a common round."""
    common = pairs(ours, theirs)
    return statistics.median(a / b for a, b in common) if common else None


def summary(result):
    """Per row that was timed: title, seconds (min, median), ratios of ours to it, share of the limit."""
    ours = next((row["seconds"] for row in result["rows"] if row["peer"] == "nacre"), [])
    ours_min = min((s for s in ours if s is not None), default=None)
    lines = []
    for row in result["rows"]:
        times = [s for s in row["seconds"] if s is not None]
        if not times:
            continue
        lines.append(
            {
                "peer": row["peer"],
                "title": row["title"],
                "version": row["version"],
                "min": min(times),
                "median": statistics.median(times),
                "ratio": median_ratio(ours, row["seconds"]),
                "ratio_of_minima": ours_min / min(times) if ours_min else None,
                "share": median_ratio(result["limit_seconds"], row["seconds"]),
                "error": row["error"],
                "in_f32": row["in_f32"],
            }
        )
    return lines


def duration(seconds):
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def number(value, form=".3f"):
    return "" if value is None else format(value, form)


def plural(count, word):
    return f"{count} {word}{'s' * (count != 1)}"


def section(result):
    """The table of one workload with one number of threads."""
    work = result["operations"]
    lines = [
        f"### {result['workload']}, {plural(result['threads'], 'thread')}",
        "",
        f"{work * 1e-9:.3g} Gop, {result['weights'] * 1e-6:.3g} MB read; {plural(result['rounds'], 'round')}.",
        "",
        "| | min | median | Gop/s | share of the limit | Nacre / this: median of rounds | of minima | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for line in sorted(summary(result), key=lambda line: line["median"]):
        lines.append(
            f"| {line['title']} {line['version']} | {duration(line['min'])} | {duration(line['median'])} "
            f"| {work / line['median'] * 1e-9:.4g} | {number(line['share'], '.2f')} | {number(line['ratio'])} "
            f"| {number(line['ratio_of_minima'])} | {line['error']:.1e}{' (in f32)' * line['in_f32']} |"
        )
    limits = result["limit_seconds"]
    middle = statistics.median(limits)
    lines.append(f"| the limit, probed | {duration(min(limits))} | {duration(middle)} | {work / middle * 1e-9:.4g} | | | | |")
    for row in result["rows"]:
        if "reason" in row:
            lines.append(f"| {row['title']} | {row['reason'].replace('|', '/')} | | | | | | |")
    return "\n".join([*lines, ""])


def overview(results):
    """One line a workload: our time, and our ratio to each peer."""
    titles = {row["peer"]: row["title"] for result in results for row in result["rows"]}
    titles.pop("nacre", None)
    lines = ["| workload | threads | Nacre | of the limit | " + " | ".join(titles.values()) + " |"]
    lines.append("|---" * (len(titles) + 4) + "|")
    for result in results:
        rows = {line["peer"]: line for line in summary(result)}
        ours = rows.get("nacre")
        mine = (duration(ours["median"]), number(ours["share"], ".2f")) if ours else ("failed", "")
        lacks = {row["peer"] for row in result["rows"] if row.get("lacks")}
        cells = []
        for peer in titles:
            if peer in rows:
                ratio = rows[peer]["ratio"]
                cells.append(f"**{ratio:.2f}**" if ratio and ratio > 1 else number(ratio, ".2f"))
            else:
                cells.append("lacks it" if peer in lacks else "failed")
        lines.append(f"| {result['workload']} | {result['threads']} | {mine[0]} | {mine[1]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def markdown(results, machine, absent):
    parts = [
        "# Nacre and its peers",
        "",
        f"{machine}. Ratios are Nacre's time over the peer's, the median over the rounds of one interleaved run: below 1",
        "Nacre is faster, above 1, in bold, the peer.",
        "",
        overview(results),
        *(section(result) for result in results),
    ]
    if absent:
        parts += ["### Not measured", "", *(f"- {name}: {why}" for name, why in absent.items()), ""]
    return "\n".join(parts)


def write(path, text):
    """At once, so that nobody finds half a file."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    os.replace(partial, path)


def save(folder, results, machine, absent):
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "peers.md", markdown(results, machine, absent))
    with_summaries = [result | {"summary": summary(result)} for result in results]
    document = {"machine": machine, "results": with_summaries, "absent": absent}
    write(folder / "peers.json", json.dumps(document, indent=1) + "\n")
