//===- CausalMask.h - recognises masks that hide the future -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_FUSE_CAUSALMASK_H
#define NACRE_PASSES_FUSE_CAUSALMASK_H

#include "mlir/IR/Value.h"

namespace nacre {

/// True where a bool `mask`, whose last two dimensions are queries and keys, holds exactly at
/// `key <= query + keys - queries`: the `causal` of nn.attention. `hidden` asks for the opposite,
/// a mask that holds where a key is hidden. There are at least as many keys as queries then, so
/// every query sees one.
///
/// Seen are comparisons of positions (`nn.iota` with reshapes, conversions and added constants)
/// and slices of a constant triangle.
bool isCausalMask(mlir::Value mask, bool hidden);

} // namespace nacre

#endif
