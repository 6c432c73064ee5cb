# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole networks of test/numerics/catalog.py with random weights. Their PyTorch twins say what is right."""
import dataclasses
import json

import numpy as np

from harness import onnx_bert
from harness.paths import BUILD, NUMERICS, catalog, numerics, stamp_of
from workloads.base import BYTES, Workload

# Name in a row, network of the catalogue, entry, batch, length (0: none), precisions. A network that the catalogue
# does not have is left out by `workloads` and named by `missing`.
TABLE = (
    ("bert-base-b1-s128", "bert-base", "encode", 1, 128, ("f32", "bf16", "int8")),
    ("bert-base-b8-s128", "bert-base", "encode", 8, 128, ("f32", "bf16", "int8")),
    ("bert-base-b1-s384", "bert-base", "encode", 1, 384, ("f32", "bf16", "int8")),
    ("gpt2-124m-prefill-s512", "gpt2-124m", "forward", 1, 512, ("f32", "bf16")),
    ("resnet18-b1", "resnet18", "forward", 1, 0, ("f32",)),
    ("resnet50-b1", "resnet50", "forward", 1, 0, ("f32",)),
    ("mobilenet-v2-b1", "mobilenet-v2", "forward", 1, 0, ("f32",)),
    ("unet-256-b1", "unet-256", "forward", 1, 0, ("f32",)),
    ("vit-b16-b1", "vit-b16", "forward", 1, 0, ("f32", "bf16", "int8")),
    ("deepfm-b256", "deepfm", "forward", 256, 0, ("f32",)),
    ("din-b256-s100", "din", "forward", 256, 100, ("f32",)),
)


def network_of(name):
    return {**catalog.SMALL, **catalog.FULL}.get(name)


def sources_of(name):
    """The files of the numeric tests that have the network or its PyTorch twin, and what all of them need."""
    marks = [f'"{name}"'.encode(), f'"{network_of(name).model}"'.encode()]
    files = [*NUMERICS.glob("networks_*.py"), *NUMERICS.glob("torch_*.py")]
    return [NUMERICS / "network.py", *(f for f in files if any(mark in f.read_bytes() for mark in marks))]


class Stored:
    """A network of the catalogue whose weights are in a file, which is faster than to make them again."""

    def __init__(self, name):
        self.network = network_of(name)
        self.folder = BUILD / "weights" / name
        stamp, text = self.folder / "made-by", stamp_of(sources_of(name))
        if not stamp.exists() or stamp.read_text() != text:
            self.network.write(self.folder)
            stamp.write_text(text)

    def __getattr__(self, name):
        return getattr(self.network, name)

    def tensors(self):
        return numerics.read_safetensors(self.folder / "model.safetensors")


@dataclasses.dataclass(frozen=True)
class NetworkWorkload(Workload):
    stem: str
    network_name: str
    entry: str
    batch: int
    length: int

    kind = "network"
    made_in = "pytorch"

    @property
    def network(self):
        return network_of(self.network_name)

    @property
    def stored(self):
        return Stored(self.network_name)

    @property
    def family(self):
        return self.network_name

    @property
    def sizes(self):
        """The entry's dimension variables."""
        return {"B": self.batch} | ({"S": self.length} if self.length else {})

    def sources(self):
        return super().sources() + sources_of(self.network_name)

    def twin(self):
        """The network in PyTorch; called, it computes the entry."""
        import torch_models

        twin = torch_models.build(self.stored)
        twin.forward = getattr(twin, self.entry)
        return twin

    def write_data(self, folder):
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        inputs = self.network.inputs(self.batch, self.length)
        if "mask" in inputs and "types" in inputs:
            # No padding, one kind of token: some peers have nothing else.
            inputs["mask"][:], inputs["types"][:] = 1, 0
        np.savez(folder / "inputs.npz", **inputs)
        twin = self.twin()
        counter = FlopCounterMode(display=False)
        with torch.no_grad(), counter:
            result = twin(*map(torch.from_numpy, inputs.values()))
        np.save(folder / "expected.npy", result.numpy())
        counts = counter.get_flop_counts()["Global"]
        operations = sum(counts.values())
        if self.network_name.startswith("gpt2"):
            # Of causal attention, the only batched product there, half is masked away.
            operations -= sum(n for op, n in counts.items() if "bmm" in str(op)) / 2
        weights = sum(p.numel() for n, p in twin.named_parameters() if p.dim() > 1 and "embed" not in n)
        (folder / "facts.json").write_text(json.dumps({"operations": float(operations), "weights": weights}))

    def write_graphs(self, folder):
        if not self.network_name.startswith("bert"):
            return self.export(folder)
        tensors = dict(self.stored.tensors())
        for form in ("plain", "fused"):
            model = onnx_bert.build(self.network.config, tensors, form == "fused", (self.batch, self.length))
            (folder / f"{form}.onnx").write_bytes(model)

    def export(self, folder):
        """The graph as PyTorch's exporter writes it."""
        import torch

        inputs = self.inputs(folder)
        torch.onnx.export(
            self.twin(),
            tuple(map(torch.from_numpy, inputs.values())),
            str(folder / "plain.onnx"),
            dynamo=True,
            external_data=False,
            opset_version=18,
            input_names=list(inputs),
            output_names=["result"],
        )

    def facts(self, folder):
        facts = json.loads((folder / "facts.json").read_text())
        return facts | {"weights": facts["weights"] * BYTES[self.precision]}


def missing():
    """Name -> why, for networks of the table that are not in the catalogue."""
    return {row[0]: f"no '{row[1]}' in test/numerics/catalog.py" for row in TABLE if network_of(row[1]) is None}


def workloads():
    return [
        NetworkWorkload(precision, stem, network, entry, batch, length)
        for stem, network, entry, batch, length, precisions in TABLE
        if network_of(network) is not None
        for precision in precisions
    ]
