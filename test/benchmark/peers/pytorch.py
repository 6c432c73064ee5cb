# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch as it is, and through torch.compile. int8 is its dynamic quantisation."""
import numpy as np

from harness.paths import BUILD
from peers.base import Lacks, Peer


def use_fused_attention():
    """The numeric tests' networks spell attention out; who writes for speed calls PyTorch's own."""
    import sys

    import torch
    import torch_models  # noqa: F401: brings the modules in which it is replaced

    def attention(q, k, v, heads, visible=None):
        b, s, dim = q.shape
        split = lambda t: t.reshape(b, s, heads, dim // heads).transpose(1, 2)
        a = torch.nn.functional.scaled_dot_product_attention(split(q), split(k), split(v), attn_mask=visible)
        return a.transpose(1, 2).reshape(b, s, dim)

    for module in list(sys.modules.values()):
        if hasattr(module, "softmax_attention"):
            module.softmax_attention = attention


class PyTorch(Peer):
    title = "PyTorch"
    environment = "pytorch"

    def __init__(self, threads):
        import torch

        super().__init__(threads)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        use_fused_attention()

    def version(self):
        import torch

        return torch.__version__

    def prepare(self, workload, folder):
        import torch

        if workload.precision == "int8" and workload.kind == "attention":
            raise Lacks("no attention in int8")
        inputs = [torch.from_numpy(v) for v in workload.inputs(folder).values()]
        if workload.kind == "decoding":
            inputs[1:] = [torch.nn.functional.pad(cache, (0, 0, 0, 1)) for cache in inputs[1:]]
        module = self.module(workload, folder).eval()
        if any(isinstance(m, torch.nn.Conv2d) for m in module.modules()):
            module = module.to(memory_format=torch.channels_last)
            inputs = [x.to(memory_format=torch.channels_last) if x.dim() == 4 else x for x in inputs]
        if workload.precision == "bf16":
            module = module.to(torch.bfloat16)
            inputs = [x.bfloat16() if x.is_floating_point() else x for x in inputs]
        elif workload.precision == "int8":
            torch.backends.quantized.engine = "x86"
            module = torch.ao.quantization.quantize_dynamic(module, {torch.nn.Linear}, dtype=torch.qint8)
        module = self.compiled(module)
        return lambda: module(*inputs), lambda y: y.float().contiguous().numpy()

    def module(self, workload, folder):
        import torch

        if workload.kind == "network":
            return workload.twin()
        if workload.kind == "decoding":
            from workloads.gpt2_step import StepInPlace

            return StepInPlace(workload.twin().gpt2, workload.place)
        if workload.kind == "recurrent":
            return self.lstm(workload, folder)
        if workload.kind == "attention":

            class Attention(torch.nn.Module):
                def forward(self, q, k, v):
                    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=workload.causal)

            return Attention()
        linear = torch.nn.Linear(workload.depth, workload.columns, bias=False)
        weight = np.load(folder / "weights.npz")["w"]
        linear.weight = torch.nn.Parameter(torch.from_numpy(np.ascontiguousarray(weight.T)))
        return torch.nn.Sequential(linear)

    def lstm(self, workload, folder):
        import torch

        class Outputs(torch.nn.LSTM):
            def forward(self, x):
                return super().forward(x)[0]

        lstm = Outputs(workload.hidden, workload.hidden, batch_first=True)
        lstm.load_state_dict({name: torch.from_numpy(a) for name, a in workload.weights(folder).items()})
        return lstm

    def compiled(self, module):
        return module


class TorchCompile(PyTorch):
    """Weights are constants, as they are for Nacre."""

    title = "torch.compile"

    def compiled(self, module):
        import os

        import torch

        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(BUILD / "inductor"))
        torch._inductor.config.freezing = True
        torch._dynamo.config.allow_rnn = True
        torch._dynamo.reset()
        return torch.compile(module, fullgraph=True)
