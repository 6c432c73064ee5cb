//===- BuiltinsNorm.cpp - softmax and normalisations ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

static Value applySoftmax(BuiltinCall &call) {
  auto axis = call.axis(1, -1, call.type(0).rank());
  if (!axis)
    return {};
  const TensorType &type = call.type(0);
  return call.result(
      type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        if (!call.builtin.which)
          return ir.make<nn::SoftmaxOp>(loc, t, call.ir(0), *axis);
        // log_softmax: shift by the maximum first, so that no exponential overflows.
        TensorType kept = type;
        kept.dims[*axis] = 1;
        mlir::RankedTensorType row = ir.lowerType(kept);
        auto reduce = [&](nn::Reduction kind, mlir::Value x) {
          return ir.make<nn::ReduceOp>(loc, row, kind, x, llvm::ArrayRef<int64_t>{*axis}, true);
        };
        mlir::Value shifted =
            ir.make<nn::SubOp>(loc, t, call.ir(0), reduce(nn::Reduction::max, call.ir(0)));
        mlir::Value total = reduce(nn::Reduction::sum, ir.make<nn::ExpOp>(loc, t, shifted));
        return ir.make<nn::SubOp>(loc, t, shifted, ir.make<nn::LogOp>(loc, row, total));
      });
}

static Value applyLayerNorm(BuiltinCall &call) {
  enum { X, Scale, Bias, Eps };
  const TensorType &x = call.type(X);
  size_t dims = call.has(Scale)  ? call.type(Scale).rank()
                : call.has(Bias) ? call.type(Bias).rank()
                                 : 1;
  if (x.rank() == 0 || dims == 0 || dims > x.rank())
    return call.wrongType(dims == 0 ? static_cast<unsigned>(Scale) : static_cast<unsigned>(X),
                          "a tensor with the dimensions to normalise");
  TensorType wanted{x.element, {x.dims.end() - dims, x.dims.end()}};
  if (!call.expect(Scale, wanted) || !call.expect(Bias, wanted))
    return {};
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::LayerNormOp>(loc, t, call.ir(X), call.ir(Scale), call.ir(Bias),
                                    llvm::APFloat(call.real(Eps, 1e-5)),
                                    static_cast<int64_t>(dims));
  });
}

static Value applyRmsNorm(BuiltinCall &call) {
  enum { X, Scale, Eps };
  const TensorType &x = call.type(X);
  if (x.rank() == 0)
    return call.wrongType(X, "a tensor with a last dimension");
  if (!call.expect(Scale, {x.element, {x.dims.back()}}))
    return {};
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::RmsNormOp>(loc, t, call.ir(X), call.ir(Scale),
                                  llvm::APFloat(call.real(Eps, 1e-6)));
  });
}

static Value applyBatchNorm(BuiltinCall &call) {
  enum { X, Mean, Variance, Scale, Bias, Eps, Axis };
  const TensorType &x = call.type(X);
  auto axis = call.axis(Axis, 1, x.rank());
  if (!axis)
    return {};
  TensorType wanted{x.element, {x.dims[*axis]}};
  for (unsigned i : {Mean, Variance, Scale, Bias})
    if (!call.expect(i, wanted))
      return {};
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::BatchNormOp>(loc, t, call.ir(X), call.ir(Mean), call.ir(Variance),
                                    call.ir(Scale), call.ir(Bias),
                                    llvm::APFloat(call.real(Eps, 1e-5)), *axis);
  });
}

static Value applyGroupNorm(BuiltinCall &call) {
  enum { X, Groups, Scale, Bias, Eps };
  const TensorType &x = call.type(X);
  if (x.rank() < 2)
    return call.wrongType(X, "[batch, channels, ...]");
  TensorType wanted{x.element, {x.dims[1]}};
  if (!call.expect(Scale, wanted) || !call.expect(Bias, wanted))
    return {};
  DimExpr groups = call.integer(Groups, 1);
  if (auto count = call.e.valueOf(groups); count && *count < 1)
    return call.fail(call.rangeOf(Groups), "'groups' must be positive, but is " + Twine(*count));
  if (!call.e.divideExactly(x.dims[1], groups, call.rangeOf(Groups)))
    return {};
  auto known = call.number(Groups, 1);
  if (!known)
    return Tensor{x};
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::GroupNormOp>(loc, t, call.ir(X), call.ir(Scale), call.ir(Bias), *known,
                                    llvm::APFloat(call.real(Eps, 1e-5)));
  });
}

llvm::ArrayRef<Builtin> language::normBuiltins() {
  using enum Accepts;
  static const BuiltinParam softmax[] = {{"x", FloatTensor}, {"axis", Int, "-1"}};
  static const BuiltinParam layerNorm[] = {{"x", FloatTensor},
                                           {"scale", FloatTensor, "None"},
                                           {"bias", FloatTensor, "None"},
                                           {"eps", Float, "1e-5"}};
  static const BuiltinParam rmsNorm[] = {
      {"x", FloatTensor}, {"scale", FloatTensor, "None"}, {"eps", Float, "1e-6"}};
  static const BuiltinParam batchNorm[] = {{"x", FloatTensor},
                                           {"mean", FloatTensor},
                                           {"variance", FloatTensor},
                                           {"scale", FloatTensor, "None"},
                                           {"bias", FloatTensor, "None"},
                                           {"eps", Float, "1e-5"},
                                           {"axis", Int, "1"}};
  static const BuiltinParam groupNorm[] = {{"x", FloatTensor},
                                           {"groups", Int},
                                           {"scale", FloatTensor, "None"},
                                           {"bias", FloatTensor, "None"},
                                           {"eps", Float, "1e-5"}};
  static const Builtin rows[] = {
      {"softmax", softmax, applySoftmax, 0},     {"log_softmax", softmax, applySoftmax, 1},
      {"layer_norm", layerNorm, applyLayerNorm}, {"rms_norm", rmsNorm, applyRmsNorm},
      {"batch_norm", batchNorm, applyBatchNorm}, {"group_norm", groupNorm, applyGroupNorm},
  };
  return rows;
}
