# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the subcommands do when nothing is wrong, and what the user sees when the compiler itself breaks."""
import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest

from command import NACRE, ROOT, SANITIZED, SANITIZED_CC, run_nacre, write_safetensors

pytestmark = pytest.mark.skipif(NACRE is None, reason="nacre is not built")

NET = """/// A linear layer and its activation.
model Net(dim: int = 4) {
  weight w: f32[dim, 3]
  weight b: f32[3] = zeros

  /// Rows through the layer.
  entry forward(x: f32[B, dim]) -> f32[B, 3] {
    return relu(x @ w + b)
  }
}
"""
W = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
EXPECTED = np.maximum(X @ W, 0)


@pytest.fixture
def net(tmp_path):
    """A folder with a model, its weights and an input."""
    (tmp_path / "net.ncr").write_text(NET)
    write_safetensors(tmp_path / "w.safetensors", {"w": W})
    np.save(tmp_path / "x.npy", X)
    return tmp_path


def succeed(*arguments, cwd, stdin=None):
    done = run_nacre(*arguments, cwd=cwd, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("command", ["", "compile", "run", "bench", "check", "fmt", "inspect"])
def test_help_is_short_and_grouped(command, tmp_path):
    done = succeed(*command.split(), "--help", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"usage: nacre {command}".rstrip())
    assert len(lines) < 45
    assert max(map(len, lines)) <= 100
    assert "-h, --help" in done.stdout


def test_version(tmp_path):
    assert re.fullmatch(r"nacre \d+\.\d+\.\d+\n", succeed("--version", cwd=tmp_path).stdout)


def test_check_says_nothing_of_a_good_model(net):
    for arguments in (["net.ncr"], ["net.ncr", "--weights", "w.safetensors"]):
        done = succeed("check", *arguments, cwd=net)
        assert (done.stdout, done.stderr) == ("", "")


def test_check_says_everything_at_once(tmp_path):
    (tmp_path / "a.ncr").write_text(NET.replace("relu(", "reul(").replace("w: f32[dim, 3]", "w: f33[dim, 3]"))
    done = run_nacre("check", "a.ncr", cwd=tmp_path)
    assert done.returncode == 1
    assert "reul" in done.stderr and "f33" in done.stderr


def test_compile_writes_three_files_in_silence(net):
    done = succeed("compile", "net.ncr", "--weights", "w.safetensors", cwd=net)
    assert (done.stdout, done.stderr) == ("", "")
    assert {path.name for path in net.iterdir()} == {"net.ncr", "w.safetensors", "x.npy", "net.o", "net.h", "net.weights"}


def test_compile_gives_the_same_bytes_twice(net):
    contents = []
    for _ in range(2):
        succeed("compile", "net.ncr", "--weights", "w.safetensors", "-o", "net", cwd=net)
        contents.append([(net / f"net{extension}").read_bytes() for extension in (".o", ".h", ".weights")])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    "kind, files",
    [
        ("header", {"out.h"}),
        ("so", {"out.so", "out.weights"}),
        ("asm", {"out.s", "out.weights"}),
        ("llvm", {"out.ll", "out.weights"}),
        ("exe", {"out", "out.weights"}),
        ("object,so", {"out.o", "out.h", "out.so", "out.weights"}),
    ],
)
def test_emit(kind, files, net):
    before = {path.name for path in net.iterdir()}
    succeed("compile", "net.ncr", "--weights", "w.safetensors", f"--emit={kind}", "-o", "out", cwd=net)
    assert {path.name for path in net.iterdir()} - before == files


def test_a_header_needs_no_weights(net):
    succeed("compile", "net.ncr", "--emit=header", "-o", "out", cwd=net)
    text = (net / "out.h").read_text()
    assert "out_forward(" in text and "out_open(" in text and "out_forward_arena_size(" in text


@pytest.mark.parametrize("phase", ["nn", "nn-optimized", "nn-quantized", "dispatch", "loops", "buffers", "llvm"])
def test_stop_after_a_phase(phase, net):
    succeed("compile", "net.ncr", f"--stop-after={phase}", "-o", "out", cwd=net)
    assert "func" in (net / "out.mlir").read_text()


def test_start_from_a_phase_gives_the_same_program(net):
    succeed("compile", "net.ncr", "--stop-after=nn-optimized", "-o", "half", cwd=net)
    succeed("compile", "net.ncr", "--stop-after=dispatch", "-o", "whole", cwd=net)
    succeed("compile", "half.mlir", "--start-from=dispatch", "--stop-after=dispatch", "-o", "rest", cwd=net)
    assert (net / "rest.mlir").read_text() == (net / "whole.mlir").read_text()


