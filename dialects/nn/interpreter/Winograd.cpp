//===- Winograd.cpp - reference semantics of Winograd convolutions --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/Winograd.h"

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

static FailureOr<Array> evaluateWeight(nn::WinogradWeightOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, op.getType().getShape());
  if (failed(result))
    return failure();
  int64_t kernels = input.shape[0] * input.shape[1];
  for (int64_t i = 0; i < kernels; ++i) {
    std::array<double, 16> elements = nn::winogradKernel(&input.floats[9 * i]);
    for (int64_t e = 0; e < 16; ++e)
      result->floats[e * kernels + i] = elements[e];
  }
  return result;
}

/// B^T d B: sums of an image's 4 x 4 places.
static std::array<double, 16> transformTile(const std::array<double, 16> &d) {
  auto mix = [](double a, double b, double c, double e) {
    return std::array<double, 4>{a - c, b + c, c - b, b - e};
  };
  std::array<std::array<double, 4>, 4> rows;
  for (int i = 0; i < 4; ++i)
    rows[i] = mix(d[4 * i], d[4 * i + 1], d[4 * i + 2], d[4 * i + 3]);
  std::array<double, 16> result;
  for (int j = 0; j < 4; ++j) {
    std::array<double, 4> column = mix(rows[0][j], rows[1][j], rows[2][j], rows[3][j]);
    for (int i = 0; i < 4; ++i)
      result[4 * i + j] = column[i];
  }
  return result;
}

static FailureOr<Array> evaluateConv(nn::WinogradConvOp op, const Array &input, const Array &weight,
                                     const Array *bias) {
  nn::Window window = nn::winogradWindow(op.getPadding());
  int64_t height = input.shape[1], width = input.shape[2], channels = input.shape[3];
  int64_t panels = weight.shape[1], panel = weight.shape[3], outputs = op.getOutputs();
  SmallVector<int64_t> shape = {input.shape[0], window.outputSize(0, height),
                                window.outputSize(1, width), outputs};
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  SmallVector<int64_t> tiles = {shape[0], (shape[1] + 1) / 2, (shape[2] + 1) / 2};
  forEachIndex(tiles, [&](ArrayRef<int64_t> tile) {
    int64_t top = 2 * tile[1] - op.getPadding()[0], left = 2 * tile[2] - op.getPadding()[2];
    std::vector<std::array<double, 16>> transformed;
    for (int64_t c = 0; c < channels; ++c) {
      std::array<double, 16> places{};
      for (int64_t i = 0; i < 16; ++i) {
        int64_t y = top + i / 4, x = left + i % 4;
        if (y >= 0 && y < height && x >= 0 && x < width)
          places[i] = input.floats[((tile[0] * height + y) * width + x) * channels + c];
      }
      transformed.push_back(transformTile(places));
    }
    for (int64_t o = 0; o < outputs; ++o) {
      std::array<double, 16> m{};
      for (int64_t e = 0; e < 16; ++e)
        for (int64_t c = 0; c < channels; ++c)
          m[e] += transformed[c][e] *
                  weight.floats[((e * panels + o / panel) * channels + c) * panel + o % panel];
      // A^T m A.
      double upper[4], lower[4];
      for (int64_t j = 0; j < 4; ++j) {
        upper[j] = m[j] + m[4 + j] + m[8 + j];
        lower[j] = m[4 + j] - m[8 + j] - m[12 + j];
      }
      const double *rows[] = {upper, lower};
      for (int64_t i = 0; i < 4; ++i) {
        int64_t y = 2 * tile[1] + i / 2, x = 2 * tile[2] + i % 2;
        if (y >= shape[1] || x >= shape[2])
          continue;
        const double *row = rows[i / 2];
        double sum = i % 2 ? row[1] - row[2] - row[3] : row[0] + row[1] + row[2];
        result->floats[((tile[0] * shape[1] + y) * shape[2] + x) * outputs + o] =
            sum + (bias ? bias->floats[o] : 0);
      }
    }
  });
  return result;
}

bool nacre::interpreter::isWinograd(Operation *op) {
  return isa<nn::WinogradWeightOp, nn::WinogradConvOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateWinograd(Operation *op, Operands operands) {
  if (auto weight = dyn_cast<nn::WinogradWeightOp>(op))
    return evaluateWeight(weight, *operands[0]);
  return evaluateConv(cast<nn::WinogradConvOp>(op), *operands[0], *operands[1],
                      operands.size() > 2 ? operands[2] : nullptr);
}
