# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes ONNX graphs. The onnx package is loaded by the first graph."""
import numpy as np


class Graph:
    """Collects nodes and weights; every method gives the name of the value it made."""

    def __init__(self):
        self.nodes, self.weights, self.count = [], {}, 0

    def weight(self, name, array):
        self.weights[name] = array
        return name

    def constant(self, array):
        self.count += 1
        return self.weight(f"constant{self.count}", np.asarray(array))

    def op(self, kind, *inputs, domain="", outputs=1, **attributes):
        from onnx import helper

        self.count += 1
        names = [f"{kind}{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def model(self, result, inputs, shape):
        """Serialised, with the value `result` as the output `result` of f32[shape]; `inputs` has (type, shape) by name."""
        from onnx import TensorProto, helper, numpy_helper

        types = {"f32": TensorProto.FLOAT, "i64": TensorProto.INT64}
        nodes = [*self.nodes, helper.make_node("Identity", [result], ["result"])]
        graph = helper.make_graph(
            nodes,
            "benchmark",
            [helper.make_tensor_value_info(name, types[kind], sizes) for name, (kind, sizes) in inputs.items()],
            [helper.make_tensor_value_info("result", TensorProto.FLOAT, shape)],
            [numpy_helper.from_array(array, name) for name, array in self.weights.items()],
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
