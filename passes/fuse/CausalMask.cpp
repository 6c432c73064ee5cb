//===- CausalMask.cpp - recognises masks that hide the future ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/CausalMask.h"

#include "dialects/nn/NN.h"
#include "passes/support/Constants.h"
#include "passes/support/Sizes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

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

/// Whether a - b is `difference` whenever the program runs.
static bool differBy(Size a, Size b, double difference) {
  if (a.isStatic() && b.isStatic())
    return a.index - b.index == difference;
  return difference == 0 && a == b;
}

/// Whether `key <= query + diagonal` is the causal rule for these sizes, with a key for every
/// query.
static bool isCausalDiagonal(Size queries, Size keys, double diagonal) {
  return diagonal >= 0 && differBy(keys, queries, diagonal);
}

static bool matchComparison(nn::CompareOp compare, bool hidden) {
  auto left = matchPositions(compare.getLhs()), right = matchPositions(compare.getRhs());
  auto predicate = compare.getPredicate();
  if (!left || !right)
    return false;
  // Bring the keys to the left: keys vary along the last dimension, queries along the one before.
  if (left->fromLast == 1 && right->fromLast == 0) {
    std::swap(left, right);
    switch (predicate) {
    case nn::ComparePredicate::lt:
      predicate = nn::ComparePredicate::gt;
      break;
    case nn::ComparePredicate::le:
      predicate = nn::ComparePredicate::ge;
      break;
    case nn::ComparePredicate::gt:
      predicate = nn::ComparePredicate::lt;
      break;
    case nn::ComparePredicate::ge:
      predicate = nn::ComparePredicate::le;
      break;
    default:
      return false;
    }
  }
  if (left->fromLast != 0 || right->fromLast != 1)
    return false;
  double diagonal = right->start - left->start;
  switch (predicate) {
  case nn::ComparePredicate::le:
    return !hidden && isCausalDiagonal(right->count, left->count, diagonal);
  case nn::ComparePredicate::lt:
    return !hidden && isCausalDiagonal(right->count, left->count, diagonal - 1);
  case nn::ComparePredicate::gt:
    return hidden && isCausalDiagonal(right->count, left->count, diagonal);
  case nn::ComparePredicate::ge:
    return hidden && isCausalDiagonal(right->count, left->count, diagonal - 1);
  default:
    return false;
  }
}

/// The diagonal d for which a constant `[1..., rows, columns]` is nonzero exactly at
/// `column <= row + d` (or exactly not there, with `hidden`).
static std::optional<int64_t> matchTriangle(DenseElementsAttr data, bool hidden) {
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
  // The first row that has an end inside the constant fixes the diagonal.
  for (int64_t i = 0; i < rows; ++i) {
    auto row = ArrayRef(visible).slice(i * columns, columns);
    int64_t count = std::distance(row.begin(), llvm::find(row, false));
    if (count == 0 || count == columns)
      continue;
    int64_t diagonal = count - 1 - i;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        if (visible[r * columns + c] != (c <= r + diagonal))
          return std::nullopt;
    return diagonal;
  }
  return std::nullopt;
}

/// Whether `value` is the index `a - b`.
static bool isDifference(OpFoldResult value, Size a, Size b) {
  auto subtraction = dyn_cast<Value>(value);
  auto op = subtraction ? subtraction.getDefiningOp<arith::SubIOp>() : nullptr;
  return op && sizeOf(OpFoldResult(op.getLhs())) == a && sizeOf(OpFoldResult(op.getRhs())) == b;
}

static bool matchConstant(Value mask, bool hidden) {
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
    return false;
  }
  // Only bool, integer and float data have the values that matchTriangle reads.
  auto diagonal = matchTriangle(data, hidden);
  if (!diagonal)
    return false;
  if (!rowStart)
    return isCausalDiagonal(queries, keys, *diagonal);
  auto column = getConstantIntValue(columnStart), row = getConstantIntValue(rowStart);
  if (column && row)
    return isCausalDiagonal(queries, keys, static_cast<double>(*diagonal + *row - *column));
  return *diagonal == 0 && column == 0 && isDifference(rowStart, keys, queries);
}

bool nacre::isCausalMask(Value mask, bool hidden) {
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
    return false;
  if (auto compare = mask.getDefiningOp<nn::CompareOp>())
    return matchComparison(compare, hidden);
  return matchConstant(mask, hidden);
}
