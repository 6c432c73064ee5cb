/*===- state.c - a program that keeps conversations apart ----------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Linked with --wrap, so that all memory that model and runtime ask for is counted. */

#include "state.h"

#include <nacre/artifact.h>
#include <stdio.h>
#include <stdlib.h>

static size_t asked;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__wrap_malloc(size_t size) {
  asked += size;
  return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  asked += count * size;
  return __real_calloc(count, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  asked += size;
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  asked += size;
  return __real_posix_memalign(memory, alignment, size);
}

static nacre_model *model;
static float x[8], y[8];
static void *arena;

static void need(nacre_status status) {
  if (status == NACRE_OK)
    return;
  printf("%s\n", nacre_message(model));
  exit(1);
}

static void put(state_state *state, int64_t position, float value) {
  for (int i = 0; i < 8; ++i)
    x[i] = value;
  need(state_put(model, state, 2, x, &position, y, arena));
}

int main(int argc, char **argv) {
  need(state_open(NULL, &model));
  need(nacre_set_threads(model, 3));
  state_state *one, *other;
  need(state_new_state(model, 2, &one));
  need(state_new_state(model, 2, &other));
  printf("a state asked for 288 bytes or more: %d\n", asked >= 2 * 288);

  put(one, 0, 1);
  asked = 0;
  for (int64_t position = 1; position < 8; ++position)
    put(one, position, (float)(position + 1));
  printf("sum %g, bytes allocated in 7 steps: %zu\n", y[7], asked);
  put(other, 3, 5);
  printf("the other's sum %g\n", y[0]);
  put(one, 7, 0);
  printf("one's sum without the last %g\n", y[0]);

  float gains[2] = {10, 100};
  need(state_latest(model, other, 2, gains, y, NULL));
  printf("latest %g %g\n", y[0], y[7]);
  need(nacre_save_state(one, argv[argc - 1]));
  need(nacre_zero_state(one));
  put(one, 0, 2);
  printf("after zeroing %g\n", y[0]);
  need(nacre_load_state(one, argv[argc - 1]));
  put(one, 7, 8);
  printf("loaded and put back %g\n", y[0]);

  int64_t position = 0;
  printf("%d: ", state_put(model, one, 1, x, &position, y, arena));
  printf("%s\n", nacre_message(model));
  printf("%d: ", state_put(model, NULL, 2, x, &position, y, arena));
  printf("%s\n", nacre_message(model));
  int64_t dims[] = {2};
  printf("%zu bytes\n", nacre_state_size(&state_artifact, dims));
  nacre_free_state(one);
  nacre_free_state(other);
  free(arena);
  state_close(model);
  return 0;
}
