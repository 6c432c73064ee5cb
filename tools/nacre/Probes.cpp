//===- Probes.cpp - how fast this machine is right now --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Probes.h"

#include "llvm/TargetParser/Host.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace nacre::tool;
using std::chrono::steady_clock;

namespace {

// Enough for two units of four cycles' latency, few enough for sixteen registers.
constexpr int chains = 12;
constexpr int readers = 8;

template <unsigned Bytes>
struct Vectors {
  typedef float Float __attribute__((vector_size(Bytes)));
  typedef uint64_t Int __attribute__((vector_size(Bytes)));
  static constexpr int64_t lanes = Bytes / sizeof(float);
};

/// Multiply-adds in independent chains; returns how many operations.
template <unsigned Bytes>
[[gnu::always_inline]] inline double multiplyAddIn(int64_t steps, float &sink) {
  using Float = typename Vectors<Bytes>::Float;
  Float sums[chains], factor = Float{} + (0.999f + sink), term = Float{} + 0.001f;
  for (int i = 0; i < chains; ++i)
    sums[i] = term + static_cast<float>(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (Float &sum : sums)
      sum = __builtin_elementwise_fma(sum, factor, term);
  }
  for (int i = 1; i < chains; ++i)
    sums[0] += sums[i];
  sink = sums[0][0] * 0.0f;
  return 2.0 * chains * static_cast<double>(steps * Vectors<Bytes>::lanes);
}

/// Reads memory, a multiple of 1 kB, from an address aligned to a vector.
template <unsigned Bytes>
[[gnu::always_inline]] inline uint64_t sumIn(const char *memory, size_t bytes) {
  using Int = typename Vectors<Bytes>::Int;
  Int sums[readers] = {};
  auto *at = reinterpret_cast<const Int *>(memory);
  for (size_t i = 0; i < bytes / Bytes; i += readers) {
#pragma clang loop unroll(full)
    for (int j = 0; j < readers; ++j)
      sums[j] += at[i + j];
  }
  for (int i = 1; i < readers; ++i)
    sums[0] += sums[i];
  return sums[0][0];
}

// One of these sets is for this processor.
#if defined(__x86_64__)
#define NACRE_PROBES(suffix, bytes, features)                                                      \
  __attribute__((target(features))) double multiplyAdd##suffix(int64_t steps, float &sink) {       \
    return multiplyAddIn<bytes>(steps, sink);                                                      \
  }                                                                                                \
  __attribute__((target(features))) uint64_t sum##suffix(const char *memory, size_t size) {        \
    return sumIn<bytes>(memory, size);                                                             \
  }
NACRE_PROBES(512, 64, "avx512f,fma")
NACRE_PROBES(256, 32, "avx2,fma")
#undef NACRE_PROBES

/// Sums of pairs of bf16 products; returns how many operations.
__attribute__((target("avx512f,avx512bf16"))) double multiplyBf16(int64_t steps, float &sink) {
  __m512 sums[chains], ones = _mm512_set1_ps(1.0f + sink);
  __m512bh factor = _mm512_cvtne2ps_pbh(ones, ones);
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (__m512 &sum : sums)
      sum = _mm512_dpbf16_ps(sum, factor, factor);
  }
  for (int i = 1; i < chains; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = _mm512_cvtss_f32(sums[0]) * 0.0f;
  return 2.0 * chains * 32 * static_cast<double>(steps);
}

/// Sums of four products of 8-bit integers; returns how many operations.
__attribute__((target("avx512f,avx512vnni"))) double multiplyInt8(int64_t steps, uint64_t &sink) {
  __m512i sums[chains], factor = _mm512_set1_epi8(static_cast<char>(3 + (sink & 1)));
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm512_set1_epi32(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (__m512i &sum : sums)
      sum = _mm512_dpbusd_epi32(sum, factor, factor);
  }
  for (int i = 1; i < chains; ++i)
    sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  sink = static_cast<uint64_t>(_mm512_reduce_add_epi32(sums[0]));
  return 2.0 * chains * 64 * static_cast<double>(steps);
}
#endif
double multiplyAdd128(int64_t steps, float &sink) { return multiplyAddIn<16>(steps, sink); }
uint64_t sum128(const char *memory, size_t size) { return sumIn<16>(memory, size); }

