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
  /// Of a slice that runs backwards, how far each step goes; `start` and `size` are those of all
  /// elements between its ends. Else 0.
  int64_t back = 0;
  Value indices;
  /// Where a slice or an element starts, if only the run knows.
  std::optional<Tensor> runStart;

  /// Takes a part of the dimension, or drops it.
  bool cuts() const { return kind == Kind::Slice || kind == Kind::Element; }
};

} // namespace

Value Elaborator::evalIndex(const ast::IndexExpr *expr) {
  if (auto *name = llvm::dyn_cast<ast::NameExpr>(expr->base);
      name && name->name == "tokens" && !lookup(name->name, name->range))
    return makeBounded(expr, ElementType::I64);
  Value base = eval(expr->base);
  if (base.isPoison())
    return {};
  if (const Tensor *tensor = base.tensor())
    return indexTensor(expr, *tensor);
  if (const ListValue *list = base.list())
    return indexList(expr, *list);
  if (const BoundedTensor *bounded = base.bounded())
    return indexBounded(expr, *bounded);
  if (const ElementType *element = base.element())
    return makeBounded(expr, *element);
  if (base.builtin()) {
    // `zeros[B, hidden]`: the shape form of a function that makes a tensor.
    StringRef name = base.builtin()->name;
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
  auto known = [&](const ast::Expr *number) -> std::optional<int64_t> {
    auto integer = evalInt(number, "an index of a list");
    auto value = integer ? valueOf(*integer) : std::nullopt;
    if (integer && !value && !dependsOnUnknown(*integer))
      error(number->range, "an index of a list must be known at compile time");
    return value;
  };
  // A bound of a slice or an index, counted from the front.
  auto place = [&](const ast::Expr *bound, int64_t absent) -> std::optional<int64_t> {
    if (!bound)
      return absent;
    auto number = known(bound);
    return number && *number < 0 ? *number + count : number;
  };
  if (item.isSlice) {
    std::optional<int64_t> step = 1;
    if (item.step && (step = known(item.step)) && *step == 0)
      return fail(item.step->range, "the step of a slice must not be 0");
    bool isBack = step && *step < 0;
    auto start = place(item.start, isBack ? count - 1 : 0),
         stop = place(item.stop, isBack ? -1 : count);
    if (!start || !stop || !step || list.isOpen)
      return list.isOpen ? Value::list(list.elements, true) : Value();
    std::vector<Value> chosen;
    // A longer step than the list is as good as one of its length.
    int64_t far = std::clamp(*step, -count - 1, count + 1);
    int64_t i = isBack ? std::min(*start, count - 1) : std::max<int64_t>(*start, 0);
    for (; isBack ? i > std::max<int64_t>(*stop, -1) : i < std::min(*stop, count); i += far)
      chosen.push_back(list.elements[i]);
    return Value::list(std::move(chosen));
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

/// What an index or a bound of a slice is: a formula, and the tensor where it is one of the run.
struct Bound {
  DimExpr number;
  std::optional<Tensor> tensor;
};

static std::optional<Bound> evalBound(Elaborator &e, const ast::Expr *expr) {
  Value value = e.eval(expr);
  if (const DimExpr *integer = value.integer())
    return Bound{*integer, std::nullopt};
  const Tensor *tensor = value.tensor();
  if (tensor && tensor->type.rank() == 0 && isIndex(tensor->type.element)) {
    Tensor named = *tensor;
    e.nameNumber(named);
    if (!e.dependsOnNumber(*named.number))
      return Bound{*named.number, std::nullopt};
    return Bound{*named.number, named};
  }
  if (!value.isPoison())
    e.error(expr->range,
            "the bound of a slice must be an int, or an i64[] or i32[] of the run, but "
            "this is " +
                e.describe(value));
  return std::nullopt;
}

/// Fills in a slice of a dimension of size `size`.
static bool sliceOf(Elaborator &e, const ast::IndexItem &item, const DimExpr &size, Step &step) {
  if (item.step) {
    auto value = e.evalInt(item.step, "the step of a slice");
    auto known = value ? e.valueOf(*value) : std::nullopt;
    if (value && (!known || *known == 0))
      e.error(item.step->range, "the step of a slice must be a number other than 0");
    if (!known || *known == 0)
      return false;
    step.stride = std::max<int64_t>(*known, 1);
    step.back = std::max<int64_t>(-std::max(*known, -INT64_MAX), 0);
  }
  Bound start{0, std::nullopt}, stop{size, std::nullopt};
  auto read = [&](const ast::Expr *expr, Bound &bound) {
    if (!expr)
      return true;
    auto value = evalBound(e, expr);
    if (!value)
      return false;
    bound = *value;
    auto known = bound.tensor ? std::nullopt : e.valueOf(bound.number);
    if (known && *known < 0)
      bound.number = size + bound.number;
    // What runs backwards ends behind its second bound, and begins with its first.
    if (step.back)
      bound.number = bound.number + 1;
    return true;
  };
  if (!read(item.start, step.back ? stop : start) || !read(item.stop, step.back ? start : stop))
    return false;
  step.kind = Step::Kind::Slice;
  step.start = start.number;
  if (start.tensor || stop.tensor) {
    step.size = stop.number - start.number;
    if (e.dependsOnNumber(step.size)) {
      e.error(item.range, "the size of this slice is known only when the model runs")
          .note("a slice may start anywhere, but its size is a formula of sizes: x[p:p + n]; "
                "'lengths' of attention, or a mask, leaves elements out");
      return false;
    }
    if (item.step && (step.stride != 1 || step.back)) {
      e.error(item.step->range, "a slice that starts where the run says has no step");
      return false;
    }
    step.runStart = start.tensor;
    std::string text = "the slice of " + e.print(step.size) + " elements";
    return e.requireAtMost(0, step.size, item.range, text + " is negative") &&
           e.requireAtMost(step.size, size, item.range,
                           text + " is longer than the dimension of size " + e.print(size));
  }
  std::string text =
      "the slice " + (step.back ? "from " + e.print(stop.number - 1) + " backwards"
                                : e.print(start.number) + ":" + e.print(stop.number));
  std::string end = " the end of a dimension of size " + e.print(size);
  if (!e.requireAtMost(0, start.number, item.range,
                       text + (step.back ? " ends" : " starts") + " before the first element") ||
      !e.requireAtMost(start.number, stop.number, item.range, text + " ends before it starts") ||
      !e.requireAtMost(stop.number, size, item.range,
                       text + (step.back ? " starts past" : " runs past") + end))
    return false;
  DimExpr extent = stop.number - start.number;
  step.size = step.stride == 1 ? extent : e.dims.ceilDiv(extent, step.stride);
  return true;
}

/// One step for each dimension of a tensor of type `base`, and those of new axes between. Slices
/// and elements have their sizes. Nothing after reporting.
static std::optional<std::vector<Step>> stepsOf(Elaborator &e, const ast::IndexExpr *expr,
                                                const TensorType &base) {
  // How many dimensions the items use up, to know what `...` stands for.
  std::vector<Step> steps;
  int64_t used = 0;
  std::optional<size_t> ellipsisAt;
  for (const ast::IndexItem &item : expr->items) {
    Step step;
    step.item = &item;
    if (item.isSlice) {
      step.kind = item.start || item.stop || item.step ? Step::Kind::Slice : Step::Kind::Keep;
      ++used;
    } else {
      Value value = e.eval(item.start);
      if (value.isPoison())
        return std::nullopt;
      if (value.isEllipsis()) {
        if (ellipsisAt) {
          e.error(item.range, "an index has at most one '...'");
          return std::nullopt;
        }
        ellipsisAt = steps.size();
        continue;
      }
      const Tensor *tensor = value.tensor();
      if (value.isNone()) {
        step.kind = Step::Kind::NewAxis;
      } else if (const DimExpr *integer = value.integer()) {
        step.kind = Step::Kind::Element;
        step.start = *integer;
        ++used;
      } else if (tensor && isIndex(tensor->type.element)) {
        step.kind = Step::Kind::Gather;
        step.indices = value;
        if (tensor->type.rank() == 0 && tensor->number && !e.dependsOnNumber(*tensor->number)) {
          step.kind = Step::Kind::Element;
          step.start = *tensor->number;
        }
        ++used;
      } else {
        e.error(item.range, "an index is an int, a slice, None, '...' or a tensor of i64 or i32, "
                            "but this is " +
                                e.describe(value));
        return std::nullopt;
      }
    }
    steps.push_back(std::move(step));
  }
  int64_t rank = base.rank();
  if (used > rank) {
    e.error(expr->range, "too many indices: " + Twine(used) + " for " + Twine(rank) +
                             (rank == 1 ? " dimension" : " dimensions"))
        .label(expr->base->range, e.print(base));
    return std::nullopt;
  }
  std::vector<Step> keeps(rank - used);
  size_t fill = ellipsisAt.value_or(steps.size());
  steps.insert(steps.begin() + fill, keeps.begin(), keeps.end());

  size_t dimension = 0;
  for (Step &step : steps) {
    if (step.kind == Step::Kind::NewAxis)
      continue;
    const DimExpr &size = base.dims[dimension++];
    if (step.kind == Step::Kind::Slice) {
      if (!sliceOf(e, *step.item, size, step))
        return std::nullopt;
    } else if (step.kind == Step::Kind::Element) {
      auto known = e.valueOf(step.start);
      if (known && *known < 0)
        step.start = size + step.start;
      std::string message =
          "the index " + e.print(step.start) + " is outside a dimension of size " + e.print(size);
      if (known && *known < 0 ? !e.requireAtMost(0, step.start, step.item->range, message)
                              : !e.requireAtMost(step.start + 1, size, step.item->range, message))
        return std::nullopt;
      step.size = 1;
    } else {
      step.start = 0;
      step.size = size;
    }
  }
  return steps;
}

/// The places of a slice that runs backwards, among the elements between its ends.
static Value placesBackwards(Elaborator &e, const Step &step) {
  SourceRange range = step.item->range;
  TensorType type{ElementType::I64, {e.dims.ceilDiv(step.size, step.back)}};
  Value count =
      e.result(type, range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        llvm::SmallVector<mlir::Value> sizes = ir.dynamicSizes(type.dims, loc);
        return ir.make<nn::IotaOp>(loc, t, sizes.empty() ? mlir::Value() : sizes[0]);
      });
  Value far =
      e.binary(ast::BinaryOp::Mul, range, range, {count, range}, {DimExpr(step.back), range});
  return e.binary(ast::BinaryOp::Sub, range, range, {step.size - 1, range}, {far, range});
}

/// `indices` as i64 from 0 to below `size`: negative ones count from the end, others are clamped.
static Value placesIn(Elaborator &e, SourceRange range, const Tensor &indices,
                      const DimExpr &size) {
  TensorType type{ElementType::I64, indices.type.dims};
  return e.result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        mlir::Type element = t.getElementType();
        mlir::Value wide = indices.type.element == ElementType::I64
                               ? indices.ir
                               : ir.make<nn::CastOp>(loc, t, indices.ir);
        mlir::Value least = ir.sizeTensor(DimExpr(0) - size, element, loc),
                    most = ir.sizeTensor(size - 1, element, loc),
                    whole = ir.sizeTensor(size, element, loc);
        wide = ir.make<nn::MinimumOp>(loc, t, wide, most);
        wide = ir.make<nn::MaximumOp>(loc, t, wide, least);
        return ir.make<nn::ModOp>(loc, t, wide, whole);
      },
      indices.ofWeights);
}

