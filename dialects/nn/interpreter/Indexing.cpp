//===- Indexing.cpp - reference semantics of indices, order and running sums -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

namespace {
/// A shape seen as [outer, axis, inner].
struct Lines {
  int64_t outer, size, inner;

  Lines(ArrayRef<int64_t> shape, int64_t axis)
      : outer(*elementCount(shape.take_front(axis))), size(shape[axis]),
        inner(*elementCount(shape.drop_front(axis + 1))) {}
  int64_t count() const { return outer * inner; }
  /// Element `i` of line `line`.
  int64_t at(int64_t line, int64_t i) const {
    return ((line / inner) * size + i) * inner + line % inner;
  }
};

/// -1, 0 or 1 as x is before, like or behind y; two NaN are alike, and a NaN is behind all numbers.
int compare(const Array &array, int64_t x, int64_t y) {
  auto order = [](auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; };
  if (!array.isFloat())
    return array.elementType.isUnsignedInteger()
               ? order(static_cast<uint64_t>(array.ints[x]), static_cast<uint64_t>(array.ints[y]))
               : order(array.ints[x], array.ints[y]);
  double a = array.floats[x], b = array.floats[y];
  if (std::isnan(a) || std::isnan(b))
    return int(std::isnan(a)) - int(std::isnan(b));
  return order(a, b);
}
} // namespace

static bool isNan(const Array &array, int64_t i) {
  return array.isFloat() && std::isnan(array.floats[i]);
}

static FailureOr<Array> evaluateArgReduce(nn::ArgReduceOp op, const Array &input) {
  auto axis = static_cast<int64_t>(op.getAxis());
  Lines lines(input.shape, axis);
  SmallVector<int64_t> shape(input.shape);
  if (op.getKeepDims())
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  int sign = op.getKind() == nn::Reduction::max ? 1 : -1;
  for (int64_t line = 0; line < lines.count(); ++line) {
    int64_t best = 0;
    for (int64_t i = 1; i < lines.size; ++i) {
      int64_t at = lines.at(line, i), so = lines.at(line, best);
      if (isNan(input, so))
        break;
      if (isNan(input, at) || sign * compare(input, at, so) > 0)
        best = i;
    }
    result->ints[line] = best;
  }
  return result;
}

/// The indices of one line in order, the first element first.
static std::vector<int64_t> sorted(const Array &input, const Lines &lines, int64_t line,
                                   bool descending, bool nanFirst) {
  std::vector<int64_t> order(lines.size);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    int64_t x = lines.at(line, a), y = lines.at(line, b);
    if (isNan(input, x) != isNan(input, y))
      return isNan(input, x) == nanFirst;
    int sign = compare(input, x, y);
    return descending ? sign > 0 : sign < 0;
  });
  return order;
}

static FailureOr<Array> evaluateTopK(nn::TopKOp op, const Array &input) {
  auto axis = static_cast<int64_t>(op.getAxis());
  SmallVector<int64_t> shape(input.shape);
  shape[axis] = static_cast<int64_t>(op.getK());
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  Lines from(input.shape, axis), to(shape, axis);
  for (int64_t line = 0; line < to.count(); ++line) {
    std::vector<int64_t> order = sorted(input, from, line, /*descending=*/true, /*nanFirst=*/true);
    for (int64_t i = 0; i < std::min(to.size, from.size); ++i)
      result->ints[to.at(line, i)] = order[i];
  }
  return result;
}

static FailureOr<Array> evaluateArgSort(nn::ArgSortOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result))
    return failure();
  Lines lines(input.shape, static_cast<int64_t>(op.getAxis()));
  for (int64_t line = 0; line < lines.count(); ++line)
    for (auto [i, index] :
         llvm::enumerate(sorted(input, lines, line, op.getDescending(), /*nanFirst=*/false)))
      result->ints[lines.at(line, i)] = index;
  return result;
}

/// x and y together; a NaN stays one.
static double combine(nn::Reduction kind, double x, double y) {
  if (kind == nn::Reduction::sum)
    return x + y;
  if (kind == nn::Reduction::prod)
    return x * y;
  if (std::isnan(x) || std::isnan(y))
    return std::numeric_limits<double>::quiet_NaN();
  return kind == nn::Reduction::max ? std::max(x, y) : std::min(x, y);
}

static int64_t combine(nn::Reduction kind, int64_t x, int64_t y) {
  auto a = static_cast<uint64_t>(x), b = static_cast<uint64_t>(y);
  if (kind == nn::Reduction::sum)
    return static_cast<int64_t>(a + b);
  if (kind == nn::Reduction::prod)
    return static_cast<int64_t>(a * b);
  return kind == nn::Reduction::max ? std::max(x, y) : std::min(x, y);
}

/// What changes nothing when combined.
static double floatNeutral(nn::Reduction kind) {
  double infinity = std::numeric_limits<double>::infinity();
  return kind == nn::Reduction::sum    ? 0
         : kind == nn::Reduction::prod ? 1
         : kind == nn::Reduction::max  ? -infinity
                                       : infinity;
}

