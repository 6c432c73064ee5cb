//===- Initial.h - values of weights that no file holds ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_INITIAL_H
#define NACRE_FRONTEND_WEIGHTS_INITIAL_H

#include "frontend/weights/Npy.h"

#include <optional>

namespace nacre {

/// The tensor of a weight that is declared with an initial value: "zeros", "ones",
/// "normal(deviation)" or "uniform(limit)", the last for numbers in [-limit, limit). Random values
/// depend on the path only, so that compiling twice gives the same artifact. Nothing where
/// `initial` is no such text, or the shape has no size in bytes.
std::optional<NpyArray> makeInitial(llvm::StringRef initial, llvm::StringRef path, StorageType type,
                                    llvm::ArrayRef<int64_t> shape);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_INITIAL_H
