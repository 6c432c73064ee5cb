/* fma_probe.c - how fast this core multiplies and adds right now, in f32 and in bytes
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Twelve independent chains of vector FMAs, enough to hide the latency of two FMA units. */
#include <immintrin.h>

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

/* The same for sums of four products of bytes; 0 where there is no instruction for it. */
double nacre_int8_probe(long steps, float *sink) {
#ifdef __AVX512VNNI__
  __m512i sum[CHAINS], bytes = _mm512_set1_epi32(0x01020304 + (int)*sink);
  for (int i = 0; i < CHAINS; ++i)
    sum[i] = _mm512_set1_epi32(i);
  for (long step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i)
      sum[i] = _mm512_dpbusd_epi32(sum[i], bytes, bytes);
  }
  for (int i = 1; i < CHAINS; ++i)
    sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  *sink = (float)_mm512_reduce_add_epi32(sum[0]) * 0.0f;
  return 2.0 * CHAINS * steps * sizeof(__m512i);
#else
  (void)steps;
  (void)sink;
  return 0;
#endif
}
