# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""IREE, compiled from the ONNX graph for this machine; bf16 by its demotion of the inputs of matrix products."""
import subprocess
import sys

from peers.base import Lacks, Peer, graph


class Iree(Peer):
    title = "IREE"
    environment = "iree"
    module = None

    def version(self):
        from importlib.metadata import version

        return version("iree-base-compiler")

    def prepare(self, workload, folder):
        import iree.compiler
        import iree.runtime

        if workload.precision == "int8":
            raise Lacks("no dynamic quantisation to int8")
        scratch = self.scratch()
        model, text, module = graph(workload, folder), scratch / "model.mlir", scratch / "model.vmfb"
        importer = [sys.executable, "-m", "iree.compiler.tools.import_onnx", str(model), "-o", str(text)]
        subprocess.run(importer, check=True, stdout=sys.stderr)
        flags = ["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3", "--iree-opt-data-tiling"]
        # Its usual 32 kB refuse what it makes of BERT for vectors of 512 bits.
        flags.append("--iree-llvmcpu-stack-allocation-limit=1048576")
        if workload.precision == "bf16":
            flags.append("--iree-global-opt-demote-contraction-inputs-type=bf16")
            flags.append("--iree-global-opt-demote-contraction-inputs-operations=matmul")
        iree.compiler.compile_file(
            str(text), input_type="onnx", target_backends=["llvm-cpu"], extra_args=flags, output_file=str(module)
        )
        iree.runtime.flags.parse_flags(f"--task_topology_group_count={self.threads}")
        config = iree.runtime.Config("local-sync" if self.threads == 1 else "local-task")
        loaded = iree.runtime.VmModule.mmap(config.vm_instance, str(module))
        self.module = iree.runtime.load_vm_module(loaded, config)
        entry = next(name for name in loaded.function_names if "$" not in name and not name.startswith("__"))
        device = config.device
        inputs = [iree.runtime.asdevicearray(device, v) for v in workload.inputs(folder).values()]
        function = self.module[entry]
        return lambda: function(*inputs), lambda y: y.to_host()

    def release(self):
        self.module = None
        super().release()
