//===- Arithmetic.cpp - reference semantics of arith -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/interpreter/Array.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace nacre::interpreter;

/// The bits of `value` as a number of `width` bits without sign.
static uint64_t zeroExtend(int64_t value, Type type) {
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

/// The value with the sign that its top bit says: i1's one is kept as 1, but is -1 here.
static int64_t signExtend(int64_t value, Type type) {
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  return llvm::SignExtend64(static_cast<uint64_t>(value), width);
}

/// A quotient of `x` by `y`, neither zero nor overflowing, rounded down (-1), to zero (0), up (1).
static int64_t divide(int64_t x, int64_t y, int rounding) {
  int64_t quotient = x / y;
  if (x % y == 0 || rounding == 0)
    return quotient;
  bool negative = (x < 0) != (y < 0);
  if (rounding < 0)
    return negative ? quotient - 1 : quotient;
  return negative ? quotient : quotient + 1;
}

static bool compare(arith::CmpIPredicate predicate, int64_t x, int64_t y, Type type) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return x == y;
  case arith::CmpIPredicate::ne:
    return x != y;
  case arith::CmpIPredicate::slt:
    return signExtend(x, type) < signExtend(y, type);
  case arith::CmpIPredicate::sle:
    return signExtend(x, type) <= signExtend(y, type);
  case arith::CmpIPredicate::sgt:
    return signExtend(x, type) > signExtend(y, type);
  case arith::CmpIPredicate::sge:
    return signExtend(x, type) >= signExtend(y, type);
  case arith::CmpIPredicate::ult:
    return zeroExtend(x, type) < zeroExtend(y, type);
  case arith::CmpIPredicate::ule:
    return zeroExtend(x, type) <= zeroExtend(y, type);
  case arith::CmpIPredicate::ugt:
    return zeroExtend(x, type) > zeroExtend(y, type);
  case arith::CmpIPredicate::uge:
    return zeroExtend(x, type) >= zeroExtend(y, type);
  }
  llvm_unreachable("all predicates are listed");
}

/// Division by zero, and the one signed division that overflows, have no meaning in arith.
static LogicalResult checkDivision(Operation *op, int64_t x, int64_t y, Type type) {
  if (y == 0)
    return op->emitError("division by zero");
  if (isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
    return success();
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  if (signExtend(y, type) == -1 &&
      signExtend(x, type) == llvm::APInt::getSignedMinValue(width).getSExtValue())
    return op->emitError("signed division overflows");
  return success();
}

static FailureOr<int64_t> binary(Operation *op, int64_t x, int64_t y, Type type) {
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::CeilDivUIOp, arith::RemSIOp, arith::RemUIOp>(op) &&
      failed(checkDivision(op, x, y, type)))
    return failure();
  auto a = static_cast<uint64_t>(x), b = static_cast<uint64_t>(y);
  uint64_t ua = zeroExtend(x, type), ub = zeroExtend(y, type);
  int64_t sa = signExtend(x, type), sb = signExtend(y, type);
  return TypeSwitch<Operation *, FailureOr<int64_t>>(op)
      .Case([&](arith::AddIOp) { return static_cast<int64_t>(a + b); })
      .Case([&](arith::SubIOp) { return static_cast<int64_t>(a - b); })
      .Case([&](arith::MulIOp) { return static_cast<int64_t>(a * b); })
      .Case([&](arith::AndIOp) { return x & y; })
      .Case([&](arith::OrIOp) { return x | y; })
      .Case([&](arith::XOrIOp) { return x ^ y; })
      .Case([&](arith::DivSIOp) { return divide(sa, sb, 0); })
      .Case([&](arith::FloorDivSIOp) { return divide(sa, sb, -1); })
      .Case([&](arith::CeilDivSIOp) { return divide(sa, sb, 1); })
      .Case([&](arith::RemSIOp) { return sa % sb; })
      .Case([&](arith::DivUIOp) { return static_cast<int64_t>(ua / ub); })
      .Case([&](arith::CeilDivUIOp) {
        return static_cast<int64_t>(ua / ub + (ua % ub == 0 ? 0 : 1));
      })
      .Case([&](arith::RemUIOp) { return static_cast<int64_t>(ua % ub); })
      .Case([&](arith::MaxSIOp) { return std::max(sa, sb); })
      .Case([&](arith::MinSIOp) { return std::min(sa, sb); })
      .Case([&](arith::MaxUIOp) { return static_cast<int64_t>(std::max(ua, ub)); })
      .Case([&](arith::MinUIOp) { return static_cast<int64_t>(std::min(ua, ub)); })
      .Case([&](arith::CmpIOp cmp) -> int64_t { return compare(cmp.getPredicate(), x, y, type); })
      .Default([](Operation *op) { return op->emitError("is not interpreted"); });
}

