# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention alone: softmax(q k^T / sqrt(D)) v over 12 heads, nothing masked."""
import dataclasses
import math

import numpy as np

from harness import onnx_graph
from harness.paths import numerics
from workloads.base import Workload

HEADS = 12
SIZES = (64, 128)
LENGTHS = (128, 512, 1024, 2048, 4096, 8192)
CHECKED = 32  # queries of each head that are compared; the right result of all is memory without end


@dataclasses.dataclass(frozen=True)
class Attention(Workload):
    size: int
    length: int

    kind = "attention"
    family = "attention"

    @property
    def stem(self):
        return f"attention-d{self.size}-s{self.length}"

    @property
    def shape(self):
        return (1, HEADS, self.length, self.size)

    def facts(self, folder):
        # Keys and values are what one call reads, as weights are elsewhere.
        return {
            "operations": 4.0 * HEADS * self.length**2 * self.size,
            "weights": 2 * HEADS * self.length * self.size * 4,
        }

    def select(self, result):
        return result[:, :, :: max(1, self.length // CHECKED)]

    def write_data(self, folder):
        q, k, v = (numerics.uniform(f"{self.stem}.{n}", self.shape).astype(np.float32) for n in "qkv")
        q *= 4.0  # so that some keys count more than others
        np.savez(folder / "inputs.npz", q=q, k=k, v=v)
        q, k, v = (a.astype(np.float64) for a in (self.select(q), k, v))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(self.size)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        np.save(folder / "expected.npy", (weights @ v / weights.sum(-1, keepdims=True)).astype(np.float32))


    def write_graphs(self, folder):
        (folder / "plain.onnx").write_bytes(self.onnx(False))
        (folder / "fused.onnx").write_bytes(self.onnx(True))

    def onnx(self, fused):
        g = onnx_graph.Graph()
        inputs = {name: ("f32", self.shape) for name in "qkv"}
        if fused:
            # ONNX Runtime's own operator has queries as [batch, length, heads * size], keys and values as they are here.
            flat = (1, self.length, HEADS * self.size)
            inputs["q"] = ("f32", flat)
            a = g.op("MultiHeadAttention", "q", "k", "v", domain="com.microsoft", num_heads=HEADS)
            return g.model(a, inputs, flat)
        scores = g.op("MatMul", "q", g.op("Transpose", "k", perm=[0, 1, 3, 2]))
        scores = g.op("Mul", scores, g.constant(np.float32(1 / math.sqrt(self.size))))
        return g.model(g.op("MatMul", g.op("Softmax", scores, axis=-1), "v"), inputs, self.shape)


def workloads():
    return [Attention(p, size, length) for p in ("f32", "bf16") for size in SIZES for length in LENGTHS]
