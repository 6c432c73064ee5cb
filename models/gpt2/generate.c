/*===- generate.c - GPT-2 token by token, from C ------------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* For the artifact of generate.ncr:
 *
 *   nacre compile generate.ncr --weights gpt2-folder -o gpt2
 *   cc -O2 generate.c gpt2.o -lnacre_runtime -lm -lpthread -o generate
 *   ./generate gpt2.weights 50257 20 464 2068 7586
 *
 * prints the likeliest 20 tokens behind 464 2068 7586, each as soon as it is known, where 50257 is
 * the size of the vocabulary. Their entry `generate` gives the same in one call. */

#include "gpt2.h"

#include <stdio.h>
#include <stdlib.h>

static nacre_model *model;

static void need(nacre_status status) {
  if (status == NACRE_OK)
    return;
  fprintf(stderr, "%s\n", nacre_message(model));
  exit(1);
}

static void *memory(size_t bytes) {
  void *made = bytes == SIZE_MAX ? NULL : aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (made)
    return made;
  fprintf(stderr, "no memory\n");
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: %s WEIGHTS VOCABULARY COUNT TOKEN...\n", argv[0]);
    return 2;
  }
  const int64_t vocabulary = atoll(argv[2]), count = atoll(argv[3]), given = argc - 4;
  need(gpt2_open(argv[1], &model));
  gpt2_state *state;
  need(gpt2_new_state(model, 1, &state));

  /* All that the calls need is made here: a step asks for no memory. */
  const size_t prompt_bytes = gpt2_step_arena_size(1, given),
               step_bytes = gpt2_step_arena_size(1, 1);
  void *arena = memory(prompt_bytes > step_bytes ? prompt_bytes : step_bytes);
  float *logits = memory((size_t)vocabulary * sizeof(float));
  int64_t *tokens = memory((size_t)given * sizeof(int64_t));
  for (int64_t i = 0; i < given; ++i)
    tokens[i] = atoll(argv[4 + i]);

  /* The prompt first, then the token that each call gave: `place` is how many the state has seen.
   */
  for (int64_t made = 0, place = 0; made < count; ++made) {
    const int64_t fed = place ? 1 : given;
    need(gpt2_step(model, state, 1, fed, tokens, &place, logits, arena));
    place += fed;
    tokens[0] = 0;
    for (int64_t i = 1; i < vocabulary; ++i)
      if (logits[i] > logits[tokens[0]])
        tokens[0] = i;
    printf("%lld\n", (long long)tokens[0]);
    fflush(stdout);
  }

  free(tokens);
  free(logits);
  free(arena);
  nacre_free_state(state);
  gpt2_close(model);
  return 0;
}
