# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every peer is."""
import gc
import os
import shutil

from harness.child import Lacks  # noqa: F401: what peers raise
from harness.paths import BUILD


class Peer:
    """A library in a process of its own, with a number of threads that stays."""

    title = ""  # in tables
    environment = ""  # of harness/environments.py
    # Precision -> relative error that this one may have where it is more than workloads.base.ALLOWED, with the reason.
    less_accurate = {}

    def __init__(self, threads):
        self.threads = threads

    def version(self):
        raise NotImplementedError

    def prepare(self, workload, folder):
        """Gives a function that computes the workload once, and one that makes a NumPy array of what it returns.

        Raises Lacks where the library has no such thing. One workload is prepared at a time.
        """
        raise NotImplementedError

    def scratch(self):
        """An empty folder for what the peer makes of a workload."""
        shutil.rmtree(self.scratch_path(), ignore_errors=True)
        self.scratch_path().mkdir(parents=True)
        return self.scratch_path()

    def scratch_path(self):
        return BUILD / "scratch" / f"{type(self).__name__}-{os.getpid()}"

    def release(self):
        """Lets go of what was prepared."""
        gc.collect()
        shutil.rmtree(self.scratch_path(), ignore_errors=True)


def graph(workload, folder, form="plain"):
    """Path of the workload's ONNX graph."""
    path = folder / f"{form}.onnx"
    if not path.exists():
        raise Lacks(f"no {form} ONNX graph of {workload.family}")
    return path
