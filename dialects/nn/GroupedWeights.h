//===- GroupedWeights.h - weights in groups with a scale each ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_GROUPEDWEIGHTS_H
#define NACRE_DIALECTS_NN_GROUPEDWEIGHTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MathExtras.h"

#include <cstdint>

namespace nacre::nn {

/// Whether groups may have this size.
inline bool isGroupSize(int64_t size) {
  return size > 0 && size % 8 == 0 && size < int64_t(1) << 31;
}
inline constexpr llvm::StringLiteral notAGroupSize =
    "group_size must be a positive multiple of 8 below 2^31, but is ";

/// How the weight of a linear layer lies in memory that has `bits` bits a number, 4 or 8, and a
/// scale for every `groupSize` successive numbers of an output: `x = scale * q`.
///
/// A *panel* of `panel` outputs has for every group the outputs' scales (bf16), then for every step
/// of the depth the outputs' numbers, signed. In 8 bits a step is one depth and a number a byte. In
/// 4 bits a step is eight depths and an output has a word of 32 bits: byte j has depth j in its low
/// half and depth 4 + j in its high half. So a product of bytes finds four successive depths in one
/// word, whichever half it masks out. The last group may be shorter; depths that fill its last step
/// are q = 0.
///
/// bf16 scales have the range of f32, and q times a scale is exact in f32.
struct GroupLayout {
  int64_t depth, bits, groupSize, panel;

  int64_t stepDepth() const { return bits == 4 ? 8 : 1; }
  int64_t stepBytes() const { return panel * bits * stepDepth() / 8; }
  int64_t scaleBytes() const { return panel * 2; }
  int64_t groups() const { return llvm::divideCeil(depth, groupSize); }
  int64_t groupBytes() const { return scaleBytes() + groupSize / stepDepth() * stepBytes(); }
  int64_t panelBytes() const {
    return groups() * scaleBytes() + llvm::divideCeil(depth, stepDepth()) * stepBytes();
  }
  /// Where the step of depth k lies in a panel.
  int64_t stepStart(int64_t k) const {
    return (k / groupSize + 1) * scaleBytes() + k / stepDepth() * stepBytes();
  }
};

/// Quantises a group: its numbers, from -8 to 7 or from -127 to 127, and the upper half of its
/// scale's bits. Rounded to the nearest, ties to even. In 4 bits the number of the largest
/// magnitude becomes -8, so that the scale may be negative. A group that holds NaN or an infinity
/// has zeros and the scale NaN.
uint16_t quantizeGroup(llvm::ArrayRef<float> numbers, int64_t bits,
                       llvm::MutableArrayRef<int8_t> to);

/// Writes the panels of `weight`, [columns, depth] row-major; columns past the last have zeros as
/// scales.
void packGroups(llvm::ArrayRef<float> weight, int64_t columns, const GroupLayout &layout, char *to);

/// The number at depth k of column `column` of a panel, with its scale.
float readGroups(const char *panel, const GroupLayout &layout, int64_t column, int64_t k);

} // namespace nacre::nn

#endif
