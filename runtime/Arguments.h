//===- Arguments.h - checking what a caller hands to an entry ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "Model.h"

namespace nacre {

/// The entry of that number, or null; a failure is written to `model`, which may be null.
const nacre_entry *findEntry(nacre_model *model, const nacre_artifact *artifact, uint32_t number);

/// Whether the entry runs with these sizes: dimension variables in range, accepted by the entry's
/// own check.
nacre_status checkDims(nacre_model *model, const nacre_entry &entry, const int64_t *dims);

/// Bytes of an element of this type, by its number in artifact.h.
int64_t elementSize(int32_t type);

/// Whether an entry has the state that it needs, and sizes that agree with it. `dims` are checked;
/// `state` may be null.
nacre_status checkState(nacre_model *model, const nacre_entry &entry, const nacre_state *state,
                        const int64_t *dims);

/// Whether buffers are there, aligned, of sizes that exist, and outputs overlap nothing. `dims` are
/// checked.
nacre_status checkBuffers(nacre_model *model, const nacre_entry &entry, void *const *buffers,
                          const int64_t *dims);

} // namespace nacre
