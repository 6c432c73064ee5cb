//===- Npz.h - NumPy's archive of arrays ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_NPZ_H
#define NACRE_FRONTEND_WEIGHTS_NPZ_H

#include "frontend/weights/WeightTable.h"

namespace nacre {

/// Adds the arrays of an .npz file, whose content is `bytes`, to `weights`: member "fc.weight.npy"
/// is the tensor "fc.weight". Errors name `path`.
llvm::LogicalResult readNpz(llvm::ArrayRef<char> bytes, llvm::StringRef path,
                            std::vector<Weight> &weights, DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_NPZ_H
