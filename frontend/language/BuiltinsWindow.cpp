//===- BuiltinsWindow.cpp - convolutions and pools --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

namespace {

/// A sliding window, one entry per spatial dimension. Entries are symbolic
/// while a block is checked for all its parameters.
struct SymbolicWindow {
  llvm::SmallVector<DimExpr> kernel, stride, dilation, low, high;

  llvm::SmallVector<int64_t> numbers(Elaborator &e, llvm::ArrayRef<DimExpr> sizes) const {
    llvm::SmallVector<int64_t> result;
    for (const DimExpr &size : sizes)
      result.push_back(e.valueOf(size).value_or(1));
    return result;
  }
  llvm::SmallVector<int64_t> padding(Elaborator &e) const {
    llvm::SmallVector<int64_t> result;
    for (auto [a, b] : llvm::zip(low, high))
      result.append({e.valueOf(a).value_or(0), e.valueOf(b).value_or(0)});
    return result;
  }
};

} // namespace

/// One number for all spatial dimensions, or one each; at least `least`.
static bool perDimension(BuiltinCall &call, unsigned i, size_t spatial, const DimExpr &absent,
                         int64_t least, llvm::SmallVectorImpl<DimExpr> &out,
                         bool allowPairs = false) {
  if (!call.has(i)) {
    out.assign(spatial, absent);
    return true;
  }
  auto given = call.integers(i);
  if (!given)
    return false;
  llvm::StringRef name = call.builtin.params[i].name;
  bool isOne = call.operand(i).value.integer();
  if (!isOne && given->size() != spatial && !(allowPairs && given->size() == 2 * spatial)) {
    call.fail(call.rangeOf(i), "'" + name + "' of '" + call.builtin.name + "' needs " +
                                   Twine(spatial) + " numbers" +
                                   (allowPairs ? " (or two each, before and after)" : "") +
                                   ", but has " + Twine(given->size()));
    return false;
  }
  for (const DimExpr &size : *given) {
    auto known = call.e.valueOf(size);
    if (known && *known < least) {
      call.fail(call.rangeOf(i), "'" + name + "' of '" + call.builtin.name + "' must be at least " +
                                     Twine(least) + ", but is " + Twine(*known));
      return false;
    }
    if (!known && !call.e.dependsOnUnknown(size)) {
      call.fail(call.rangeOf(i), "'" + name + "' must be known at compile time, but " +
                                     call.e.print(size) + " is a size of the run");
      return false;
    }
  }
  if (isOne)
    out.assign(spatial, given->front());
  else
    out.assign(given->begin(), given->end());
  return true;
}

static bool readPadding(BuiltinCall &call, unsigned i, size_t spatial, SymbolicWindow &window) {
  llvm::SmallVector<DimExpr> all;
  if (!perDimension(call, i, spatial, 0, 0, all, /*allowPairs=*/true))
    return false;
  for (size_t k = 0; k < spatial; ++k) {
    bool pairs = all.size() == 2 * spatial;
    window.low.push_back(all[pairs ? 2 * k : k]);
    window.high.push_back(all[pairs ? 2 * k + 1 : k]);
  }
  return true;
}

/// The sizes after the window has walked over the spatial dimensions of `x`.
static bool walk(BuiltinCall &call, const SymbolicWindow &w, bool ceilMode, TensorType &type) {
  DimContext &dims = call.e.dims;
  for (size_t i = 0; i < w.kernel.size(); ++i) {
    DimExpr &size = type.dims[2 + i];
    DimExpr padded = size + w.low[i] + w.high[i];
    DimExpr reach = w.dilation[i] * (w.kernel[i] - 1) + 1;
    // With a rounding-up pool the last window may hang over by less than a stride.
    DimExpr overhang = ceilMode ? w.stride[i] - 1 : DimExpr(0);
    if (!call.e.requireAtMost(reach, padded + overhang, call.rangeOf(0),
                              "the window reaches over " + call.e.print(reach) +
                                  " elements, but dimension " + Twine(2 + i) + " has " +
                                  call.e.print(padded) + " with padding"))
      return false;
    DimExpr steps = padded - reach;
    if (call.e.isOne(w.stride[i]))
      size = steps + 1;
    else if (!ceilMode)
      size = dims.floorDiv(steps, w.stride[i]) + 1;
    else // A window does not start in the high padding.
      size = dims.min(dims.ceilDiv(steps, w.stride[i]) + 1,
                      dims.ceilDiv(size + w.low[i], w.stride[i]));
  }
  return true;
}

