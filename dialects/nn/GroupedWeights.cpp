//===- GroupedWeights.cpp - weights in groups with a scale each -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/GroupedWeights.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace nacre;

static float widen(uint16_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t nn::quantizeGroup(llvm::ArrayRef<float> numbers, int64_t bits,
                           llvm::MutableArrayRef<int8_t> to) {
  float largest = 0;
  bool finite = true;
  for (float x : numbers) {
    finite &= std::isfinite(x);
    if (std::fabs(x) > std::fabs(largest))
      largest = x;
  }
  std::fill(to.begin(), to.end(), 0);
  if (!finite)
    return 0x7fc0;
  float exact = bits == 4 ? largest / -8 : std::fabs(largest) / 127;
  // Away from zero, so that no number is cut off. The largest f32 is far from overflowing.
  uint32_t word = llvm::bit_cast<uint32_t>(exact);
  auto stored = static_cast<uint16_t>((word + 0xffff) >> 16);
  float scale = widen(stored);
  // Of the smallest numbers the inverse would be infinite.
  if (std::fabs(scale) < std::numeric_limits<float>::min())
    return stored;
  float inverse = 1 / scale, least = bits == 4 ? -8 : -127, most = bits == 4 ? 7 : 127;
  for (auto [x, q] : llvm::zip_equal(numbers, to))
    q = static_cast<int8_t>(std::fmin(std::fmax(std::nearbyint(x * inverse), least), most));
  return stored;
}

void nn::packGroups(llvm::ArrayRef<float> weight, int64_t columns, const GroupLayout &layout,
                    char *to) {
  int64_t panels = llvm::divideCeil(columns, layout.panel);
  std::fill_n(to, panels * layout.panelBytes(), 0);
  llvm::SmallVector<int8_t> group(layout.groupSize < layout.depth ? layout.groupSize
                                                                  : layout.depth);
  for (int64_t column = 0; column < columns; ++column) {
    char *panel = to + column / layout.panel * layout.panelBytes();
    int64_t place = column % layout.panel;
    for (int64_t start = 0; start < layout.depth; start += layout.groupSize) {
      int64_t size = std::min(layout.groupSize, layout.depth - start);
      char *step = panel + layout.stepStart(start);
      llvm::MutableArrayRef<int8_t> numbers(group.data(), size);
      uint16_t scale =
          quantizeGroup(weight.slice(column * layout.depth + start, size), layout.bits, numbers);
      std::memcpy(step - layout.scaleBytes() + place * 2, &scale, sizeof(scale));
      if (layout.bits == 8) {
        for (int64_t k = 0; k < size; ++k)
          step[k * layout.stepBytes() + place] = static_cast<char>(numbers[k]);
        continue;
      }
      for (int64_t k = 0; k < size; k += 8, step += layout.stepBytes())
        for (int64_t i = k; i < std::min(k + 8, size); ++i) {
          char &byte = step[place * 4 + (i - k) % 4];
          int half = (i - k) / 4 * 4;
          byte = static_cast<char>(byte | (numbers[i] & 0xf) << half);
        }
    }
  }
}

float nn::readGroups(const char *panel, const GroupLayout &layout, int64_t column, int64_t k) {
  const char *step = panel + layout.stepStart(k);
  uint16_t scale;
  std::memcpy(&scale,
              panel + layout.stepStart(k / layout.groupSize * layout.groupSize) -
                  layout.scaleBytes() + column * 2,
              sizeof(scale));
  if (layout.bits == 8)
    return widen(scale) * static_cast<float>(static_cast<signed char>(step[column]));
  auto byte = static_cast<signed char>(step[column * 4 + k % 4]);
  bool high = k % 8 >= 4;
  return widen(scale) *
         static_cast<float>((high ? byte : static_cast<signed char>(byte << 4)) >> 4);
}
