//===- ElaborateBounded.cpp - sizes known only after the run ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bounded tensor is memory for its bound and the number of elements that
// count. It grows with `append`; its elements are read by an index, or as the
// tensor of all its places, `x.data`.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Builtins.h"
#include "frontend/language/Elaborator.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

std::optional<size_t> Elaborator::boundedAxis(const ast::TypeRef *type) {
  auto *tensor = llvm::dyn_cast_or_null<ast::TensorType>(type);
  for (auto [i, dim] : llvm::enumerate(tensor ? tensor->dims : llvm::ArrayRef<ast::Dim>()))
    if (dim.kind == ast::Dim::Kind::Bounded)
      return i;
  return std::nullopt;
}

Value Elaborator::makeBounded(const ast::IndexExpr *expr, ElementType element) {
  BoundedTensor made;
  made.data.type.element = element;
  std::optional<Operand> length;
  for (auto [i, item] : llvm::enumerate(expr->items)) {
    auto *bound = llvm::dyn_cast_or_null<ast::BinaryExpr>(item.isSlice ? nullptr : item.start);
    if (item.isSlice)
      return fail(item.range, "a shape is a list of sizes");
    const ast::Expr *sizeExpr = item.start;
    if (bound && bound->op == ast::BinaryOp::Le) {
      if (length)
        return fail(item.range, "a tensor has one size that is known only after the run");
      length = operand(bound->lhs);
      made.axis = i;
      sizeExpr = bound->rhs;
    }
    auto size = evalInt(sizeExpr, "a size");
    if (!size)
      return {};
    made.data.type.dims.push_back(*size);
  }
  if (!length) {
    error(expr->range, "a tensor type is no value")
        .note("'zeros[...]' makes a tensor; '" + name(element).str() +
              "[1, 0 <= n]' makes an empty one that grows up to n");
    return {};
  }
  const DimExpr *count = length->value.integer();
  const Tensor *counted = length->value.tensor();
  if (count && !requireAtMost(*count, made.data.type.dims[made.axis], length->range,
                              "the length " + print(*count) + " is above the bound " +
                                  print(made.data.type.dims[made.axis])))
    return {};
  if (!count && !(counted && counted->type.rank() == 0 && isIndex(counted->type.element))) {
    if (!length->value.isPoison())
      error(length->range,
            "the length must be an int or an i64[], but this is " + describe(length->value));
    return {};
  }
  auto known = count ? constantTensor(*length, ElementType::I64) : std::optional(*counted);
  bool isTruth = isBool(element);
  auto zero = constantTensor({isTruth ? Value(false) : Value(DimExpr(0)), expr->range}, element);
  if (!known || !zero)
    return {};
  TensorType type = made.data.type;
  Value data = result(
      type, expr->range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::BroadcastOp>(loc, lowered, zero->ir, ir.dynamicSizes(type.dims, loc));
      });
  if (!data.tensor())
    return {};
  made.data = *data.tensor();
  made.length = *known;
  return made;
}

/// Elements of a bounded tensor by their places.
Value Elaborator::indexBounded(const ast::IndexExpr *expr, const BoundedTensor &base) {
  bool isPlace = expr->items.size() > base.axis;
  for (auto [i, item] : llvm::enumerate(expr->items)) {
    if (!item.isSlice && llvm::isa<ast::EllipsisExpr, ast::NoneExpr>(item.start))
      isPlace = false;
    else if (i == base.axis)
      isPlace &= !item.isSlice || (item.start && item.stop);
  }
  if (!isPlace) {
    error(expr->range,
          "how much of this counts is known only after the run: " + describe(Value(base)))
        .note("'x.data' is all its places, of which length(x) count; an index or 'a:b' in "
              "dimension " +
              std::to_string(base.axis) + " names some");
    return {};
  }
  return indexTensor(expr, base.data);
}

