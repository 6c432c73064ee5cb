/*===- plain-c.c - the runtime used from C, as a generated object does -----===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

#include "nacre/artifact.h"
#include "nacre/nacre.h"
#include "nacre/profile.h"
#include "nacre/state_format.h"
#include "nacre/weights_format.h"

#include <stdio.h>
#include <string.h>

static void shapes(const int64_t *dims, int64_t *sizes) { sizes[0] = sizes[1] = dims[0]; }

static int64_t arenaSize(const int64_t *dims) {
  (void)dims;
  return 0;
}

static void run(const void *weights, void *const *buffers, const int64_t *dims, void *arena,
                void *const *states, int64_t thread, int64_t threads, nacre_team *team) {
  (void)weights;
  (void)arena;
  (void)threads;
  const float *x = buffers[0];
  float *y = buffers[1], *sum = states[0];
  int64_t shares = nacre_shares(team, -1), share = -1;
  while ((share = nacre_next_share(team, thread, NACRE_STEP(0, 0), shares, share)) >= 0)
    for (int64_t i = share; i < dims[0]; i += shares)
      y[i] = sum[i] += x[i];
}

static const nacre_run_function runs[] = {run};
static const nacre_target target = {"any", ""};
static const char *const dimNames[] = {"N"};
static const int64_t vector[] = {NACRE_DIM_VARIABLE(0)};
static const nacre_tensor_info tensors[] = {{"x", "f32[N]", vector, NACRE_F32, 1},
                                            {"result", "f32[N]", vector, NACRE_F32, 1}};
static const nacre_entry entries[] = {
    {"add", "", dimNames, tensors, 1, 1, 1, 1, NULL, shapes, arenaSize, runs, vector}};
static const nacre_tensor_info states[] = {{"sum", "f32[N]", vector, NACRE_F32, 1}};
static const nacre_artifact artifact = {NACRE_ARTIFACT_MAGIC,
                                        NACRE_ABI_VERSION,
                                        "plain",
                                        {0},
                                        0,
                                        &target,
                                        entries,
                                        1,
                                        1,
                                        "{}",
                                        states,
                                        dimNames,
                                        1,
                                        1};

int main(void) {
  nacre_model *model;
  if (nacre_open(&artifact, NULL, &model) != NACRE_OK) {
    fprintf(stderr, "%s\n", nacre_message(model));
    return 1;
  }
  float x[5] = {0, 1, 2, 3, 4}, y[5] = {0};
  void *buffers[] = {x, y};
  int64_t dims[] = {5};
  nacre_state *state;
  nacre_status status = nacre_new_state(model, dims, &state);
  for (int i = 0; i < 3 && status == NACRE_OK; ++i)
    status = nacre_run_with(model, 0, state, buffers, dims, NULL);
  nacre_free_state(state);
  nacre_close(model);
  if (status != NACRE_OK || y[1] != 3 || y[4] != 12) {
    fprintf(stderr, "%s: %g %g\n", nacre_status_text(status), y[0], y[4]);
    return 1;
  }
  return 0;
}
