/*===- profile.h - where the time of a call goes -------------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* What `nacre bench` uses. Any artifact can be profiled: the code is the same, and an ordinary call
 * pays nothing for it but a test of a pointer after each kernel. */

#ifndef NACRE_PROFILE_H
#define NACRE_PROFILE_H

#include "nacre/nacre.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* One step of an entry, mostly one kernel; all its rounds together where it stands in a loop. */
typedef struct nacre_kernel_time {
  /* From the moment when the last share of the kernel before it had ended (or when the call began)
   * to the moment when the last share of this one ended. Includes how long threads take to go on
   * from one to the other. */
  uint64_t nanoseconds;
  /* How long the kernel's shares had ended before the last one did, added over them; 0 for a kernel
   * of one share. */
  uint64_t waited;
  /* How often the call has come by. */
  uint64_t rounds;
} nacre_kernel_time;

/* Runs an entry like nacre_run_with, with a null `state` like nacre_run, and writes the times of
 * its kernels in the order of the artifact's metadata. `*count` becomes how many of them there are
 * up to the last one that ran; no more than `capacity` times are written, so that a call with
 * capacity 0 asks for the number. `times` may be null where capacity is 0. */
nacre_status nacre_run_profiled(nacre_model *model, uint32_t entry, nacre_state *state,
                                void *const *buffers, const int64_t *dims, void *arena,
                                nacre_kernel_time *times, size_t capacity, size_t *count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* NACRE_PROFILE_H */
