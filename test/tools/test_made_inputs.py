# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The binary inputs of the weight tests are what the script beside them writes."""
import importlib.util
import zipfile

import pytest

from command import ROOT

FOLDER = ROOT / "test" / "frontend" / "weights" / "Inputs"
CORPUS = ROOT / "test" / "fuzz" / "corpus"


def script():
    spec = importlib.util.spec_from_file_location("make_inputs", FOLDER / "make_inputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(path):
    """What must be the same: of an archive the members, since how well they are packed depends on the zlib."""
    if path.suffix != ".npz":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return [(info.filename, info.compress_type, archive.read(info)) for info in archive.infolist()]


def test_numpy_files(tmp_path):
    script().write_numpy(tmp_path)
    committed = {path.name for path in FOLDER.iterdir() if path.suffix in (".npy", ".npz")}
    assert committed == {path.name for path in tmp_path.iterdir()}
    for name in committed:
        assert content(FOLDER / name) == content(tmp_path / name), name


def test_safetensors_file(tmp_path):
    pytest.importorskip("safetensors", reason="the safetensors package is not installed")
    script().write_safetensors(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [path.name for path in FOLDER.glob("*.safetensors")]
    assert (tmp_path / "numpy.safetensors").read_bytes() == (FOLDER / "numpy.safetensors").read_bytes()


@pytest.mark.parametrize("copy", ["NpzFuzzer/" + p.name for p in (CORPUS / "NpzFuzzer").iterdir()] + ["SafetensorsFuzzer/numpy"])
def test_fuzzers_start_from_copies(copy):
    original = FOLDER / (copy.split("/")[1] if copy.startswith("Npz") else "numpy.safetensors")
    assert (CORPUS / copy).read_bytes() == original.read_bytes()
