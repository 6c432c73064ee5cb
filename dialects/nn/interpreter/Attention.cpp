//===- Attention.cpp - reference semantics of attention and rotary -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

static constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

static FailureOr<Array> evaluateAttention(nn::AttentionOp op, const Array &query, const Array &key,
                                          const Array &value, const Array *mask) {
  int64_t batch = query.shape[0], heads = query.shape[1], queries = query.shape[2],
          depth = query.shape[3], groups = key.shape[1], keys = key.shape[2],
          width = value.shape[3];
  int64_t keyShape[] = {batch, groups, keys, depth}, valueShape[] = {batch, groups, keys, width};
  if (ArrayRef<int64_t>(key.shape) != ArrayRef(keyShape) ||
      ArrayRef<int64_t>(value.shape) != ArrayRef(valueShape))
    return op.emitError("sizes of query, key and value disagree");
  SmallVector<int64_t> maskStrides;
  if (mask) {
    auto strides = broadcastStrides(op, cast<RankedTensorType>(op.getMask().getType()), mask->shape,
                                    {batch, heads, queries, keys});
    if (failed(strides))
      return failure();
    maskStrides = std::move(*strides);
  }
  FailureOr<Array> result = makeResult(op, {batch, heads, queries, width});
  if (failed(result))
    return failure();
  double scale =
      op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(static_cast<double>(depth));

  std::vector<double> scores(keys);
  forEachIndex({batch, heads, queries}, [&](ArrayRef<int64_t> index) {
    int64_t b = index[0], h = index[1], q = index[2], group = h / (heads / groups);
    const double *row = query.floats.data() + ((b * heads + h) * queries + q) * depth;
    double largest = minusInfinity;
    for (int64_t k = 0; k < keys; ++k) {
      scores[k] = minusInfinity;
      if (op.getCausal() && k > q + keys - queries)
        continue;
      double score = 0;
      for (int64_t d = 0; d < depth; ++d)
        score += row[d] * key.floats[((b * groups + group) * keys + k) * depth + d];
      score *= scale;
      if (mask) {
        int64_t at = offsetOf({b, h, q, k}, maskStrides);
        if (mask->isFloat())
          score += mask->floats[at];
        else if (!mask->ints[at])
          continue;
      }
      scores[k] = score;
      // A NaN score becomes the maximum and makes the row NaN.
      largest = largest >= score || std::isnan(largest) ? largest : score;
    }
    double *to = result->floats.data() + ((b * heads + h) * queries + q) * width;
    double sum = 0;
    for (int64_t k = 0; k < keys; ++k) {
      // Unseen: its value must not count even where it is not finite.
      if (scores[k] == minusInfinity)
        continue;
      double weight = std::exp(scores[k] - largest);
      sum += weight;
      for (int64_t d = 0; d < width; ++d)
        to[d] += weight * value.floats[((b * groups + group) * keys + k) * width + d];
    }
    if (largest != minusInfinity)
      for (int64_t d = 0; d < width; ++d)
        to[d] /= sum;
  });
  return result;
}

static FailureOr<Array> evaluateRotary(nn::RotaryOp op, const Array &input,
                                       const Array &positions) {
  int64_t depth = input.shape.back(), rotated = op.getDim().value_or(depth), half = rotated / 2;
  int64_t length = input.shape[input.rank() - 2];
  bool perSample = positions.rank() == 2;
  if (positions.shape.back() != length || (perSample && positions.shape[0] != input.shape[0]))
    return op.emitError("sizes of positions and input disagree");
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result))
    return failure();
  *result = input;
  int64_t rows = *elementCount(ArrayRef<int64_t>(input.shape).drop_back());
  int64_t rowsPerSample = perSample && rows ? rows / input.shape[0] : rows;
  bool interleaved = op.getStyle() == nn::RotaryStyle::interleaved;
  double base = op.getBase().convertToDouble();
  for (int64_t row = 0; row < rows; ++row) {
    int64_t sample = perSample ? row / rowsPerSample : 0;
    double position = static_cast<double>(positions.ints[sample * length + row % length]);
    for (int64_t pair = 0; pair < half; ++pair) {
      int64_t first = row * depth + (interleaved ? 2 * pair : pair);
      int64_t second = interleaved ? first + 1 : first + half;
      double angle = position * std::pow(base, -2.0 * pair / rotated);
      double x = input.floats[first], y = input.floats[second];
      result->floats[first] = x * std::cos(angle) - y * std::sin(angle);
      result->floats[second] = y * std::cos(angle) + x * std::sin(angle);
    }
  }
  return result;
}

bool nacre::interpreter::isAttentionLike(Operation *op) {
  return isa<nn::AttentionOp, nn::RotaryOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateAttentionLike(Operation *op, Operands operands) {
  if (auto attention = dyn_cast<nn::AttentionOp>(op))
    return evaluateAttention(attention, *operands[0], *operands[1], *operands[2],
                             operands.size() > 3 ? operands[3] : nullptr);
  return evaluateRotary(cast<nn::RotaryOp>(op), *operands[0], *operands[1]);
}
