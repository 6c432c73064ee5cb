/* probes.c - how fast this core multiplies, adds and reads right now
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Twelve independent chains, enough to hide the latency of two units. Each probe of arithmetic
 * gives the operations that it did, 0 where there is no instruction for it; `*sink` keeps them from
 * being optimised away. */
#include <immintrin.h>
#include <stddef.h>

#ifdef __AVX512F__
typedef float vec __attribute__((vector_size(64)));
typedef long long words __attribute__((vector_size(64)));
#else
typedef float vec __attribute__((vector_size(32)));
typedef long long words __attribute__((vector_size(32)));
#endif

enum { CHAINS = 12, READERS = 8 };

double nacre_probe_f32(long steps, float *sink) {
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

/* Sums of two products of bf16. */
double nacre_probe_bf16(long steps, float *sink) {
#ifdef __AVX512BF16__
  __m512 sum[CHAINS], ones = _mm512_set1_ps(1.0f + *sink);
  __m512bh factor = _mm512_cvtne2ps_pbh(ones, ones);
  for (int i = 0; i < CHAINS; ++i)
    sum[i] = _mm512_set1_ps((float)i);
  for (long step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i)
      sum[i] = _mm512_dpbf16_ps(sum[i], factor, factor);
  }
  for (int i = 1; i < CHAINS; ++i)
    sum[0] = _mm512_add_ps(sum[0], sum[i]);
  *sink = _mm512_reduce_add_ps(sum[0]) * 0.0f;
  return 2.0 * CHAINS * steps * (sizeof(__m512) / 2);
#else
  (void)steps;
  (void)sink;
  return 0;
#endif
}

/* Sums of four products of bytes. */
double nacre_probe_int8(long steps, float *sink) {
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

/* Reads `bytes`, a multiple of 1 kB, from an address that is a multiple of 64; gives something that
 * depends on all. */
long long nacre_probe_read(const char *memory, size_t bytes) {
  words sum[READERS] = {{0}};
  const words *at = (const words *)memory;
  for (size_t i = 0; i < bytes / sizeof(words); i += READERS) {
    /* Further ahead than the hardware looks, which stops at the end of a page. */
    for (int j = 0; j < READERS; ++j)
      _mm_prefetch((const char *)(at + i + j) + 4096, _MM_HINT_T0);
#pragma clang loop unroll(full)
    for (int j = 0; j < READERS; ++j)
      sum[j] += at[i + j];
  }
  for (int i = 1; i < READERS; ++i)
    sum[0] += sum[i];
  return sum[0][0];
}
