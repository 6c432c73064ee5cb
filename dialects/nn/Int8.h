//===- Int8.h - how 8-bit rows and panels lie in memory ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_INT8_H
#define NACRE_DIALECTS_NN_INT8_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace nacre::nn {

/// 8-bit quantisation of vectors of numbers, ties to even. One that holds NaN or an infinity has
/// the scale NaN.
///
/// A *row* (nn.quantize_rows) of `depth` numbers is `x = scale * (q - zero)`, q from 0 to 255: the
/// range of the numbers and zero in 255 steps, so that zero is exact. It is the q as bytes, filled
/// up with zeros to a multiple of 4, the scale (f32) and `zero` (i32). Unsigned, because x86
/// multiplies unsigned by signed bytes.
///
/// A *panel* (nn.pack_int8) of `width` vectors, the columns of a matrix product, is `x = scale *
/// q`, q from -127 to 127, `scale` the largest magnitude / 127: the scales (f32), then the sum of
/// each column's q (i32), which a product with a row has `zero` times too much, then for every four
/// depths the columns' four q (i8).

/// The largest depth whose sums of products are sure to fit 32 bits.
inline constexpr int64_t int8DepthLimit = 65536;

int64_t int8RowBytes(int64_t depth);
int64_t int8PanelBytes(int64_t depth, int64_t width);

/// Writes int8RowBytes(row.size()) bytes.
void quantizeInt8Row(llvm::ArrayRef<float> row, char *to);

/// Writes the panels of `weight`, [columns, depth] row-major; columns past the last are zeros.
void packInt8(llvm::ArrayRef<float> weight, int64_t columns, int64_t depth, int64_t width,
              char *to);

} // namespace nacre::nn

#endif
