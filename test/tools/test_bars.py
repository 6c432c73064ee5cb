# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""test/benchmark/harness/bars.py: what is measured for bars.toml, and what given results say of it. Nothing is timed."""
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "benchmark"))

from harness import bars, figures
from peers import ALL as PEERS
from workloads import ALL as WORKLOADS


def result(name, times, threads=1, limit=0.9, **more):
    """One round: peer -> seconds, or why it has none."""
    rows = []
    for peer, time in times.items():
        row = {"peer": peer, "title": peer, "version": "1", "error": 0.0, "in_f32": False, "seconds": [time]}
        if isinstance(time, str):
            row |= {"seconds": [None], "reason": time, "lacks": True}
        rows.append(row)
    facts = {"workload": name, "threads": threads, "limit_seconds": [limit], "bound": "multiply", "when": "today"}
    return facts | {"rows": rows} | more


def judge(bar, *results, names=("a", "b")):
    return bars.judge({"text": "t", "workloads": ["*"]} | bar, list(names), list(results), {})


def test_every_bar_names_something_that_exists():
    for bar in bars.load():
        if "figure" in bar:
            assert bar["limit"] > 0 and bar["network"]
            continue
        assert all(bars.matching(WORKLOADS, [pattern]) for pattern in bar["workloads"]), bar["text"]
        patterns = bar.get("peers", []) + bar.get("beside", [])
        assert all(bars.matching(PEERS, [pattern]) for pattern in patterns), bar["text"]
        assert len({"of_limit", "at_most", "speedup", "linear"} & bar.keys()) == 1, bar["text"]
        assert ("at_most" in bar) == ("peers" in bar), bar["text"]


def test_a_plan_has_each_workload_once_with_all_peers_that_its_bars_name():
    made = [
        {"workloads": ["b"], "peers": ["p*"], "at_most": 1.0},
        {"workloads": ["a", "b"], "of_limit": 0.9},
        {"workloads": ["b"], "beside": ["q"], "of_limit": 0.9},
        {"workloads": ["a"], "threads": 2, "speedup": 1.9},
        {"figure": "code_kb", "network": "n", "limit": 1},
    ]
    planned = bars.plan(made, ["a", "b", "c"], ["nacre", "p1", "p2", "q"])
    assert planned == [(1, "a", ["nacre"]), (1, "b", ["nacre", "p1", "p2", "q"]), (2, "a", ["nacre"])]


def test_a_speedup_needs_one_thread_too():
    planned = bars.plan([{"workloads": ["a"], "threads": 2, "speedup": 1.9}], ["a"], ["nacre"])
    assert planned == [(1, "a", ["nacre"]), (2, "a", ["nacre"])]


def test_new_results_stand_in_the_place_of_old_ones():
    old = [result("a", {"nacre": 1.0}), result("a", {"nacre": 2.0}, threads=2), result("b", {"nacre": 3.0})]
    new = [result("a", {"nacre": 4.0})]
    assert bars.merged(old, new) == [*old[1:], *new]


def test_a_share_of_the_limit():
    fast, slow = result("a", {"nacre": 1.0}), result("b", {"nacre": 2.0})
    assert judge({"of_limit": 0.9}, fast, slow) == [("a", "0.900", True), ("b", "0.450", False)]


def test_what_reads_more_than_it_computes_is_not_compute_bound():
    reads = result("b", {"nacre": 2.0}, bound="read")
    bar = {"of_limit": 0.9, "compute_bound": True}
    assert judge(bar, result("a", {"nacre": 1.0}), reads) == [("a", "0.900", True)]


def test_ratios_to_those_that_have_the_workload():
    times = {"nacre": 1.0, "slower": 2.0, "faster": 0.5, "without": "no such thing"}
    found = judge({"at_most": 1.0, "peers": ["*"]}, result("a", times), names=["a"])
    assert found == [("a / slower", "0.500", True), ("a / faster", "2.000", False)]


def test_without_a_peer_nothing_is_met():
    alone = result("a", {"nacre": 1.0, "other": "cannot be installed"})
    assert judge({"at_most": 1.0, "peers": ["*"]}, alone, names=["a"]) == [("a", "not measured beside a peer", None)]


def test_where_nacre_failed_nothing_is_met():
    failed = result("a", {"nacre": "ended by SIGSEGV", "other": 1.0})
    assert judge({"of_limit": 0.9}, failed, names=["a"]) == [("a", "Nacre failed: ended by SIGSEGV", False)]


def test_a_speedup_is_of_the_fastest_turns():
    one, two = result("a", {"nacre": 1.9}), result("a", {"nacre": 1.0}, threads=2)
    assert judge({"threads": 2, "speedup": 1.9}, one, two, names=["a"]) == [("a", "1.900", True)]
    assert judge({"threads": 2, "speedup": 1.9}, two, names=["a"]) == [("a", "not measured with one thread", None)]


@pytest.mark.parametrize("sizes, met", [((64, 64), True), ((64, 256), True), ((64, 1024), False), ((0, 0), True)])
def test_growth_with_the_length(sizes, met):
    names = ["x-s128", "x-s512"]
    made = [result(name, {"nacre": 1.0}, arena_bytes=size) for name, size in zip(names, sizes)]
    ((family, _, verdict),) = judge({"linear": "arena_bytes"}, *made, names=names)
    assert (family, verdict) == ("x", met)


def test_figures():
    bar = {"figure": "code_kb", "network": "n", "limit": 200}
    assert bars.judge(bar, [], [], {"n": {"code_kb": 189.0}}) == [("n", "189", True)]
    assert bars.judge(bar, [], [], {"n": {"code_kb": 201.0}}) == [("n", "201", False)]
    assert bars.judge(bar, [], [], {}) == [("n", "not measured", None)]


def test_the_table_names_all_that_miss_a_bar_and_no_part_counts_as_the_whole():
    bar = {"text": "fast", "workloads": ["*"], "of_limit": 0.9}
    missed = [("a", "0.900", True), ("b", "0.450", False), ("c", "not measured", None)]
    assert bars.row(bar, missed) == "| fast | >= 0.9 | 1 of 2 met, 1 not measured: 0.450 (b) | **no** |"
    assert bars.row(bar, missed[::2]) == "| fast | >= 0.9 | 1 of 1 met, 1 not measured: 0.900 (a) | so far |"
    assert bars.row(bar, missed[:1]).endswith("| yes |")
    assert bars.row(bar, missed[2:]) == "| fast | >= 0.9 | not measured | |"


def test_the_page_says_why_a_peer_has_no_time():
    made = [result("matmul-1x768x3072-f32", {"nacre": 1.0, "onednn": "cannot be installed: why"})]
    text = bars.markdown(bars.load(), list(WORKLOADS), made, {}, "a machine")
    assert "- onednn: cannot be installed: why (matmul-1x768x3072-f32)" in text
    assert "- matmul-1x768x3072-f32, 1 thread: today" in text


def test_resident_memory_is_told_from_the_weights():
    maps = "55-66 r--p 0 0:0 1 /tmp/w.weights\nSize: 9 kB\nRss:   4 kB\n66-77 rw-p 0 0:0 0 [heap]\nRss:   12 kB\n"
    assert figures.resident(maps, "/tmp/w.weights") == (16 * 1024, 4 * 1024)
