//===- NNDispatch.cpp - what runs as one kernel ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"

using namespace mlir;
using namespace nacre::nn;

LogicalResult DispatchOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("block arguments must have the inputs' types: ")
           << getInputs().getTypes() << ", but have " << block.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getOperandTypes() != getResultTypes())
    return emitOpError("must end in an nn.yield of the result types: ") << getResultTypes();
  int64_t dynamic = 0;
  for (Type type : getResultTypes())
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  if (dynamic != static_cast<int64_t>(getResultSizes().size()))
    return emitOpError("needs one size per dynamic result dimension: ")
           << dynamic << " dynamic, " << getResultSizes().size() << " given";
  return success();
}
