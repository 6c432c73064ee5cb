//===- BandMask.cpp - recognises masks that are bands around a diagonal ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/BandMask.h"

#include "dialects/nn/NN.h"
#include "passes/support/Constants.h"
#include "passes/support/Sizes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace nacre;

namespace {

/// 0, 1, 2, ... plus `start` along one dimension, counted from the last one, and constant along
/// all others.
struct Positions {
  int64_t fromLast;
  Size count;
  double start;
};

} // namespace

static std::optional<Positions> matchPositions(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  // Positions in a narrow type may have wrapped or been rounded.
  Type element = type.getElementType();
  if (!element.isInteger(64) && !element.isInteger(32) && !element.isF32() && !element.isF64())
    return std::nullopt;
  if (isa<nn::IotaOp>(op))
    return Positions{0, sizeOf(value, 0), 0};
  if (auto cast = dyn_cast<nn::CastOp>(op))
    return matchPositions(cast.getInput());
  if (auto broadcast = dyn_cast<nn::BroadcastOp>(op))
    return matchPositions(broadcast.getInput());
  if (auto reshape = dyn_cast<nn::ReshapeOp>(op)) {
    auto inner = matchPositions(reshape.getInput());
    // Only dimensions of size 1 come or go.
    auto from = cast<RankedTensorType>(reshape.getInput().getType());
    auto isLong = [](int64_t size) { return size != 1; };
    if (!inner || llvm::count_if(from.getShape(), isLong) != 1 ||
        llvm::count_if(type.getShape(), isLong) != 1)
      return std::nullopt;
    int64_t where = std::distance(type.getShape().begin(), llvm::find_if(type.getShape(), isLong));
    inner->fromLast = type.getRank() - 1 - where;
    return inner;
  }
  if (isa<nn::AddOp, nn::SubOp>(op)) {
    Value base = op->getOperand(0), number = op->getOperand(1);
    if (isa<nn::AddOp>(op) && !splatValue(number))
      std::swap(base, number);
    auto offset = splatValue(number);
    auto inner =
        offset && keepsShape(base.getType(), value.getType()) ? matchPositions(base) : std::nullopt;
    if (inner)
      inner->start += isa<nn::AddOp>(op) ? *offset : -*offset;
    return inner;
  }
  return std::nullopt;
}

Band Band::operator&(const Band &other) const {
  auto smaller = [](std::optional<int64_t> a, std::optional<int64_t> b) {
    return a && b ? std::min(a, b) : a ? a : b;
  };
  return {smaller(before, other.before), smaller(after, other.after)};
}

/// How many keys there are more than queries, where that is known and not negative.
static std::optional<int64_t> surplus(Size queries, Size keys) {
  if (queries.isStatic() && keys.isStatic())
    return keys.index >= queries.index ? std::optional<int64_t>(keys.index - queries.index)
                                       : std::nullopt;
  return queries == keys ? std::optional<int64_t>(0) : std::nullopt;
}

/// The band of keys up to `key <= query + diagonal`, or from there on.
static std::optional<Band> bandOf(Size queries, Size keys, double diagonal, bool upTo) {
  auto shift = surplus(queries, keys);
  constexpr double limit = 1LL << 31;
  if (!shift || diagonal != std::floor(diagonal) || std::abs(diagonal) >= limit)
    return std::nullopt;
  int64_t distance =
      upTo ? static_cast<int64_t>(diagonal) - *shift : *shift - static_cast<int64_t>(diagonal);
  if (distance < 0)
    return std::nullopt;
  return upTo ? Band{std::nullopt, distance} : Band{distance, std::nullopt};
}

/// The predicate of the operands the other way round.
static std::optional<nn::ComparePredicate> turned(nn::ComparePredicate predicate) {
  switch (predicate) {
  case nn::ComparePredicate::lt:
    return nn::ComparePredicate::gt;
  case nn::ComparePredicate::le:
    return nn::ComparePredicate::ge;
  case nn::ComparePredicate::gt:
    return nn::ComparePredicate::lt;
  case nn::ComparePredicate::ge:
    return nn::ComparePredicate::le;
  default:
    return std::nullopt;
  }
}

