/*===- nacre.h - run compiled models -------------------------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* `nacre compile gpt2.ncr` makes gpt2.o, gpt2.weights and gpt2.h; the header wraps the functions
 * below with the model's own names and sizes, and is what most programs include. Link the object
 * with libnacre_runtime.a, libm and libpthread.
 *
 * No function here keeps anything outside the model or state it is given. One model may run on
 * several threads at once, each with its own arena, buffers and state. Functions never throw, exit
 * or print. */

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
  NACRE_ERROR_FILE = 1,             /* a file cannot be read or written, or is cut off */
  NACRE_ERROR_WEIGHTS_MISMATCH = 2, /* not a weights file, or of another build than the object */
  NACRE_ERROR_VERSION = 3,          /* object or file of a format this runtime does not know */
  NACRE_ERROR_CPU = 4, /* this processor lacks an instruction set the object was compiled for */
  NACRE_ERROR_ARGUMENT = 5,      /* a size, pointer or number that the call cannot accept */
  NACRE_ERROR_MEMORY = 6,        /* out of memory */
  NACRE_ERROR_STATE_MISMATCH = 7 /* not a state file, or of another build or other sizes */
} nacre_status;

typedef struct nacre_model nacre_model;
typedef struct nacre_state nacre_state;
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

/* The same with the code for one target, by the name that the object was compiled for it with:
 * "x86-64-v3". Null: the environment variable NACRE_TARGET_CPU names it, and where that is not set
 * it is the best one that this processor can run; so does nacre_open. */
nacre_status nacre_open_for(const struct nacre_artifact *artifact, const char *weights_path,
                            const char *target_cpu, nacre_model **model);

/* The name of the target whose code the model runs; null for a model that is not open. */
const char *nacre_model_target(const nacre_model *model);

/* Unmaps the weights and frees the model. Accepts null. No call on the model may be under way. */
void nacre_close(nacre_model *model);

/* What went wrong in the last call on this model that failed, with names and numbers; "" if none
 * did. The text stays as it is until the next failure. For a null model: that there was no memory.
 * Never null. */
const char *nacre_message(const nacre_model *model);

/* How many threads nacre_run uses at most from now on: 1 to 4096, or 0 for the default (the first
 * number in OMP_NUM_THREADS, or one for each processor that the process may use), which is what a
 * fresh model has. Results do not depend on it. Not while the model runs.
 *
 * The model makes the threads itself when a call first has work for them, and ends them when it is
 * closed. Short kernels run on one thread. */
nacre_status nacre_set_threads(nacre_model *model, int threads);

/* A piece of work for a pool of threads; `index` is its number. */
typedef void (*nacre_task)(void *argument, int index);

/* What a pool does for a model: calls task(argument, 0) to task(argument, count - 1), and returns
 * when all calls that it began have returned. Each index at most once. Otherwise it is free: tasks
 * may run on any threads, the calling one too, at the same time or one after the other, in any
 * order. They may also be left out, as when no thread is free: a call needs none of them to end
 * well, and all of them to be fast. So it must not wait for a task that no thread has begun unless
 * one is sure to begin it. A loop over [0, count) as thread pools have it does all this.
 *
 * Tasks wait for each other's kernels, at first in a loop, then asleep; they need 1 MB of stack. */
typedef void (*nacre_parallel)(void *context, int count, nacre_task task, void *argument);

/* From now on nacre_run has its work done by the caller's threads and makes none itself.
 * `parallel` is called with `context` and count = `threads`, at most once a call of nacre_run, by
 * the thread that called it and only where the call has kernels that are long enough; by several
 * threads at once where calls are. nacre_set_threads changes the count later. A null `parallel`
 * brings the model's own threads back. Not while the model runs. */
nacre_status nacre_set_pool(nacre_model *model, nacre_parallel parallel, void *context,
                            int threads);

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
 * has been touched. An entry that uses states needs nacre_run_with. */
nacre_status nacre_run(nacre_model *model, uint32_t entry, void *const *buffers,
                       const int64_t *dims, void *arena);

/* A state is what entries of a model keep from call to call, such as the keys and values of the
 * tokens seen so far. A model may have any number of states, one for each conversation; a call
 * works on one of them, and no two calls may work on the same one at once. States are freed before
 * their model is closed.
 *
 * nacre_new_state makes one, all zeros. `dims` has the size of each of the model's state dimension
 * variables; the generated header names them. Null dims where there are none. After a failure
 * `*state` is null and the model has the message. */
nacre_status nacre_new_state(nacre_model *model, const int64_t *dims, nacre_state **state);

/* Accepts null. */
void nacre_free_state(nacre_state *state);

/* Sets it all to zero again, as before its first call. */
nacre_status nacre_zero_state(nacre_state *state);

/* Bytes that a state takes for the given sizes of the model's state dimension variables: 0 for a
 * model without states, SIZE_MAX for sizes that cannot be. */
size_t nacre_state_size(const struct nacre_artifact *artifact, const int64_t *dims);

/* Writes a state to a file, under another name first: a file that stood there before stays whole
 * until the new one is. */
nacre_status nacre_save_state(const nacre_state *state, const char *path);

/* Reads a state from a file that nacre_save_state wrote, for the same build of the model and the
 * same sizes. On failure the state is as it was. Takes the state's memory a second time as long as
 * it reads. */
nacre_status nacre_load_state(nacre_state *state, const char *path);

/* nacre_run with a state. An entry that uses states checks that its sizes agree with the state's;
 * on failure the state is as it was. For other entries `state` may be null. */
nacre_status nacre_run_with(nacre_model *model, uint32_t entry, nacre_state *state,
                            void *const *buffers, const int64_t *dims, void *arena);

/* The artifact that the model was opened with. */
const struct nacre_artifact *nacre_model_artifact(const nacre_model *model);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* NACRE_H */
