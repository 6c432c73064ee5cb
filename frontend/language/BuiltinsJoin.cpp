//===- BuiltinsJoin.cpp - several tensors from one and back -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

/// The part of `x` from `start`, `size` long, along `axis`.
static Value slice(BuiltinCall &call, int64_t axis, const DimExpr &start, const DimExpr &size) {
  const TensorType &x = call.type(0);
  TensorType type = x;
  type.dims[axis] = size;
  return call.result(
      type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        llvm::SmallVector<mlir::OpFoldResult> offsets(x.rank(), ir.builder.getIndexAttr(0)), sizes;
        llvm::SmallVector<mlir::OpFoldResult> strides(x.rank(), ir.builder.getIndexAttr(1));
        for (const DimExpr &dim : type.dims)
          sizes.push_back(ir.sizeOrNumber(dim, loc));
        offsets[axis] = ir.sizeOrNumber(start, loc);
        return mlir::tensor::ExtractSliceOp::create(ir.builder, loc, t, call.ir(0), offsets, sizes,
                                                    strides);
      });
}

/// split(x, n, axis): n equal pieces; split(x, [a, b], axis): pieces of these sizes.
static Value applySplit(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axis = call.axis(2, -1, x.rank());
  if (!axis)
    return {};
  const DimExpr &whole = x.dims[*axis];
  llvm::SmallVector<DimExpr> sizes;
  bool isOpen = false;
  if (call.operand(1).value.integer()) {
    auto count = call.number(1, 1);
    DimExpr pieces = call.integer(1, 1);
    if (count && (*count < 1 || *count > 10000))
      return call.fail(call.rangeOf(1),
                       "the number of pieces must be from 1 to 10000, but is " + Twine(*count));
    if (!count && !call.e.dependsOnUnknown(pieces))
      return {};
    auto size = call.e.divideExactly(whole, pieces, call.range);
    if (!size)
      return {};
    isOpen = !count;
    if (!call.e.charge(count.value_or(1), call.range))
      return {};
    sizes.assign(count.value_or(1), *size);
  } else {
    auto given = call.integers(1);
    if (!given)
      return {};
    DimExpr sum = 0;
    for (const DimExpr &size : *given)
      sum = sum + size;
    if (!call.e.sameSize(sum, whole, call.rangeOf(1))) {
      call.errorAt(0, "the pieces are " + call.e.print(sum) + " long together, but dimension " +
                          Twine(*axis) + " is " + call.e.print(whole));
      return {};
    }
    sizes = *given;
  }
  std::vector<Value> pieces;
  DimExpr start = 0;
  for (const DimExpr &size : sizes) {
    pieces.push_back(slice(call, *axis, start, size));
    if (pieces.back().isPoison())
      return {};
    start = start + size;
  }
  return Value::list(std::move(pieces), isOpen);
}

/// Checks that all tensors of the list have the type of the first but along `axis`.
static bool sameButFor(BuiltinCall &call, llvm::ArrayRef<Value> parts,
                       std::optional<int64_t> axis) {
  const TensorType &first = parts[0].tensor()->type;
  for (auto [i, part] : llvm::enumerate(parts)) {
    const TensorType &type = part.tensor()->type;
    bool same = type.element == first.element && type.rank() == first.rank();
    for (size_t k = 0; same && k < type.rank(); ++k)
      if (static_cast<int64_t>(k) != axis)
        same = call.e.sameSize(type.dims[k], first.dims[k], call.rangeOf(0));
    if (same)
      continue;
    Diagnostic &diag =
        call.e.error(call.rangeOf(0), "'" + call.builtin.name + "' cannot join " +
                                          call.e.print(first) + " and " + call.e.print(type));
    if (axis)
      diag.note("all sizes but those of axis " + Twine(*axis) + " must agree");
    llvm::SmallVector<DimExpr> sizes(first.dims.begin(), first.dims.end());
    llvm::append_range(sizes, type.dims);
    call.e.noteOrigins(diag, sizes);
    return false;
  }
  return true;
}