static int64_t intNeutral(nn::Reduction kind, Type type) {
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = type.isUnsignedInteger();
  if (kind == nn::Reduction::sum)
    return 0;
  if (kind == nn::Reduction::prod)
    return 1;
  if (kind == nn::Reduction::max)
    return isUnsigned ? 0 : llvm::APInt::getSignedMinValue(width).getSExtValue();
  return isUnsigned ? wrapToType(-1, type) : llvm::APInt::getSignedMaxValue(width).getSExtValue();
}

static FailureOr<Array> evaluateCumulative(nn::CumulativeOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result))
    return failure();
  Lines lines(input.shape, static_cast<int64_t>(op.getAxis()));
  nn::Reduction kind = op.getKind();
  for (int64_t line = 0; line < lines.count(); ++line) {
    double real = floatNeutral(kind);
    int64_t integer = input.isFloat() ? 0 : intNeutral(kind, input.elementType);
    for (int64_t step = 0; step < lines.size; ++step) {
      int64_t at = lines.at(line, op.getReverse() ? lines.size - 1 - step : step);
      double realBefore = real;
      int64_t integerBefore = integer;
      if (input.isFloat()) {
        real = combine(kind, real, input.floats[at]);
        result->floats[at] = op.getExclusive() ? realBefore : real;
      } else {
        integer = wrapToType(combine(kind, integer, input.ints[at]), input.elementType);
        result->ints[at] = op.getExclusive() ? integerBefore : integer;
      }
    }
  }
  return result;
}

/// Where index `index` leads, counted from the front; an error outside the dimension.
static FailureOr<int64_t> place(Operation *op, int64_t index, int64_t axis, int64_t size) {
  if (index < -size || index >= size)
    return op->emitError() << "index " << index << " is outside dimension " << axis << " of size "
                           << size;
  return index < 0 ? index + size : index;
}

static FailureOr<Array> evaluateScatter(nn::ScatterOp op, const Array &data, const Array &indices,
                                        const Array &updates) {
  FailureOr<Array> result = makeResult(op, data.shape);
  if (failed(result))
    return failure();
  result->floats = data.floats;
  result->ints = data.ints;
  auto axis = static_cast<int64_t>(op.getAxis());
  Lines lines(data.shape, axis);
  int64_t count = indices.count();
  if (updates.count() != lines.outer * count * lines.inner)
    return op.emitError("updates and indices disagree in size");
  nn::Reduction kind = op.getMode() == nn::ScatterMode::add   ? nn::Reduction::sum
                       : op.getMode() == nn::ScatterMode::max ? nn::Reduction::max
                                                              : nn::Reduction::min;
  for (int64_t j = 0; j < count; ++j) {
    FailureOr<int64_t> where = place(op, indices.ints[j], axis, lines.size);
    if (failed(where))
      return failure();
    for (int64_t line = 0; line < lines.count(); ++line) {
      int64_t to = lines.at(line, *where);
      int64_t from = ((line / lines.inner) * count + j) * lines.inner + line % lines.inner;
      if (op.getMode() == nn::ScatterMode::set)
        result->copyElement(to, updates, from);
      else if (result->isFloat())
        result->floats[to] = combine(kind, result->floats[to], updates.floats[from]);
      else
        result->ints[to] =
            wrapToType(combine(kind, result->ints[to], updates.ints[from]), result->elementType);
    }
  }
  return result;
}

static FailureOr<Array> evaluateTakeAlong(nn::TakeAlongOp op, const Array &data,
                                          const Array &indices) {
  FailureOr<Array> result = makeResult(op, indices.shape);
  if (failed(result))
    return failure();
  auto axis = static_cast<int64_t>(op.getAxis());
  for (int64_t i = 0; i < data.rank(); ++i)
    if (i != axis && data.shape[i] != indices.shape[i])
      return op.emitError("data and indices disagree in size");
  Lines from(data.shape, axis), to(indices.shape, axis);
  for (int64_t line = 0; line < to.count(); ++line)
    for (int64_t i = 0; i < to.size; ++i) {
      FailureOr<int64_t> where = place(op, indices.ints[to.at(line, i)], axis, from.size);
      if (failed(where))
        return failure();
      result->copyElement(to.at(line, i), data, from.at(line, *where));
    }
  return result;
}

bool nacre::interpreter::isIndexing(Operation *op) {
  return isa<nn::ArgReduceOp, nn::TopKOp, nn::ArgSortOp, nn::CumulativeOp, nn::ScatterOp,
             nn::TakeAlongOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateIndexing(Operation *op, Operands operands) {
  return TypeSwitch<Operation *, FailureOr<Array>>(op)
      .Case([&](nn::ArgReduceOp op) { return evaluateArgReduce(op, *operands[0]); })
      .Case([&](nn::TopKOp op) { return evaluateTopK(op, *operands[0]); })
      .Case([&](nn::ArgSortOp op) { return evaluateArgSort(op, *operands[0]); })
      .Case([&](nn::CumulativeOp op) { return evaluateCumulative(op, *operands[0]); })
      .Case([&](nn::ScatterOp op) {
        return evaluateScatter(op, *operands[0], *operands[1], *operands[2]);
      })
      .Case([&](nn::TakeAlongOp op) { return evaluateTakeAlong(op, *operands[0], *operands[1]); });
}