static FailureOr<double> binary(Operation *op, double x, double y) {
  return TypeSwitch<Operation *, FailureOr<double>>(op)
      .Case([&](arith::AddFOp) { return x + y; })
      .Case([&](arith::SubFOp) { return x - y; })
      .Case([&](arith::MulFOp) { return x * y; })
      .Case([&](arith::DivFOp) { return x / y; })
      .Default([](Operation *op) { return op->emitError("is not interpreted"); });
}

bool nacre::interpreter::isArithmetic(Operation *op) {
  return isa<arith::ConstantOp, arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::AndIOp,
             arith::OrIOp, arith::XOrIOp, arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp,
             arith::CeilDivSIOp, arith::CeilDivUIOp, arith::RemSIOp, arith::RemUIOp, arith::MaxSIOp,
             arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp, arith::CmpIOp, arith::SelectOp,
             arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp, arith::ExtUIOp,
             arith::TruncIOp, arith::SIToFPOp, arith::UIToFPOp, arith::AddFOp, arith::SubFOp,
             arith::MulFOp, arith::DivFOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateArithmetic(Operation *op, Operands operands) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return toArray(op, constant.getValue());
  const Array &x = *operands.front();
  // arith works element by element on tensors of one shape; only a select's condition may be a
  // scalar.
  bool isSelect = isa<arith::SelectOp>(op);
  const Array &like = isSelect ? *operands[1] : x;
  for (const Array *operand : operands)
    if (operand->shape != like.shape && !(isSelect && operand == &x && x.rank() == 0))
      return op->emitError("operands differ in shape");
  FailureOr<Array> result = makeResult(op, like.shape);
  if (failed(result))
    return failure();
  for (int64_t i = 0, end = result->count(); i < end; ++i) {
    if (isSelect) {
      bool condition = x.ints[x.rank() == 0 ? 0 : i];
      result->copyElement(i, *operands[condition ? 1 : 2], i);
    } else if (operands.size() == 1) {
      bool isUnsigned = isa<arith::ExtUIOp, arith::IndexCastUIOp, arith::UIToFPOp>(op);
      int64_t value = isUnsigned ? static_cast<int64_t>(zeroExtend(x.ints[i], x.elementType))
                                 : signExtend(x.ints[i], x.elementType);
      if (result->isFloat())
        result->floats[i] = isUnsigned ? static_cast<double>(static_cast<uint64_t>(value))
                                       : static_cast<double>(value);
      else
        result->ints[i] = wrapToType(value, result->elementType);
    } else if (result->isFloat()) {
      FailureOr<double> value = binary(op, x.floats[i], operands[1]->floats[i]);
      if (failed(value))
        return failure();
      result->floats[i] = *value;
    } else {
      FailureOr<int64_t> value = binary(op, x.ints[i], operands[1]->ints[i], x.elementType);
      if (failed(value))
        return failure();
      result->ints[i] = wrapToType(*value, result->elementType);
    }
  }
  return result;
}
