//===- Attention.cpp - reference semantics of attention and rotary -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

static constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

namespace {

/// An operand that is broadcast; null where the attention has none.
struct Repeated {
  const Array *array = nullptr;
  SmallVector<int64_t> strides;

  explicit operator bool() const { return array; }
  int64_t at(ArrayRef<int64_t> index) const { return offsetOf(index, strides); }
};

/// Which keys an attention sees, other than by its mask.
struct Visibility {
  nn::AttentionOp op;
  int64_t queries, keys;
  Repeated lengths, start, blocks;

  bool sees(int64_t b, int64_t h, int64_t q, int64_t k) {
    int64_t window = static_cast<int64_t>(op.getWindow().value_or(0));
    // A start far from all keys is as good as one just past them, and the sum fits.
    int64_t reach = keys + queries + window;
    int64_t first = start ? start.array->ints[start.at({b})] : keys - queries;
    int64_t place = q + std::clamp(first, -reach, reach);
    if (op.getCausal() && k > place)
      return false;
    if (window && (k <= place - window || k >= place + window))
      return false;
    if (lengths && k >= lengths.array->ints[lengths.at({b})])
      return false;
    if (!blocks)
      return true;
    int64_t size = static_cast<int64_t>(*op.getBlockSize());
    return blocks.array->ints[blocks.at({b, h, q / size, k / size})];
  }
};

} // namespace

static FailureOr<Array> evaluateAttention(nn::AttentionOp op, Operands operands) {
  const Array &query = *operands[0], &key = *operands[1], &value = *operands[2];
  int64_t batch = query.shape[0], heads = query.shape[1], queries = query.shape[2],
          depth = query.shape[3], groups = key.shape[1], keys = key.shape[2],
          width = value.shape[3];
  int64_t keyShape[] = {batch, groups, keys, depth}, valueShape[] = {batch, groups, keys, width};
  if (ArrayRef<int64_t>(key.shape) != ArrayRef(keyShape) ||
      ArrayRef<int64_t>(value.shape) != ArrayRef(valueShape))
    return op.emitError("sizes of query, key and value disagree");
  // The optional operands that are there follow in order.
  Operands more = operands.drop_front(3);
  bool fit = true;
  auto take = [&](Value operand, ArrayRef<int64_t> shape) -> Repeated {
    if (!operand)
      return {};
    const Array *array = more.front();
    more = more.drop_front();
    auto strides =
        broadcastStrides(op, cast<RankedTensorType>(operand.getType()), array->shape, shape);
    fit &= succeeded(strides);
    return {array, fit ? std::move(*strides) : SmallVector<int64_t>()};
  };
  Repeated mask = take(op.getMask(), {batch, heads, queries, keys});
  Visibility visibility{
      op, queries, keys, take(op.getLengths(), {batch}), take(op.getStart(), {batch}), {}};
  if (auto size = op.getBlockSize())
    visibility.blocks =
        take(op.getBlocks(), {batch, heads, static_cast<int64_t>(llvm::divideCeil(queries, *size)),
                              static_cast<int64_t>(llvm::divideCeil(keys, *size))});
  if (!fit)
    return failure();
  std::optional<uint64_t> span = op.getSpan();
  int64_t step = span ? static_cast<int64_t>(*span) : keys;
  int64_t parts = span ? llvm::divideCeil(keys, step) : 1, partWidth = width + (span ? 2 : 0);
  SmallVector<int64_t> shape = {batch, heads, queries};
  if (span)
    shape.push_back(parts);
  shape.push_back(partWidth);
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  double scale =
      op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(static_cast<double>(depth));

  std::vector<double> scores(keys);
  forEachIndex({batch, heads, queries, parts}, [&](ArrayRef<int64_t> index) {
    int64_t b = index[0], h = index[1], q = index[2], group = h / (heads / groups);
    int64_t first = index[3] * step, end = std::min(first + step, keys);
    const double *row = query.floats.data() + ((b * heads + h) * queries + q) * depth;
    double largest = minusInfinity;
    for (int64_t k = first; k < end; ++k) {
      scores[k] = minusInfinity;
      if (!visibility.sees(b, h, q, k))
        continue;
      double score = 0;
      for (int64_t d = 0; d < depth; ++d)
        score += row[d] * key.floats[((b * groups + group) * keys + k) * depth + d];
      score *= scale;
      if (mask) {
        int64_t at = mask.at({b, h, q, k});
        if (mask.array->isFloat())
          score += mask.array->floats[at];
        else if (!mask.array->ints[at])
          continue;
      }
      scores[k] = score;
      // A NaN score becomes the maximum and makes the row NaN.
      largest = largest >= score || std::isnan(largest) ? largest : score;
    }
    double *to =
        result->floats.data() + (((b * heads + h) * queries + q) * parts + index[3]) * partWidth;
    double sum = 0;
    for (int64_t k = first; k < end; ++k) {
      // Unseen: its value must not count even where it is not finite.
      if (scores[k] == minusInfinity)
        continue;
      double weight = std::exp(scores[k] - largest);
      sum += weight;
      for (int64_t d = 0; d < width; ++d)
        to[d] += weight * value.floats[((b * groups + group) * keys + k) * width + d];
    }
    if (span) {
      to[width] = largest;
      to[width + 1] = sum;
    } else if (largest != minusInfinity) {
      for (int64_t d = 0; d < width; ++d)
        to[d] /= sum;
    }
  });
  return result;
}

static FailureOr<Array> evaluateMerge(nn::AttentionMergeOp op, const Array &parts) {
  int64_t count = parts.shape[3], width = parts.shape[4] - 2;
  FailureOr<Array> result = makeResult(op, {parts.shape[0], parts.shape[1], parts.shape[2], width});
  if (failed(result))
    return failure();
  int64_t rows = parts.shape[0] * parts.shape[1] * parts.shape[2];
  for (int64_t row = 0; row < rows; ++row) {
    auto part = [&](int64_t p) { return parts.floats.data() + (row * count + p) * (width + 2); };
    double largest = minusInfinity, sum = 0;
    for (int64_t p = 0; p < count; ++p)
      largest = largest >= part(p)[width] || std::isnan(largest) ? largest : part(p)[width];
    if (largest == minusInfinity)
      continue;
    double *to = result->floats.data() + row * width;
    for (int64_t p = 0; p < count; ++p) {
      if (part(p)[width] == minusInfinity)
        continue;
      double weight = std::exp(part(p)[width] - largest);
      sum += weight * part(p)[width + 1];
      for (int64_t d = 0; d < width; ++d)
        to[d] += weight * part(p)[d];
    }
    for (int64_t d = 0; d < width; ++d)
      to[d] /= sum;
  }
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
  return isa<nn::AttentionOp, nn::AttentionMergeOp, nn::RotaryOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateAttentionLike(Operation *op, Operands operands) {
  if (auto attention = dyn_cast<nn::AttentionOp>(op))
    return evaluateAttention(attention, operands);
  if (auto merge = dyn_cast<nn::AttentionMergeOp>(op))
    return evaluateMerge(merge, *operands[0]);
  return evaluateRotary(cast<nn::RotaryOp>(op), *operands[0], *operands[1]);
}
