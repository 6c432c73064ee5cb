//===- WindowSizes.h - images that a window fits into -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_WINDOWSIZES_H
#define NACRE_TEST_CODEGEN_CPU_WINDOWSIZES_H

#include "test/codegen/cpu/KernelCase.h"

namespace nacre::test {

/// The shape of a window as MLIR lists it: "3, 3"; two paddings for each dimension.
struct WindowShape {
  llvm::StringRef kernel, padding, dilations;
};

/// Moves to `one.refused` those of its sizes that are too small for a window over the dimensions
/// `spatial`, "H, W".
void refuseSmallImages(Case &one, llvm::StringRef spatial, const WindowShape &window);

} // namespace nacre::test

#endif
