//===- LowerMath.cpp - elementary functions without vector instructions ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/ToLlvm.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace {

/// On f32 vectors, functions of one argument become polynomials; what remains calls libm.
/// sin and cos stay with libm: their polynomials need a reduction that is good only near zero.
struct LowerMathPass : PassWrapper<LowerMathPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerMathPass)

  StringRef getArgument() const override { return "lower-math"; }
  StringRef getDescription() const override {
    return "Replaces elementary functions by polynomials on vectors and by libm elsewhere";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    RewritePatternSet polynomials(&getContext());
    for (StringRef name : {"tanh", "erf", "log", "log1p", "expm1", "exp"})
      populateMathPolynomialApproximationPatterns(
          polynomials, [name](StringRef op) { return op == ("math." + name).str(); }, 1);
    if (failed(applyPatternsGreedily(getOperation(), std::move(polynomials))))
      return signalPassFailure();
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
