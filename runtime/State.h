//===- State.h - what a model keeps from call to call -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "Model.h"

// Plain memory, like a model. Its tensors lie one after the other in one block of zeros, in the
// artifact's order, each at a multiple of NACRE_ALIGNMENT, zeros between them.
struct nacre_state {
  nacre_model *model; // has the messages
  const nacre_artifact *artifact;
  size_t size;                   // of the block
  void *memory;                  // of the block and what rounds it up; to be freed
  char *block;                   // within `memory`
  void **tensors;                // in the block, one for each of the artifact's states
  int64_t *dims;                 // of the artifact's state dimension variables
  mutable std::atomic_flag busy; // a call works on it
};

namespace nacre {

/// Takes a state as long as the object lives, unless another call has it: a fault of the caller's
/// that would show in wrong numbers only.
class StateUse {
public:
  explicit StateUse(const nacre_state *state) : state(state) {
    taken = state && !state->busy.test_and_set(std::memory_order_acquire);
  }
  ~StateUse() {
    if (taken)
      state->busy.clear(std::memory_order_release);
  }
  StateUse(const StateUse &) = delete;

  bool isTaken() const { return taken; }
  /// What to return where it is not.
  nacre_status refuse(const char *who) const;

private:
  const nacre_state *state;
  bool taken;
};

/// Memory for a block of a state's size, zeros; gives its aligned beginning, and what to free.
bool allocateBlock(size_t size, void *&memory, char *&block);
/// Makes the block the state's own, and frees the one before.
void setBlock(nacre_state &state, void *memory, char *block);

} // namespace nacre
