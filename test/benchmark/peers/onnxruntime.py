# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime with every optimisation on; int8 by its own dynamic quantisation, weights per channel."""
import numpy as np

from peers.base import Lacks, Peer, graph


class OnnxRuntime(Peer):
    title = "ONNX Runtime"
    environment = "onnxruntime"
    form = "plain"

    def version(self):
        import onnxruntime

        return onnxruntime.__version__

    def prepare(self, workload, folder):
        import onnxruntime

        if workload.precision == "bf16":
            raise Lacks("computes nothing in bf16 on x86-64 CPUs")
        path = graph(workload, folder, self.form)
        if workload.precision == "int8":
            path = self.quantized(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        inputs = workload.inputs(folder)
        if workload.kind == "attention" and self.form == "fused":
            heads, length, size = workload.shape[1:]
            inputs["q"] = inputs["q"].transpose(0, 2, 1, 3).reshape(1, length, heads * size)
            split = lambda y: y[0].reshape(1, length, heads, size).transpose(0, 2, 1, 3)
        else:
            split = lambda y: y[0]
        # Bound once: no copy of inputs or outputs is timed.
        binding = session.io_binding()
        for name, value in inputs.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(value))
        binding.bind_output("result", "cpu")

        def call():
            session.run_with_iobinding(binding)
            return binding

        return call, lambda bound: split(bound.copy_outputs_to_cpu())

    def quantized(self, path):
        import onnx
        from onnxruntime.quantization import quantize_dynamic

        result = self.scratch() / "int8.onnx"
        quantize_dynamic(
            path,
            result,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gemm", "Attention"],
            # Types do not follow from ONNX Runtime's own operators.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return result


class OnnxRuntimeFused(OnnxRuntime):
    """The same where the graph is in ONNX Runtime's own fused operators."""

    title = "ONNX Runtime, its fused operators"
    form = "fused"
