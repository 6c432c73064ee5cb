/*===- artifact.h - what a compiled object and the runtime agree on -*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* The compiler writes these structs as constant data into the object it makes, under the external
 * symbol
 * `<name>_artifact` of type `nacre_artifact`. A program includes nacre.h or the generated header;
 * only the compiler and tools that look inside an artifact need this file.
 *
 * Any change of layout, of meaning, or of a function's signature raises NACRE_ABI_VERSION; the
 * runtime refuses an artifact of another version. docs/artifact.md has the policy. */

#ifndef NACRE_ARTIFACT_H
#define NACRE_ARTIFACT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define NACRE_ARTIFACT_MAGIC 0x4352434eu /* "NCRC" read as a little-endian number */
#define NACRE_ABI_VERSION 4u

/* An arena, the weights' data and every tensor in it, and every state start at a multiple of this
 * many bytes. */
#define NACRE_ALIGNMENT 64

/* Element types of inputs, outputs and states. Values are part of the ABI; they are never reused.
 */
enum {
  NACRE_F32 = 1,
  NACRE_F16 = 2,
  NACRE_BF16 = 3,
  NACRE_F64 = 4,
  NACRE_I64 = 5,
  NACRE_I32 = 6,
  NACRE_I16 = 7,
  NACRE_I8 = 8,
  NACRE_U8 = 9,
  NACRE_BOOL = 10,   /* one byte, 0 or 1 */
  NACRE_F8E4M3 = 11, /* without infinities, as the OCP has it */
  NACRE_F8E5M2 = 12,
  NACRE_I4 = 13 /* one byte, -8 to 7: of another one the lowest four bits count */
};

/* A dimension in `nacre_tensor_info.dims` is a size where it is >= 0; otherwise dimension variable
 * number -1 - dims[i] of the entry, or a formula of several variables, which only `shapes` of the
 * entry knows. An output's dimension may also be as long as the call itself finds out: the buffer
 * has the size that `shapes` says, and how much of it means something is what the call writes into
 * output number `output`, one i64. Rows stay where they are in the whole buffer. */
#define NACRE_DIM_VARIABLE(number) (-1 - (int64_t)(number))
#define NACRE_DIM_FORMULA INT64_MIN
#define NACRE_DIM_LENGTH(output) (INT64_MIN + 1 + (int64_t)(output))
#define NACRE_IS_DIM_LENGTH(dim) ((dim) > INT64_MIN && (dim) < INT64_MIN + (INT64_C(1) << 32))

typedef struct nacre_tensor_info {
  const char *name;
  const char *type;    /* as the model file says it, for messages: "f32[B, S, 768]" */
  const int64_t *dims; /* `rank` of them; may be null where rank is 0 */
  int32_t element_type;
  int32_t rank;
} nacre_tensor_info;

/* The threads that run one call together. */
typedef struct nacre_team nacre_team;

/* An entry is a sequence of steps, each one kernel or several that do not depend on each other, in
 * a number of shares: a kernel is a function of (share, shares). Every thread of the team walks
 * through all steps, in order, and in each of them:
 *
 *   int64_t shares = nacre_shares(team, work), share = -1;
 *   while ((share = nacre_next_share(team, thread, step, shares, share)) >= 0)
 *     kernel(..., share, shares);
 *
 * `work` estimates how many nanoseconds the step takes one thread; negative where that is not
 * known. The number of shares depends on it and on the team, so it is the same on every thread. */
int64_t nacre_shares(nacre_team *team, double work);

/* The number of a step: steps count from 0 as they are taken, also those of one place in a loop,
 * and there may be NACRE_STEPS of them in a call. `place` says which of the entry's steps it is, as
 * they stand in its code and in the metadata; profiles add up what is of one place. */
#define NACRE_STEPS 0x80000000u
#define NACRE_STEP(count, place) ((int64_t)(place) << 32 | (int64_t)(count))

/* Ends the share that the thread had before (-1: none) and gives it another one that no thread has
 * begun. Returns -1 when all shares of the step have ended; what they wrote is then visible to the
 * thread. */
int64_t nacre_next_share(nacre_team *team, int64_t thread, int64_t step, int64_t shares,
                         int64_t ended);

/* Takes a decision that depends on what the call has computed. It is a step of its own, in which
 * one thread reads `flag`; all threads learn whether it was 0 or not, and none reads it again,
 * since what stands there may be of a later round by then. Decisions count from 0 as they are
 * taken. Returns 0 or 1, or -1 on a thread that is so far behind that the decision is forgotten:
 * that one is of no more use, and the others finish the call. It returns from the entry, or walks
 * to its end with step counts from NACRE_STEPS on, which give it no shares, and where all decisions
 * are 0. */
int64_t nacre_decide(nacre_team *team, int64_t thread, int64_t step, int64_t decision,
                     const unsigned char *flag);

