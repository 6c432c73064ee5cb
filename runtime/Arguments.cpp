//===- Arguments.cpp - checking what a caller hands to an entry -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Arguments.h"

#include "State.h"

#include <cstdlib>
#include <cstring>

using namespace nacre;

const nacre_entry *nacre::findEntry(nacre_model *model, const nacre_artifact *artifact,
                                    uint32_t number) {
  if (number < artifact->num_entries)
    return &artifact->entries[number];
  fail(model, NACRE_ERROR_ARGUMENT, "'%s' has %u entries, there is no number %u", artifact->name,
       artifact->num_entries, number);
  return nullptr;
}

nacre_status nacre::checkDims(nacre_model *model, const nacre_entry &entry, const int64_t *dims) {
  if (entry.num_dims && !dims)
    return fail(model, NACRE_ERROR_ARGUMENT, "%s: no sizes given for its %u dimension variables",
                entry.name, entry.num_dims);
  for (uint32_t i = 0; i < entry.num_dims; ++i)
    // The upper limit keeps products of two variables, which formulas have, from overflowing.
    if (dims[i] < 0 || dims[i] > INT32_MAX)
      return fail(model, NACRE_ERROR_ARGUMENT, "%s: size %s = %lld is not between 0 and 2147483647",
                  entry.name, entry.dim_names[i], static_cast<long long>(dims[i]));
  if (entry.check)
    if (const char *reason = entry.check(dims))
      return fail(model, NACRE_ERROR_ARGUMENT, "%s: %s", entry.name, reason);
  return NACRE_OK;
}

int64_t nacre::elementSize(int32_t type) {
  switch (type) {
  case NACRE_F64:
  case NACRE_I64:
    return 8;
  case NACRE_F32:
  case NACRE_I32:
    return 4;
  case NACRE_F16:
  case NACRE_BF16:
  case NACRE_I16:
    return 2;
  default:
    return 1;
  }
}

/// Bytes of a dense tensor, or -1 where they do not fit.
static int64_t tensorBytes(const nacre_tensor_info &tensor, const int64_t *sizes) {
  bool overflow = false;
  int64_t bytes = elementSize(tensor.element_type);
  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (sizes[i] < 0)
      return -1;
    if (sizes[i] == 0)
      return 0;
    overflow |= __builtin_mul_overflow(bytes, sizes[i], &bytes);
  }
  return overflow ? -1 : bytes;
}

static nacre_status checkBuffers(nacre_model *model, const nacre_entry &entry, void *const *buffers,
                                 const int64_t *sizes, int64_t *bytes) {
  uint32_t count = entry.num_inputs + entry.num_outputs;
  for (uint32_t i = 0; i < count; ++i) {
    const nacre_tensor_info &tensor = entry.tensors[i];
    bytes[i] = tensorBytes(tensor, sizes);
    sizes += tensor.rank;
    if (bytes[i] < 0)
      return fail(model, NACRE_ERROR_ARGUMENT, "%s: '%s' (%s) is too large for these sizes",
                  entry.name, tensor.name, tensor.type);
    if (bytes[i] == 0)
      continue;
    if (!buffers[i])
      return fail(model, NACRE_ERROR_ARGUMENT, "%s: null pointer given for '%s'", entry.name,
                  tensor.name);
    int64_t alignment = elementSize(tensor.element_type);
    if (reinterpret_cast<uintptr_t>(buffers[i]) % alignment)
      return fail(model, NACRE_ERROR_ARGUMENT, "%s: buffer of '%s' is not aligned to %lld bytes",
                  entry.name, tensor.name, static_cast<long long>(alignment));
  }
  for (uint32_t output = entry.num_inputs; output < count; ++output) {
    auto begin = reinterpret_cast<uintptr_t>(buffers[output]);
    for (uint32_t other = 0; other < output; ++other) {
      auto otherBegin = reinterpret_cast<uintptr_t>(buffers[other]);
      if (begin < otherBegin + bytes[other] && otherBegin < begin + bytes[output])
        return fail(model, NACRE_ERROR_ARGUMENT, "%s: buffers of '%s' and '%s' overlap", entry.name,
                    entry.tensors[output].name, entry.tensors[other].name);
    }
  }
  return NACRE_OK;
}

nacre_status nacre::checkBuffers(nacre_model *model, const nacre_entry &entry, void *const *buffers,
                                 const int64_t *dims) {
  size_t count = size_t(entry.num_inputs) + entry.num_outputs;
  if (count && !buffers)
    return fail(model, NACRE_ERROR_ARGUMENT, "%s: no buffers given", entry.name);
  size_t needed = count; // bytes of each tensor, then all sizes
  for (size_t i = 0; i < count; ++i)
    needed += entry.tensors[i].rank;
  // Nearly every entry is small; a call should not pay for memory it need not ask for.
  int64_t few[96];
  int64_t *memory = few;
  if (needed > sizeof(few) / sizeof(few[0])) {
    memory = static_cast<int64_t *>(malloc(needed * sizeof(int64_t)));
    if (!memory)
      return fail(model, NACRE_ERROR_MEMORY, "%s: out of memory", entry.name);
  }
  entry.shapes(dims, memory + count);
  nacre_status status = ::checkBuffers(model, entry, buffers, memory + count, memory);
  if (memory != few)
    free(memory);
  return status;
}

nacre_status nacre::checkState(nacre_model *model, const nacre_entry &entry,
                               const nacre_state *state, const int64_t *dims) {
  if (!entry.uses_states)
    return NACRE_OK;
  if (!state)
    return fail(model, NACRE_ERROR_ARGUMENT,
                "%s: uses the model's state; make one with nacre_new_state and give it to "
                "nacre_run_with",
                entry.name);
  const nacre_artifact *artifact = model->artifact;
  if (state->artifact != artifact)
    return fail(model, NACRE_ERROR_ARGUMENT, "%s: the state was made for '%s', and this is '%s'",
                entry.name, state->artifact->name, artifact->name);
  for (uint32_t i = 0; entry.state_dims && i < artifact->num_state_dims; ++i) {
    int64_t dim = entry.state_dims[i], wanted = state->dims[i];
    if (dim == NACRE_DIM_FORMULA)
      continue;
    auto size = static_cast<long long>(dim >= 0 ? dim : dims[-1 - dim]);
    if (size == wanted)
      continue;
    if (dim >= 0)
      return fail(model, NACRE_ERROR_ARGUMENT,
                  "%s: needs a state with %s = %lld, and this one has %lld", entry.name,
                  artifact->state_dim_names[i], size, static_cast<long long>(wanted));
    return fail(model, NACRE_ERROR_ARGUMENT,
                "%s: size %s = %lld, but the state was made with %s = %lld", entry.name,
                entry.dim_names[-1 - dim], size, artifact->state_dim_names[i],
                static_cast<long long>(wanted));
  }
  return NACRE_OK;
}
