//===- Int8.cpp - how 8-bit rows and panels lie in memory -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/Int8.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace nacre;

int64_t nn::int8RowBytes(int64_t depth) { return llvm::alignTo(depth, 4) + 8; }

int64_t nn::int8PanelBytes(int64_t depth, int64_t width) {
  return width * (8 + static_cast<int64_t>(llvm::alignTo(depth, 4)));
}

namespace {
/// The scale of a vector, and what its numbers are multiplied with.
struct Scale {
  float scale = 0, inverse = 0;

  explicit Scale(llvm::ArrayRef<float> numbers) {
    float largest = 0;
    for (float x : numbers)
      if (!(std::fabs(x) <= largest))
        largest = std::isnan(largest) ? largest : std::fabs(x);
    if (!std::isfinite(largest))
      scale = std::numeric_limits<float>::quiet_NaN();
    else
      scale = largest / 127;
    // Of the smallest numbers the inverse would be infinite.
    if (scale >= std::numeric_limits<float>::min())
      inverse = 1 / scale;
  }
  int8_t quantize(float x) const {
    return inverse == 0
               ? 0
               : static_cast<int8_t>(std::fmin(std::fmax(std::nearbyint(x * inverse), -127), 127));
  }
};
} // namespace

void nn::quantizeInt8Row(llvm::ArrayRef<float> row, char *to) {
  float least = 0, most = 0;
  bool finite = true;
  for (float x : row) {
    finite &= std::isfinite(x);
    least = std::fmin(least, x);
    most = std::fmax(most, x);
  }
  // The range of the largest numbers would overflow.
  float scale = most / 255 - least / 255, inverse = 0;
  if (!finite)
    scale = std::numeric_limits<float>::quiet_NaN();
  if (scale >= std::numeric_limits<float>::min())
    inverse = 1 / scale;
  float zero = inverse == 0 ? 0 : std::nearbyint(-least * inverse);
  int64_t depth = row.size(), filled = llvm::alignTo(depth, 4);
  std::memset(to, 0, filled);
  for (int64_t k = 0; inverse != 0 && k < depth; ++k)
    to[k] = static_cast<char>(static_cast<uint8_t>(
        std::fmin(std::fmax(std::nearbyint(row[k] * inverse) + zero, 0), 255)));
  auto offset = static_cast<int32_t>(zero);
  std::memcpy(to + filled, &scale, sizeof(float));
  std::memcpy(to + filled + 4, &offset, sizeof(int32_t));
}

void nn::packInt8(llvm::ArrayRef<float> weight, int64_t columns, int64_t depth, int64_t width,
                  char *to) {
  int64_t panels = llvm::divideCeil(columns, width), bytes = int8PanelBytes(depth, width);
  std::fill_n(to, panels * bytes, 0);
  for (int64_t column = 0; column < columns; ++column) {
    char *panel = to + column / width * bytes;
    int64_t place = column % width;
    llvm::ArrayRef<float> numbers = weight.slice(column * depth, depth);
    Scale scale(numbers);
    std::memcpy(panel + place * 4, &scale.scale, sizeof(float));
    int32_t sum = 0;
    char *groups = panel + width * 8 + place * 4;
    for (int64_t k = 0; k < depth; ++k) {
      int8_t q = scale.quantize(numbers[k]);
      sum += q;
      groups[k / 4 * width * 4 + k % 4] = static_cast<char>(q);
    }
    std::memcpy(panel + (width + place) * 4, &sum, sizeof(int32_t));
  }
}
