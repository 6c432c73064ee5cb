//===- CpuTest.cpp - our view of the processor against LLVM's -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cpu.h"

#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

#include <string>

using namespace nacre;

namespace {

#if defined(__x86_64__)
TEST(CpuTest, AgreesWithLLVM) {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  for (const char *name :
       {"sse2",        "sse3",        "ssse3",        "sse4.1",       "sse4.2",
        "popcnt",      "avx",         "avx2",         "fma",          "f16c",
        "bmi",         "bmi2",        "lzcnt",        "movbe",        "pclmul",
        "cx16",        "gfni",        "avx512f",      "avx512bw",     "avx512cd",
        "avx512dq",    "avx512vl",    "avx512vnni",   "avx512bf16",   "avx512vbmi",
        "avx512vbmi2", "avx512fp16",  "avx512ifma",   "avx512bitalg", "avx512vpopcntdq",
        "avxvnni",     "avxvnniint8", "avxvnniint16", "avxifma",      "avxneconvert",
        "amx-tile",    "amx-int8",    "amx-bf16",     "amx-fp16"})
    EXPECT_EQ(cpuHasFeature(name, strlen(name)), host.lookup(name)) << name;
}
#endif

TEST(CpuTest, UnknownFeaturesAreDenied) {
  EXPECT_FALSE(cpuHasFeature("avx9000", 7));
  EXPECT_FALSE(cpuHasFeature("avx2", 0));
}

bool hasShort(const char *, size_t length) { return length <= 3; }

TEST(CpuTest, ListsNameTheFirstThatIsMissing) {
  const char *name;
  size_t length;
  EXPECT_TRUE(cpuHasFeatures("", hasShort, name, length));
  EXPECT_TRUE(cpuHasFeatures("fma,avx", hasShort, name, length));
  EXPECT_TRUE(cpuHasFeatures("fma,,avx,", hasShort, name, length));
  ASSERT_FALSE(cpuHasFeatures("fma,avx2,avx512f", hasShort, name, length));
  EXPECT_EQ(std::string(name, length), "avx2");
}

} // namespace
