# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""oneDNN's matrix product with weights in the layout that it asks for, as PyTorch's package brings it.

bf16 and int8 get inputs that are in that type already, and bf16 leaves its result in bf16: less work than Nacre's.
"""
import numpy as np

from peers.base import Lacks, Peer


class OneDnn(Peer):
    title = "oneDNN, packed"
    environment = "pytorch"

    def __init__(self, threads):
        import torch

        super().__init__(threads)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)

    def version(self):
        import re

        import torch

        return re.search(r"MKL-DNN v([0-9.]+)", torch.__config__.show())[1]

    def prepare(self, workload, folder):
        import torch

        if workload.kind != "matmul":
            raise Lacks("a library of operators, not of networks; measured on matmul")
        x = torch.from_numpy(workload.inputs(folder)["x"])
        weight = torch.from_numpy(np.ascontiguousarray(np.load(folder / "weights.npz")["w"].T))
        as_array = lambda y: y.float().numpy()
        if workload.precision == "int8":
            return self.int8(x, weight), as_array
        if workload.precision == "bf16":
            x, weight = x.bfloat16(), weight.bfloat16()
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, workload.rows)
        product = torch.ops.mkldnn._linear_pointwise
        return lambda: product(x, packed, None, "none", [], ""), as_array

    def int8(self, x, weight):
        """u8 by s8 with a scale for each output; f32 out."""
        import torch

        scale = float((x.max() - x.min()) / 255)
        zero = int(torch.round(-x.min() / scale))
        quantized = torch.clamp(torch.round(x / scale) + zero, 0, 255).to(torch.uint8)
        scales = weight.abs().amax(1) / 127
        bytes_ = torch.round(weight / scales[:, None]).to(torch.int8)
        packed = torch.ops.onednn.qlinear_prepack(bytes_, list(quantized.shape))
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        product = torch.ops.onednn.qlinear_pointwise
        rest = (scale, zero, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], "")
        return lambda: product(quantized, *rest)