static Value applyConcat(BuiltinCall &call) {
  llvm::ArrayRef<Value> parts = call.operand(0).value.list()->elements;
  if (parts.empty())
    return call.fail(call.rangeOf(0), "there is nothing to join");
  if (call.operand(0).value.list()->isOpen)
    return {};
  const TensorType &first = parts[0].tensor()->type;
  if (first.rank() == 0)
    return call.fail(call.rangeOf(0), "scalars have no axis to join along; 'stack' makes one");
  auto axis = call.axis(1, 0, first.rank());
  if (!axis || !sameButFor(call, parts, axis))
    return {};
  TensorType type = first;
  type.dims[*axis] = 0;
  for (const Value &part : parts)
    type.dims[*axis] = type.dims[*axis] + part.tensor()->type.dims[*axis];
  return call.result(type,
                     [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
                       llvm::SmallVector<mlir::Value> values;
                       for (const Value &part : parts)
                         values.push_back(part.tensor()->ir);
                       return mlir::tensor::ConcatOp::create(ir.builder, loc, t, *axis, values);
                     });
}

static Value applyStack(BuiltinCall &call) {
  llvm::ArrayRef<Value> parts = call.operand(0).value.list()->elements;
  if (parts.empty())
    return call.fail(call.rangeOf(0), "there is nothing to join");
  if (call.operand(0).value.list()->isOpen)
    return {};
  const TensorType &first = parts[0].tensor()->type;
  auto axis = call.axis(1, 0, first.rank() + 1);
  if (!axis || !sameButFor(call, parts, std::nullopt))
    return {};
  TensorType layer = first;
  layer.dims.insert(layer.dims.begin() + *axis, DimExpr(1));
  TensorType type = layer;
  type.dims[*axis] = static_cast<int64_t>(parts.size());
  return call.result(
      type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        llvm::SmallVector<mlir::Value> values;
        for (const Value &part : parts)
          values.push_back(ir.make<nn::ReshapeOp>(loc, ir.lowerType(layer), part.tensor()->ir,
                                                  ir.dynamicSizes(layer.dims, loc)));
        return mlir::tensor::ConcatOp::create(ir.builder, loc, t, *axis, values);
      });
}

/// pad(x, low, high, value=0): low[i] before and high[i] after dimension i.
static Value applyPad(BuiltinCall &call) {
  enum { X, Low, High, Fill };
  const TensorType &x = call.type(X);
  auto low = call.numbers(Low), high = call.numbers(High);
  if (!low || !high)
    return {};
  for (auto [i, list] : {std::pair(Low, &*low), std::pair(High, &*high)}) {
    if (list->size() != x.rank())
      return call.fail(call.rangeOf(i), "padding needs one number per dimension, " +
                                            Twine(x.rank()) + ", but there are " +
                                            Twine(list->size()));
    if (llvm::any_of(*list, [](int64_t n) { return n < 0; }))
      return call.fail(call.rangeOf(i), "padding must not be negative");
  }
  TensorType type = x;
  for (size_t i = 0; i < x.rank(); ++i)
    type.dims[i] = x.dims[i] + (*low)[i] + (*high)[i];
  // Checks that the value suits the element type.
  if (call.has(Fill) && !call.e.constantTensor(call.operand(Fill), x.element))
    return {};
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    double number = call.real(Fill, 0);
    mlir::TypedAttr value;
    if (isFloat(x.element))
      value = ir.builder.getFloatAttr(t.getElementType(), number);
    else
      value = ir.builder.getIntegerAttr(t.getElementType(), static_cast<int64_t>(number));
    return ir.make<nn::PadOp>(loc, t, call.ir(X), *low, *high, value);
  });
}

llvm::ArrayRef<Builtin> language::joinBuiltins() {
  using enum Accepts;
  static const BuiltinParam split[] = {{"x", Tensor}, {"pieces", Ints}, {"axis", Int, "-1"}};
  static const BuiltinParam concat[] = {{"tensors", Tensors}, {"axis", Int, "0"}};
  static const BuiltinParam pad[] = {
      {"x", Tensor}, {"low", Shape}, {"high", Shape}, {"value", Float, "0"}};
  static const Builtin rows[] = {
      {"split", split, applySplit},
      {"concat", concat, applyConcat},
      {"stack", concat, applyStack},
      {"pad", pad, applyPad},
  };
  return rows;
}
