//===- BufferViews.cpp - tensors that are views of other tensors -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/BufferViews.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

std::optional<SmallVector<ReassociationIndices>> nacre::cpu::splittingReshape(RankedTensorType from,
                                                                              RankedTensorType to) {
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (int64_t i = 0; i < from.getRank(); ++i) {
    ReassociationIndices group;
    if (next >= to.getRank())
      return std::nullopt;
    if (from.isDynamicDim(i)) {
      if (!to.isDynamicDim(next))
        return std::nullopt;
      group.push_back(next++);
    } else {
      int64_t product = 1;
      do {
        if (next >= to.getRank() || to.isDynamicDim(next))
          return std::nullopt;
        product *= to.getDimSize(next);
        group.push_back(next++);
      } while (product < from.getDimSize(i));
      if (product != from.getDimSize(i))
        return std::nullopt;
    }
    groups.push_back(group);
  }
  while (next < to.getRank() && to.getDimSize(next) == 1 && !groups.empty())
    groups.back().push_back(next++);
  if (next != to.getRank())
    return std::nullopt;
  return groups;
}

bool nacre::cpu::isView(Operation *op) {
  if (isa<nn::TransposeOp, tensor::ExtractSliceOp, nn::SliceOp>(op))
    return true;
  if (auto reshape = dyn_cast<nn::ReshapeOp>(op))
    return splittingReshape(reshape.getInput().getType(), reshape.getType()).has_value();
  return false;
}

FailureOr<SmallVector<Value>> nacre::cpu::clampedStarts(KernelBuilder &b, ValueRange starts,
                                                        ArrayRef<int64_t> axes, ValueRange part,
                                                        ValueRange whole) {
  SmallVector<Value> result(whole.size(), b.index(0));
  for (auto [start, axis] : llvm::zip_equal(starts, axes)) {
    Value at;
    if (DenseIntElementsAttr known; matchPattern(start, m_Constant(&known))) {
      at = b.index(known.getSplatValue<APInt>().getSExtValue());
    } else {
      FailureOr<Value> buffer = b.buffer(start);
      if (failed(buffer))
        return failure();
      Value number = b.loadScalar(*buffer, {}, getElementTypeOrSelf(start));
      at = b.make<arith::IndexCastOp>(b.getIndexType(), number);
    }
    result[axis] = b.max(b.min(at, b.sub(whole[axis], part[axis])), b.index(0));
  }
  return result;
}

FailureOr<Value> nacre::cpu::viewOf(KernelBuilder &builder, Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op || !isView(op))
    return failure();
  FailureOr<Value> source = builder.buffer(op->getOperand(0));
  if (failed(source))
    return failure();
  Location loc = builder.loc;
  if (auto transpose = dyn_cast<nn::TransposeOp>(op)) {
    auto map = AffineMap::getPermutationMap(transpose.getPermutation(), builder.getContext());
    return memref::TransposeOp::create(builder, loc, *source, AffineMapAttr::get(map)).getResult();
  }
  auto resolve = [&](ArrayRef<OpFoldResult> list) {
    SmallVector<OpFoldResult> resolved;
    for (OpFoldResult item : list)
      if (auto value = dyn_cast<Value>(item))
        resolved.push_back(getAsOpFoldResult(builder.indexValue(value)));
      else
        resolved.push_back(item);
    return resolved;
  };
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    SmallVector<OpFoldResult> offsets = resolve(slice.getMixedOffsets()),
                              sizes = resolve(slice.getMixedSizes()),
                              strides = resolve(slice.getMixedStrides());
    // A slice may drop dimensions of size 1.
    MemRefType type = memref::SubViewOp::inferRankReducedResultType(
        slice.getType().getShape(), cast<MemRefType>(source->getType()), offsets, sizes, strides);
    return memref::SubViewOp::create(builder, loc, type, *source, offsets, sizes, strides)
        .getResult();
  }
  if (auto slice = dyn_cast<nn::SliceOp>(op)) {
    SmallVector<Value> whole = builder.dims(*source), part;
    ValueRange dynamic = slice.getResultSizes();
    for (int64_t size : cast<RankedTensorType>(slice.getType()).getShape()) {
      bool isDynamic = ShapedType::isDynamic(size);
      part.push_back(isDynamic ? builder.indexValue(dynamic.front()) : builder.index(size));
      dynamic = dynamic.drop_front(isDynamic);
    }
    auto starts = clampedStarts(builder, slice.getStarts(), slice.getAxes(), part, whole);
    if (failed(starts))
      return failure();
    SmallVector<OpFoldResult> strides(whole.size(), builder.getIndexAttr(1));
    return memref::SubViewOp::create(builder, loc, *source, getAsOpFoldResult(*starts),
                                     getAsOpFoldResult(part), strides)
        .getResult();
  }
  auto reshape = cast<nn::ReshapeOp>(op);
  auto groups = *splittingReshape(reshape.getInput().getType(), reshape.getType());
  SmallVector<OpFoldResult> sizes;
  ValueRange dynamic = reshape.getDynamicSizes();
  for (int64_t size : reshape.getType().getShape())
    if (ShapedType::isDynamic(size)) {
      sizes.push_back(builder.indexValue(dynamic.front()));
      dynamic = dynamic.drop_front();
    } else {
      sizes.push_back(builder.getIndexAttr(size));
    }
  return memref::ExpandShapeOp::create(builder, loc, reshape.getType().getShape(), *source, groups,
                                       sizes)
      .getResult();
}