double multiplyAdd(unsigned vectorBytes, int64_t steps, float &sink) {
#if defined(__x86_64__)
  if (vectorBytes == 64)
    return multiplyAdd512(steps, sink);
  if (vectorBytes == 32)
    return multiplyAdd256(steps, sink);
#endif
  return multiplyAdd128(steps, sink);
}

uint64_t sum(unsigned vectorBytes, const char *memory, size_t bytes) {
#if defined(__x86_64__)
  if (vectorBytes == 64)
    return sum512(memory, bytes);
  if (vectorBytes == 32)
    return sum256(memory, bytes);
#endif
  return sum128(memory, bytes);
}

uint64_t systemNumber(int name, uint64_t fallback) {
  long value = sysconf(name);
  return value > 0 ? static_cast<uint64_t>(value) : fallback;
}

/// Calls `work` until `seconds` have passed, and measures what it adds up a second: in all, and in
/// the best call, which other programs have left alone.
template <typename Work>
Rate rateOf(double seconds, Work work) {
  using Seconds = std::chrono::duration<double>;
  const auto start = steady_clock::now();
  auto last = start;
  Rate rate;
  double done = 0;
  do {
    const double part = work();
    const auto now = steady_clock::now();
    rate.best = std::max(rate.best, part / Seconds(now - last).count());
    done += part;
    last = now;
  } while (Seconds(last - start).count() < seconds);
  rate.whole = done / Seconds(last - start).count();
  return rate;
}

constexpr size_t megabyte = 1 << 20;

} // namespace

const char *nacre::tool::nameOf(Roof roof) {
  switch (roof) {
  case Roof::Fma:
    return "FMA";
  case Roof::Bf16:
    return "BF16";
  case Roof::Int8:
    return "INT8";
  case Roof::L2:
    return "L2";
  case Roof::L3:
    return "L3";
  case Roof::Dram:
    break;
  }
  return "DRAM";
}

Roof CacheSizes::homeOf(double bytes, int threads) const {
  if (bytes <= static_cast<double>(l2) * threads)
    return Roof::L2;
  // Half of it: what a machine shares with others is seldom all ours.
  return bytes <= static_cast<double>(l3) / 2 ? Roof::L3 : Roof::Dram;
}

/// What one thread keeps. On cache lines of its own.
struct alignas(128) Probes::Worker {
  Memory memory;
  size_t bytes = 0;
  size_t at = 0; ///< where in its part of `dram` it goes on
  Rate rate;
  float floatSink = 0;
  uint64_t intSink = 0;
};

void Probes::Unmap::operator()(void *memory) const { munmap(memory, bytes); }

Probes::Memory Probes::allocate(size_t bytes) {
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return {nullptr, Unmap{0}};
  madvise(memory, bytes, MADV_HUGEPAGE);
  return {static_cast<char *>(memory), Unmap{bytes}};
}

Probes::Probes() : dram(nullptr, Unmap{0}) {
#if defined(__x86_64__)
  const auto features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx512f"))
    vectorBytes = 64;
  else if (features.lookup("avx2") && features.lookup("fma"))
    vectorBytes = 32;
  hasBf16 = features.lookup("avx512bf16");
  hasInt8 = features.lookup("avx512vnni");
#endif
  sizes.l2 = systemNumber(_SC_LEVEL2_CACHE_SIZE, megabyte);
  sizes.l3 = systemNumber(_SC_LEVEL3_CACHE_SIZE, 0);
  const uint64_t memory = systemNumber(_SC_PHYS_PAGES, 1) * systemNumber(_SC_PAGESIZE, 4096);
  // Twice the last cache, so that nothing is left of the last round when it is read again.
  dramBytes = std::clamp<uint64_t>(2 * sizes.l3, 256 * megabyte,
                                   std::max<uint64_t>(memory / 8, 64 * megabyte));
  dramBytes = dramBytes / megabyte * megabyte;
}

