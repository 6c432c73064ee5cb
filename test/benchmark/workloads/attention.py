# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention alone: softmax(q k^T / sqrt(D)) v over 12 heads; causal, a query sees the keys up to its own place."""
import dataclasses
import itertools
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
    causal: bool = False

    kind = "attention"
    family = "attention"

    @property
    def stem(self):
        return f"attention-{'causal-' * self.causal}d{self.size}-s{self.length}"

    @property
    def shape(self):
        return (1, HEADS, self.length, self.size)

    def facts(self, folder):
        # Keys and values are what one call reads, as weights are elsewhere.
        seen = self.length * (self.length + 1) / 2 if self.causal else self.length**2
        return {
            "operations": 4.0 * HEADS * seen * self.size,
            "weights": 2 * HEADS * self.length * self.size * 4,
        }

    @property
    def step(self):
        return max(1, self.length // CHECKED)

    def select(self, result):
        return result[:, :, :: self.step]

    def write_data(self, folder):
        q, k, v = (numerics.uniform(f"{self.stem}.{n}", self.shape).astype(np.float32) for n in "qkv")
        q *= 4.0  # so that some keys count more than others
        np.savez(folder / "inputs.npz", q=q, k=k, v=v)
        q, k, v = (a.astype(np.float64) for a in (self.select(q), k, v))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(self.size)
        if self.causal:
            places = np.arange(self.length)
            scores = np.where(places <= places[:: self.step][:, None], scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        np.save(folder / "expected.npy", (weights @ v / weights.sum(-1, keepdims=True)).astype(np.float32))


    def write_graphs(self, folder):
        (folder / "plain.onnx").write_bytes(self.onnx(False))
        (folder / "fused.onnx").write_bytes(self.onnx(True))
    def onnx(self, fused):
        from onnx import helper

        g = onnx_graph.Graph()
        inputs = {name: ("f32", self.shape) for name in "qkv"}
        if fused:
            # ONNX Runtime's own operator has queries as [batch, length, heads * size], keys and values as they are here.
            flat = (1, self.length, HEADS * self.size)
            inputs["q"] = ("f32", flat)
            options = {"num_heads": HEADS, "unidirectional": int(self.causal)}
            a = g.op("MultiHeadAttention", "q", "k", "v", domain="com.microsoft", **options)
            return g.model(a, inputs, flat)
        scores = g.op("MatMul", "q", g.op("Transpose", "k", perm=[0, 1, 3, 2]))
        scores = g.op("Mul", scores, g.constant(np.float32(1 / math.sqrt(self.size))))
        if self.causal:
            # Made by the graph: a constant would have 256 MB at 8192 places.
            square, lowest = g.constant(np.array([self.length] * 2, np.int64)), helper.make_tensor("", 1, [1], [-1e30])
            mask = g.op("Trilu", g.op("ConstantOfShape", square, value=lowest), g.constant(np.int64(1)), upper=1)
            scores = g.op("Add", scores, mask)
        return g.model(g.op("MatMul", g.op("Softmax", scores, axis=-1), "v"), inputs, self.shape)


def workloads():
    forms = itertools.product((False, True), ("f32", "bf16"), SIZES, LENGTHS)
    return [Attention(precision, size, length, causal) for causal, precision, size, length in forms]