static std::optional<Band> matchComparison(nn::CompareOp compare, bool hidden) {
  Value lhs = compare.getLhs(), rhs = compare.getRhs();
  auto predicate = std::optional(compare.getPredicate());
  // a - b < c is a < b + c.
  double offset = 0;
  if (splatValue(lhs)) {
    std::swap(lhs, rhs);
    predicate = turned(*predicate);
  }
  if (auto number = splatValue(rhs)) {
    auto difference = lhs.getDefiningOp<nn::SubOp>();
    if (!difference || splatValue(difference.getRhs()))
      return std::nullopt;
    lhs = difference.getLhs();
    rhs = difference.getRhs();
    offset = *number;
  }
  auto left = matchPositions(lhs), right = matchPositions(rhs);
  if (!left || !right || !predicate)
    return std::nullopt;
  right->start += offset;
  // Bring the keys to the left: keys vary along the last dimension, queries along the one before.
  if (left->fromLast == 1 && right->fromLast == 0) {
    std::swap(left, right);
    predicate = turned(*predicate);
  }
  if (!predicate || left->fromLast != 0 || right->fromLast != 1)
    return std::nullopt;
  // What is seen, as key <= query + diagonal or key >= query + diagonal.
  double diagonal = right->start - left->start;
  bool upTo = *predicate == nn::ComparePredicate::lt || *predicate == nn::ComparePredicate::le;
  bool strict = *predicate == nn::ComparePredicate::lt || *predicate == nn::ComparePredicate::gt;
  if (!turned(*predicate))
    return std::nullopt;
  if (hidden) {
    upTo = !upTo;
    strict = !strict;
  }
  if (strict)
    diagonal += upTo ? -1 : 1;
  return bandOf(right->count, left->count, diagonal, upTo);
}

/// The diagonals between which a constant `[1..., rows, columns]` is nonzero (or zero, with
/// `hidden`): at `row + low <= column <= row + high`. One is left out where no row shows it.
struct Diagonals {
  std::optional<int64_t> low, high;
};

