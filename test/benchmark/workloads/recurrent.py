# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One layer of an LSTM with biases, from a state of zeros; weights have PyTorch's names and order of gates."""
import dataclasses

import numpy as np

from harness import onnx_graph
from harness.paths import numerics
from workloads.base import BYTES, Workload

BATCH, LENGTH = 1, 128
WIDTHS = (128, 512)


@dataclasses.dataclass(frozen=True)
class Recurrent(Workload):
    hidden: int

    kind = "recurrent"
    family = "LSTM"

    @property
    def stem(self):
        return f"lstm-b{BATCH}-t{LENGTH}-h{self.hidden}"

    @property
    def shape(self):
        return (BATCH, LENGTH, self.hidden)

    def facts(self, folder):
        # The recurrent weights are read anew in each step, but out of the caches: once is what a call must read.
        weights = 8 * self.hidden**2
        return {"operations": 2.0 * BATCH * LENGTH * weights, "weights": weights * BYTES[self.precision]}

    def weights(self, folder):
        with np.load(folder / "weights.npz") as file:
            return {name: file[name] for name in file.files}

    def write_data(self, folder):
        wide, bound = 4 * self.hidden, self.hidden**-0.5
        shapes = dict.fromkeys(("weight_ih", "weight_hh"), (wide, self.hidden))
        shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (wide,))
        draw = lambda name, shape: numerics.uniform(f"{self.stem}.{name}", shape).astype(np.float32)
        weights = {f"{name}_l0": bound * draw(name, shape) for name, shape in shapes.items()}
        x = draw("x", self.shape)
        np.savez(folder / "inputs.npz", x=x)
        np.savez(folder / "weights.npz", **weights)
        np.save(folder / "expected.npy", lstm(x, weights).astype(np.float32))

    def write_graphs(self, folder):
        g, weights = onnx_graph.Graph(), self.weights(folder)
        # ONNX has the gates as input, output, forget, cell; PyTorch as input, forget, cell, output.
        ordered = lambda name: np.split(weights[f"{name}_l0"], 4)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        w, r, bi, bh = (np.concatenate([gates[i] for i in (0, 3, 1, 2)]) for gates in map(ordered, names))
        x = g.op("Transpose", "x", perm=[1, 0, 2])
        constants = g.weight("w", w[None]), g.weight("r", r[None]), g.weight("b", np.concatenate([bi, bh])[None])
        y = g.op("LSTM", x, *constants, hidden_size=self.hidden)
        y = g.op("Squeeze", y, g.constant(np.array([1], np.int64)))
        model = g.model(g.op("Transpose", y, perm=[1, 0, 2]), {"x": ("f32", self.shape)}, self.shape)
        (folder / "plain.onnx").write_bytes(model)


def lstm(x, weights):
    """The outputs of all steps, in f64."""
    w_ih, w_hh, b_ih, b_hh = (
        weights[f"{name}_l0"].astype(np.float64) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h = c = np.zeros((x.shape[0], w_hh.shape[1]))
    outputs = []
    for t in range(x.shape[1]):
        i, f, u, o = np.split(x[:, t] @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(u)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def workloads():
    return [Recurrent("f32", hidden) for hidden in WIDTHS]
