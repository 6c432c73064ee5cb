//===- Attention.cpp - fused attention by online softmax -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/AttentionKernels.h"
#include "codegen/cpu/Kernels.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

Value nacre::cpu::resultView(KernelBuilder &b) {
  auto transpose = b.yielded().getDefiningOp<nn::TransposeOp>();
  if (!transpose)
    return b.output;
  auto inverse = invertPermutationVector(transpose.getPermutation());
  auto map = AffineMap::getPermutationMap(inverse, b.getContext());
  return b.make<memref::TransposeOp>(b.output, AffineMapAttr::get(map));
}

LogicalResult nacre::cpu::emitAttention(KernelBuilder &b, nn::AttentionOp root) {
  if (root.getQuery().getType().isDynamicDim(3) || root.getValue().getType().isDynamicDim(3))
    return root.emitOpError("internal: the head size must be static");
  SmallVector<Value> buffers;
  for (Value operand :
       {Value(root.getQuery()), Value(root.getKey()), Value(root.getValue()), Value(root.getMask()),
        Value(root.getLengths()), Value(root.getStart()), Value(root.getBlocks())}) {
    FailureOr<Value> buffer = operand ? b.buffer(operand) : FailureOr<Value>(Value());
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  AttentionOperands operands{b,          root,       buffers[0], buffers[1], buffers[2],
                             buffers[3], buffers[4], buffers[5], buffers[6], resultView(b)};
  int64_t length = root.getQuery().getType().getDimSize(2);
  if (root.getSpan() || (length >= 0 && length <= mostDecodedQueries)) {
    emitAttentionDecode(operands);
    return success();
  }
  if (!ShapedType::isDynamic(length)) {
    emitAttentionTiles(operands);
    return success();
  }
  Value few = b.less(operands.queries, b.index(mostDecodedQueries + 1));
  auto choice = scf::IfOp::create(b, b.loc, few, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  emitAttentionDecode(operands);
  b.setInsertionPointToStart(choice.elseBlock());
  emitAttentionTiles(operands);
  return success();
}
