//===- LowerMath.cpp - elementary functions of doubles ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/ToLlvm.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace {

/// Elementary functions call libm, lane by lane. What is left of them is of doubles: kernels write
/// those of f32 as arithmetic.
struct LowerMathPass : PassWrapper<LowerMathPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerMathPass)

  StringRef getArgument() const override { return "lower-math"; }
  StringRef getDescription() const override {
    return "Replaces elementary functions by calls of libm";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    RewritePatternSet library(&getContext());
    populateMathToLibmConversionPatterns(library);
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                           math::MathDialect, vector::VectorDialect, BuiltinDialect>();
    target.addIllegalOp<math::ErfOp, math::TanhOp, math::ExpM1Op, math::Log1pOp, math::SinOp,
                        math::CosOp, math::PowFOp, math::LogOp>();
    if (failed(applyPartialConversion(getOperation(), target, std::move(library))))
      signalPassFailure();
  }
};

} // namespace

std::unique_ptr<Pass> nacre::object::createLowerMathPass() {
  return std::make_unique<LowerMathPass>();
}