static std::optional<Diagonals> matchDiagonals(DenseElementsAttr data, bool hidden) {
  auto shape = cast<RankedTensorType>(data.getType()).getShape();
  if (shape.size() < 2 || llvm::any_of(shape.drop_back(2), [](int64_t n) { return n != 1; }))
    return std::nullopt;
  int64_t rows = shape.take_back(2)[0], columns = shape.back();
  SmallVector<bool> visible;
  visible.reserve(rows * columns);
  if (isa<FloatType>(data.getElementType()))
    for (const APFloat &value : data.getValues<APFloat>())
      visible.push_back(value.isZero() == hidden);
  else
    for (const APInt &value : data.getValues<APInt>())
      visible.push_back(value.isZero() == hidden);
  // The first rows that have a beginning, and an end, inside the constant fix the diagonals.
  Diagonals found;
  for (int64_t i = 0; i < rows; ++i) {
    auto row = ArrayRef(visible).slice(i * columns, columns);
    int64_t first = std::distance(row.begin(), llvm::find(row, true));
    int64_t end = columns - std::distance(row.rbegin(), std::find(row.rbegin(), row.rend(), true));
    if (first == columns)
      return std::nullopt;
    if (first > 0 && !found.low)
      found.low = first - i;
    if (end < columns && !found.high)
      found.high = end - 1 - i;
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      if (visible[r * columns + c] !=
          ((!found.low || c >= r + *found.low) && (!found.high || c <= r + *found.high)))
        return std::nullopt;
  if (!found.low && !found.high)
    return std::nullopt;
  return found;
}

/// Whether `value` is the index `a - b`.
static bool isDifference(OpFoldResult value, Size a, Size b) {
  auto subtraction = dyn_cast<Value>(value);
  auto op = subtraction ? subtraction.getDefiningOp<arith::SubIOp>() : nullptr;
  return op && sizeOf(OpFoldResult(op.getLhs())) == a && sizeOf(OpFoldResult(op.getRhs())) == b;
}

static std::optional<Band> matchConstant(Value mask, bool hidden) {
  int64_t rank = cast<RankedTensorType>(mask.getType()).getRank();
  Size queries = sizeOf(mask, rank - 2), keys = sizeOf(mask, rank - 1);
  OpFoldResult rowStart, columnStart;
  DenseElementsAttr data;
  while (!matchPattern(mask, m_Constant(&data))) {
    Operation *op = mask.getDefiningOp();
    auto slice = dyn_cast_if_present<tensor::ExtractSliceOp>(op);
    if (slice && !rowStart && slice.hasUnitStride() &&
        slice.getType().getRank() == slice.getSourceType().getRank() && rank >= 2) {
      auto offsets = slice.getMixedOffsets();
      queries = sizeOf(slice.getMixedSizes()[offsets.size() - 2]);
      keys = sizeOf(slice.getMixedSizes()[offsets.size() - 1]);
      rowStart = offsets[offsets.size() - 2];
      columnStart = offsets.back();
      mask = slice.getSource();
      continue;
    }
    if (auto cast = dyn_cast_if_present<nn::CastOp>(op)) {
      mask = cast.getInput();
      continue;
    }
    return std::nullopt;
  }
  // Only bool, integer and float data have the values that matchTriangle reads.
  auto diagonals = matchDiagonals(data, hidden);
  if (!diagonals)
    return std::nullopt;
  int64_t moved = 0;
  if (rowStart) {
    auto column = getConstantIntValue(columnStart), row = getConstantIntValue(rowStart);
    if (!column || !row) {
      // The last rows of a triangle.
      if (diagonals->low || diagonals->high != 0 || column != 0 ||
          !isDifference(rowStart, keys, queries))
        return std::nullopt;
      return Band{std::nullopt, 0};
    }
    moved = *row - *column;
  }
  Band band;
  for (auto [diagonal, upTo] : {std::pair(diagonals->high, true), {diagonals->low, false}}) {
    if (!diagonal)
      continue;
    auto half = bandOf(queries, keys, static_cast<double>(*diagonal + moved), upTo);
    if (!half)
      return std::nullopt;
    band = band & *half;
  }
  return band;
}

std::optional<Band> nacre::matchBand(Value mask, bool hidden) {
  while (Operation *op = mask.getDefiningOp()) {
    auto type = cast<RankedTensorType>(mask.getType());
    if (isa<nn::NotOp>(op)) {
      hidden = !hidden;
    } else if (isa<nn::BroadcastOp>(op)) {
      // Leading dimensions only: the last two must be whole underneath.
    } else if (auto reshape = dyn_cast<nn::ReshapeOp>(op)) {
      auto from = cast<RankedTensorType>(reshape.getInput().getType());
      auto isOne = [](int64_t n) { return n == 1; };
      if (from.getRank() < 2 || type.getRank() < 2 ||
          !llvm::all_of(from.getShape().drop_back(2), isOne) ||
          !llvm::all_of(type.getShape().drop_back(2), isOne) ||
          !(sizeOf(mask, type.getRank() - 1) == sizeOf(reshape.getInput(), from.getRank() - 1)))
        break;
    } else {
      break;
    }
    mask = op->getOperand(0);
  }
  // A dimension of size 1 would be repeated for all queries or keys.
  auto type = cast<RankedTensorType>(mask.getType());
  if (type.getRank() < 2 || llvm::is_contained(type.getShape().take_back(2), 1))
    return std::nullopt;
  if (auto compare = mask.getDefiningOp<nn::CompareOp>())
    return matchComparison(compare, hidden);
  return matchConstant(mask, hidden);
}
