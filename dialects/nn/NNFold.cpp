//===- NNFold.cpp - operations that are one of their operands, or constants -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fold must hold for every element: NaN and infinity pass as they would without it. x * 0 is
// therefore not folded. The one liberty taken is the sign of a zero that x + 0 keeps.

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/APSInt.h"

using namespace mlir;
using namespace nacre::nn;
namespace APIntOps = llvm::APIntOps;

/// Larger constants than this stay as operations, unless all their elements are equal: each fold
/// makes a copy of the elements in the context, which nothing frees.
static constexpr int64_t largestFolded = 1024;

/// `attribute` as elements that may be folded to a constant of type `type`, else null.
static DenseElementsAttr foldable(Attribute attribute, RankedTensorType type) {
  auto data = dyn_cast_if_present<DenseElementsAttr>(attribute);
  if (!data || !type.hasStaticShape())
    return {};
  bool sameShape = data.getType().getShape() == type.getShape();
  return data.isSplat() || (sameShape && type.getNumElements() <= largestFolded)
             ? data
             : DenseElementsAttr();
}

/// The constant whose elements `compute` gives for those of `input`.
template <typename From, typename To = From>
static Attribute mapElements(DenseElementsAttr input, RankedTensorType type,
                             function_ref<To(From)> compute) {
  if (input.isSplat())
    return DenseElementsAttr::get(type, ArrayRef<To>(compute(input.getSplatValue<From>())));
  SmallVector<To> values;
  for (From value : input.getValues<From>())
    values.push_back(compute(value));
  return DenseElementsAttr::get(type, values);
}

template <typename From, typename To = From>
static Attribute mapElements(DenseElementsAttr lhs, DenseElementsAttr rhs, RankedTensorType type,
                             function_ref<To(From, From)> compute) {
  if (lhs.isSplat() && rhs.isSplat())
    return DenseElementsAttr::get(
        type, ArrayRef<To>(compute(lhs.getSplatValue<From>(), rhs.getSplatValue<From>())));
  SmallVector<To> values;
  int64_t count = type.getNumElements();
  auto left = lhs.getValues<From>(), right = rhs.getValues<From>();
  for (int64_t i = 0; i < count; ++i)
    values.push_back(compute(left[i], right[i]));
  return DenseElementsAttr::get(type, values);
}

using FloatUnary = function_ref<APFloat(APFloat)>;
using IntUnary = function_ref<APInt(APInt)>;
using FloatBinary = function_ref<APFloat(APFloat, APFloat)>;
using IntBinary = function_ref<APInt(APInt, APInt)>;

static OpFoldResult foldConstant(Attribute input, Type resultType, FloatUnary onFloat,
                                 IntUnary onInt) {
  auto type = cast<RankedTensorType>(resultType);
  DenseElementsAttr data = foldable(input, type);
  if (!data)
    return {};
  return isa<FloatType>(type.getElementType()) ? mapElements<APFloat>(data, type, onFloat)
                                               : mapElements<APInt>(data, type, onInt);
}

static OpFoldResult foldConstants(ArrayRef<Attribute> inputs, Type resultType, FloatBinary onFloat,
                                  IntBinary onInt) {
  auto type = cast<RankedTensorType>(resultType);
  DenseElementsAttr lhs = foldable(inputs[0], type), rhs = foldable(inputs[1], type);
  if (!lhs || !rhs)
    return {};
  return isa<FloatType>(type.getElementType()) ? mapElements<APFloat>(lhs, rhs, type, onFloat)
                                               : mapElements<APInt>(lhs, rhs, type, onInt);
}

/// True where all elements are the number `value`.
static bool isAll(Attribute attribute, int64_t value) {
  auto data = dyn_cast_if_present<DenseElementsAttr>(attribute);
  if (!data || !data.isSplat())
    return false;
  if (auto real = dyn_cast<FloatType>(data.getElementType())) {
    APFloat wanted(static_cast<double>(value));
    bool lossy = false;
    wanted.convert(real.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lossy);
    return data.getSplatValue<APFloat>().compare(wanted) == APFloat::cmpEqual;
  }
  APInt element = data.getSplatValue<APInt>();
  return value >= 0 && element.getActiveBits() <= 64 &&
         element.getZExtValue() == static_cast<uint64_t>(value);
}

/// `value` where it is the whole result: the other operand does not enlarge it.
static OpFoldResult ifWhole(Value value, Type resultType) {
  return value.getType() == resultType ? OpFoldResult(value) : OpFoldResult();
}

/// An operation that changes nothing when it is done again.
template <typename Op>
static OpFoldResult foldIdempotent(Op op) {
  return op.getInput().template getDefiningOp<Op>() ? ifWhole(op.getInput(), op.getType())
                                                    : OpFoldResult();
}

/// An operation that undoes itself.
template <typename Op>
static OpFoldResult foldInvolution(Op op) {
  auto inner = op.getInput().template getDefiningOp<Op>();
  return inner ? ifWhole(inner.getInput(), op.getType()) : OpFoldResult();
}