Value Elaborator::checkBounded(const Operand &operand, const ast::TensorType *type,
                               const Twine &what) {
  size_t axis = *boundedAxis(type);
  TensorType wanted;
  auto element = resolveElement(type->element);
  bool good = element.has_value();
  StringRef sizeName;
  for (auto [i, dim] : llvm::enumerate(type->dims)) {
    if (dim.kind == ast::Dim::Kind::Leading || (dim.kind == ast::Dim::Kind::Bounded && i != axis)) {
      error(dim.range, dim.kind == ast::Dim::Kind::Leading
                           ? "a bounded tensor names each of its dimensions"
                           : "a tensor has one size that is known only after the run");
      return {};
    }
    if (i == axis) {
      auto *name = llvm::dyn_cast<ast::NameExpr>(dim.size);
      if (!name || !isVariableName(name->name) || current->dims.contains(name->name)) {
        error(dim.size->range, "the left side of '<=' is a new name for the size, such as N");
        return {};
      }
      sizeName = name->name;
    }
    auto size = resolveDim(i == axis ? dim.bound : dim.size);
    good &= size.has_value();
    wanted.dims.push_back(size.value_or(DimExpr(1)));
  }
  if (!good)
    return {};
  wanted.element = *element;
  const BoundedTensor *bounded = operand.value.bounded();
  BoundedTensor shaped;
  shaped.data.type = wanted;
  shaped.length.type.element = ElementType::I64;
  shaped.axis = axis;
  shaped.name = sizeName.str();
  if (operand.value.isPoison())
    return shaped;
  bool same = bounded && bounded->axis == axis && bounded->data.type.element == wanted.element &&
              bounded->data.type.rank() == wanted.rank();
  for (size_t i = 0; same && i < wanted.rank(); ++i)
    same = sameSize(bounded->data.type.dims[i], wanted.dims[i], operand.range);
  if (!same) {
    Diagnostic &diag = error(operand.range, what + " must be " + language::print(shaped, dims) +
                                                ", but is " + describe(operand.value));
    noteOrigins(diag, wanted.dims);
    diag.note(type->range, "the type is declared");
    if (operand.value.tensor())
      diag.note("'" + name(wanted.element).str() +
                "[..., 0 <= n]' makes an empty tensor that grows by append(x, value)");
    return shaped;
  }
  shaped.data = bounded->data;
  shaped.data.type = wanted;
  shaped.length = bounded->length;
  return shaped;
}

//===----------------------------------------------------------------------===//
// Functions of them
//===----------------------------------------------------------------------===//

/// length(x): how many elements count.
static Value applyLength(BuiltinCall &call) {
  if (const BoundedTensor *bounded = call.operand(0).value.bounded())
    return bounded->length;
  Diagnostic &diag = call.errorAt(0, "'length' takes a bounded tensor, but this is " +
                                         call.e.describe(call.operand(0).value));
  diag.note("'.shape[0]' is the first size of a tensor, 'len' that of a list");
  return {};
}

