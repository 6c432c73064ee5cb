//===- BandMask.h - recognises masks that are bands around a diagonal -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_FUSE_BANDMASK_H
#define NACRE_PASSES_FUSE_BANDMASK_H

#include "mlir/IR/Value.h"

#include <optional>

namespace nacre {

/// The keys that a query sees, from `before` many before the place `query + keys - queries` to
/// `after` many behind it; without a number, all that there are. Each sees the key at its place.
struct Band {
  std::optional<int64_t> before, after;

  /// The keys that both show.
  Band operator&(const Band &other) const;
  /// The `causal` of nn.attention.
  bool isCausal() const { return after == 0; }
};

/// The band that a bool `mask`, whose last two dimensions are queries and keys, holds in. `hidden`
/// asks for the opposite, a mask that holds where a key is hidden. There are at least as many keys
/// as queries then.
///
/// Seen are comparisons of positions (`nn.iota` with reshapes, conversions and added constants), or
/// of differences of two with numbers, and constants, of a triangle slices too.
std::optional<Band> matchBand(mlir::Value mask, bool hidden);

} // namespace nacre

#endif