/// Makes one index of several tensors that choose together, x[rows, columns], and one dimension of
/// `value` of theirs. False after reporting.
static bool joinIndices(Elaborator &e, SourceRange range, std::vector<Step> &steps, Value &value) {
  llvm::SmallVector<Step *> remaining;
  for (Step &step : steps)
    if (step.kind != Step::Kind::NewAxis && step.kind != Step::Kind::Element)
      remaining.push_back(&step);
  auto chooses = [](const Step *step) {
    const Tensor *tensor = step->indices.tensor();
    return tensor && tensor->type.rank() > 0;
  };
  auto first = llvm::find_if(remaining, chooses);
  auto last = std::find_if(remaining.rbegin(), remaining.rend(), chooses).base();
  if (last - first < 2)
    return true;
  llvm::SmallVector<Operand> together;
  for (Step *step : llvm::ArrayRef(first, last))
    if (step->indices.tensor())
      together.push_back({step->indices, step->item->range});
  if (!e.broadcast("[]", range, together))
    return false;
  llvm::SmallVector<DimExpr, 4> shape(value.tensor()->type.dims);
  size_t axis = first - remaining.begin(), count = last - first;
  Value joined = DimExpr(0);
  DimExpr all = 1;
  for (auto [i, step] : llvm::enumerate(llvm::ArrayRef(first, last))) {
    if (!step->indices.tensor()) {
      e.error(range, "index tensors that choose together stand side by side")
          .note("transpose the tensor first, or index twice");
      return false;
    }
    const DimExpr &size = shape[axis + i];
    SourceRange at = step->item->range;
    Value places = placesIn(e, at, *step->indices.tensor(), size);
    joined = i == 0
                 ? places
                 : e.binary(ast::BinaryOp::Add, range, at,
                            {e.binary(ast::BinaryOp::Mul, range, at, {joined, range}, {size, at}),
                             range},
                            {places, at});
    if (!joined.tensor())
      return false;
    all = all * size;
    // The first one has them all; the others go like numbers.
    if (i > 0)
      step->kind = Step::Kind::Element;
  }
  (*first)->indices = joined;
  shape.erase(shape.begin() + axis + 1, shape.begin() + axis + count);
  shape[axis] = all;
  value = e.reshape(range, *value.tensor(), shape);
  return value.tensor();
}

