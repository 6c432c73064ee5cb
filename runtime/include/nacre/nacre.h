/*===- nacre.h - run compiled models -------------------------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* `nacre compile gpt2.ncr` makes gpt2.o, gpt2.weights and gpt2.h; the header wraps the functions
 * below with the model's own names and sizes, and is what most programs include. Link the object
 * with libnacre_runtime.a, libomp and libm.
 *
 * No function here keeps state outside the model it is given. One model may run on several threads
 * at once, each with its own arena and buffers. Functions never throw, exit or print. */

#ifndef NACRE_H
#define NACRE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef enum nacre_status {
  NACRE_OK = 0,
  NACRE_ERROR_FILE = 1,             /* the weights file cannot be read, or is cut off */
  NACRE_ERROR_WEIGHTS_MISMATCH = 2, /* not a weights file, or of another build than the object */
  NACRE_ERROR_VERSION = 3, /* object or weights file of a format this runtime does not know */
  NACRE_ERROR_CPU = 4,     /* this processor lacks an instruction set the object was compiled for */
  NACRE_ERROR_ARGUMENT = 5, /* a size, pointer or number that the call cannot accept */
  NACRE_ERROR_MEMORY = 6    /* out of memory */
} nacre_status;

typedef struct nacre_model nacre_model;
struct nacre_artifact; /* in artifact.h; every compiled object has one, `<name>_artifact` */

/* One line of English for a status. Never null. */
const char *nacre_status_text(nacre_status status);

/* Checks that the object, the weights file and this processor fit together, then maps the file
 * read-only. `weights_path` may be null for a model without weights. The file must not change while
 * the model is open.
 *
 * After a failure `*model` still holds a model, good for nacre_message and nacre_close only; it is
 * null where there was no memory for it. */
nacre_status nacre_open(const struct nacre_artifact *artifact, const char *weights_path,
                        nacre_model **model);

/* Unmaps the weights and frees the model. Accepts null. No call on the model may be under way. */
void nacre_close(nacre_model *model);

/* What went wrong in the last call on this model that failed, with names and numbers; "" if none
 * did. The text stays as it is until the next failure. For a null model: that there was no memory.
 * Never null. */
const char *nacre_message(const nacre_model *model);

/* How many threads nacre_run uses from now on: 1 to 4096, or 0 for OpenMP's default
 * (OMP_NUM_THREADS, or all cores), which is what a fresh model has. Results do not depend on it.
 * Not while the model runs. */
nacre_status nacre_set_threads(nacre_model *model, int threads);

/* Bytes that an entry needs as scratch memory for the given sizes of its dimension variables;
 * SIZE_MAX if the entry cannot run with these sizes. */
size_t nacre_arena_size(const struct nacre_artifact *artifact, uint32_t entry, const int64_t *dims);

/* Writes the sizes of all inputs and outputs, one tensor after the other, for the given sizes of
 * the entry's dimension variables. */
nacre_status nacre_shapes(const struct nacre_artifact *artifact, uint32_t entry,
                          const int64_t *dims, int64_t *sizes);

/* Runs an entry. `buffers` has one pointer per tensor, inputs first, all dense and row-major; an
 * output may not overlap any other buffer. `dims` has the size of every dimension variable. `arena`
 * is 64-byte aligned memory of nacre_arena_size bytes, whose content does not matter; null
 * allocates one for this call. Every argument is checked before anything runs; on failure no buffer
 * has been touched. */
nacre_status nacre_run(nacre_model *model, uint32_t entry, void *const *buffers,
                       const int64_t *dims, void *arena);

/* The artifact that the model was opened with. */
const struct nacre_artifact *nacre_model_artifact(const nacre_model *model);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* NACRE_H */
