# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""test/benchmark: what its tables say of given times, and that what it hands out is right. No peer is needed."""
import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

BENCHMARK = pathlib.Path(__file__).resolve().parents[1] / "benchmark"
sys.path.append(str(BENCHMARK))

from harness import measure, report
from harness.child import Child, Failed
from peers import ALL as PEERS
from workloads import ALL as WORKLOADS
from workloads.base import ALLOWED


def row(peer, seconds, **more):
    base = {"peer": peer, "title": peer.title(), "version": "1", "seconds": seconds, "error": 1e-7, "in_f32": False}
    return base | more


def made_result(rows, limits):
    facts = {"workload": "w", "family": "f", "precision": "f32", "threads": 1, "rounds": len(limits)}
    return facts | {"operations": 4e9, "weights": 1e6, "limit_seconds": limits, "rows": rows}


def test_ratios_are_formed_within_a_round():
    """The machine is half as fast in the second round, for both."""
    result = made_result([row("nacre", [1.0, 2.0, 1.0]), row("other", [2.0, 4.0, 1.25])], [0.5, 1.0, 0.5])
    ours, theirs = report.summary(result)
    assert (ours["min"], ours["median"], ours["ratio"], ours["share"]) == (1.0, 1.0, 1.0, 0.5)
    assert (theirs["ratio"], theirs["ratio_of_minima"], theirs["share"]) == (0.5, 0.8, 0.25)


def test_rounds_that_one_of_them_lacks_do_not_count():
    result = made_result([row("nacre", [1.0, 8.0, 1.0]), row("slow", [10.0, None, None])], [1.0, 1.0, 1.0])
    assert report.summary(result)[1]["ratio"] == 0.1


def test_tables_name_who_is_missing_and_why():
    absent = row("other", [None], reason="cannot be installed: a | b", lacks=False)
    result = made_result([row("nacre", [0.5]), absent, row("third", [None], reason="no such", lacks=True)], [0.25])
    text = report.section(result)
    assert "| Other | cannot be installed: a / b |" in text and "| Third | no such |" in text
    assert "| Nacre 1 | 500 ms | 500 ms | 8 | 0.50 | 1.000 | 1.000 | 1.0e-07 |" in text
    assert report.overview([result]).splitlines()[2] == "| w | 1 | 500 ms | 0.50 | failed | lacks it |"


def test_what_is_faster_than_nacre_is_in_bold():
    result = made_result([row("nacre", [2.0]), row("other", [1.0])], [1.0])
    assert report.overview([result]).splitlines()[2].endswith("| **2.00** |")


def test_results_are_saved_whole(tmp_path):
    result = made_result([row("nacre", [2.0])], [1.0])
    report.save(tmp_path, [result], "a machine", {"gone": "no model"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["peers.json", "peers.md"]
    saved = json.loads((tmp_path / "peers.json").read_text())
    assert saved["results"][0]["summary"][0]["share"] == 0.5
    assert "- gone: no model" in (tmp_path / "peers.md").read_text()


def test_another_result_is_seen():
    expected = np.array([3.0, 4.0], np.float32)
    assert measure.relative_error(expected, expected) == 0
    assert measure.relative_error(np.array([3.0, 9.0], np.float32), expected) == pytest.approx(1.0)
    assert measure.relative_error(expected[:1], expected) == float("inf")


@pytest.mark.parametrize("name", [f"matmul-1x768x3072-{p}" for p in ALLOWED] + ["attention-d64-s128-f32", "attention-causal-d64-s128-f32"])
def test_what_is_right_is_right(name, tmp_path):
    """The expected results are those of another way to compute them."""
    workload = WORKLOADS[name]
    workload.write_data(tmp_path)
    inputs, expected = workload.inputs(tmp_path), np.load(tmp_path / "expected.npy")
    if workload.kind == "matmul":
        result = inputs["x"] @ np.load(tmp_path / "weights.npz")["w"]
    else:
        scores = np.einsum("bhqd,bhkd->bhqk", inputs["q"], inputs["k"]) / 8
        weights = np.exp(scores) * (np.tril(np.ones(scores.shape[-2:])) if workload.causal else 1)
        result = workload.select(np.einsum("bhqk,bhkd->bhqd", weights / weights.sum(-1, keepdims=True), inputs["v"]))
    assert measure.relative_error(result, expected) < 1e-6
    assert workload.facts(tmp_path)["operations"] > 0


class Settings:
    patience = 60


class OneWorker:
    """A session with this Python and one child."""

    settings, threads, versions = Settings, 1, {}

    def __init__(self, monkeypatch, folder):
        monkeypatch.setattr("harness.child.BUILD", folder)
        self.child = Child(sys.executable, "nacre", 1, {0, 1})

    def ask(self, _, **request):
        return self.child.ask(60, **request)


def test_a_child_says_what_is_wrong_and_lives_on(monkeypatch, tmp_path):
    worker = OneWorker(monkeypatch, tmp_path)
    try:
        with pytest.raises(Failed, match="KeyError: 'no such'"):
            worker.ask("nacre", do="materialise", workload="no such", folder=str(tmp_path))
        assert worker.child.is_alive()
        with pytest.raises(Failed, match="no answer within"):
            worker.child.ask(0, do="version")
        assert not worker.child.is_alive()
    finally:
        worker.child.close()


def test_peers_and_workloads_have_names():
    assert next(iter(PEERS)) == "nacre"
    assert all(peer.title and peer.environment for peer in PEERS.values())
    assert all(name == workload.name for name, workload in WORKLOADS.items())
    assert sum(name.startswith("matmul-") for name in WORKLOADS) == 36


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--workload", "bret*"], "no workload is called 'bret*'"),
        (["--peer", "onnx"], "no peer is called 'onnx'"),
        (["--rounds", "0"], "at least 1"),
        (["--threads", "4096"], "4096 threads need as many cores"),
    ],
)
def test_faults_of_the_command_line(arguments, says, monkeypatch, capsys):
    # Another script of that name may be loaded already.
    spec = importlib.util.spec_from_file_location("benchmark_run", BENCHMARK / "run.py")
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    with pytest.raises(SystemExit):
        run.arguments(arguments)
    assert says in capsys.readouterr().err
