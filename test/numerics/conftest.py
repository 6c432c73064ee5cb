# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiers of the numeric tests.

    pytest test/numerics                quick: small networks against committed outputs; needs NumPy only
    pytest test/numerics --tier full    also live against PyTorch, small and full size, and the trained MiniLM

    pytest test/numerics --sanitized    quick without what only repeats the compiler's own work, which is what sanitizers watch

    pytest test/numerics --tier full --errors test/numerics/references/errors.json
                                before make_table.py: also writes how far each model was from PyTorch

$NACRE names the compiler; otherwise the newest one below build/ is taken.
"""
import os
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# What a compiler of before has kept is not what is to be tested.
os.environ["NACRE_CACHE_DIR"] = ""

FULL_ONLY = {"test_decoding.py", "test_full.py", "test_generation.py", "test_minilm.py", "test_sequences.py"}

# Fixtures with parameters that compile for each of them.
OWN_FIXTURES = {"beams", "cached"}

# Networks of which another one of the same file takes the compiler the same way: their sizes differ, or how numbers are stored
# in their files, all forms of which the tests of kernels and of weights read too.
REPEATS = {"bert-even", "bert-odd-bf16", "bert-odd-f16", "gpt2-even"}
# Other networks and precisions have the same kernels for all targets.
PORTABLE_REPEATS = {("bert-odd", "f32"), ("gpt2-odd", "bf16")}


def pytest_addoption(parser):
    parser.addoption("--errors", type=pathlib.Path, help="write the largest error of each model file that was compared live")
    parser.addoption("--sanitized", action="store_true", help="leave out what compiles the same again")
    parser.addoption("--tier", choices=("quick", "full"), default="quick", help="which numeric tests to run")


def pytest_ignore_collect(collection_path, config):
    return True if collection_path.name in FULL_ONLY and config.getoption("--tier") == "quick" else None


def compiled_for(item):
    """What names the artifact that a test uses, and how long its compilation is beside others.

    A catalogue network, a file of blocks/, a module's own of a list that a fixture goes through, or the module's only one.
    """
    from catalog import FULL, SMALL

    networks = SMALL | FULL
    params = item.callspec.params if hasattr(item, "callspec") else {}
    for name, value in params.items():
        if file := getattr(value, "file", None):
            return file, 0
        network = value if hasattr(value, "parameters") else isinstance(value, str) and networks.get(value)
        if network:
            return network.name, network.parameters()
        if name in OWN_FIXTURES:
            return f"{item.path.stem}-{value}", 0
    return item.path.stem, 0


def repeats_others(item):
    """Whether sanitizers, which see the compiler at work and not what it makes, see nothing new in a test."""
    if item.path.stem == "test_targets":
        return tuple(item.callspec.params[name] for name in ("name", "precision")) in PORTABLE_REPEATS
    return compiled_for(item)[0] in REPEATS


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist's own, which reads the marks
def pytest_collection_modifyitems(config, items):
    """Tests of one artifact go to one worker of pytest-xdist, which then compiles it once; what takes long begins first."""
    if config.getoption("--sanitized"):
        repeats = [item for item in items if repeats_others(item)]
        config.hook.pytest_deselected(items=repeats)
        items[:] = [item for item in items if item not in repeats]
    costs = {}
    for item in items:
        group, costs[item] = compiled_for(item)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: -costs[item])


def compile_once(tmp_path_factory, write):
    """Gives artifacts by name, each compiled when it is first asked for, and closes them in the end.

    `write(folder, what)` writes the weights and gives the model file and the weights' path or None.
    """
    from artifact import Artifact

    made = {}

    def get(what):
        name = getattr(what, "name", what)
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            try:
                made[name] = Artifact(*write(folder, what), folder / "net")
            except (RuntimeError, OSError) as error:
                made[name] = error
        if isinstance(made[name], Exception):
            pytest.fail(f"{name} was not compiled: {made[name]}", pytrace=False)
        return made[name]

    yield get
    for artifact in made.values():
        if not isinstance(artifact, Exception):
            artifact.close()


@pytest.fixture(scope="session")
def note_error(pytestconfig):
    """Takes a model file's path and an error of it; --errors keeps the largest of each file, and those of other files."""
    found = {}

    def note(model, error):
        found[model] = max(error, found.get(model, 0.0))

    yield note
    path = pytestconfig.getoption("--errors")
    if path and found:
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | found, indent=1, sort_keys=True) + "\n")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Gives the artifact of a catalogue network."""

    def write(folder, network):
        network.write(folder / "weights")
        return network.path, folder / "weights"

    yield from compile_once(tmp_path_factory, write)


@pytest.fixture(scope="session")
def compiled_blocks(tmp_path_factory):
    """Gives the artifact of a file of blocks/, by the file's name."""
    import blocks

    def write(folder, file):
        weights = folder / "weights.safetensors" if blocks.WEIGHTS[file] else None
        if weights:
            blocks.write_weights(file, weights)
        return blocks.FOLDER / f"{file}.ncr", weights

    yield from compile_once(tmp_path_factory, write)


@pytest.fixture(scope="session")
def outputs(compiled):
    """Calls an entry of a catalogue network's artifact."""

    def get(network, entry, batch, length):
        artifact = compiled(network)
        sizes = {name: size for name, size in network.sizes(batch, length).items() if name in artifact.dims(entry)}
        output = artifact.call(entry, sizes, network.inputs(batch, length, entry).values())
        assert output.shape == network.output_shape(entry, batch, length)
        return output

    return get
