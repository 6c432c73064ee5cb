//===- Probes.h - how fast this machine is right now ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_PROBES_H
#define NACRE_TOOLS_NACRE_PROBES_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nacre::tool {

/// What bounds a kernel: arithmetic, or a memory.
enum class Roof { Fma, Bf16, Int8, L2, L3, Dram };
inline constexpr size_t numRoofs = 6;
inline constexpr Roof arithmetics[] = {Roof::Fma, Roof::Bf16, Roof::Int8};
inline constexpr Roof memories[] = {Roof::L2, Roof::L3, Roof::Dram};
/// "FMA", "BF16", "INT8", "L2", "L3", "DRAM".
const char *nameOf(Roof roof);

/// Operations or bytes a second of all threads together; 0 for a cache or an instruction that there
/// is not.
struct Limits {
  std::array<double, numRoofs> rates{};
  double &operator[](Roof roof) { return rates[static_cast<size_t>(roof)]; }
  double operator[](Roof roof) const { return rates[static_cast<size_t>(roof)]; }
};

/// Over a whole probe, and in its best part.
struct Rate {
  double whole = 0, best = 0;
};
struct Measured {
  Limits whole, best;
};

struct CacheSizes {
  uint64_t l2 = 0; ///< of one core
  uint64_t l3 = 0; ///< of all; 0: there is none

  /// The nearest memory that keeps this many bytes when `threads` cores share them.
  Roof homeOf(double bytes, int threads) const;
};

/// Programs of a few milliseconds that do nothing but what they measure: independent chains of
/// multiply-adds on the widest vectors of the processor, in f32 and with its instructions for sums
/// of bf16 and 8-bit products, and sums over memory of several sizes.
class Probes {
public:
  /// Runs the function it is given on so many threads at once.
  using Team = llvm::function_ref<void(int threads, llvm::function_ref<void(int thread)>)>;

  Probes();
  ~Probes();

  /// Takes memory for up to so many threads, and touches it.
  void prepare(int threads, Team team);
  /// Measures all limits once, in about 20 ms. After `prepare`.
  Measured measure(int threads, Team team);

  const CacheSizes &caches() const { return sizes; }
  /// "512-bit vectors".
  std::string describeVectors() const;

private:
  struct Worker;
  struct Unmap {
    size_t bytes;
    void operator()(void *memory) const;
  };
  using Memory = std::unique_ptr<char, Unmap>;
  static Memory allocate(size_t bytes);

  Rate read(int threads, Team team, size_t bytesPerThread, double seconds);
  Rate readAll(int threads, Team team, double seconds);
  Rate compute(int threads, Team team, Roof arithmetic, double seconds);

  Rate sumOfRates(int threads) const;

  CacheSizes sizes;
  size_t dramBytes = 0;
  unsigned vectorBytes = 16;
  bool hasBf16 = false, hasInt8 = false;
  std::vector<Worker> workers;
  Memory dram;
};

} // namespace nacre::tool

#endif