static bool isUnsignedElement(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isUnsignedInteger() || element.isInteger(1);
}

//===- Unary operations ----------------------------------------------------===//

OpFoldResult NegOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult input = foldInvolution(*this))
    return input;
  return foldConstant(
      adaptor.getInput(), getType(), [](APFloat x) { return -x; }, [](APInt x) { return -x; });
}

OpFoldResult AbsOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult input = foldIdempotent(*this))
    return input;
  bool isUnsigned = isUnsignedElement(getType());
  return foldConstant(
      adaptor.getInput(), getType(), [](APFloat x) { return abs(x); },
      [&](APInt x) { return isUnsigned ? x : x.abs(); });
}

OpFoldResult NotOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult input = foldInvolution(*this))
    return input;
  return foldConstant(
      adaptor.getInput(), getType(), [](APFloat x) { return x; }, [](APInt x) { return ~x; });
}

OpFoldResult ReluOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult input = foldIdempotent(*this))
    return input;
  bool isUnsigned = isUnsignedElement(getType());
  return foldConstant(
      adaptor.getInput(), getType(),
      [](APFloat x) {
        bool keep = x.isNaN() || (!x.isNegative() && !x.isZero());
        return keep ? x : APFloat::getZero(x.getSemantics());
      },
      [&](APInt x) { return isUnsigned || x.isNonNegative() ? x : APInt(x.getBitWidth(), 0); });
}

OpFoldResult SignOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult FloorOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult CeilOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult RoundOp::fold(FoldAdaptor) { return foldIdempotent(*this); }

//===- Binary operations ---------------------------------------------------===//

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isAll(adaptor.getRhs(), 0))
    if (OpFoldResult x = ifWhole(getLhs(), getType()))
      return x;
  if (isAll(adaptor.getLhs(), 0))
    if (OpFoldResult x = ifWhole(getRhs(), getType()))
      return x;
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return x + y; },
      [](APInt x, APInt y) { return x + y; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isAll(adaptor.getRhs(), 0))
    if (OpFoldResult x = ifWhole(getLhs(), getType()))
      return x;
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return x - y; },
      [](APInt x, APInt y) { return x - y; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isAll(adaptor.getRhs(), 1))
    if (OpFoldResult x = ifWhole(getLhs(), getType()))
      return x;
  if (isAll(adaptor.getLhs(), 1))
    if (OpFoldResult x = ifWhole(getRhs(), getType()))
      return x;
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return x * y; },
      [](APInt x, APInt y) { return x * y; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isAll(adaptor.getRhs(), 1))
    if (OpFoldResult x = ifWhole(getLhs(), getType()))
      return x;
  bool isUnsigned = isUnsignedElement(getType());
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return x / y; },
      [&](APInt x, APInt y) {
        if (y.isZero())
          return y;
        return isUnsigned ? x.udiv(y) : APIntOps::RoundingSDiv(x, y, APInt::Rounding::DOWN);
      });
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  return isAll(adaptor.getRhs(), 1) ? ifWhole(getLhs(), getType()) : OpFoldResult();
}

OpFoldResult MaximumOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return ifWhole(getLhs(), getType());
  bool isUnsigned = isUnsignedElement(getType());
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return maximum(x, y); },
      [&](APInt x, APInt y) { return isUnsigned ? APIntOps::umax(x, y) : APIntOps::smax(x, y); });
}

OpFoldResult MinimumOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return ifWhole(getLhs(), getType());
  bool isUnsigned = isUnsignedElement(getType());
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat y) { return minimum(x, y); },
      [&](APInt x, APInt y) { return isUnsigned ? APIntOps::umin(x, y) : APIntOps::smin(x, y); });
}

/// `and` and `or`: x with itself or with the constant that leaves it alone is x; with the other
/// constant, where that has the result's type, it is that constant.
template <typename Op>
static OpFoldResult foldLogic(Op op, ArrayRef<Attribute> operands, int64_t neutral) {
  if (op.getLhs() == op.getRhs())
    return ifWhole(op.getLhs(), op.getType());
  for (int i : {0, 1}) {
    Value here = op->getOperand(i), other = op->getOperand(1 - i);
    if (isAll(operands[i], neutral))
      if (OpFoldResult x = ifWhole(other, op.getType()))
        return x;
    if (isAll(operands[i], 1 - neutral))
      if (OpFoldResult x = ifWhole(here, op.getType()))
        return x;
  }
  return {};
}

OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult value = foldLogic(*this, adaptor.getOperands(), /*neutral=*/1))
    return value;
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat) { return x; },
      [](APInt x, APInt y) { return x & y; });
}

OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult value = foldLogic(*this, adaptor.getOperands(), /*neutral=*/0))
    return value;
  return foldConstants(
      adaptor.getOperands(), getType(), [](APFloat x, APFloat) { return x; },
      [](APInt x, APInt y) { return x | y; });
}

