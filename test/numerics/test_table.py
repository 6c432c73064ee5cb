# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quick tier: every model file is compared with something and has a row in models/README.md that says what is true."""
import json

import numpy as np
import pytest

import make_table
import references
from catalog import FULL, SMALL

MODELS = make_table.models()


def test_models_are_found():
    assert {"digits/mlp.ncr", "bert/bert.ncr", "resnet/resnet18.ncr"} <= set(MODELS)
    assert "resnet/blocks.ncr" not in MODELS  # has no model


@pytest.mark.parametrize("model", MODELS)
def test_has_a_reference(model):
    assert make_table.twin(model), f"no PyTorch twin: no torch_*.py has '{model}' among its MODELS"
    if model in make_table.DIGITS:
        return  # test_small.py compares them with the logits that lie beside them
    small = make_table.networks(model, SMALL)
    # What the compiler is long at is compared live, by the full tier alone.
    assert small or make_table.networks(model, FULL), f"no network of models/{model} in the catalogue"
    for network in small:
        outputs = np.load(references.FOLDER / f"{network.name}.npz")
        assert set(outputs) == {references.key(*case) for case in network.cases()}


def test_errors_are_below_the_bar():
    errors = json.loads(make_table.ERRORS.read_text())
    assert set(errors) == set(MODELS), "conftest.py says how errors.json is made"
    assert all(0.0 <= error < 1e-4 for error in errors.values())


def test_table_is_up_to_date():
    text = make_table.README.read_text()
    assert make_table.BEGIN + make_table.table() + make_table.END in text, "run test/numerics/make_table.py"