Probes::~Probes() = default;

std::string Probes::describeVectors() const {
  return std::to_string(vectorBytes * 8) + "-bit vectors";
}

void Probes::prepare(int threads, Team team) {
  dram = allocate(dramBytes);
  while (workers.size() < static_cast<size_t>(threads))
    workers.emplace_back(Memory(nullptr, Unmap{0}));
  const size_t part = dramBytes / threads;
  // By the threads that will read it.
  team(threads, [&](int thread) {
    Worker &worker = workers[thread];
    worker.bytes = std::min<size_t>(4 * sizes.l2, part);
    worker.memory = allocate(worker.bytes);
    if (worker.memory)
      std::memset(worker.memory.get(), 1, worker.bytes);
    if (dram)
      std::memset(dram.get() + thread * part, 1, part);
  });
}

Rate Probes::compute(int threads, Team team, Roof arithmetic, double seconds) {
  if ((arithmetic == Roof::Bf16 && !hasBf16) || (arithmetic == Roof::Int8 && !hasInt8))
    return {};
  team(threads, [&](int thread) {
    Worker &worker = workers[thread];
    worker.rate = rateOf(seconds, [&] {
#if defined(__x86_64__)
      if (arithmetic == Roof::Bf16)
        return multiplyBf16(20000, worker.floatSink);
      if (arithmetic == Roof::Int8)
        return multiplyInt8(20000, worker.intSink);
#endif
      return multiplyAdd(vectorBytes, 20000, worker.floatSink);
    });
  });
  return sumOfRates(threads);
}

/// Each thread reads memory of its own again and again.
Rate Probes::read(int threads, Team team, size_t bytesPerThread, double seconds) {
  const size_t bytes = bytesPerThread / 1024 * 1024;
  team(threads, [&](int thread) {
    Worker &worker = workers[thread];
    worker.rate = {};
    if (!worker.memory || worker.bytes < bytes)
      return;
    // Once to bring it in.
    worker.intSink += sum(vectorBytes, worker.memory.get(), bytes);
    // Long enough for the clock.
    const size_t times = std::max<size_t>(8 * megabyte / std::max<size_t>(bytes, 1), 1);
    worker.rate = rateOf(seconds, [&] {
      for (size_t i = 0; i < times; ++i)
        worker.intSink += sum(vectorBytes, worker.memory.get(), bytes);
      return static_cast<double>(bytes * times);
    });
  });
  return sumOfRates(threads);
}

/// Each thread reads on in its part of a memory that no cache holds.
Rate Probes::readAll(int threads, Team team, double seconds) {
  constexpr size_t step = 4 * megabyte;
  const size_t part = dramBytes / threads / step * step;
  if (!dram || part == 0)
    return {};
  team(threads, [&](int thread) {
    Worker &worker = workers[thread];
    const char *mine = dram.get() + thread * part;
    worker.rate = rateOf(seconds, [&] {
      worker.at = worker.at + step > part ? 0 : worker.at;
      worker.intSink += sum(vectorBytes, mine + worker.at, step);
      worker.at += step;
      return static_cast<double>(step);
    });
  });
  return sumOfRates(threads);
}

Rate Probes::sumOfRates(int threads) const {
  Rate sum;
  for (const Worker &worker : llvm::ArrayRef(workers).take_front(threads)) {
    sum.whole += worker.rate.whole;
    sum.best += worker.rate.best;
  }
  return sum;
}

Measured Probes::measure(int threads, Team team) {
  Measured measured;
  auto set = [&](Roof roof, Rate rate) {
    measured.whole[roof] = rate.whole;
    measured.best[roof] = rate.best;
  };
  for (Roof arithmetic : arithmetics)
    set(arithmetic, compute(threads, team, arithmetic, 3e-3));
  set(Roof::Dram, readAll(threads, team, 6e-3));
  set(Roof::L2, read(threads, team, sizes.l2 / 2, 2e-3));
  if (sizes.l3 >= 8 * sizes.l2 * threads)
    set(Roof::L3, read(threads, team, 4 * sizes.l2, 3e-3));
  return measured;
}
