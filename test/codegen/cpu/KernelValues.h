//===- KernelValues.h - the inputs and weights of a case --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_KERNELVALUES_H
#define NACRE_TEST_CODEGEN_CPU_KERNELVALUES_H

#include "test/codegen/cpu/KernelCase.h"

namespace nacre::test {

/// The argument `name` of a case's program: the same for the same shape and values in every run.
interpreter::Tensor makeInput(const Case &one, llvm::StringRef name, mlir::Type element,
                              llvm::ArrayRef<int64_t> shape, Values values);

/// The weight `name`: multiples of 1/8 between -2 and 2, of which sums of products are exact, or
/// numbers of the case's range.
interpreter::Tensor makeWeight(const Case &one, llvm::StringRef name, mlir::Type element,
                               llvm::ArrayRef<int64_t> shape);

/// "normal"
llvm::StringRef nameOf(Values values);

} // namespace nacre::test

#endif