def test_dump_phases(net):
    succeed("compile", "net.ncr", "--weights", "w.safetensors", "--dump-phases-to", "phases", cwd=net)
    names = sorted(path.name for path in (net / "phases").iterdir())
    assert names[0].endswith("nn.mlir") and len(names) == 7


@pytest.mark.parametrize("how", ["compiled", "interpreted", "artifact"])
def test_run_gives_what_numpy_gives(how, net):
    what = ["net.ncr", "--weights", "w.safetensors"]
    if how == "interpreted":
        what.append("--interpret")
    elif how == "artifact":
        succeed("compile", "net.ncr", "--weights", "w.safetensors", "--emit=so", "-o", "net", cwd=net)
        what = ["net.so"]
    done = succeed("run", *what, "--input", "x=x.npy", "--output-dir", "out", cwd=net)
    np.testing.assert_allclose(np.load(net / "out" / "result.npy"), EXPECTED, rtol=1e-5, atol=1e-6)
    assert "result" in done.stdout and "f32[2, 3]" in done.stdout


def test_run_random_depends_on_the_seed_only(net):
    outputs = []
    for seed in (1, 1, 2):
        succeed("run", "net.ncr", "--weights", "w.safetensors", "--interpret", "--random", "--dim", "B=3", "--seed", seed,
                "--output-dir", "out", cwd=net)
        outputs.append(np.load(net / "out" / "result.npy"))
    assert np.array_equal(outputs[0], outputs[1]) and not np.array_equal(outputs[0], outputs[2])


def test_run_repeats_and_takes_threads(net):
    done = succeed("run", "net.ncr", "--weights", "w.safetensors", "--random", "--dim", "B=3", "--repeat", 5, "--threads", 2, cwd=net)
    assert re.search(r"5 runs: fastest \S+ \S+, median \S+ \S+, slowest", done.stdout)


STATE = """
/// Adds up what it is given.
model Sum(dim: int = 2) {
  state sum: f32[B, dim]
  entry add(x: f32[B, dim]) -> f32[B, dim] {
    sum = sum + x
    return sum
  }
  entry double(x: f32[B]) -> f32[B] { return x + x }
}
"""


def refuse(*arguments, cwd):
    done = run_nacre(*arguments, cwd=cwd)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_run_keeps_a_state_in_a_file(tmp_path):
    (tmp_path / "sum.ncr").write_text(STATE)
    np.save(tmp_path / "x.npy", np.array([[1, 2]], np.float32))
    np.save(tmp_path / "xs.npy", np.ones((2, 2), np.float32))
    succeed("compile", "sum.ncr", "--emit=so", "-o", "sum", cwd=tmp_path)
    add = ["run", "sum.so", "--entry", "add", "--output-dir", "out"]
    for times in (1, 2, 3):
        done = succeed(*add, "--input", "x=x.npy", "--state", "sum.state", cwd=tmp_path)
        assert np.load(tmp_path / "out" / "result.npy").tolist() == [[times, 2 * times]]
    assert "state 64 B" in done.stdout
    succeed(*add, "--input", "x=x.npy", cwd=tmp_path)
    assert np.load(tmp_path / "out" / "result.npy").tolist() == [[1, 2]], "zeros without a file"
    succeed("run", "sum.ncr", "--interpret", "--entry", "add", "--input", "x=x.npy", "--output-dir", "out", cwd=tmp_path)
    assert np.load(tmp_path / "out" / "result.npy").tolist() == [[1, 2]]

    before = (tmp_path / "sum.state").read_bytes()
    other = refuse(*add, "--input", "x=xs.npy", "--state", "sum.state", cwd=tmp_path)
    assert "sum.state: error: saved with B = 1, but this state was made with 2" in other
    none = refuse("run", "sum.so", "--entry", "double", "--random", "--dim", "B=1", "--state", "sum.state", cwd=tmp_path)
    assert "--state: error: entry 'double' uses no state" in none
    both = refuse("run", "sum.ncr", "--entry", "add", "--interpret", "--input", "x=x.npy", "--state", "sum.state", cwd=tmp_path)
    assert "--state: error:" in both and "--interpret" in both
    assert (tmp_path / "sum.state").read_bytes() == before
    (tmp_path / "sum.state").write_bytes(before[:-1])
    assert "cut off" in refuse(*add, "--input", "x=x.npy", "--state", "sum.state", cwd=tmp_path)


