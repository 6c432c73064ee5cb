# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Artifacts whose entries run on a state."""
import ctypes

import numpy as np

from artifact import Artifact, Guarded


class Stateful(Artifact):
    """An artifact whose entries run on a state."""

    def new_state(self, *sizes):
        state = ctypes.c_void_p()
        dims = (ctypes.c_int64 * len(sizes))(*sizes)
        self._check(self.library.nacre_new_state(self.model, dims, ctypes.byref(state)))
        return state

    def run_with(self, state, entry, sizes, inputs, outputs):
        """Runs the entry once; `outputs` are the arrays that it fills."""
        arena = Guarded(self.arena_size(entry, sizes))
        buffers = [np.ascontiguousarray(v) for v in inputs] + outputs
        addresses = (ctypes.c_void_p * len(buffers))(*(b.ctypes.data for b in buffers))
        number = ctypes.c_uint32(self.entries[entry])
        dims = self._dims(entry, sizes)
        self._check(
            self.library.nacre_run_with(self.model, number, state, addresses, dims, ctypes.c_void_p(arena.address))
        )
        assert arena.intact()

    def free(self, state):
        self.library.nacre_free_state(state)
