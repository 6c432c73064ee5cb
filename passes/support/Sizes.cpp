//===- Sizes.cpp - which dimensions are the same number ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/support/Sizes.h"

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace nacre;

/// An entry argument's dimension: by the name of its dimension variable, which several arguments
/// may share.
static Size argumentSize(BlockArgument argument, int64_t dimension) {
  auto function = dyn_cast_if_present<func::FuncOp>(argument.getOwner()->getParentOp());
  if (function && argument.getOwner()->isEntryBlock())
    if (auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "nn.dims"))
      if (dimension < static_cast<int64_t>(names.size()))
        if (auto name = dyn_cast<StringAttr>(names[dimension]))
          return {name.getAsOpaquePointer(), -1};
  return {argument.getAsOpaquePointer(), dimension};
}

std::optional<std::pair<Value, int64_t>> nacre::outerSize(BlockArgument argument,
                                                          int64_t dimension) {
  Operation *parent = argument.getOwner()->getParentOp();
  int64_t number = argument.getArgNumber();
  if (auto loop = dyn_cast_if_present<nn::WhileOp>(parent))
    return std::pair(loop.getCarries()[number], dimension);
  auto scan = dyn_cast_if_present<nn::ScanOp>(parent);
  if (!scan)
    return std::nullopt;
  int64_t inputs = scan.getInputs().size();
  if (number >= inputs)
    return std::pair(scan.getCarries()[number - inputs], dimension);
  return std::pair(scan.getInputs()[number],
                   dimension < scan.getAxes()[number] ? dimension : dimension + 1);
}

/// The size among the operands of `op` that is that of `dimension` of a result, for operations
/// whose dynamic sizes are operands.
static OpFoldResult givenSize(OpResult result, int64_t dimension) {
  Operation *op = result.getOwner();
  OperandRange sizes = op->getOperands().take_front(0);
  int64_t number = result.getResultNumber(), first = 0;
  if (auto scan = dyn_cast<nn::ScanOp>(op)) {
    sizes = scan.getResultSizes();
    first = scan.getCarries().size();
  } else if (auto branch = dyn_cast<nn::IfOp>(op)) {
    sizes = branch.getResultSizes();
  } else if (auto slice = dyn_cast<nn::SliceOp>(op)) {
    sizes = slice.getResultSizes();
  } else if (auto load = dyn_cast<nn::StateLoadOp>(op)) {
    sizes = load.getDynamicSizes();
  } else if (isa<nn::ReshapeOp, nn::BroadcastOp>(op)) {
    sizes = op->getOperands().drop_front();
  } else if (isa<nn::IotaOp>(op)) {
    sizes = op->getOperands();
  } else {
    return {};
  }
  int64_t before = 0;
  for (int64_t i = first; i < number; ++i)
    before += cast<RankedTensorType>(op->getResult(i).getType()).getNumDynamicDims();
  auto shape = cast<RankedTensorType>(result.getType()).getShape();
  return sizes[before + llvm::count_if(shape.take_front(dimension), ShapedType::isDynamic)];
}