COUNT = """
/// Counts up to a number.
model Count(most: int = 8) {
  entry count(start: i64[1], last: i64[]) -> i64[1, N <= most] {
    var out = tokens[1, 0 <= most]
    var next = start
    while true {
      out = append(out, next)
      if next == last or length(out) == most { break }
      next = next + 1
    }
    return out
  }
}
"""


@pytest.mark.parametrize("how", [[], ["--interpret"], ["--threads", 3, "--repeat", 3]])
def test_run_cuts_results_to_their_length(how, tmp_path):
    (tmp_path / "count.ncr").write_text(COUNT)
    np.save(tmp_path / "start.npy", np.array([3]))
    np.save(tmp_path / "last.npy", np.array(7))
    done = succeed("run", "count.ncr", "--input", "start=start.npy", "--input", "last=last.npy", "--output-dir", "out", *how, cwd=tmp_path)
    assert np.load(tmp_path / "out" / "result.npy").tolist() == [[3, 4, 5, 6, 7]]
    assert np.load(tmp_path / "out" / "N.npy").tolist() == 5
    assert "i64[1, 5]" in done.stdout


def test_a_program_runs_on_raw_files(net):
    succeed("compile", "net.ncr", "--weights", "w.safetensors", "--emit=exe", "-o", "net", cwd=net)
    (net / "x.bin").write_bytes(X.tobytes())
    listed = subprocess.run(["./net", "--help"], cwd=net, capture_output=True, text=True)
    assert listed.returncode == 0 and "input   x: f32[B, 4]" in listed.stdout
    done = subprocess.run(["./net", "forward", "B=2", "x=x.bin", "result=y.bin"], cwd=net, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    output = np.frombuffer((net / "y.bin").read_bytes(), np.float32).reshape(2, 3)
    np.testing.assert_allclose(output, EXPECTED, rtol=1e-5, atol=1e-6)
    wrong = subprocess.run(["./net", "forward", "B=3", "x=x.bin"], cwd=net, capture_output=True, text=True)
    assert wrong.returncode == 1 and "x.bin: error: must hold 48 bytes" in wrong.stderr


def test_a_program_keeps_a_state_in_a_file(tmp_path):
    (tmp_path / "sum.ncr").write_text(STATE)
    succeed("compile", "sum.ncr", "--emit=exe", "-o", "sum", cwd=tmp_path)
    (tmp_path / "x.bin").write_bytes(np.array([[1, 2]], np.float32).tobytes())
    add = ["./sum", "add", "B=1", "x=x.bin", "result=y.bin"]
    for arguments, times in [([], 1), (["--state", "sum.state"], 1), (["--state", "sum.state"], 2), ([], 1)]:
        done = subprocess.run([*add, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert np.frombuffer((tmp_path / "y.bin").read_bytes(), np.float32).tolist() == [times, 2 * times]
    (tmp_path / "xs.bin").write_bytes(bytes(16))
    other = [*add[:2], "B=2", "x=xs.bin", "--state", "sum.state"]
    done = subprocess.run(other, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "saved with B = 1, but this state was made with 2" in done.stderr


def test_a_program_knows_the_width_of_every_type(tmp_path):
    types = ["f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i64", "i32", "i16", "i8", "i4", "u8", "bool"]
    widths = [8, 4, 2, 2, 1, 1, 8, 4, 2, 1, 1, 1, 1]
    entries = [f"  entry {t}_same(x: {t}[N]) -> {t}[N] {{ return x }}\n" for t in types]
    (tmp_path / "same.ncr").write_text("model Same {\n" + "".join(entries) + "}\n")
    succeed("compile", "same.ncr", "--emit=exe", "-o", "same", cwd=tmp_path)
    for name, width in zip(types, widths):
        (tmp_path / "x.bin").write_bytes(bytes([1] * (3 * width)))
        command = ["./same", f"{name}_same", "N=3", "x=x.bin", "result=y.bin"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "y.bin").read_bytes() == bytes([1] * (3 * width)), name


def test_the_header_is_c11_and_links(net):
    succeed("compile", "net.ncr", "--weights", "w.safetensors", "-o", "net", cwd=net)
    (net / "main.c").write_text(
        '#include "net.h"\n#include <stdio.h>\n#include <stdlib.h>\n'
        "int main(void) {\n  float x[4] = {1, 2, 3, 4}, y[3];\n  nacre_model *model;\n"
        '  if (net_open("net.weights", &model) != NACRE_OK) return 1;\n'
        "  void *arena = aligned_alloc(64, (net_forward_arena_size(1) + 63) / 64 * 64 + 64);\n"
        "  if (net_forward(model, 1, x, y, arena) != NACRE_OK) return 2;\n"
        '  printf("%g %g %g\\n", y[0], y[1], y[2]);\n  free(arena);\n  net_close(model);\n  return 0;\n}\n'
    )
    llvm = subprocess.run(["llvm-config-22", "--libdir"], capture_output=True, text=True).stdout.strip()
    libraries = [NACRE.parents[1] / "lib" / "libnacre_runtime.a", f"-L{llvm}", f"-Wl,-rpath,{llvm}", "-lomp", "-lm", "-lpthread"]
    done = subprocess.run(
        [SANITIZED_CC if SANITIZED else "clang-22", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         "-I", ROOT / "runtime/include", "main.c", "net.o", *libraries, "-o", "main"],
        cwd=net, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["./main"], cwd=net, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = np.maximum(np.array([1, 2, 3, 4], np.float32) @ W, 0)
    np.testing.assert_allclose([float(number) for number in done.stdout.split()], expected, rtol=1e-5)


def test_inspect_shows_parts_parameters_flops_and_memory(net):
    done = succeed("inspect", "net.ncr", cwd=net)
    for expected in ("Net: A linear layer", "dim", "forward(x: f32[B, 4]) -> f32[B, 3]", "FLOPs", "arena", "(all)", "15"):
        assert expected in done.stdout, done.stdout
    # 4 multiply-adds, a bias and an activation for each of 3 numbers of B rows.
    assert "30*B" in done.stdout, done.stdout
    assert "FLOPs 60" in succeed("inspect", "net.ncr", "--dim", "B=2", cwd=net).stdout


def test_inspect_counts_all_rounds_of_a_scan(tmp_path):
    (tmp_path / "sum.ncr").write_text("""model Sum {
  entry run(x: f32[B, T, 3]) -> f32[B, T, 3] {
    return scan g in x over axis 1 carry h = zeros[B, 3] {
      h = h + g
      yield h
    }
  }
}
""")
    # One addition for each of 3 numbers of B rows, T times.
    assert "3*B*T" in succeed("inspect", "sum.ncr", cwd=tmp_path).stdout
    assert "FLOPs 30" in succeed("inspect", "sum.ncr", "--dim", "B=2", "--dim", "T=5", cwd=tmp_path).stdout


def test_fmt_lays_out_in_place_and_once(tmp_path):
    loose = "model   Net{\nentry f(x:f32[B])->f32[B]{return x}\n}\n"
    (tmp_path / "a.ncr").write_text(loose)
    assert run_nacre("fmt", "--check", "a.ncr", cwd=tmp_path).returncode == 1
    assert (tmp_path / "a.ncr").read_text() == loose
    succeed("fmt", "a.ncr", cwd=tmp_path)
    laid_out = (tmp_path / "a.ncr").read_text()
    assert laid_out != loose
    succeed("fmt", "--check", "a.ncr", cwd=tmp_path)
    assert succeed("fmt", "-", cwd=tmp_path, stdin=loose).stdout == laid_out


@pytest.mark.skipif(SANITIZED, reason="the sanitizer has signal handlers of its own")
def test_a_crash_is_an_internal_error_with_a_report(tmp_path):
    process = subprocess.Popen([str(NACRE), "fmt", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGSEGV)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 70
    assert error.startswith("nacre: internal compiler error: ")
    reports = list(tmp_path.glob("nacre-crash-*.txt"))
    assert len(reports) == 1 and reports[0].name in error
    assert "fmt -" in reports[0].read_text()
    assert os.stat(reports[0]).st_mode & 0o077 == 0


def test_time_phases_shows_steps_and_passes(net):
    done = succeed("compile", "net.ncr", "--weights", "w.safetensors", "--time-phases", "--no-cache", cwd=net)
    rows = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    steps = ["nn", "nn-optimized", "nn-quantized", "dispatch", "loops", "buffers", "weights", "llvm", "machine", "all"]
    assert rows == ["phase,", "read", *steps]
    for part in ("canonicalize", "lower-dispatches", "plan-arena", "optimize", "emit"):
        assert re.search(rf"^  {part} +\d+\.\d{{3}} +\d+\.\d %$", done.stdout, re.MULTILINE), part
