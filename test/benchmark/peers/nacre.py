# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nacre itself, through the documented C functions."""
import shutil
import subprocess

import numpy as np

from harness.paths import BENCHMARK
from peers.base import Peer

MODELS = BENCHMARK / "models"


class Nacre(Peer):
    title = "Nacre"
    environment = "report"
    artifact = None
    state = arena_bytes = None
    count = 0

    def version(self):
        from artifact import find_nacre

        done = subprocess.run([find_nacre(), "--version"], check=True, capture_output=True, text=True)
        return done.stdout.split()[-1]

    def prepare(self, workload, folder):
        from artifact import Artifact

        options, place = [f"--precision={workload.precision}"], self.scratch()
        inputs = workload.inputs(folder)
        if workload.kind == "network":
            model, weights, entry, sizes = workload.network.path, workload.stored.folder, workload.entry, workload.sizes
        elif workload.kind == "decoding":
            model, weights, entry = self.decoder(workload, place), workload.stored.folder, "step"
        elif workload.kind == "matmul":
            model, weights, sizes = MODELS / "matmul.ncr", folder / "weights.npz", {"M": workload.rows}
            options += [f"--set=depth={workload.depth}", f"--set=columns={workload.columns}"]
            entry = "inner" if workload.precision == "int8" else "forward"
        elif workload.kind == "recurrent":
            model, weights, entry = MODELS / "lstm.ncr", folder / "weights.npz", "forward"
            sizes = dict(zip("BT", workload.shape))
            options.append(f"--set=hidden={workload.hidden}")
        else:
            model, weights, entry = MODELS / ("causal.ncr" if workload.causal else "attention.ncr"), None, "forward"
            batch, heads, length, size = workload.shape
            sizes = {"B": batch, "S": length}
            options += [f"--set=heads={heads}", f"--set=size={size}"]
        # A library stays loaded under its path, so every one has its own.
        self.count += 1
        self.artifact = Artifact(model, weights, place / f"model{self.count}", *options)
        self.artifact.set_threads(self.threads)
        if workload.kind == "decoding":
            return self.step(workload, folder), np.asarray
        self.arena_bytes = self.artifact.arena_size(entry, sizes)
        return self.artifact.prepare(entry, sizes, inputs.values()), np.asarray

    def decoder(self, workload, place):
        """A model file finds those that it imports beside itself."""
        folder = place / "sources"
        folder.mkdir()
        for source in (*workload.models.glob("*.ncr"), MODELS / "decode.ncr"):
            shutil.copy(source, folder)
        return folder / "decode.ncr"

    def step(self, workload, folder):
        """The step after the prompt; it writes the same place of the cache each time."""
        self.state = self.artifact.new_state({"B": 1})
        prompt, token = workload.prompt(folder), workload.inputs(folder)["ids"]
        for ids, place in ((prompt, 0), (token, workload.place)):
            sizes = {"B": 1, "S": ids.shape[1]}
            call = self.artifact.prepare("step", sizes, [ids, np.array(place, np.int64)], self.state)
            call()
        return call

    def release(self):
        if self.state is not None:
            self.artifact.free_state(self.state)
        self.state = self.arena_bytes = None
        if self.artifact is not None:
            self.artifact.close()
        self.artifact = None
        super().release()
