# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""OpenVINO, told the precision; int8 by NNCF's 8-bit weights and OpenVINO's dynamic quantisation of what they meet."""
from peers.base import Peer, graph


class OpenVino(Peer):
    title = "OpenVINO"
    environment = "openvino"

    def version(self):
        import openvino

        return openvino.__version__.split("-")[0]

    def prepare(self, workload, folder):
        import openvino

        core = openvino.Core()
        model = core.read_model(graph(workload, folder))
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(self.threads),
            "INFERENCE_PRECISION_HINT": "bf16" if workload.precision == "bf16" else "f32",
        }
        if workload.precision == "int8":
            import nncf

            model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
            depth = model.inputs[0].partial_shape[-1].get_length() if workload.kind == "matmul" else 768
            settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = str(depth)
        compiled = core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        for name, value in workload.inputs(folder).items():
            request.set_tensor(name, openvino.Tensor(value))

        def call():
            request.infer()
            return request

        return call, lambda done: done.get_output_tensor(0).data.copy()
