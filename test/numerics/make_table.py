#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the table of models/README.md, from the model files, the catalogue and references/errors.json.

Run it after adding a model; conftest.py says how errors.json is made. No PyTorch here.
"""
import json
import re

import networks_pretrained
import references
from catalog import FULL, SMALL
from network import ROOT, read_safetensors

README = ROOT / "models" / "README.md"
ERRORS = references.FOLDER / "errors.json"
BEGIN, END = "<!-- make_table.py writes from here -->\n", "<!-- to here -->\n"

HEADER = """| file | what it is | weight names | parameters | reference | largest error | lines |
|---|---|---|---|---|---|---|
"""

# Trained by train.py beside them, which is their reference too.
DIGITS = {"digits/mlp.ncr", "digits/cnn.ncr"}


def models():
    """The paths below models/ of all files that declare a model, in order."""
    paths = sorted((ROOT / "models").rglob("*.ncr"))
    return [p.relative_to(ROOT / "models").as_posix() for p in paths if re.search(r"^model ", p.read_text(), re.MULTILINE)]


def networks(model, catalogue):
    return [n for n in catalogue.values() if n.model == model]


def twin(model):
    """The file of this folder whose PyTorch twin the model is compared with; None where there is none."""
    if model in DIGITS:
        return "digits/train.py"
    here = references.FOLDER.parent
    return next((p.name for p in sorted(here.glob("torch_*.py")) if f'"{model}":' in p.read_text()), None)


def sentences(model):
    """The doc comment of the model."""
    text = (ROOT / "models" / model).read_text()
    lines = re.search(r"((?:^///.*\n)+)model ", text, re.MULTILINE)[1]
    return re.split(r"(?<!al)\. (?=[A-Z`])", " ".join(line.removeprefix("///").strip() for line in lines.splitlines()))


def weight_names(model):
    if model in DIGITS:
        return "ours: `digits/train.py`"
    for sentence in sentences(model):
        if match := re.search(r"weight names(?: and config keys)? are (?:those of )?([^;]*)", sentence, re.IGNORECASE):
            return match[1].rstrip(".")
    raise ValueError(f"the doc comment of models/{model} does not say whose weight names it has")


def parameters(model):
    """How many numbers the weights have: by the sizes of the file, else of the largest configuration that is tested."""
    if model in DIGITS:
        weights = read_safetensors((ROOT / "models" / model).with_suffix(".safetensors"))
        return sum(values.size for _, values in weights if values.dtype.kind == "f")
    whole = re.sub(r"^(\w+)/generate\.ncr$", r"\1/\1.ncr", model)  # whose weights it takes
    if whole != model:
        return parameters(whole)
    if published := networks_pretrained.published(model):
        return published
    return max(n.parameters() for n in networks(model, {**SMALL, **FULL}))


def row(model, errors):
    lines = len((ROOT / "models" / model).read_text().splitlines())
    what = sentences(model)[0].rstrip(".")
    error = f"{errors[model]:.0e}".replace("e-0", "e-") if errors[model] else "none"
    cells = (f"`{model}`", what, weight_names(model), f"{parameters(model):,}", f"`{twin(model)}`", error, lines)
    return "| " + " | ".join(map(str, cells)) + " |\n"


def table():
    errors = json.loads(ERRORS.read_text())
    return HEADER + "".join(row(m, errors) for m in models())


def main():
    text = README.read_text()
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
