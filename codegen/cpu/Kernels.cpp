//===- Kernels.cpp - which generator writes a dispatch ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"

#include "codegen/cpu/BufferViews.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

bool nacre::cpu::hasKernel(Operation *op) {
  return isa<nn::PackedLinearOp, nn::PackedLinearInt8Op, nn::PackedLinearGroupsOp, nn::PackedConvOp,
             nn::DepthwiseConvOp, nn::WinogradConvOp, nn::MatmulOp, nn::AttentionOp,
             nn::AttentionMergeOp, nn::SoftmaxOp, nn::QuantizeRowsOp, nn::LayerNormOp,
             nn::RmsNormOp, nn::GroupNormOp, nn::ReduceOp, nn::PoolOp, nn::GatherOp,
             tensor::ConcatOp, nn::PadOp, nn::PackOp, nn::RotaryOp, nn::InsertOp, nn::IotaOp,
             nn::ArgReduceOp, nn::TopKOp, nn::ArgSortOp, nn::CumulativeOp, nn::ScatterOp,
             nn::TakeAlongOp, nn::RandomOp>(op);
}

bool nacre::cpu::takesEpilogue(Operation *op) {
  if (auto norm = dyn_cast<nn::LayerNormOp>(op))
    return norm.getNormalizedDims() == 1;
  return isa<nn::PackedLinearOp, nn::PackedLinearInt8Op, nn::PackedLinearGroupsOp, nn::PackedConvOp,
             nn::DepthwiseConvOp, nn::WinogradConvOp, nn::MatmulOp, nn::SoftmaxOp, nn::RmsNormOp>(
      op);
}

bool nacre::cpu::takesView(Operation *op, unsigned i) {
  if (op->hasTrait<nn::Elementwise>() || isa<nn::AttentionOp, tensor::ConcatOp>(op))
    return true;
  return isa<nn::MatmulOp, nn::RotaryOp, nn::PadOp, nn::PackOp, nn::ReduceOp, nn::PoolOp,
             nn::InsertOp>(op) &&
         i == 0;
}

bool nacre::cpu::isPlaced(Operation *op) { return isa<nn::IotaOp, nn::RandomOp>(op); }

bool nacre::cpu::takesResultTranspose(Operation *op) {
  return isa<nn::AttentionOp, nn::AttentionMergeOp>(op);
}

Operation *nacre::cpu::rootOf(nn::DispatchOp dispatch) {
  // A gather or a count under element-wise operations is read in place: then it is no root.
  Operation *alone = nullptr;
  bool elementwise = false;
  for (Operation &op : dispatch.getBody().front().without_terminator()) {
    if (isa<nn::GatherOp, nn::IotaOp>(op))
      alone = &op;
    else if (isa<nn::RandomOp>(op))
      elementwise = true;
    else if (hasKernel(&op))
      return &op;
    elementwise |= op.hasTrait<nn::Elementwise>();
  }
  return elementwise ? nullptr : alone;
}

Value nacre::cpu::clampIndex(KernelBuilder &b, Value raw, Value size) {
  Value at = arith::IndexCastOp::create(b, b.loc, b.getIndexType(), raw);
  Value fromEnd = b.add(at, size);
  at = arith::SelectOp::create(b, b.loc, b.less(at, b.index(0)), fromEnd, at);
  return b.max(b.min(at, b.sub(size, b.index(1))), b.index(0));
}

LogicalResult nacre::cpu::emitKernel(KernelBuilder &b) {
  Operation *root = rootOf(b.dispatch);
  if (!root)
    return emitElementwiseKernel(b);
  return llvm::TypeSwitch<Operation *, LogicalResult>(root)
      .Case([&](nn::PackedLinearOp op) { return emitPackedLinear(b, op); })
      .Case([&](nn::PackedLinearInt8Op op) { return emitPackedLinearInt8(b, op); })
      .Case([&](nn::PackedLinearGroupsOp op) { return emitPackedLinearGroups(b, op); })
      .Case([&](nn::PackedConvOp op) { return emitPackedConv(b, op); })
      .Case([&](nn::DepthwiseConvOp op) { return emitDepthwiseConv(b, op); })
      .Case([&](nn::WinogradConvOp op) { return emitWinogradConv(b, op); })
      .Case([&](nn::QuantizeRowsOp op) { return emitQuantizeRows(b, op); })
      .Case([&](nn::MatmulOp op) { return emitMatmul(b, op); })
      .Case([&](nn::AttentionOp op) { return emitAttention(b, op); })
      .Case([&](nn::AttentionMergeOp op) { return emitAttentionMerge(b, op); })
      .Case([&](nn::SoftmaxOp op) { return emitSoftmax(b, op); })
      .Case([&](nn::LayerNormOp op) { return emitLayerNorm(b, op); })
      .Case([&](nn::RmsNormOp op) { return emitRmsNorm(b, op); })
      .Case([&](nn::GroupNormOp op) { return emitGroupNorm(b, op); })
      .Case([&](nn::ReduceOp op) { return emitReduce(b, op); })
      .Case([&](nn::PoolOp op) { return emitPool(b, op); })
      .Case([&](nn::GatherOp op) { return emitGather(b, op); })
      .Case([&](tensor::ConcatOp op) { return emitConcat(b, op); })
      .Case([&](nn::PadOp op) { return emitPad(b, op); })
      .Case([&](nn::PackOp op) { return emitPack(b, op); })
      .Case([&](nn::RotaryOp op) { return emitRotary(b, op); })
      .Case([&](nn::InsertOp op) { return emitInsert(b, op); })
      .Case([&](nn::IotaOp op) { return emitIota(b, op); })
      .Case([&](nn::ArgReduceOp op) { return emitArgReduce(b, op); })
      .Case([&](nn::TopKOp op) { return emitTopK(b, op); })
      .Case([&](nn::ArgSortOp op) { return emitArgSort(b, op); })
      .Case([&](nn::CumulativeOp op) { return emitCumulative(b, op); })
      .Case([&](nn::ScatterOp op) { return emitScatter(b, op); })
      .Case([&](nn::TakeAlongOp op) { return emitTakeAlong(b, op); })
      .Default([](Operation *op) { return op->emitOpError("internal: no kernel generator"); });
}
