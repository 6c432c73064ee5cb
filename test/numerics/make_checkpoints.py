#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes references/checkpoints.json: names and shapes of the weights that transformers saves for the configurations of
networks_pretrained.py, and how many numbers they are with its default configuration.

Run it after adding a network there, before make_references.py.
"""
import json
import math
import pathlib
import tempfile

import torch
import transformers

import networks_pretrained


def shapes(network):
    """What save_pretrained writes."""
    kind = getattr(transformers, network.config["architectures"][0])
    theirs = kind(kind.config_class(**network.config))
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return dict(saved(pathlib.Path(folder) / "model.safetensors"))


def saved(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return ((name, entry["shape"]) for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32")


def parameters(network):
    kind = getattr(transformers, network.config["architectures"][0])
    with torch.device("meta"):
        theirs = kind(kind.config_class())
    return sum(math.prod(p.shape) for p in theirs.parameters())


def main():
    transformers.logging.set_verbosity_error()
    networks = networks_pretrained.SMALL
    found = {
        "published": {n.model: parameters(n) for n in networks},
        "shapes": {n.name: shapes(n) for n in networks},
    }
    # A line for each network.
    lines = [
        f' "{part}": {{\n' + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(found[part].items())) + "\n }"
        for part in sorted(found)
    ]
    networks_pretrained.CHECKPOINTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
