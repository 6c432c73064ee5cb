# A C program with two states of one model, the header that it goes by, and no memory asked for in a step.
# REQUIRES: nacre
# RUN: mkdir -p %t
# RUN: nacre compile %S/Inputs/state.ncr -o %t/state
# RUN: nacre inspect %S/Inputs/state.ncr | FileCheck %s --check-prefix=INSPECT
# INSPECT: states, 144*B bytes
# INSPECT-NEXT: rows  f32[B, 8, 4]
# INSPECT-NEXT: last  f32[B, 4]
# RUN: FileCheck %s --check-prefix=HEADER --input-file=%t/state.h
# HEADER: What the model keeps from call to call, 144*B bytes
# HEADER: rows             f32[B, 8, 4]
# HEADER: last             f32[B, 4]
# HEADER: typedef nacre_state state_state;
# HEADER: nacre_status state_new_state(nacre_model *model, int64_t B, state_state **state);
# HEADER: `state` is one that state_new_state made with B = B
# HEADER: nacre_status state_put(nacre_model *model, state_state *state, int64_t B, const float *x, const int64_t *pos, float *result, void *arena);
# HEADER: nacre_status state_twice(nacre_model *model, int64_t S, const float *x, float *result, void *arena);

# RUN: %cc -std=c11 -Wall -Wextra -Werror -I%t -I%nacre_src/runtime/include %S/Inputs/state.c %t/state.o %nacre_bin/lib/libnacre_runtime.a -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=posix_memalign -lm -lpthread -o %t/program
# RUN: %t/program %t/saved | FileCheck %s
# CHECK: a state asked for 288 bytes or more: 1
# CHECK-NEXT: sum 36, bytes allocated in 7 steps: 0
# CHECK-NEXT: the other's sum 5
# CHECK-NEXT: one's sum without the last 28
# CHECK-NEXT: latest 50 500
# CHECK-NEXT: after zeroing 2
# CHECK-NEXT: loaded and put back 36
# CHECK-NEXT: 5: put: size B = 1, but the state was made with B = 2
# CHECK-NEXT: 5: put: uses the model's state; make one with nacre_new_state and give it to nacre_run_with
# CHECK-NEXT: 320 bytes
