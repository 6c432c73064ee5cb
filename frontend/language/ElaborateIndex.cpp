//===- ElaborateIndex.cpp - x[a:b, -1, None, ids] ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"
#include "frontend/language/Elaborator.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// What an index does to one dimension of its base, or between two.
struct Step {
  enum class Kind : uint8_t { Keep, Slice, Element, NewAxis, Gather };
  Kind kind = Kind::Keep;
  const ast::IndexItem *item = nullptr;
  DimExpr start = 0;
  DimExpr size = 0;
  int64_t stride = 1;
  Value indices;
};

} // namespace

Value Elaborator::evalIndex(const ast::IndexExpr *expr) {
  Value base = eval(expr->base);
  if (base.isPoison())
    return {};
  if (const Tensor *tensor = base.tensor())
    return indexTensor(expr, *tensor);
  if (const ListValue *list = base.list())
    return indexList(expr, *list);
  if (base.builtin() || base.element()) {
    // `zeros[B, hidden]`: the shape form of a function that makes a tensor.
    StringRef name = base.builtin() ? base.builtin()->name : StringRef();
    if (name == "zeros" || name == "ones") {
      std::vector<Value> sizes;
      for (const ast::IndexItem &item : expr->items) {
        if (item.isSlice)
          return fail(item.range, "a shape is a list of sizes");
        sizes.push_back(eval(item.start));
        if (sizes.back().isPoison())
          return {};
      }
      PassedArgument shape;
      shape.operand = {Value::list(std::move(sizes)), expr->range};
      return callBuiltin(*base.builtin(), expr->range, expr->base->range, shape);
    }
  }
  return fail(expr->base->range, describe(base) + " cannot be indexed");
}

Value Elaborator::indexList(const ast::IndexExpr *expr, const ListValue &list) {
  if (expr->items.size() != 1)
    return fail(expr->range, "a list takes one index, but there are " + Twine(expr->items.size()));
  const ast::IndexItem &item = expr->items[0];
  int64_t count = list.elements.size();
  // A bound of a slice or an index, counted from the front.
  auto place = [&](const ast::Expr *bound, int64_t absent) -> std::optional<int64_t> {
    if (!bound)
      return absent;
    auto integer = evalInt(bound, "an index of a list");
    if (!integer)
      return std::nullopt;
    auto known = valueOf(*integer);
    if (!known) {
      if (!dependsOnUnknown(*integer))
        error(bound->range, "an index of a list must be known at compile time");
      return std::nullopt;
    }
    return *known < 0 ? *known + count : *known;
  };
  if (item.isSlice) {
    auto start = place(item.start, 0), stop = place(item.stop, count);
    if (item.step)
      return fail(item.step->range, "a slice of a list has no step");
    if (!start || !stop || list.isOpen)
      return list.isOpen ? Value::list(list.elements, true) : Value();
    int64_t from = std::clamp<int64_t>(*start, 0, count),
            to = std::clamp<int64_t>(*stop, from, count);
    return Value::list({list.elements.begin() + from, list.elements.begin() + to});
  }
  if (list.isOpen)
    return list.elements.empty() ? Value() : list.elements.front();
  auto index = place(item.start, 0);
  if (!index)
    return {};
  if (*index < 0 || *index >= count)
    return fail(item.range, "the index is outside the list, which has " + Twine(count) +
                                (count == 1 ? " element" : " elements"));
  return list.elements[*index];
}

/// Fills in a slice of a dimension of size `size`.
static bool sliceOf(Elaborator &e, const ast::IndexItem &item, const DimExpr &size, Step &step,
                    llvm::function_ref<std::optional<DimExpr>(const ast::Expr *)> evalBound) {
  DimExpr start = 0, stop = size;
  auto fromEnd = [&](DimExpr bound) {
    auto known = e.valueOf(bound);
    return known && *known < 0 ? size + bound : bound;
  };
  if (item.start) {
    auto value = evalBound(item.start);
    if (!value)
      return false;
    start = fromEnd(*value);
  }
  if (item.stop) {
    auto value = evalBound(item.stop);
    if (!value)
      return false;
    stop = fromEnd(*value);
  }
  if (item.step) {
    auto value = evalBound(item.step);
    auto known = value ? e.valueOf(*value) : std::nullopt;
    if (value && (!known || *known < 1)) {
      e.error(item.step->range, "the step of a slice must be a positive number");
      return false;
    }
    if (!value)
      return false;
    step.stride = *known;
  }
  std::string text = e.print(start) + ":" + e.print(stop);
  if (!e.requireAtMost(0, start, item.range,
                       "the slice " + text + " starts before the first element") ||
      !e.requireAtMost(start, stop, item.range, "the slice " + text + " ends before it starts") ||
      !e.requireAtMost(stop, size, item.range,
                       "the slice " + text + " runs past the end of a dimension of size " +
                           e.print(size)))
    return false;
  step.kind = Step::Kind::Slice;
  step.start = start;
  step.size = step.stride == 1 ? stop - start : e.dims.ceilDiv(stop - start, step.stride);
  return true;
}