template <typename T>
static bool holds(ComparePredicate predicate, T x, T y) {
  switch (predicate) {
  case ComparePredicate::eq:
    return x == y;
  case ComparePredicate::ne:
    return x != y;
  case ComparePredicate::lt:
    return x < y;
  case ComparePredicate::le:
    return x <= y;
  case ComparePredicate::gt:
    return x > y;
  case ComparePredicate::ge:
    return x >= y;
  }
  llvm_unreachable("all predicates are listed");
}

OpFoldResult CompareOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  DenseElementsAttr lhs = foldable(adaptor.getLhs(), type), rhs = foldable(adaptor.getRhs(), type);
  if (!lhs || !rhs)
    return {};
  if (isa<FloatType>(lhs.getElementType()))
    return mapElements<APFloat, bool>(
        lhs, rhs, type, [&](APFloat x, APFloat y) { return holds(getPredicate(), x, y); });
  bool isUnsigned = isUnsignedElement(getLhs().getType());
  return mapElements<APInt, bool>(lhs, rhs, type, [&](APInt x, APInt y) {
    return holds(getPredicate(), APSInt(x, isUnsigned), APSInt(y, isUnsigned));
  });
}

//===- Others --------------------------------------------------------------===//

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return ifWhole(getOnTrue(), getType());
  if (isAll(adaptor.getCondition(), 1))
    return ifWhole(getOnTrue(), getType());
  if (isAll(adaptor.getCondition(), 0))
    return ifWhole(getOnFalse(), getType());
  return {};
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto type = cast<RankedTensorType>(getType());
  DenseElementsAttr data = foldable(adaptor.getInput(), type);
  if (!data)
    return {};
  Type from = data.getElementType(), to = type.getElementType();
  if (to.isInteger(1)) {
    if (isa<FloatType>(from))
      return mapElements<APFloat, bool>(data, type, [](APFloat x) { return !x.isZero(); });
    return mapElements<APInt, bool>(data, type, [](APInt x) { return !x.isZero(); });
  }
  bool isUnsigned = isUnsignedElement(data.getType());
  if (auto real = dyn_cast<FloatType>(to)) {
    const llvm::fltSemantics &semantics = real.getFloatSemantics();
    if (isa<FloatType>(from))
      return mapElements<APFloat, APFloat>(data, type, [&](APFloat x) {
        bool lossy = false;
        x.convert(semantics, APFloat::rmNearestTiesToEven, &lossy);
        return x;
      });
    return mapElements<APInt, APFloat>(data, type, [&](APInt x) {
      APFloat result(semantics);
      result.convertFromAPInt(x, !isUnsigned, APFloat::rmNearestTiesToEven);
      return result;
    });
  }
  // A float becomes an integer at run time only: out of range, the targets differ.
  if (isa<FloatType>(from))
    return {};
  return mapElements<APInt, APInt>(data, type, [&](APInt x) {
    return isUnsigned ? x.zextOrTrunc(to.getIntOrFloatBitWidth())
                      : x.sextOrTrunc(to.getIntOrFloatBitWidth());
  });
}

/// True where size operand i of a result is dimension i of the input itself.
static bool keepsDynamicSizes(Value input, RankedTensorType type, ValueRange dynamicSizes) {
  size_t next = 0;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    auto dim = dynamicSizes[next++].getDefiningOp<tensor::DimOp>();
    if (!dim || dim.getSource() != input || dim.getConstantIndex() != i)
      return false;
  }
  return true;
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  // With one dynamic size, the number of elements already says that it is the input's.
  if (getInput().getType() == getType() &&
      (getType().getNumDynamicDims() <= 1 ||
       keepsDynamicSizes(getInput(), getType(), getDynamicSizes())))
    return getInput();
  if (auto data = dyn_cast_if_present<DenseElementsAttr>(adaptor.getInput()))
    if (getType().hasStaticShape())
      return data.reshape(getType());
  return {};
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  // Equal types: no dimension is 1 in the one and more in the other, and `?` that meet are equal.
  if (getInput().getType() == getType())
    return getInput();
  auto data = dyn_cast_if_present<DenseElementsAttr>(adaptor.getInput());
  if (data && data.isSplat() && getType().hasStaticShape())
    return data.resizeSplat(getType());
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType() &&
      llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getType().getRank())))
    return getInput();
  auto data = dyn_cast_if_present<DenseElementsAttr>(adaptor.getInput());
  if (data && data.isSplat() && getType().hasStaticShape())
    return data.resizeSplat(getType());
  return {};
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  auto isZero = [](int64_t n) { return n == 0; };
  return llvm::all_of(getLow(), isZero) && llvm::all_of(getHigh(), isZero)
             ? ifWhole(getInput(), getType())
             : OpFoldResult();
}