/// The operand and dimension whose size is that of `dimension` of `op`'s result, for operations
/// that carry sizes along.
static std::optional<std::pair<Value, int64_t>> forwarded(Operation *op, int64_t dimension) {
  if (op->hasTrait<nn::Elementwise>()) {
    int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
    for (Value operand : op->getOperands()) {
      auto type = cast<RankedTensorType>(operand.getType());
      int64_t own = dimension - (rank - type.getRank());
      if (own >= 0 && type.getDimSize(own) != 1)
        return std::pair(operand, own);
    }
    return std::nullopt;
  }
  if (auto insert = dyn_cast<nn::InsertOp>(op))
    return std::pair(insert.getDestination(), dimension);
  if (auto transpose = dyn_cast<nn::TransposeOp>(op))
    return std::pair(transpose.getInput(), transpose.getPermutation()[dimension]);
  if (isa<nn::SoftmaxOp, nn::LayerNormOp, nn::RmsNormOp, nn::BatchNormOp, nn::GroupNormOp,
          nn::RotaryOp>(op))
    return std::pair(op->getOperand(0), dimension);
  int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  // The last dimension is the weight's; images keep their batch, and channels are static.
  if ((isa<nn::LinearOp>(op) && dimension + 1 < rank) ||
      (isa<nn::ConvOp, nn::PoolOp>(op) && dimension == 0) ||
      (isa<nn::AttentionOp>(op) && dimension < 3))
    return std::pair(op->getOperand(0), dimension);
  if (auto reduce = dyn_cast<nn::ReduceOp>(op)) {
    if (reduce.getKeepDims())
      return std::pair(op->getOperand(0), dimension);
    for (int64_t i = 0; i <= dimension; ++i)
      if (llvm::is_contained(reduce.getAxes(), i))
        ++dimension;
    return std::pair(op->getOperand(0), dimension);
  }
  if (auto concat = dyn_cast<tensor::ConcatOp>(op);
      concat && dimension != static_cast<int64_t>(concat.getDim()))
    return std::pair(op->getOperand(0), dimension);
  if (auto gather = dyn_cast<nn::GatherOp>(op)) {
    int64_t axis = gather.getAxis(), indices = gather.getIndices().getType().getRank();
    if (dimension < axis)
      return std::pair(op->getOperand(0), dimension);
    if (dimension < axis + indices)
      return std::pair(op->getOperand(1), dimension - axis);
    return std::pair(op->getOperand(0), dimension - indices + 1);
  }
  return std::nullopt;
}

Size nacre::sizeOf(Value tensor, int64_t dimension) {
  while (true) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(dimension))
      return {nullptr, type.getDimSize(dimension)};
    if (auto argument = dyn_cast<BlockArgument>(tensor)) {
      auto outer = outerSize(argument, dimension);
      if (!outer)
        return argumentSize(argument, dimension);
      std::tie(tensor, dimension) = *outer;
      continue;
    }
    Operation *op = tensor.getDefiningOp();
    int64_t number = cast<OpResult>(tensor).getResultNumber();
    if (auto loop = dyn_cast<nn::WhileOp>(op)) {
      tensor = loop.getCarries()[number];
      continue;
    }
    if (auto scan = dyn_cast<nn::ScanOp>(op);
        scan && number < static_cast<int64_t>(scan.getCarries().size())) {
      tensor = scan.getCarries()[number];
      continue;
    }
    if (OpFoldResult size = givenSize(cast<OpResult>(tensor), dimension))
      return sizeOf(size);
    if (auto next = forwarded(op, dimension)) {
      std::tie(tensor, dimension) = *next;
      continue;
    }
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op);
        slice && slice.getType().getRank() == slice.getSourceType().getRank())
      return sizeOf(slice.getMixedSizes()[dimension]);
    return {tensor.getAsOpaquePointer(), dimension};
  }
}

Size nacre::sizeOf(OpFoldResult size) {
  if (auto number = getConstantIntValue(size))
    return {nullptr, *number};
  auto value = cast<Value>(size);
  if (auto dim = value.getDefiningOp<tensor::DimOp>())
    if (auto index = dim.getConstantIndex();
        index && isa<RankedTensorType>(dim.getSource().getType()))
      return sizeOf(dim.getSource(), *index);
  return {value.getAsOpaquePointer(), -2};
}

bool nacre::sameShape(Value a, Value b) {
  int64_t rank = cast<RankedTensorType>(a.getType()).getRank();
  if (rank != cast<RankedTensorType>(b.getType()).getRank())
    return false;
  return llvm::all_of(llvm::seq<int64_t>(0, rank),
                      [&](int64_t i) { return sizeOf(a, i) == sizeOf(b, i); });
}
