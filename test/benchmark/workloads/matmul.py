# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A matrix times a constant matrix. f32 in, f32 out, whatever the product is computed in."""
import dataclasses

import numpy as np

from harness import onnx_graph
from harness.paths import numerics
from workloads.base import BYTES, Workload

# Rows, depth, columns: from one token to a long prompt.
SHAPES = (
    (1, 768, 3072),
    (1, 4096, 4096),
    (4, 768, 3072),
    (8, 768, 768),
    (16, 768, 3072),
    (32, 768, 768),
    (64, 768, 3072),
    (128, 768, 768),
    (128, 768, 3072),
    (128, 3072, 768),
    (512, 1024, 4096),
    (2048, 1024, 1024),
)


@dataclasses.dataclass(frozen=True)
class Matmul(Workload):
    rows: int
    depth: int
    columns: int

    kind = "matmul"
    family = "matmul"

    @property
    def stem(self):
        return f"matmul-{self.rows}x{self.depth}x{self.columns}"

    def facts(self, folder):
        weights = self.depth * self.columns
        return {"operations": 2.0 * self.rows * weights, "weights": weights * BYTES[self.precision]}

    def write_data(self, folder):
        x = numerics.uniform(f"{self.stem}.x", (self.rows, self.depth)).astype(np.float32)
        w = numerics.uniform(f"{self.stem}.w", (self.depth, self.columns)).astype(np.float32)
        w *= (3.0 / self.depth) ** 0.5
        np.savez(folder / "inputs.npz", x=x)
        np.savez(folder / "weights.npz", w=w)
        np.save(folder / "expected.npy", (x.astype(np.float64) @ w.astype(np.float64)).astype(np.float32))

    def write_graphs(self, folder):
        g = onnx_graph.Graph()
        product = g.op("MatMul", "x", g.weight("w", np.load(folder / "weights.npz")["w"]))
        model = g.model(product, {"x": ("f32", (self.rows, self.depth))}, (self.rows, self.columns))
        (folder / "plain.onnx").write_bytes(model)


def workloads():
    return [Matmul(precision, *shape) for precision in BYTES for shape in SHAPES]
