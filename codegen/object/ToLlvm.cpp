//===- ToLlvm.cpp - from buffers to the llvm dialect -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/ToLlvm.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void nacre::object::buildToLlvmPipeline(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLowerMathPass());
  manager.addPass(createConvertVectorToSCFPass(VectorTransferToSCFOptions().enableFullUnroll()));
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createLowerByteFloatsPass());
  // A conversion to bf16 would be a call of a function that few support libraries have, or an
  // instruction that knows no denormals.
  arith::ArithExpandOpsPassOptions expansions;
  expansions.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expansions));
  manager.addPass(createLoopInvariantCodeMotionPass());
  manager.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.reassociateFPReductions = false;
  manager.addPass(createConvertVectorToLLVMPass(vectors));
  // One walk over all of these takes half the time of one for each.
  ConvertToLLVMPassOptions rest;
  rest.filterDialects = {"arith", "cf", "func", "math", "memref"};
  rest.allowPatternRollback = false;
  manager.addPass(createConvertToLLVMPass(rest));
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void nacre::object::registerObjectPasses() {
  registerPass([] { return createLowerMathPass(); });
  registerPass([] { return createLowerByteFloatsPass(); });
  PassPipelineRegistration<>("to-llvm", "From buffers to the llvm dialect", buildToLlvmPipeline);
}
