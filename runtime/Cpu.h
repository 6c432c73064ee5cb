//===- Cpu.h - which instructions this processor has ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstddef>

namespace nacre {

/// Answers whether a feature, `length` characters at `name` as LLVM spells it, can be used: the
/// processor has it and the operating system keeps its registers.
using CpuHasFeature = bool (*)(const char *name, size_t length);

/// The processor we run on. False for names it does not know.
bool cpuHasFeature(const char *name, size_t length);

/// The first feature of the comma-separated list that `has` denies: sets `name` and `length`,
/// returns false. Returns true if all are there.
bool cpuHasFeatures(const char *list, CpuHasFeature has, const char *&name, size_t &length);

} // namespace nacre