static Value applyConv(BuiltinCall &call) {
  enum { X, W, Bias, Stride, Padding, Dilation, Groups };
  const TensorType &x = call.type(X), &weight = call.type(W);
  size_t spatial = call.builtin.which;
  if (x.rank() != spatial + 2)
    return call.wrongType(X,
                          "[batch, channels, " + Twine(spatial == 1   ? "length]"
                                                       : spatial == 2 ? "height, width]"
                                                                      : "depth, height, width]"));
  if (weight.rank() != spatial + 2 || weight.element != x.element)
    return call.wrongType(W, "of " + name(x.element) + " and rank " + Twine(spatial + 2) +
                                 ", [out, in/groups, kernel...]");
  for (const DimExpr &dim : weight.dims)
    if (call.e.dependsOnRun(dim))
      return call.wrongType(W, "of a size known at compile time");
  SymbolicWindow window;
  window.kernel.assign(weight.dims.begin() + 2, weight.dims.end());
  if (!perDimension(call, Stride, spatial, 1, 1, window.stride) ||
      !readPadding(call, Padding, spatial, window) ||
      !perDimension(call, Dilation, spatial, 1, 1, window.dilation))
    return {};
  DimExpr groups = call.integer(Groups, 1);
  if (auto known = call.e.valueOf(groups); known && *known < 1)
    return call.fail(call.rangeOf(Groups), "'groups' must be positive, but is " + Twine(*known));
  if (!call.e.divideExactly(weight.dims[0], groups, call.rangeOf(Groups)))
    return {};
  DimExpr channels = weight.dims[1] * groups;
  if (!call.e.sameSize(x.dims[1], channels, call.rangeOf(X))) {
    Diagnostic &diag =
        call.e.error(call.calleeRange, "'" + call.builtin.name +
                                           "' needs the channels to agree: "
                                           "the input has " +
                                           call.e.print(x.dims[1]) + ", the weight takes " +
                                           call.e.print(channels));
    diag.label(call.rangeOf(X), call.print(X))
        .label(call.rangeOf(W), call.e.labelFor(call.operand(W).value));
    call.e.noteOrigins(diag, {x.dims[1], channels});
    return {};
  }
  if (!call.expect(Bias, {x.element, {weight.dims[0]}}))
    return {};
  TensorType type = x;
  type.dims[1] = weight.dims[0];
  if (!walk(call, window, /*ceilMode=*/false, type))
    return {};
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::ConvOp>(loc, t, call.ir(X), call.ir(W), call.ir(Bias),
                               window.numbers(call.e, window.stride), window.padding(call.e),
                               window.numbers(call.e, window.dilation),
                               call.e.valueOf(groups).value_or(1), nn::ConvLayout::channels_first);
  });
}

/// `which` is the number of spatial dimensions, negative for averages.
static Value applyPool(BuiltinCall &call) {
  enum { X, Kernel, Stride, Padding, Last, CeilMode };
  bool isMax = call.builtin.which > 0;
  size_t spatial = std::abs(call.builtin.which);
  const TensorType &x = call.type(X);
  if (x.rank() != spatial + 2)
    return call.wrongType(X,
                          "[batch, channels, " + Twine(spatial == 1   ? "length]"
                                                       : spatial == 2 ? "height, width]"
                                                                      : "depth, height, width]"));
  SymbolicWindow window;
  if (!perDimension(call, Kernel, spatial, 1, 1, window.kernel) ||
      !readPadding(call, Padding, spatial, window))
    return {};
  if (!call.has(Stride))
    window.stride = window.kernel;
  else if (!perDimension(call, Stride, spatial, 1, 1, window.stride))
    return {};
  window.dilation.assign(spatial, DimExpr(1));
  if (isMax && !perDimension(call, Last, spatial, 1, 1, window.dilation))
    return {};
  for (size_t i = 0; i < spatial; ++i) {
    auto kernel = call.e.valueOf(window.kernel[i]), low = call.e.valueOf(window.low[i]),
         high = call.e.valueOf(window.high[i]);
    if (kernel && low && high && (*low >= *kernel || *high >= *kernel))
      return call.fail(call.rangeOf(Padding), "padding of " + Twine(std::max(*low, *high)) +
                                                  " would give windows without elements: the "
                                                  "kernel is " +
                                                  Twine(*kernel));
  }
  bool ceilMode = call.flag(CeilMode, false);
  TensorType type = x;
  if (!walk(call, window, ceilMode, type))
    return {};
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::PoolOp>(loc, t, isMax ? nn::PoolKind::max : nn::PoolKind::average,
                               call.ir(X), window.numbers(call.e, window.kernel),
                               window.numbers(call.e, window.stride), window.padding(call.e),
                               window.numbers(call.e, window.dilation), ceilMode,
                               !isMax && call.flag(Last, true), nn::ConvLayout::channels_first);
  });
}

llvm::ArrayRef<Builtin> language::windowBuiltins() {
  using enum Accepts;
  static const BuiltinParam conv[] = {
      {"x", FloatTensor},    {"weight", FloatTensor}, {"bias", FloatTensor, "None"},
      {"stride", Ints, "1"}, {"padding", Ints, "0"},  {"dilation", Ints, "1"},
      {"groups", Int, "1"}};
  static const BuiltinParam maxPool[] = {{"x", FloatTensor},       {"kernel", Ints},
                                         {"stride", Ints, "None"}, {"padding", Ints, "0"},
                                         {"dilation", Ints, "1"},  {"ceil_mode", Bool, "false"}};
  static const BuiltinParam avgPool[] = {{"x", FloatTensor},
                                         {"kernel", Ints},
                                         {"stride", Ints, "None"},
                                         {"padding", Ints, "0"},
                                         {"count_include_pad", Bool, "true"},
                                         {"ceil_mode", Bool, "false"}};
  static const Builtin rows[] = {
      {"conv1d", conv, applyConv, 1},         {"conv2d", conv, applyConv, 2},
      {"conv3d", conv, applyConv, 3},         {"max_pool1d", maxPool, applyPool, 1},
      {"max_pool2d", maxPool, applyPool, 2},  {"max_pool3d", maxPool, applyPool, 3},
      {"avg_pool1d", avgPool, applyPool, -1}, {"avg_pool2d", avgPool, applyPool, -2},
      {"avg_pool3d", avgPool, applyPool, -3},
  };
  return rows;
}