Value Elaborator::indexTensor(const ast::IndexExpr *expr, const Tensor &base) {
  auto known = stepsOf(*this, expr, base.type);
  if (!known)
    return {};
  std::vector<Step> &steps = *known;

  // First the slices and single elements, as one cut out of the base. Those that start where the
  // run says come after it.
  llvm::SmallVector<DimExpr> starts, sizes;
  llvm::SmallVector<int64_t> strides;
  TensorType cut{base.type.element, {}};
  bool cuts = false;
  llvm::SmallVector<int64_t> runAxes;
  llvm::SmallVector<Tensor> runStarts;
  llvm::SmallVector<DimExpr> runSizes;
  for (Step &step : steps) {
    if (step.kind == Step::Kind::NewAxis)
      continue;
    const DimExpr &whole = base.type.dims[starts.size()];
    bool isRun = step.runStart.has_value();
    if (isRun) {
      runAxes.push_back(cut.dims.size());
      runStarts.push_back(*step.runStart);
      runSizes.push_back(step.size);
    }
    cuts |= step.cuts() && !isRun;
    starts.push_back(isRun ? DimExpr(0) : step.start);
    sizes.push_back(isRun ? whole : step.size);
    strides.push_back(step.stride);
    if (step.kind != Step::Kind::Element)
      cut.dims.push_back(sizes.back());
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

  if (!runAxes.empty() && value.tensor()) {
    Tensor source = *value.tensor();
    TensorType part = source.type;
    for (auto [axis, size] : llvm::zip(runAxes, runSizes))
      part.dims[axis] = size;
    value = result(part, expr->range,
                   [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
                     llvm::SmallVector<mlir::Value> places;
                     for (const Tensor &start : runStarts)
                       places.push_back(start.ir);
                     return ir.make<nn::SliceOp>(loc, type, source.ir, places,
                                                 ir.dynamicSizes(part.dims, loc), runAxes);
                   });
  }

  // Then gathers, from the last to the first so that earlier axes stay in place.
  if (value.isPoison() || !joinIndices(*this, expr->range, steps, value))
    return {};
  int64_t axis = value.tensor()->type.rank();
  for (Step &step : llvm::reverse(steps)) {
    if (step.kind == Step::Kind::NewAxis || step.kind == Step::Kind::Element)
      continue;
    --axis;
    if (step.back)
      step.indices = placesBackwards(*this, step);
    if (step.indices.tensor())
      value = gather(expr->range, *value.tensor(), *step.indices.tensor(), axis);
    if (value.isPoison())
      return {};
  }

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

//===----------------------------------------------------------------------===//
// x[a:b] = value
//===----------------------------------------------------------------------===//

Value Elaborator::insertPart(const ast::IndexExpr *target, const Tensor &base,
                             const Operand &given) {
  auto steps = stepsOf(*this, target, base.type);
  if (!steps || given.value.isPoison())
    return {};
  // The part with all dimensions, and without those that an index drops.
  TensorType whole{base.type.element, {}}, part{base.type.element, {}};
  llvm::SmallVector<int64_t> axes;
  llvm::SmallVector<Tensor> starts;
  for (const Step &step : *steps) {
    int64_t axis = whole.rank();
    bool isPlace = step.kind == Step::Kind::Gather && step.indices.tensor()->type.rank() == 0;
    if (step.kind == Step::Kind::NewAxis || (step.kind == Step::Kind::Gather && !isPlace) ||
        step.stride != 1 || step.back) {
      error(step.item->range, "only a contiguous part can be assigned: slices without a step, "
                              "numbers, and i64[] or i32[] tensors name it")
          .note("select(condition, a, b) chooses element by element");
      return {};
    }
    whole.dims.push_back(isPlace ? DimExpr(1) : step.size);
    if (!isPlace && step.kind != Step::Kind::Element)
      part.dims.push_back(step.size);
    if (!isPlace && !step.cuts())
      continue;
    axes.push_back(axis);
    starts.push_back(isPlace ? *step.indices.tensor()
                     : step.runStart
                         ? *step.runStart
                         : *constantTensor({step.start, step.item->range}, ElementType::I64));
  }
  Operand operands[] = {{base, target->range}, given};
  if (!given.value.tensor() && !given.value.isNumber() && !given.value.boolean())
    return fail(given.range, "a part of a tensor is assigned a tensor or a number, but this is " +
                                 describe(given.value));
  if (!unify("=", given.range, operands))
    return {};
  Tensor value = *operands[1].value.tensor();
  // The value broadcasts to the part, as in NumPy.
  bool fits = value.type.rank() <= part.rank(), isExact = value.type.rank() == part.rank();
  for (size_t i = 0; fits && i < value.type.rank(); ++i) {
    const DimExpr &own = value.type.dims[value.type.rank() - 1 - i];
    const DimExpr &wanted = part.dims[part.rank() - 1 - i];
    if (compare(own, wanted) == Match::Equal)
      continue;
    isExact &= !isOne(own);
    fits = isOne(own) || sameSize(own, wanted, given.range);
  }
  if (!fits) {
    Diagnostic &diag = error(given.range, "this part is " + print(part) + ", but the value is " +
                                              print(value.type));
    diag.label(target->range, print(part)).label(given.range, labelFor(given.value));
    llvm::SmallVector<DimExpr, 4> sizes(part.dims);
    llvm::append_range(sizes, value.type.dims);
    noteOrigins(diag, sizes);
    return {};
  }
  Value shaped = value;
  if (!isExact)
    shaped = result(
        part, given.range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
          return ir.make<nn::BroadcastOp>(loc, type, value.ir, ir.dynamicSizes(part.dims, loc));
        });
  if (shaped.tensor() && part.rank() != whole.rank())
    shaped = reshape(given.range, *shaped.tensor(), whole.dims);
  const Tensor *piece = shaped.tensor();
  if (!piece)
    return {};
  if (axes.empty()) {
    // `x[:] = value`.
    Tensor all = *piece;
    all.type = base.type;
    return all;
  }
  return result(base.type, target->range,
                [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
                  llvm::SmallVector<mlir::Value> places;
                  for (const Tensor &start : starts)
                    places.push_back(start.ir);
                  return ir.make<nn::InsertOp>(loc, type, piece->ir, base.ir, places, axes);
                });
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