/// append(x, value): what fits is written behind what counts.
static Value applyAppend(BuiltinCall &call) {
  const BoundedTensor *base = call.operand(0).value.bounded();
  if (!base) {
    call.errorAt(0, "'append' takes a bounded tensor, but this is " +
                        call.e.describe(call.operand(0).value))
        .note("'i64[1, 0 <= n]' makes an empty one; concat joins tensors");
    return {};
  }
  Operand given = call.operand(1);
  const TensorType &type = base->data.type;
  Operand operands[] = {{base->data, call.rangeOf(0)}, given};
  if (!call.e.unify("append", call.range, operands))
    return {};
  Tensor value = *operands[1].value.tensor();
  // One element may come without its dimension.
  bool isOne = value.type.rank() + 1 == type.rank();
  TensorType wanted = type;
  wanted.dims[base->axis] =
      isOne || value.type.rank() != type.rank() ? DimExpr(1) : value.type.dims[base->axis];
  TensorType own = wanted;
  if (isOne)
    own.dims.erase(own.dims.begin() + base->axis);
  bool same = value.type.rank() == own.rank();
  for (size_t i = 0; same && i < own.rank(); ++i)
    same = call.e.sameSize(value.type.dims[i], own.dims[i], given.range);
  if (!same) {
    call.errorAt(1, "'value' of 'append' must be " + call.e.print(own) + ", but this is " +
                        call.e.describe(given.value));
    return {};
  }
  const DimExpr &count = wanted.dims[base->axis], &bound = type.dims[base->axis];
  if (!call.e.requireAtMost(count, bound, given.range,
                            call.e.print(count) + " elements do not fit the bound " +
                                call.e.print(bound)))
    return {};
  Value piece = value;
  if (isOne)
    piece = call.e.reshape(given.range, value, wanted.dims);
  if (!piece.tensor())
    return {};
  mlir::Value pieceIr = piece.tensor()->ir;
  Value data = call.e.result(
      type, call.range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::InsertOp>(loc, lowered, pieceIr, base->data.ir,
                                     mlir::ValueRange{base->length.ir},
                                     llvm::ArrayRef<int64_t>{static_cast<int64_t>(base->axis)});
      });
  Value grown = call.e.binary(ast::BinaryOp::Add, call.range, call.range,
                              {base->length, call.range}, {count, call.range});
  auto limit = call.e.constantTensor({bound, call.range}, base->length.type.element);
  if (!data.tensor() || !grown.tensor() || !limit)
    return {};
  const Tensor sum = *grown.tensor();
  Value length = call.e.result(
      sum.type, call.range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::MinimumOp>(loc, lowered, sum.ir, limit->ir);
      });
  if (!length.tensor())
    return {};
  BoundedTensor next = *base;
  next.data = *data.tensor();
  next.length = *length.tensor();
  return next;
}

/// bounded(x, length, axis=-1): a tensor of which the first `length` places count.
static Value applyBounded(BuiltinCall &call) {
  enum { X, Length, Axis };
  const TensorType &x = call.type(X);
  auto axis = call.axis(Axis, -1, x.rank());
  if (!axis)
    return {};
  Operand given = call.operand(Length);
  const DimExpr &bound = x.dims[*axis];
  const DimExpr *count = given.value.integer();
  if (count && !call.e.requireAtMost(*count, bound, given.range,
                                     "the length " + call.e.print(*count) + " is above the bound " +
                                         call.e.print(bound)))
    return {};
  if (count)
    if (auto constant = call.e.constantTensor(given, ElementType::I64))
      given.value = *constant;
  const Tensor *length = given.value.tensor();
  if (!length || length->type.rank() != 0 || length->type.element != ElementType::I64)
    return call.wrongType(Length, "an int or an i64[]");
  auto low = call.e.constantTensor({DimExpr(0), call.range}, ElementType::I64);
  auto high = call.e.constantTensor({bound, call.range}, ElementType::I64);
  if (!low || !high)
    return {};
  // A length of the run is the caller's word: it is moved to where there is memory.
  Value kept =
      count ? given.value
            : call.e.result(length->type, call.range,
                            [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
                              auto least = ir.make<nn::MaximumOp>(loc, t, length->ir, low->ir);
                              return ir.make<nn::MinimumOp>(loc, t, least, high->ir);
                            });
  if (!kept.tensor())
    return {};
  return BoundedTensor{call.tensor(X), *kept.tensor(), static_cast<size_t>(*axis), ""};
}

llvm::ArrayRef<Builtin> language::boundedBuiltins() {
  using enum Accepts;
  static const BuiltinParam one[] = {{"x", Any}};
  static const BuiltinParam two[] = {{"x", Any}, {"value", Operand}};
  static const BuiltinParam made[] = {
      {"x", Accepts::Tensor}, {"length", Operand}, {"axis", Int, "-1"}};
  static const Builtin rows[] = {
      {"length", one, applyLength},
      {"append", two, applyAppend},
      {"bounded", made, applyBounded},
  };
  return rows;
}
