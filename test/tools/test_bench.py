# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""nacre bench: what it counts, and what it says. Nothing here asserts how long anything takes."""
import json
import xml.etree.ElementTree

import numpy as np
import pytest

from command import NACRE, run_nacre, write_safetensors

pytestmark = pytest.mark.skipif(NACRE is None, reason="nacre is not built")

# Two layers of their own shapes, and a third of the second's.
NET = """model Net {
  part first: Layer(8, 6)
  part rest[2]: Layer(6, 6)

  entry forward(x: f32[B, 8]) -> f32[B, 6] {
    var y = first(x)
    for l in rest { y = l(y) }
    return y
  }
  entry twice(x: f32[B, 3]) -> f32[B, 3] {
    return x + x
  }
}

block Layer(from: int, to: int) {
  weight w: f32[from, to]

  fn (x: f32[B, from]) -> f32[B, to] {
    return relu(x @ w)
  }
}
"""
FORWARD = ["net.ncr", "--entry", "forward", "--dim", "B=5"]
QUICK = ["--rounds", "2"]


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.ncr").write_text(NET)
    return tmp_path


def succeed(*arguments, cwd):
    done = run_nacre("bench", *arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def fail(*arguments, cwd):
    done = run_nacre("bench", *arguments, cwd=cwd)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return done.stderr


def test_table_has_every_kernel(net):
    lines = succeed(*FORWARD, *QUICK, cwd=net).splitlines()
    assert lines[0].startswith("net.ncr, forward B=5: 3 kernels, 1.3 kFLOP")
    assert max(map(len, lines)) <= 100
    rows = [line.split() for line in lines]
    kernels = {row[0]: row[1] for row in rows if row and row[0].startswith("packed_linear_relu") and len(row) > 6}
    assert kernels == {"packed_linear_relu_0": "1", "packed_linear_relu_1": "2"}
    assert any(row[:2] == ["all", "kernels"] and row[2] == "3" for row in rows)
    assert any(row[:3] == ["outside", "of", "kernels"] for row in rows)
    assert any(row[:2] == ["packed_linear_relu_1", "rest.*"] for row in rows)


def test_json_counts_what_the_network_needs(net):
    result = json.loads(succeed(*FORWARD, *QUICK, "--threads", "2,1", "--json", "-", cwd=net))
    assert (result["model"], result["entry"], result["sizes"]) == ("net.ncr", "forward", {"B": 5})
    # 5 rows: 2 * 8 * 6 and 2 * 6 * 6 for the products, 6 for each relu.
    flops = [5 * (96 + 6), 5 * (72 + 6), 5 * (72 + 6)]
    assert [step["flops"] for step in result["steps"]] == flops
    assert [step["part"] for step in result["steps"]] == ["first", "rest.0", "rest.1"]
    assert [step["ops"] for step in result["steps"]] == [["packed_linear", "relu"]] * 3
    assert [step["line"] for step in result["steps"]] == ["net.ncr:19"] * 3
    assert [step["written"] for step in result["steps"]] == [5 * 6 * 4] * 3
    for step, rows, columns in zip(result["steps"], [8, 6, 6], [8, 6, 6]):
        # A panel of weights is as wide as some vectors.
        assert step["weights"] >= rows * 6 * 4 and step["weights"] % (rows * 4 * 8) == 0
        assert step["read"] == step["weights"] + 5 * columns * 4
    assert result["total"]["flops"] == sum(flops)

    assert [run["threads"] for run in result["runs"]] == [1, 2]
    for run in result["runs"]:
        latency = run["latency_seconds"]
        assert 0 < latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"]
        assert latency["calls"] >= 2 and run["profiled_calls"] >= 2
        assert len(run["steps"]) == 3
        assert all(step["seconds"] > 0 for step in run["steps"])
        assert run["limits"]["fma_flops_per_second"] > 1e8
        assert run["limits"]["dram_bytes_per_second"] > 1e8
        groups = {group["name"]: group for group in run["kernels"]}
        assert groups["packed_linear_relu_1"]["calls"] == 2
        assert groups["packed_linear_relu_1"]["flops"] == flops[1] + flops[2]
        assert groups["packed_linear_relu_1"]["bound"] in ("FMA", "L2", "L3", "DRAM")
        total = sum(step["seconds"] for step in run["steps"])
        assert sum(group["seconds"] for group in groups.values()) == pytest.approx(total)
        assert run["flops_per_second"] == pytest.approx(sum(flops) / latency["p50"])


def test_best_takes_the_fastest_call(net):
    result = json.loads(succeed(*FORWARD, *QUICK, "--best", "--json", "-", cwd=net))
    run = result["runs"][0]
    assert result["statistic"] == "best"
    assert run["flops_per_second"] == pytest.approx(result["total"]["flops"] / run["latency_seconds"]["min"])


def compile_net(folder, *options):
    shapes = {"first.w": (8, 6), "rest.0.w": (6, 6), "rest.1.w": (6, 6)}
    write_safetensors(folder / "w.safetensors", {name: np.ones(shape, np.float32) for name, shape in shapes.items()})
    compiled = run_nacre("compile", "net.ncr", "--weights", "w.safetensors", "--emit", "so", *options, cwd=folder)
    assert compiled.returncode == 0, compiled.stderr


def test_artifact_and_files(net):
    """A compiled model with its weights; the results in files beside the table."""
    compile_net(net)
    np.save(net / "x.npy", np.ones((7, 8), np.float32))
    # The size comes from the input.
    table = succeed("net.so", "--entry", "forward", "--input", "x=x.npy", *QUICK, "--threads", "1,2",
                    "--json", "out.json", "--svg", "out.svg", cwd=net)
    assert "B=7" in table and "speedup" in table and "waiting" in table
    assert json.loads((net / "out.json").read_text())["sizes"] == {"B": 7}
    picture = xml.etree.ElementTree.parse(net / "out.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(picture.itertext())
    assert words.count("net.ncr") == 0 and words.count("net.so, forward, B = 7") == 2
    assert "2 threads" in words and "packed_linear_relu_1" in words and "DRAM" in words


def test_narrow_products_have_a_peak_of_their_own(net):
    """The compiler says which kernels multiply bf16; here its word is put into the metadata by hand."""
    compile_net(net)
    data = (net / "net.so").read_bytes()
    said, says = b'"name":"packed_linear_relu_0"', b'"name":"a_0","arithmetic":"bf16"'
    ops = b'"ops":["packed_linear","relu"]'
    at = data.index(said)
    assert data[at:].startswith(said + b"," + ops)
    data = data[:at] + (says + b',"ops":["relu"]').ljust(len(said + b"," + ops)) + data[at + len(said + b"," + ops):]
    (net / "net.so").write_bytes(data)
    result = json.loads(succeed("net.so", "--entry", "forward", "--dim", "B=5", *QUICK, "--json", "-", cwd=net))
    run = result["runs"][0]
    f32 = run["limits"]["fma_flops_per_second"]
    # Not every processor has it, and on some it is slower than widening.
    bf16 = max(f32, run["limits"].get("bf16_flops_per_second", 0))
    kernels = {kernel["name"]: kernel for kernel in run["kernels"]}
    narrow, wide = kernels["a_0"], kernels["packed_linear_relu_1"]
    assert narrow["compute_bound_seconds"] == pytest.approx(narrow["flops"] / bf16)
    assert wide["compute_bound_seconds"] == pytest.approx(wide["flops"] / f32)
    peak = narrow["compute_bound_seconds"] + wide["compute_bound_seconds"]
    assert run["share_of_peak"] == pytest.approx(peak / run["latency_seconds"]["p50"])


def test_a_model_without_arithmetic(tmp_path):
    """Nothing of it is a dot of the picture, and no rate is divided by nothing."""
    (tmp_path / "turn.ncr").write_text("model Turn {\n  entry turn(x: f32[M, N]) -> f32[N, M] {\n    return x.T\n  }\n}\n")
    lines = succeed("turn.ncr", "--dim", "M=3", "--dim", "N=4", *QUICK, "--json", "a.json", "--svg", "a.svg", cwd=tmp_path)
    assert "transpose_0" in lines and "nan" not in lines and "inf " not in lines
    result = json.loads((tmp_path / "a.json").read_text())
    assert result["total"] == {"flops": 0, "read": 48, "weights": 0, "written": 48}
    assert "nan" not in (tmp_path / "a.svg").read_text()


FAULTS = {
    "no entry": (["net.ncr"], ["nacre bench", "several entries", "forward, twice"]),
    "no such entry": (["net.ncr", "--entry", "fowrard"], ["--entry", "did you mean 'forward'"]),
    "no size": (["net.ncr", "--entry", "forward"], ["nacre bench", "how large B is", "--dim B=1"]),
    "no such size": ([*FORWARD, "--dim", "S=1"], ["--dim S", "no dimension variable 'S'", "it has: B"]),
    "too large": (["net.ncr", "--entry", "forward", "--dim", "B=99999999999"], ["nacre bench", "8 GB", "smaller sizes"]),
    "no file": (["gone.so"], ["gone.so", "nacre compile"]),
    "no threads": ([*FORWARD, "--threads", "0"], ["--threads", "'0'", "from 1 to 4096"]),
    "odd threads": ([*FORWARD, "--threads", "1,x"], ["--threads", "'x'", "whole number"]),
    "no rounds": ([*FORWARD, "--rounds", "0"], ["--rounds", "'0'", "from 1 to 1000000"]),
    "odd seconds": ([*FORWARD, "--seconds", "-1"], ["--seconds", "'-1'", "above 0"]),
    "both lengths": ([*FORWARD, "--seconds", "1", "--rounds", "1"], ["--rounds", "--seconds"]),
    "no precision": ([*FORWARD, "--precision", "int4"], ["--precision", "no precision 'int4'", "bf16, int8"]),
    "compiled already": (["net.so", "--precision", "int8"], ["--precision", "compiled already", "model file"]),
    "no folder": ([*FORWARD, *QUICK, "--json", "gone/a.json", "--top", "1"], ["--json", "gone/a.json", "can be written to"]),
}


@pytest.mark.parametrize("arguments, says", FAULTS.values(), ids=FAULTS)
def test_faults_have_a_place_a_reason_and_a_way_out(net, arguments, says):
    done = run_nacre("bench", *arguments, cwd=net)
    assert done.returncode == 1, done.stdout
    assert "internal" not in done.stderr
    for words in says:
        assert words in done.stderr


def test_target_of_an_artifact(net):
    compile_net(net, "--target-cpu=x86-64,x86-64-v3")
    for target, features in {"x86-64": "", "x86-64-v3": "avx,avx2,bmi,bmi2,f16c,fma"}.items():
        done = run_nacre("bench", "net.so", *FORWARD[1:], *QUICK, "--json", "-", "--target-cpu", target, cwd=net)
        if "which this one lacks" not in done.stderr:
            assert json.loads(done.stdout)["compiled_for"].startswith(features)
    done = run_nacre("bench", "net.so", "--target-cpu", "zen99", cwd=net)
    assert done.returncode == 1
    assert "net.so: error: 'net' has no code for the target CPU 'zen99'; it was compiled for x86-64-v3, x86-64" in done.stderr


def test_metadata_that_says_nothing_of_kernels(net):
    """Damaged on purpose: the text of the metadata, not its length."""
    compile_net(net)
    for broken in (b'"kernelz":[', b'"kernels":{'):
        data = (net / "net.so").read_bytes()
        assert b'"kernels":[' in data
        (net / "net.so").write_bytes(data.replace(b'"kernels":[', broken))
        error = fail("net.so", "--entry", "forward", "--dim", "B=1", *QUICK, cwd=net)
        assert "does not say what its kernels compute" in error and "compile it again" in error
        (net / "net.so").write_bytes(data)


def test_steps_that_are_not_those_of_the_metadata(net):
    """Two steps joined to one in the metadata: latencies are still worth something."""
    compile_net(net)
    data = (net / "net.so").read_bytes()
    assert data.count(b"]],[[1,") == 2
    (net / "net.so").write_bytes(data.replace(b"]],[[1,", b"],  [1,", 1))
    done = run_nacre("bench", "net.so", "--entry", "forward", "--dim", "B=1", *QUICK, "--json", "a.json", "--svg", "a.svg", cwd=net)
    assert done.returncode == 0
    assert "passes 3 steps, and says that it has 2: no kernels are shown" in done.stderr and "compile it again" in done.stderr
    assert "p99" in done.stdout and "packed_linear" not in done.stdout
    result = json.loads((net / "a.json").read_text())
    assert result["steps"] == [] and "flops_per_second" not in result["runs"][0]
    assert "nan" not in (net / "a.svg").read_text()