/* The code of an entry, called by any number of threads of the team, thread = 0 .. threads - 1.
 * `weights` is the data of the weights file, `buffers` one pointer per tensor, `arena` at least
 * arena_size(dims) bytes, `states` one pointer for each of the artifact's states, null for an entry
 * that uses none; weights, arena and states are aligned to NACRE_ALIGNMENT, buffers to their
 * element's size. A tensor without elements may have a null buffer. Results must not depend on
 * `threads`. */
typedef void (*nacre_run_function)(const void *weights, void *const *buffers, const int64_t *dims,
                                   void *arena, void *const *states, int64_t thread,
                                   int64_t threads, nacre_team *team);

/* One entry of a model. `dims` below holds the sizes of its dimension variables, in the order of
 * dim_names; the runtime calls no function before it has seen that all of them are >= 0 and `check`
 * accepts them. */
typedef struct nacre_entry {
  const char *name;
  const char *doc;                  /* the `///` comment in the model file, or "" */
  const char *const *dim_names;     /* num_dims of them; may be null where there is none */
  const nacre_tensor_info *tensors; /* num_inputs inputs, then num_outputs outputs */
  uint32_t num_dims;
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t uses_states; /* 1: runs with a state only; 0 */

  /* Null, or says why the sizes cannot run ("S must be at most 1024"); returns null for sizes that
   * can. */
  const char *(*check)(const int64_t *dims);

  /* Writes every size of every tensor, static ones too, one tensor after the other: sum of the
   * ranks values. */
  void (*shapes)(const int64_t *dims, int64_t *sizes);

  /* Bytes of the arena, or a negative number where they do not fit into int64_t. */
  int64_t (*arena_size)(const int64_t *dims);

  /* Its code, for each of the artifact's targets in their order. */
  const nacre_run_function *run;

  /* What each of the artifact's state dimension variables must be in a call: a size, a dimension
   * variable of the entry, or NACRE_DIM_FORMULA for one that it has nothing to do with. Null where
   * the entry uses no states or these have no variables. */
  const int64_t *state_dims;
} nacre_entry;

/* An instruction set that an artifact has code for. */
typedef struct nacre_target {
  const char *name;         /* what it was compiled for: "x86-64-v3" */
  const char *cpu_features; /* what `run` needs, as LLVM spells it: "avx2,fma", or "" */
} nacre_target;

typedef struct nacre_artifact {
  uint32_t magic;       /* NACRE_ARTIFACT_MAGIC */
  uint32_t abi_version; /* NACRE_ABI_VERSION */
  const char *name;
  unsigned char build_id[32]; /* the same in the weights file that belongs to this object */
  uint64_t weights_size; /* bytes of data in the weights file; 0: the model needs no weights file */
  const nacre_target *targets; /* the first that the processor can run is taken */
  const nacre_entry *entries;
  uint32_t num_entries;
  uint32_t num_targets; /* at least 1 */
  const char *metadata; /* a JSON object for `nacre inspect`, or "{}" */

  /* What a state of the model holds: dense tensors with names of their own, whose sizes are numbers
   * or variables of state_dim_names. Both may be null where there is none. */
  const nacre_tensor_info *states;
  const char *const *state_dim_names;
  uint32_t num_states;
  uint32_t num_state_dims;
} nacre_artifact;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

/* The compiler emits these layouts by hand; a target where they differ needs its own emission. */
#if UINTPTR_MAX == UINT64_MAX
#ifdef __cplusplus
#define NACRE_STATIC_ASSERT(condition) static_assert(condition, #condition)
#else
#define NACRE_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#endif
NACRE_STATIC_ASSERT(offsetof(nacre_tensor_info, type) == 8);
NACRE_STATIC_ASSERT(offsetof(nacre_tensor_info, dims) == 16);
NACRE_STATIC_ASSERT(offsetof(nacre_tensor_info, element_type) == 24);
NACRE_STATIC_ASSERT(offsetof(nacre_tensor_info, rank) == 28);
NACRE_STATIC_ASSERT(sizeof(nacre_tensor_info) == 32);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, doc) == 8);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, dim_names) == 16);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, tensors) == 24);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, num_dims) == 32);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, num_inputs) == 36);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, num_outputs) == 40);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, uses_states) == 44);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, check) == 48);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, shapes) == 56);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, arena_size) == 64);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, run) == 72);
NACRE_STATIC_ASSERT(offsetof(nacre_entry, state_dims) == 80);
NACRE_STATIC_ASSERT(sizeof(nacre_entry) == 88);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, abi_version) == 4);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, name) == 8);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, build_id) == 16);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, weights_size) == 48);
NACRE_STATIC_ASSERT(sizeof(nacre_target) == 16);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, targets) == 56);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, entries) == 64);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, num_entries) == 72);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, num_targets) == 76);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, metadata) == 80);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, states) == 88);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, state_dim_names) == 96);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, num_states) == 104);
NACRE_STATIC_ASSERT(offsetof(nacre_artifact, num_state_dims) == 108);
NACRE_STATIC_ASSERT(sizeof(nacre_artifact) == 112);
#undef NACRE_STATIC_ASSERT
#endif

#endif /* NACRE_ARTIFACT_H */
