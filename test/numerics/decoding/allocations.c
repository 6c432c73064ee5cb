/*===- allocations.c - what the steps of a program ask for ---------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Linked to a program with --wrap for each function below: counts the requests for memory while
 * gpt2_step runs, but for its first call, which starts the threads. */

#include "gpt2.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/types.h>

static int counting;
static size_t steps, requests;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
nacre_status __real_gpt2_step(nacre_model *model, gpt2_state *state, int64_t B, int64_t S,
                              const int64_t *ids, const int64_t *pos, float *result, void *arena);

static void count(void) { __atomic_fetch_add(&requests, (size_t)counting, __ATOMIC_RELAXED); }

void *__wrap_malloc(size_t size) {
  count();
  return __real_malloc(size);
}

void *__wrap_calloc(size_t number, size_t size) {
  count();
  return __real_calloc(number, size);
}

void *__wrap_realloc(void *old, size_t size) {
  count();
  return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  count();
  return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  count();
  return __real_posix_memalign(memory, alignment, size);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  count();
  return __real_mmap(address, size, protection, flags, file, offset);
}

nacre_status __wrap_gpt2_step(nacre_model *model, gpt2_state *state, int64_t B, int64_t S,
                              const int64_t *ids, const int64_t *pos, float *result, void *arena) {
  counting = steps++ > 0;
  const nacre_status status = __real_gpt2_step(model, state, B, S, ids, pos, result, arena);
  counting = 0;
  return status;
}

__attribute__((destructor)) static void report(void) {
  fprintf(stderr, "%zu requests for memory in %zu steps\n", requests, steps);
}
