# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every workload has: inputs, the right result, how much work it is, and its graph for those that read ONNX."""
import dataclasses
import inspect
import pathlib

import numpy as np

from harness.paths import BENCHMARK, NUMERICS

# The relative error, root mean square, against f32 that a row may have to be timed. In bf16 some keep all in it, norms
# and sums of layers too.
ALLOWED = {"f32": 1e-4, "bf16": 5e-2, "int8": 1e-1}


@dataclasses.dataclass(frozen=True)
class Workload:
    """One thing to compute. What a run needs of it is written into a folder by `materialise`, in a process of its own.

    The folder is that of the workload's stem: workloads that differ in precision alone share it.
    """

    precision: str  # f32, bf16 or int8: of matrix products; the rest may stay in f32

    # The environment of harness/environments.py whose packages `materialise` needs.
    made_in = "onnx"

    @property
    def name(self):
        return f"{self.stem}-{self.precision}"

    def facts(self, folder):
        """`operations`: multiply-adds of matrix products, times two; `weights`: the bytes of them that one call reads."""
        raise NotImplementedError

    def sources(self):
        """The Python files that say what `materialise` writes."""
        return [*BENCHMARK.glob("harness/onnx_*.py"), NUMERICS / "network.py", pathlib.Path(inspect.getfile(type(self)))]

    def materialise(self, folder):
        self.write_data(folder)
        self.write_graphs(folder)

    def write_data(self, folder):
        """Writes inputs.npz and expected.npy, and whatever else `facts` and the peers read."""
        raise NotImplementedError

    def write_graphs(self, folder):
        """Writes plain.onnx, and fused.onnx where there is such a form."""
        raise NotImplementedError

    def select(self, result):
        """What of the result is compared with expected.npy."""
        return result

    def inputs(self, folder):
        """Name -> array, in the order of the arguments."""
        with np.load(folder / "inputs.npz") as file:
            return {name: file[name] for name in file.files}


BYTES = {"f32": 4, "bf16": 2, "int8": 1}
