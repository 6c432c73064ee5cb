//===- KernelCompare.h - how far a result is from the reference -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_KERNELCOMPARE_H
#define NACRE_TEST_CODEGEN_CPU_KERNELCOMPARE_H

#include "dialects/nn/interpreter/Tensor.h"

#include <string>

namespace nacre::test {

/// Empty, or says where and by how much `got` differs from `want`: floats by more than `ulps`
/// epsilons of their type times the magnitude of `bound`'s element (`want`'s where that is larger
/// or no number), or from `want` rounded to their type where `ulps` is 0. NaN equals NaN; what the
/// type cannot hold must be the infinity of its sign; zeros may have either sign.
std::string difference(const interpreter::Tensor &got, const interpreter::Tensor &want,
                       const interpreter::Tensor &bound, double ulps);

} // namespace nacre::test

#endif
