//===- Winograd.h - the minimal filtering F(2 x 2, 3 x 3) -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_WINOGRAD_H
#define NACRE_DIALECTS_NN_WINOGRAD_H

#include "dialects/nn/Window.h"

#include <array>

namespace nacre::nn {

/// The window of the convolutions that nn.winograd_conv computes.
inline Window winogradWindow(llvm::ArrayRef<int64_t> padding) {
  static constexpr int64_t kernel[] = {3, 3}, ones[] = {1, 1};
  return {kernel, ones, padding, ones, /*ceilMode=*/false};
}

/// G g G^T of a 3 x 3 kernel: what nn.winograd_weight says.
template <typename T>
std::array<T, 16> winogradKernel(const T *g) {
  auto expand = [](T a, T b, T c) {
    return std::array<T, 4>{a, (a + b + c) / 2, (a - b + c) / 2, c};
  };
  std::array<std::array<T, 4>, 3> rows;
  for (int i = 0; i < 3; ++i)
    rows[i] = expand(g[3 * i], g[3 * i + 1], g[3 * i + 2]);
  std::array<T, 16> result;
  for (int j = 0; j < 4; ++j) {
    std::array<T, 4> column = expand(rows[0][j], rows[1][j], rows[2][j]);
    for (int i = 0; i < 4; ++i)
      result[4 * i + j] = column[i];
  }
  return result;
}

} // namespace nacre::nn

#endif
