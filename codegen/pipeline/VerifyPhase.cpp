//===- VerifyPhase.cpp - what may occur in each phase ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/Phases.h"

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace nacre;

/// The dialects of each phase; see docs/architecture.md.
static ArrayRef<StringRef> dialectsOf(Phase phase) {
  static constexpr StringRef network[] = {"builtin", "func", "nn", "arith", "tensor", "ml_program"};
  static constexpr StringRef dispatch[] = {"builtin", "func",       "nn", "arith",
                                           "tensor",  "ml_program", "cf"};
  static constexpr StringRef loops[] = {"builtin", "func",   "arith", "math", "scf",       "cf",
                                        "vector",  "memref", "llvm",  "nn",   "ml_program"};
  static constexpr StringRef machine[] = {"builtin", "llvm", "ml_program", "func", "nn"};
  switch (phase) {
  case Phase::nn:
  case Phase::nnOptimized:
  case Phase::nnQuantized:
    return network;
  case Phase::dispatch:
    return dispatch;
  case Phase::loops:
  case Phase::buffers:
    return loops;
  case Phase::llvm:
  case Phase::object:
    return machine;
  }
  llvm_unreachable("every phase is handled");
}

namespace {

struct VerifyPhasePass : PassWrapper<VerifyPhasePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyPhasePass)

  explicit VerifyPhasePass(Phase phase) : phase(phase) {}
  StringRef getArgument() const override { return "verify-phase"; }
  StringRef getDescription() const override {
    return "Checks that a module holds only what belongs to a phase";
  }

  void runOnOperation() override {
    if (failed(verify()))
      signalPassFailure();
  }

private:
  LogicalResult verify() {
    LogicalResult result = success();
    ArrayRef<StringRef> allowed = dialectsOf(phase);
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      // Expressions of weights stay in nn to the end: they run at compile time.
      if (isWeightExpression(op))
        return WalkResult::skip();
      if (!llvm::is_contained(allowed, op->getName().getDialectNamespace()))
        result = complain(op, "does not belong to this phase");
      else if (phase == Phase::buffers && isa<memref::AllocOp>(op))
        result = complain(op, "has no place in the arena");
      else if (phase == Phase::dispatch && !op->getParentOfType<nn::DispatchOp>() &&
               isa<nn::NNDialect>(op->getDialect()) &&
               !isa<nn::DispatchOp, nn::ReshapeOp, nn::ScanOp, nn::WhileOp, nn::IfOp, nn::YieldOp,
                    nn::StateLoadOp, nn::StateStoreOp>(op))
        result = complain(op, "is in no dispatch");
      return WalkResult::advance();
    });
    return result;
  }

  LogicalResult complain(Operation *op, StringRef what) {
    InFlightDiagnostic diagnostic = op->emitOpError()
                                    << "internal: " << what << " ('" << infoOf(phase).name << "')";
    diagnostic.attachNote() << "look first at " << infoOf(phase).culprit;
    return diagnostic;
  }

  static bool isWeightExpression(Operation *op) {
    auto function = dyn_cast<func::FuncOp>(op);
    return function && function.isPrivate() && function.getName().starts_with("weight.");
  }

  Phase phase;
};

} // namespace

std::unique_ptr<Pass> nacre::createVerifyPhasePass(Phase phase) {
  return std::make_unique<VerifyPhasePass>(phase);
}
