//===- GuardedMemory.h - buffers between pages that fault -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_GUARDEDMEMORY_H
#define NACRE_TEST_CODEGEN_CPU_GUARDEDMEMORY_H

#include "llvm/ADT/ArrayRef.h"

namespace nacre::test {

/// Which end of a buffer lies at the edge of the memory that may be touched.
enum class Edge { start, end };

/// Some bytes, mapped on their own pages between two that must not be touched. At the end they
/// stand as near to the next page as `alignment` allows.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, Edge edge, size_t alignment = 1);
  GuardedMemory(GuardedMemory &&other) noexcept;
  GuardedMemory &operator=(GuardedMemory &&) = delete;
  ~GuardedMemory();

  llvm::MutableArrayRef<char> bytes() const { return {data, size}; }
  /// From now on a write faults.
  void makeReadOnly();

private:
  char *mapping = nullptr;
  char *data = nullptr;
  size_t mapped = 0, size = 0;
};

/// Says `what` on standard error if the program faults from now on.
void describeFaults(llvm::StringRef what);

} // namespace nacre::test

#endif
