//===- BuiltinsShape.cpp - the same elements, another shape -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

static DimExpr product(llvm::ArrayRef<DimExpr> sizes) {
  DimExpr all = 1;
  for (const DimExpr &size : sizes)
    all = all * size;
  return all;
}

static Value applyReshape(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto shape = call.integers(1);
  if (!shape)
    return {};
  std::optional<size_t> open;
  for (auto [i, size] : llvm::enumerate(*shape)) {
    if (size.isConstant(-1)) {
      if (open)
        return call.fail(call.rangeOf(1), "at most one size of a shape can be -1");
      open = i;
      continue;
    }
    if (auto known = call.e.valueOf(size); known && *known < 0)
      return call.fail(call.rangeOf(1), "a size must not be negative, but " + call.e.print(size) +
                                            " is " + Twine(*known));
  }
  DimExpr total = product(x.dims);
  if (open) {
    (*shape)[*open] = 1;
    DimExpr rest = product(*shape);
    if (call.e.valueOf(rest) == 0)
      return call.fail(call.rangeOf(1), "-1 cannot be found beside a size of 0");
    auto quotient = call.e.divideExactly(total, rest, call.rangeOf(1));
    if (!quotient)
      return {};
    (*shape)[*open] = *quotient;
  } else if (!call.e.sameSize(total, product(*shape), call.rangeOf(1))) {
    Diagnostic &diag =
        call.e.error(call.rangeOf(1), "reshape must keep the number of elements, but " +
                                          call.print(0) + " has " + call.e.print(total) + " and " +
                                          language::print(*shape, call.e.dims) + " has " +
                                          call.e.print(product(*shape)));
    llvm::SmallVector<DimExpr> sizes(x.dims.begin(), x.dims.end());
    llvm::append_range(sizes, *shape);
    call.e.noteOrigins(diag, sizes);
    return {};
  }
  return call.e.reshape(call.range, call.tensor(0), *shape);
}

static Value applyFlatten(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  if (x.rank() == 0)
    return call.e.reshape(call.range, call.tensor(0), {DimExpr(1)});
  auto first = call.axis(1, 0, x.rank()), last = call.axis(2, -1, x.rank());
  if (!first || !last)
    return {};
  if (*first > *last)
    return call.fail(call.range, "flatten starts at axis " + Twine(*first) + ", after its end at " +
                                     Twine(*last));
  llvm::ArrayRef<DimExpr> dims = x.dims;
  llvm::SmallVector<DimExpr> shape(dims.take_front(*first));
  shape.push_back(product(dims.slice(*first, *last - *first + 1)));
  llvm::append_range(shape, dims.drop_front(*last + 1));
  return call.e.reshape(call.range, call.tensor(0), shape);
}

static Value applySqueeze(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axes = call.axes(1, x.rank());
  if (!axes)
    return {};
  llvm::SmallVector<DimExpr> shape;
  for (auto [i, size] : llvm::enumerate(x.dims)) {
    if (!llvm::is_contained(*axes, static_cast<int64_t>(i))) {
      shape.push_back(size);
      continue;
    }
    if (!call.e.isOne(size) && !call.e.sameSize(size, 1, call.rangeOf(1))) {
      call.errorAt(0, "squeeze drops dimensions of size 1, but dimension " + Twine(i) + " is " +
                          call.e.print(size));
      return {};
    }
  }
  return call.e.reshape(call.range, call.tensor(0), shape);
}

static Value applyUnsqueeze(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axis = call.axis(1, 0, x.rank() + 1);
  if (!axis)
    return {};
  llvm::SmallVector<DimExpr> shape(x.dims.begin(), x.dims.end());
  shape.insert(shape.begin() + *axis, DimExpr(1));
  return call.e.reshape(call.range, call.tensor(0), shape);
}

static Value applyTranspose(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto order = call.numbers(1);
  if (!order)
    return {};
  if (order->size() != x.rank()) {
    call.errorAt(0, "the new order must name each of the " + Twine(x.rank()) +
                        " dimensions once, but it names " + Twine(order->size()));
    return {};
  }
  llvm::SmallVector<int64_t> permutation;
  TensorType type{x.element, {}};
  for (int64_t axis : *order) {
    auto from = call.axisNamed(axis, x.rank(), call.rangeOf(1));
    if (!from)
      return {};
    if (llvm::is_contained(permutation, *from))
      return call.fail(call.rangeOf(1), "axis " + Twine(axis) + " is named twice");
    permutation.push_back(*from);
    type.dims.push_back(x.dims[*from]);
  }
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::TransposeOp>(loc, t, call.ir(0), permutation);
  });
}

static Value applyBroadcast(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto shape = call.integers(1);
  if (!shape)
    return {};
  bool fits = x.rank() <= shape->size();
  for (size_t i = 0; fits && i < x.rank(); ++i) {
    const DimExpr &own = x.dims[x.rank() - 1 - i], &wanted = (*shape)[shape->size() - 1 - i];
    fits = call.e.isOne(own) || call.e.sameSize(own, wanted, call.rangeOf(1));
  }
  if (!fits) {
    call.errorAt(0,
                 call.print(0) + " does not broadcast to " + language::print(*shape, call.e.dims));
    return {};
  }
  TensorType type{x.element, {shape->begin(), shape->end()}};
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::BroadcastOp>(loc, t, call.ir(0), ir.dynamicSizes(type.dims, loc));
  });
}

static Value applyTake(BuiltinCall &call) {
  auto axis = call.axis(2, 0, call.type(0).rank());
  if (!axis)
    return {};
  return call.e.gather(call.range, call.tensor(0), call.tensor(1), *axis);
}

llvm::ArrayRef<Builtin> language::shapeBuiltins() {
  using enum Accepts;
  static const BuiltinParam reshape[] = {{"x", Tensor}, {"shape", Shape}};
  static const BuiltinParam flatten[] = {{"x", Tensor}, {"start", Int, "0"}, {"end", Int, "-1"}};
  static const BuiltinParam squeeze[] = {{"x", Tensor}, {"axis", Ints}};
  static const BuiltinParam unsqueeze[] = {{"x", Tensor}, {"axis", Int}};
  static const BuiltinParam transpose[] = {{"x", Tensor}, {"order", Shape}};
  static const BuiltinParam take[] = {{"x", Tensor}, {"indices", IndexTensor}, {"axis", Int, "0"}};
  static const Builtin rows[] = {
      {"reshape", reshape, applyReshape},
      {"flatten", flatten, applyFlatten},
      {"squeeze", squeeze, applySqueeze},
      {"unsqueeze", unsqueeze, applyUnsqueeze},
      {"transpose", transpose, applyTranspose},
      {"broadcast_to", reshape, applyBroadcast},
      {"take", take, applyTake},
      {"gather", take, applyTake},
  };
  return rows;
}
