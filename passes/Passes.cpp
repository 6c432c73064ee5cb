//===- Passes.cpp - the order of the nn passes, and their names -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace nacre {
#define GEN_PASS_REGISTRATION
#include "passes/fuse/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/layout/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/memory/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/quantize/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/simplify/Passes.h.inc"
} // namespace nacre

void nacre::buildSimplifyPipeline(OpPassManager &manager) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createResolveSizes());
  functions.addPass(createCSEPass());
  functions.addPass(createLoopInvariantCodeMotionPass());
  functions.addPass(createJoinSlices());
  functions.addPass(createCanonicalizerPass());
  manager.addPass(createRemoveDeadWeights());
}

void nacre::buildOptimizePipeline(OpPassManager &manager) {
  buildSimplifyPipeline(manager);
  OpPassManager &functions = manager.nest<func::FuncOp>();
  // What was written as arithmetic becomes the operation it spells; a bias must be part of its
  // linear before linears merge.
  functions.addPass(createRaiseLinear());
  functions.addPass(createRaiseLayerNorm());
  functions.addPass(createRaiseRmsNorm());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLoopInvariantCodeMotionPass());
  functions.addPass(createHoistFromScan());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createFuseAttention());
  // Batch norms go first: those that stay become multiplications, which a transpose passes through.
  functions.addPass(createFoldBatchNorm());
  // Merging makes a norm's several linears into one, which is what its scale and shift move into.
  functions.addPass(createMergeLinears());
  functions.addPass(createFoldNormIntoLinear());
  functions.addPass(createChannelsLast());
  buildSimplifyPipeline(manager);
  // Last, so that nobody has to see through a folded weight.
  manager.addPass(createOutlineWeightExpressions());
  buildSimplifyPipeline(manager);
}

void nacre::registerPasses() {
  registerSimplifyPasses();
  registerFusePasses();
  registerLayoutPasses();
  registerMemoryPasses();
  registerQuantizePasses();
  PassPipelineRegistration<>("nn-simplify",
                             "Canonicalises, removes duplicates, joins slices, drops dead weights",
                             buildSimplifyPipeline);
  PassPipelineRegistration<>("nn-optimize", "Everything between phase nn and phase nn-optimized",
                             buildOptimizePipeline);
}