Value Elaborator::indexTensor(const ast::IndexExpr *expr, const Tensor &base) {
  // How many dimensions the items use up, to know what `...` stands for.
  llvm::SmallVector<Step> steps;
  int64_t used = 0;
  std::optional<size_t> ellipsisAt;
  for (const ast::IndexItem &item : expr->items) {
    Step step;
    step.item = &item;
    if (item.isSlice) {
      step.kind = item.start || item.stop || item.step ? Step::Kind::Slice : Step::Kind::Keep;
      ++used;
    } else {
      Value value = eval(item.start);
      if (value.isPoison())
        return {};
      if (value.isEllipsis()) {
        if (ellipsisAt)
          return fail(item.range, "an index has at most one '...'");
        ellipsisAt = steps.size();
        continue;
      }
      if (value.isNone()) {
        step.kind = Step::Kind::NewAxis;
      } else if (const DimExpr *integer = value.integer()) {
        step.kind = Step::Kind::Element;
        step.start = *integer;
        ++used;
      } else if (value.tensor() && isIndex(value.tensor()->type.element)) {
        step.kind = Step::Kind::Gather;
        step.indices = value;
        ++used;
      } else {
        error(item.range, "an index is an int, a slice, None, '...' or a tensor of i64 or i32, "
                          "but this is " +
                              describe(value));
        return {};
      }
    }
    steps.push_back(std::move(step));
  }
  int64_t rank = base.type.rank();
  if (used > rank) {
    error(expr->range, "too many indices: " + Twine(used) + " for " + Twine(rank) +
                           (rank == 1 ? " dimension" : " dimensions"))
        .label(expr->base->range, print(base.type));
    return {};
  }
  llvm::SmallVector<Step> keeps(rank - used);
  size_t fill = ellipsisAt.value_or(steps.size());
  steps.insert(steps.begin() + fill, keeps.begin(), keeps.end());

  // First the slices and single elements, as one cut out of the base.
  llvm::SmallVector<DimExpr> starts, sizes;
  llvm::SmallVector<int64_t> strides;
  TensorType cut{base.type.element, {}};
  bool cuts = false;
  size_t dimension = 0;
  for (Step &step : steps) {
    if (step.kind == Step::Kind::NewAxis)
      continue;
    const DimExpr &size = base.type.dims[dimension++];
    if (step.kind == Step::Kind::Slice) {
      if (!sliceOf(*this, *step.item, size, step,
                   [&](const ast::Expr *bound) { return evalInt(bound, "the bound of a slice"); }))
        return {};
    } else if (step.kind == Step::Kind::Element) {
      auto known = valueOf(step.start);
      if (known && *known < 0)
        step.start = size + step.start;
      std::string message =
          "the index " + print(step.start) + " is outside a dimension of size " + print(size);
      if (known && *known < 0 ? !requireAtMost(0, step.start, step.item->range, message)
                              : !requireAtMost(step.start + 1, size, step.item->range, message))
        return {};
      step.size = 1;
    } else {
      step.start = 0;
      step.size = size;
    }
    cuts |= step.kind == Step::Kind::Slice || step.kind == Step::Kind::Element;
    starts.push_back(step.start);
    sizes.push_back(step.size);
    strides.push_back(step.stride);
    if (step.kind != Step::Kind::Element)
      cut.dims.push_back(step.size);
  }
  Value value = base;
  if (cuts)
    value = result(
        cut, expr->range,
        [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) -> mlir::Value {
          llvm::SmallVector<mlir::OpFoldResult> offsets, extents, steps;
          for (size_t i = 0; i < starts.size(); ++i) {
            offsets.push_back(ir.sizeOrNumber(starts[i], loc));
            extents.push_back(ir.sizeOrNumber(sizes[i], loc));
            steps.push_back(ir.builder.getIndexAttr(strides[i]));
          }
          return mlir::tensor::ExtractSliceOp::create(ir.builder, loc, type, base.ir, offsets,
                                                      extents, steps);
        },
        base.ofWeights);

  // Then gathers, from the last to the first so that earlier axes stay in place.
  int64_t axis = cut.dims.size();
  bool gathered = false;
  for (Step &step : llvm::reverse(steps)) {
    if (step.kind == Step::Kind::NewAxis || step.kind == Step::Kind::Element)
      continue;
    --axis;
    if (step.kind != Step::Kind::Gather || value.isPoison())
      continue;
    if (std::exchange(gathered, true))
      return fail(step.item->range, "an index has at most one tensor in this version");
    value = gather(expr->range, *value.tensor(), *step.indices.tensor(), axis);
  }
  if (value.isPoison())
    return {};

  // Last the new axes, counted in the final shape.
  llvm::SmallVector<DimExpr, 4> shape;
  llvm::ArrayRef<DimExpr> rest = value.tensor()->type.dims;
  bool reshapes = false;
  for (Step &step : steps) {
    switch (step.kind) {
    case Step::Kind::NewAxis:
      shape.push_back(1);
      reshapes = true;
      break;
    case Step::Kind::Element:
      break;
    case Step::Kind::Gather: {
      size_t count = step.indices.tensor()->type.rank();
      shape.append(rest.begin(), rest.begin() + count);
      rest = rest.drop_front(count);
      break;
    }
    default:
      shape.push_back(rest.front());
      rest = rest.drop_front();
    }
  }
  if (!reshapes)
    return value;
  return reshape(expr->range, *value.tensor(), shape);
}

Value Elaborator::gather(SourceRange range, const Tensor &data, const Tensor &indices,
                         int64_t axis) {
  TensorType type{data.type.element, {}};
  type.dims.append(data.type.dims.begin(), data.type.dims.begin() + axis);
  type.dims.append(indices.type.dims.begin(), indices.type.dims.end());
  type.dims.append(data.type.dims.begin() + axis + 1, data.type.dims.end());
  return result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::GatherOp>(loc, lowered, data.ir, indices.ir, axis);
      },
      data.ofWeights && indices.ofWeights);
}

Value Elaborator::reshape(SourceRange range, const Tensor &input, llvm::ArrayRef<DimExpr> shape) {
  TensorType type{input.type.element, {shape.begin(), shape.end()}};
  return result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::ReshapeOp>(loc, lowered, input.ir, ir.dynamicSizes(shape, loc));
      },
      input.ofWeights);
}
