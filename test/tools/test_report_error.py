# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The error of a lower precision against f32, as `nacre compile --report-error` shows it."""
import re

import numpy as np
import pytest

from command import NACRE, run_nacre

pytestmark = pytest.mark.skipif(NACRE is None, reason="nacre is not built")

NET = """model Net() {
  weight w: f32[64, 64]

  entry forward(x: f32[B, 64]) -> f32[B, 64] {
    return softmax(x @ w)
  }
}
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    random = np.random.default_rng(0)
    (folder / "net.ncr").write_text(NET)
    np.savez(folder / "w.npz", w=random.standard_normal((64, 64), np.float32) / 8)
    np.save(folder / "x.npy", random.standard_normal((3, 64)).astype(np.float32))
    return folder


def report(net, *arguments):
    done = run_nacre("compile", "net.ncr", "--weights", "w.npz", "--report-error", *arguments, cwd=net)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# The fewer the bits, the larger the error; one of zero would be that of f32 itself.
@pytest.mark.parametrize("precision, least, most", [
    ("bf16", 1e-4, 1), ("int8", 1e-3, 5), ("int8-weights", 1e-3, 5), ("int4-weights", 0.5, 40)])
def test_shows_the_error_of_each_output(precision, least, most, net):
    head, _, _, row = report(net, "--precision", precision)
    assert head == "error of forward against f32, on random inputs (seed 0), B=64"
    name, rms, percent, largest, magnitude, cosine, same, sign = row.split()
    assert (name, percent, sign) == ("result", "%", "%")
    assert least < float(rms) < most
    assert 0 < float(largest) < float(magnitude)
    assert 0.9 < float(cosine) <= 1
    assert 0 <= float(same) <= 100


def test_takes_inputs_and_keeps_to_the_files_asked_for(net):
    head, *_ = report(net, "--precision", "int8", "--input", "x=x.npy", "--emit", "header", "--emit", "object", "-o", "kept")
    assert head == "error of forward against f32, on the inputs given, B=3"
    assert {file.name for file in net.glob("kept*")} == {"kept.o", "kept.h", "kept.weights"}


FAULTS = {
    "f32": (["--report-error"], ["--report-error", "name another --precision"]),
    "no code": (["--report-error", "--precision", "int8", "--stop-after", "dispatch"], ["--report-error", "no code to run"]),
    "inputs for nothing": (["--precision", "int8", "--seed", "1"], ["--seed", "--report-error"]),
    "groups of int8": (["--precision", "int8", "--group-size", "32"], ["--group-size", "'int8' has no groups"]),
    "odd groups": (["--precision", "int4-weights", "--group-size", "20"], ["--group-size", "multiple of 8", "20"]),
    "underscore": (["--precision", "int4_weights"], ["--precision", "did you mean 'int4-weights'"]),
}


@pytest.mark.parametrize("arguments, says", FAULTS.values(), ids=FAULTS)
def test_faults_are_named(arguments, says, net):
    done = run_nacre("compile", "net.ncr", "--weights", "w.npz", *arguments, cwd=net)
    assert done.returncode == 1
    assert all(part in done.stderr for part in says), done.stderr
    assert re.search(r"error: ", done.stderr)
