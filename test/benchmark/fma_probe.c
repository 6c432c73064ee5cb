/* fma_probe.c - how fast this core multiplies and adds right now
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Twelve independent chains of vector FMAs, enough to hide the latency of two FMA units. */
#ifdef __AVX512F__
typedef float vec __attribute__((vector_size(64)));
#else
typedef float vec __attribute__((vector_size(32)));
#endif

enum { CHAINS = 12 };

/* Runs `steps` rounds and gives the floating-point operations done; `*sink` keeps them from being
 * optimised away. */
double nacre_fma_probe(long steps, float *sink) {
  vec sum[CHAINS], factor = {0}, term = {0};
  factor += 0.999f + *sink;
  term += 0.001f;
  for (int i = 0; i < CHAINS; ++i)
    sum[i] = term + (float)i;
  for (long step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i)
      sum[i] = __builtin_elementwise_fma(sum[i], factor, term);
  }
  for (int i = 1; i < CHAINS; ++i)
    sum[0] += sum[i];
  *sink = sum[0][0] * 0.0f;
  return 2.0 * CHAINS * steps * (sizeof(vec) / sizeof(float));
}
