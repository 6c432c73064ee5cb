# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the nacre command: $NACRE, else the one of build/dev."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find():
    path = pathlib.Path(os.environ.get("NACRE", ROOT / "build" / "dev" / "bin" / "nacre")).resolve()
    return path if path.exists() else None


NACRE = find()

# A sanitized build (the preset's name is in its path) links programs with the sanitizers' runtime, which `cc` of this folder adds.
SANITIZED = "asan" in str(NACRE)
SANITIZED_CC = pathlib.Path(__file__).resolve().parent / "sanitized" / "cc"


def run_nacre(*arguments, cwd, stdin=None):
    environment = {**os.environ, "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    if SANITIZED:
        environment["PATH"] = f"{SANITIZED_CC.parent}{os.pathsep}{environment['PATH']}"
    command = [str(NACRE), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, env=environment, timeout=120)


SAFETENSORS_TYPES = {"float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32"}


def write_safetensors(path, tensors):
    """Writes NumPy arrays by name."""
    header, data = {}, b""
    for name, array in tensors.items():
        content = array.tobytes()
        header[name] = {
            "dtype": SAFETENSORS_TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
