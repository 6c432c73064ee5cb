/* latency.c - how long one BERT inference takes
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *   latency bert.weights [SEQUENCE [RUNS]]
 *
 * Links against bert.o, made by `nacre compile`. Encodes one sequence (128 tokens unless said
 * otherwise) RUNS times with one thread and with two, and prints the fastest and the median run of
 * each, and the time from start to first result.
 */
#include "bert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
  HIDDEN = 768,
  MAX_RUNS = 1000,
  MAX_SEQUENCE = 512,
  ALIGNMENT = 64 /* nacre.h asks it of an arena */
};

static double milliseconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return now.tv_sec * 1e3 + now.tv_nsec * 1e-6;
}

static void check(nacre_status status, const nacre_model *model) {
  if (status == NACRE_OK)
    return;
  fprintf(stderr, "latency: %s: %s\n", nacre_status_text(status), nacre_message(model));
  exit(1);
}

static void *allocate(size_t bytes) {
  size_t whole = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  void *block = aligned_alloc(ALIGNMENT, whole);
  if (!block) {
    fprintf(stderr, "latency: no memory for %zu bytes\n", whole);
    exit(1);
  }
  return block;
}

static int compareDoubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  double start = milliseconds();
  long length = argc > 2 ? atol(argv[2]) : 128;
  long runs = argc > 3 ? atol(argv[3]) : 10;
  if (argc < 2 || length < 1 || length > MAX_SEQUENCE || runs < 1 || runs > MAX_RUNS) {
    fprintf(stderr, "usage: latency bert.weights [SEQUENCE [RUNS]]\n");
    return 1;
  }

  nacre_model *model;
  nacre_status opened = bert_open(argv[1], &model);
  check(opened, model);
  size_t arenaBytes = bert_encode_arena_size(1, length);
  void *arena = allocate(arenaBytes);
  int64_t *ids = allocate(length * sizeof *ids);
  int64_t *mask = allocate(length * sizeof *mask);
  int64_t *types = allocate(length * sizeof *types);
  float *result = allocate(length * HIDDEN * sizeof *result);
  for (long i = 0; i < length; ++i) {
    ids[i] = 1000 + 17 * i;
    mask[i] = 1;
    types[i] = 0;
  }

  static double times[MAX_RUNS];
  for (int threads = 1; threads <= 2; ++threads) {
    check(nacre_set_threads(model, threads), model);
    check(bert_encode(model, 1, length, ids, mask, types, result, arena), model);
    if (threads == 1) {
      printf("first result    %8.1f ms after the start, the weights mapped, nothing copied\n",
             milliseconds() - start);
      fflush(stdout);
    }
    for (long run = 0; run < runs; ++run) {
      double begin = milliseconds();
      check(bert_encode(model, 1, length, ids, mask, types, result, arena), model);
      times[run] = milliseconds() - begin;
    }
    qsort(times, runs, sizeof *times, compareDoubles);
    printf("%d thread%s       %8.1f ms at best, %.1f ms in the middle of %ld runs\n", threads,
           threads > 1 ? "s" : " ", times[0], times[runs / 2], runs);
  }
  printf("arena           %8.2f MB for batch 1, sequence %ld\n", arenaBytes * 1e-6, length);
  bert_close(model);
  free(arena);
  free(ids);
  free(mask);
  free(types);
  free(result);
  return 0;
}
