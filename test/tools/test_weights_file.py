# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the compiler makes a weights file: in little memory, on any number of cores, and not twice."""
import json
import os
import struct

import numpy as np
import pytest

from command import NACRE, SANITIZED, run_nacre, write_safetensors

pytestmark = pytest.mark.skipif(NACRE is None, reason="nacre is not built")

MLP = """model Net {
  weight a: f32[512, 1024]
  weight b: f32[1024, 700]

  entry forward(x: f32[B, 512]) -> f32[B, 700] {
    return relu(x @ a) @ b
  }
}
"""


@pytest.fixture
def mlp(tmp_path, monkeypatch):
    monkeypatch.setenv("NACRE_CACHE_DIR", str(tmp_path / "cache"))
    random = np.random.default_rng(5)
    (tmp_path / "net.ncr").write_text(MLP)
    tensors = {"a": random.random((512, 1024), dtype=np.float32), "b": random.random((1024, 700), dtype=np.float32)}
    write_safetensors(tmp_path / "w.safetensors", tensors)
    return tmp_path


def compile_net(folder, *options):
    done = run_nacre("compile", "net.ncr", "--weights", "w.safetensors", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return (folder / "net.weights").read_bytes()


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_same_bytes_on_one_core(mlp, precision):
    options = ("--precision", precision, "--no-cache")
    whole = compile_net(mlp, *options)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert compile_net(mlp, *options) == whole
    finally:
        os.sched_setaffinity(0, cores)


def test_a_right_file_is_kept(mlp):
    first = compile_net(mlp)
    before = (mlp / "net.weights").stat().st_ino
    assert compile_net(mlp) == first
    assert (mlp / "net.weights").stat().st_ino == before
    compile_net(mlp, "--no-cache")
    assert (mlp / "net.weights").stat().st_ino != before


@pytest.mark.parametrize("damage", ["first", "last", "cut", "gone"])
def test_a_wrong_file_is_written_again(mlp, damage):
    first = compile_net(mlp)
    path = mlp / "net.weights"
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(first[:-1])
    else:
        data_size = struct.unpack_from("<Q", first, 64)[0]
        at = 4096 if damage == "first" else 4096 + data_size - 1
        path.write_bytes(first[:at] + bytes([first[at] ^ 1]) + first[at + 1 :])
    assert compile_net(mlp) == first


def test_other_weights_are_seen(mlp):
    first = compile_net(mlp)
    tensors = {"a": np.ones((512, 1024), np.float32), "b": np.ones((1024, 700), np.float32)}
    write_safetensors(mlp / "w.safetensors", tensors)
    second = compile_net(mlp)
    assert second != first
    assert compile_net(mlp, "--no-cache") == second


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs memory of its own")
def test_memory_is_that_of_the_largest_tensors(tmp_path):
    # 28 weights of 16 MB: more than the compiler may use.
    layers, dim = 28, 2048
    size = dim * dim * 4
    weights = "".join(f"  weight w{i}: f32[{dim}, {dim}]\n" for i in range(layers))
    product = "".join(f" @ w{i}" for i in range(layers))
    (tmp_path / "net.ncr").write_text(
        f"model Net {{\n{weights}\n  entry forward(x: f32[B, {dim}]) -> f32[B, {dim}] {{\n    return x{product}\n  }}\n}}\n"
    )
    header = json.dumps(
        {f"w{i}": {"dtype": "F32", "shape": [dim, dim], "data_offsets": [i * size, (i + 1) * size]} for i in range(layers)}
    ).encode()
    with open(tmp_path / "w.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + layers * size)
    command = [NACRE, "compile", "net.ncr", "--weights", "w.safetensors", "--no-cache"]
    child = os.posix_spawn(
        "/bin/sh", ["sh", "-c", 'cd "$0" && exec "$@"', str(tmp_path), *map(str, command)], os.environ
    )
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    assert (tmp_path / "net.weights").stat().st_size > layers * size
    assert usage.ru_maxrss * 1024 < 300e6 + 2 * size
