//===- RemoveDeadWeights.cpp - drops weights nobody reads -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_REMOVEDEADWEIGHTS
#include "passes/simplify/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-remove-dead-weights";

namespace {

struct RemoveDeadWeights : nacre::impl::RemoveDeadWeightsBase<RemoveDeadWeights> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // A function that made a dead weight may have been the last to read another one.
    bool changed = true;
    while (changed) {
      changed = false;
      // One walk over all uses per round; looking each symbol up alone would walk per weight.
      llvm::DenseSet<StringAttr> used;
      auto uses = SymbolTable::getSymbolUses(&module.getBodyRegion());
      if (!uses)
        return;
      for (SymbolTable::SymbolUse use : *uses)
        used.insert(use.getSymbolRef().getRootReference());
      for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
        auto symbol = dyn_cast<SymbolOpInterface>(op);
        if (!symbol || !symbol.isPrivate() || used.contains(symbol.getNameAttr()))
          continue;
        if (isa<ml_program::GlobalOp>(op))
          noteRewrite(numRemoved, op.getLoc(), passName, "removed");
        else if (!isa<func::FuncOp>(op))
          continue;
        op.erase();
        changed = true;
      }
    }
  }
};

} // namespace
