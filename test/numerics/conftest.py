# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiers of the numeric tests.

    pytest test/numerics                quick: small networks against committed outputs; needs NumPy only
    pytest test/numerics --tier full    also live against PyTorch, small and full size, and the trained MiniLM

$NACRE names the compiler; otherwise the newest one below build/ is taken.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

FULL_ONLY = {"test_full.py", "test_minilm.py"}


def pytest_addoption(parser):
    parser.addoption("--tier", choices=("quick", "full"), default="quick", help="which numeric tests to run")


def pytest_ignore_collect(collection_path, config):
    return True if collection_path.name in FULL_ONLY and config.getoption("--tier") == "quick" else None


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Gives the artifact of a catalogue network, compiled once per session."""
    from artifact import Artifact

    made = {}

    def get(network):
        if network.name not in made:
            folder = tmp_path_factory.mktemp(network.name)
            network.write(folder / "weights")
            try:
                made[network.name] = Artifact(network.path, folder / "weights", folder / "net")
            except (RuntimeError, OSError) as error:
                made[network.name] = error
        if isinstance(made[network.name], Exception):
            pytest.fail(f"{network.name} was not compiled: {made[network.name]}", pytrace=False)
        return made[network.name]

    yield get
    for artifact in made.values():
        if not isinstance(artifact, Exception):
            artifact.close()


@pytest.fixture(scope="session")
def outputs(compiled):
    """Calls an entry of a catalogue network's artifact."""

    def get(network, entry, batch, length):
        sizes = {"B": batch, "S": length} if length else {"B": batch}
        inputs = network.inputs(batch, length).values()
        output = compiled(network).call(entry, sizes, inputs)
        assert output.shape == network.output_shape(entry, batch, length)
        return output

    return get
