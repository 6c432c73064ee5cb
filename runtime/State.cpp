//===- State.cpp - what a model keeps from call to call ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "State.h"

#include "Arguments.h"

#include <cstdlib>
#include <cstring>

using namespace nacre;

/// Bytes of one tensor of a state, rounded up to where the next one begins; -1 where they do not
/// fit.
static int64_t stateBytes(const nacre_tensor_info &tensor, const int64_t *dims) {
  // As nacre_tensor_info says it: sizes and variables, no formulas.
  int64_t bytes = 1;
  bool isEmpty = false, overflow = false;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    int64_t size = tensor.dims[i] >= 0 ? tensor.dims[i] : dims[-1 - tensor.dims[i]];
    isEmpty |= size == 0;
    overflow |= __builtin_mul_overflow(bytes, size, &bytes);
  }
  if (isEmpty)
    return 0;
  overflow |= __builtin_mul_overflow(bytes, elementSize(tensor.element_type), &bytes);
  overflow |= __builtin_add_overflow(bytes, NACRE_ALIGNMENT - 1, &bytes);
  return overflow ? -1 : bytes / NACRE_ALIGNMENT * NACRE_ALIGNMENT;
}

/// Bytes of a block of all tensors, or -1.
static int64_t blockBytes(const nacre_artifact &artifact, const int64_t *dims) {
  int64_t total = 0;
  for (uint32_t i = 0; i < artifact.num_states; ++i) {
    int64_t bytes = stateBytes(artifact.states[i], dims);
    if (bytes < 0 || __builtin_add_overflow(total, bytes, &total))
      return -1;
  }
  // Room to align it.
  return total > INT64_MAX - NACRE_ALIGNMENT ? -1 : total;
}

static nacre_status checkStateDims(nacre_model *model, const nacre_artifact &artifact,
                                   const int64_t *dims) {
  if (artifact.num_state_dims && !dims)
    return fail(model, NACRE_ERROR_ARGUMENT,
                "'%s': no sizes given for the %u dimension variables of its state", artifact.name,
                artifact.num_state_dims);
  for (uint32_t i = 0; i < artifact.num_state_dims; ++i)
    if (dims[i] < 0 || dims[i] > INT32_MAX)
      return fail(model, NACRE_ERROR_ARGUMENT,
                  "'%s': size %s = %lld of its state is not between 0 and 2147483647",
                  artifact.name, artifact.state_dim_names[i], static_cast<long long>(dims[i]));
  return NACRE_OK;
}

bool nacre::allocateBlock(size_t size, void *&memory, char *&block) {
  // Of calloc, large blocks come as zeros from the system and take no memory before they are used.
  memory = calloc(1, size + NACRE_ALIGNMENT);
  if (!memory)
    return false;
  auto address = reinterpret_cast<uintptr_t>(memory);
  block = static_cast<char *>(memory) + (NACRE_ALIGNMENT - address % NACRE_ALIGNMENT);
  return true;
}

void nacre::setBlock(nacre_state &state, void *memory, char *block) {
  free(state.memory);
  state.memory = memory;
  state.block = block;
  for (uint32_t i = 0; i < state.artifact->num_states; ++i) {
    state.tensors[i] = block;
    block += stateBytes(state.artifact->states[i], state.dims);
  }
}

nacre_status StateUse::refuse(const char *who) const {
  if (!state)
    return NACRE_ERROR_ARGUMENT;
  return fail(state->model, NACRE_ERROR_ARGUMENT,
              "%s: another call is working on the state; give each conversation its own", who);
}

nacre_status nacre_new_state(nacre_model *model, const int64_t *dims, nacre_state **result) {
  if (result)
    *result = nullptr;
  if (!model || !result || !model->artifact)
    return NACRE_ERROR_ARGUMENT;
  const nacre_artifact &artifact = *model->artifact;
  if (!artifact.num_states)
    return fail(model, NACRE_ERROR_ARGUMENT,
                "'%s' declares no states; nacre_run runs all its entries", artifact.name);
  if (nacre_status status = checkStateDims(model, artifact, dims); status != NACRE_OK)
    return status;
  int64_t bytes = blockBytes(artifact, dims);
  if (bytes < 0)
    return fail(model, NACRE_ERROR_ARGUMENT,
                "'%s': a state of these sizes does not fit into memory", artifact.name);

  size_t pointers = artifact.num_states * sizeof(void *);
  auto *state = static_cast<nacre_state *>(
      calloc(1, sizeof(nacre_state) + pointers + artifact.num_state_dims * sizeof(int64_t)));
  void *memory;
  char *block;
  if (!state || !allocateBlock(static_cast<size_t>(bytes), memory, block)) {
    free(state);
    return fail(model, NACRE_ERROR_MEMORY, "'%s': no memory for a state of %lld bytes",
                artifact.name, static_cast<long long>(bytes));
  }
  state->model = model;
  state->artifact = &artifact;
  state->size = static_cast<size_t>(bytes);
  state->tensors = reinterpret_cast<void **>(state + 1);
  state->dims = reinterpret_cast<int64_t *>(state->tensors + artifact.num_states);
  for (uint32_t i = 0; i < artifact.num_state_dims; ++i)
    state->dims[i] = dims[i];
  setBlock(*state, memory, block);
  *result = state;
  return NACRE_OK;
}

void nacre_free_state(nacre_state *state) {
  if (!state)
    return;
  free(state->memory);
  free(state);
}

nacre_status nacre_zero_state(nacre_state *state) {
  StateUse use(state);
  if (!use.isTaken())
    return use.refuse("nacre_zero_state");
  memset(state->block, 0, state->size);
  return NACRE_OK;
}

size_t nacre_state_size(const nacre_artifact *artifact, const int64_t *dims) {
  if (!artifact || artifact->magic != NACRE_ARTIFACT_MAGIC ||
      artifact->abi_version != NACRE_ABI_VERSION ||
      checkStateDims(nullptr, *artifact, dims) != NACRE_OK)
    return SIZE_MAX;
  int64_t bytes = blockBytes(*artifact, dims);
  return bytes < 0 ? SIZE_MAX : static_cast<size_t>(bytes);
}
