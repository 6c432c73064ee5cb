# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TVM's Relax from the ONNX graph, as its own pipeline for CPUs compiles it: nothing is tuned, which takes hours."""
from peers.base import Lacks, Peer, graph


class Tvm(Peer):
    title = "TVM, untuned"
    environment = "tvm"

    def version(self):
        import tvm

        return tvm.__version__

    def prepare(self, workload, folder):
        import onnx
        import tvm
        from tvm import relax
        from tvm.relax.frontend.onnx import from_onnx

        if workload.precision != "f32":
            raise Lacks(f"its importer has no {workload.precision} form of an f32 graph")
        inputs = workload.inputs(folder)
        module = from_onnx(onnx.load(graph(workload, folder)), keep_params_in_input=False)
        target = tvm.target.Target({"kind": "llvm", "mcpu": tvm.target.codegen.llvm_get_system_cpu()})
        with target:
            executable = tvm.compile(module, target=target)
        machine = relax.VirtualMachine(executable, tvm.cpu())
        values = [tvm.runtime.tensor(v) for v in inputs.values()]
        main = machine["main"]
        return lambda: main(*values), lambda y: (y if hasattr(y, "numpy") else y[0]).numpy()
