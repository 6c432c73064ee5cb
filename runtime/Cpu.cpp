//===- Cpu.cpp - which instructions this processor has ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cpu.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace nacre;

#if defined(__x86_64__)

namespace {

enum Register : uint8_t { EAX, EBX, ECX, EDX };

/// Parts of XCR0: register files that the operating system saves on a switch of threads.
enum SavedState : uint32_t {
  Always = 0,
  Ymm = 0x6,      // SSE and AVX
  Zmm = 0xe6,     // and the mask registers and AVX-512's three parts
  Tile = 0x60000, // AMX
};

struct Feature {
  const char *name;
  uint32_t leaf, subleaf;
  Register where;
  uint8_t bit;
  SavedState state;
};

// From the "CPUID" tables of Intel's and AMD's programmer manuals; names are LLVM's.
constexpr Feature features[] = {
    {"sse", 1, 0, EDX, 25, Always},       {"sse2", 1, 0, EDX, 26, Always},
    {"sse3", 1, 0, ECX, 0, Always},       {"pclmul", 1, 0, ECX, 1, Always},
    {"ssse3", 1, 0, ECX, 9, Always},      {"fma", 1, 0, ECX, 12, Ymm},
    {"cx16", 1, 0, ECX, 13, Always},      {"sse4.1", 1, 0, ECX, 19, Always},
    {"sse4.2", 1, 0, ECX, 20, Always},    {"movbe", 1, 0, ECX, 22, Always},
    {"popcnt", 1, 0, ECX, 23, Always},    {"avx", 1, 0, ECX, 28, Ymm},
    {"f16c", 1, 0, ECX, 29, Ymm},         {"bmi", 7, 0, EBX, 3, Always},
    {"avx2", 7, 0, EBX, 5, Ymm},          {"bmi2", 7, 0, EBX, 8, Always},
    {"avx512f", 7, 0, EBX, 16, Zmm},      {"avx512dq", 7, 0, EBX, 17, Zmm},
    {"avx512ifma", 7, 0, EBX, 21, Zmm},   {"avx512cd", 7, 0, EBX, 28, Zmm},
    {"avx512bw", 7, 0, EBX, 30, Zmm},     {"avx512vl", 7, 0, EBX, 31, Zmm},
    {"avx512vbmi", 7, 0, ECX, 1, Zmm},    {"avx512vbmi2", 7, 0, ECX, 6, Zmm},
    {"gfni", 7, 0, ECX, 8, Always},       {"avx512vnni", 7, 0, ECX, 11, Zmm},
    {"avx512bitalg", 7, 0, ECX, 12, Zmm}, {"avx512vpopcntdq", 7, 0, ECX, 14, Zmm},
    {"amx-bf16", 7, 0, EDX, 22, Tile},    {"avx512fp16", 7, 0, EDX, 23, Zmm},
    {"amx-tile", 7, 0, EDX, 24, Tile},    {"amx-int8", 7, 0, EDX, 25, Tile},
    {"avxvnni", 7, 1, EAX, 4, Ymm},       {"avx512bf16", 7, 1, EAX, 5, Zmm},
    {"amx-fp16", 7, 1, EAX, 21, Tile},    {"avxifma", 7, 1, EAX, 23, Ymm},
    {"avxvnniint8", 7, 1, EDX, 4, Ymm},   {"avxneconvert", 7, 1, EDX, 5, Ymm},
    {"avxvnniint16", 7, 1, EDX, 10, Ymm}, {"lzcnt", 0x80000001, 0, ECX, 5, Always},
};

/// What the operating system saves, as the bits of XCR0.
uint32_t savedState() {
  uint32_t eax, ebx, ecx, edx;
  constexpr uint32_t osxsave = 1u << 27;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & osxsave))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

} // namespace

bool nacre::cpuHasFeature(const char *name, size_t length) {
  for (const Feature &feature : features) {
    if (strlen(feature.name) != length || memcmp(feature.name, name, length) != 0)
      continue;
    uint32_t registers[4];
    if (!__get_cpuid_count(feature.leaf, feature.subleaf, &registers[EAX], &registers[EBX],
                           &registers[ECX], &registers[EDX]))
      return false;
    // Leaf 7 tells in EAX how many subleaves it has; what lies beyond is not defined.
    if (feature.subleaf) {
      uint32_t subleaves, ebx, ecx, edx;
      __get_cpuid_count(feature.leaf, 0, &subleaves, &ebx, &ecx, &edx);
      if (feature.subleaf > subleaves)
        return false;
    }
    return (registers[feature.where] >> feature.bit & 1) &&
           (savedState() & feature.state) == feature.state;
  }
  return false;
}

#else

// Objects for other processors use their architecture's base instructions and list no features.
bool nacre::cpuHasFeature(const char *, size_t) { return false; }

#endif

bool nacre::cpuHasFeatures(const char *list, CpuHasFeature has, const char *&name, size_t &length) {
  while (*list) {
    length = strcspn(list, ",");
    name = list;
    if (length && !has(name, length))
      return false;
    list += length;
    list += *list == ',';
  }
  return true;
}
