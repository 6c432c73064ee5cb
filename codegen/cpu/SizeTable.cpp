//===- SizeTable.cpp - dynamic sizes as values of the entry ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/SizeTable.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::cpu;

SizeTable::SizeTable(func::FuncOp entry) : entry(entry) {
  SmallVector<tensor::DimOp> reads;
  entry.walk([&](tensor::DimOp read) { reads.push_back(read); });
  for (tensor::DimOp read : reads) {
    auto index = read.getConstantIndex();
    if (!index)
      continue;
    OpFoldResult what = size(read.getSource(), *index);
    Value value = dyn_cast<Value>(what);
    if (!value) {
      OpBuilder builder(read);
      value = arith::ConstantIndexOp::create(builder, read.getLoc(),
                                             cast<IntegerAttr>(cast<Attribute>(what)).getInt());
    }
    if (value == read.getResult())
      continue;
    read.replaceAllUsesWith(value);
    read.erase();
  }
}

Value SizeTable::argumentSize(BlockArgument argument, int64_t dimension) {
  std::string name;
  if (auto names = entry.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "nn.dims"))
    name = cast<StringAttr>(names[dimension]).str();
  else
    name = ("arg" + Twine(argument.getArgNumber()) + "." + Twine(dimension)).str();
  Value &variable = variables[name];
  if (!variable) {
    OpBuilder builder(entry.getContext());
    builder.setInsertionPointToStart(&entry.getBody().front());
    Value index = arith::ConstantIndexOp::create(builder, entry.getLoc(), dimension);
    variable = tensor::DimOp::create(builder, entry.getLoc(), argument, index);
  }
  return variable;
}

/// Of an argument of the entry, or of a loop's body.
OpFoldResult SizeTable::blockArgumentSize(BlockArgument argument, int64_t dimension) {
  Operation *parent = argument.getOwner()->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto scan = dyn_cast<nn::ScanOp>(parent)) {
    size_t inputs = scan.getInputs().size();
    if (number >= inputs)
      return size(scan.getCarries()[number - inputs], dimension);
    return size(scan.getInputs()[number], dimension + (dimension >= scan.getAxes()[number]));
  }
  if (auto loop = dyn_cast<nn::WhileOp>(parent))
    return size(loop.getCarries()[number], dimension);
  return argumentSize(argument, dimension);
}

OpFoldResult SizeTable::size(Value tensor, int64_t dimension) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Builder builder(tensor.getContext());
  if (!type.isDynamicDim(dimension))
    return builder.getIndexAttr(type.getDimSize(dimension));
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return blockArgumentSize(argument, dimension);
  auto known = sizes.find({tensor, dimension});
  if (known == sizes.end()) {
    computeResultSizes(tensor.getDefiningOp());
    known = sizes.find({tensor, dimension});
  }
  return known->second;
}

void SizeTable::computeResultSizes(Operation *op) {
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  ReifiedRankedShapedTypeDims shapes;
  // The dynamic sizes of results as operands, in order.
  auto take = [&](ValueRange results, ValueRange dynamic) {
    for (Value result : results) {
      auto type = cast<RankedTensorType>(result.getType());
      for (int64_t i = 0; i < type.getRank(); ++i)
        if (type.isDynamicDim(i)) {
          sizes[{result, i}] = dynamic.front();
          dynamic = dynamic.drop_front();
        }
    }
  };
  auto copy = [&](ValueRange results, ValueRange from) {
    for (auto [result, source] : llvm::zip_equal(results, from))
      for (int64_t i = 0; i < cast<RankedTensorType>(result.getType()).getRank(); ++i) {
        OpFoldResult same = size(source, i);
        sizes[{result, i}] = same;
      }
  };
  if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    return take(dispatch.getResults(), dispatch.getResultSizes());
  if (auto load = dyn_cast<nn::StateLoadOp>(op))
    return take(load.getResult(), load.getDynamicSizes());
  if (auto slice = dyn_cast<nn::SliceOp>(op))
    return take(slice.getResult(), slice.getResultSizes());
  if (auto choice = dyn_cast<nn::IfOp>(op))
    return take(choice.getResults(), choice.getResultSizes());
  if (auto loop = dyn_cast<nn::WhileOp>(op))
    return copy(loop.getResults(), loop.getCarries());
  if (auto scan = dyn_cast<nn::ScanOp>(op)) {
    copy(scan.getFinals(), scan.getCarries());
    return take(scan.getStacks(), scan.getResultSizes());
  }
  if (auto insert = dyn_cast<nn::InsertOp>(op))
    return copy(insert.getResult(), insert.getDestination());
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    // Upstream would write the sum as an affine map.
    for (int64_t i = 0; i < concat.getResultType().getRank(); ++i) {
      OpFoldResult sum = size(concat.getInputs().front(), i);
      for (Value input : concat.getInputs().drop_front())
        if (i == static_cast<int64_t>(concat.getDim()))
          sum = getAsOpFoldResult(builder.createOrFold<arith::AddIOp>(
              op->getLoc(), getValueOrCreateConstantIndexOp(builder, op->getLoc(), sum),
              getValueOrCreateConstantIndexOp(builder, op->getLoc(), size(input, i))));
      sizes[{concat.getResult(), i}] = sum;
    }
    return;
  }
  LogicalResult reified = reifyResultShapes(builder, op, shapes);
  assert(succeeded(reified) && "every nn-phase operation reifies its sizes");
  (void)reified;
  // Sizes of operands that reification asked for are in the table already, or get there.
  SmallVector<tensor::DimOp> created;
  Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
  for (Operation &made : llvm::make_range(first, op->getIterator()))
    if (auto read = dyn_cast<tensor::DimOp>(made))
      created.push_back(read);
  llvm::DenseMap<Value, OpFoldResult> replaced;
  for (tensor::DimOp read : created) {
    auto index = read.getConstantIndex();
    // Sizes of entry arguments are made at the entry's start; those are not reads to replace.
    if (!index || llvm::is_contained(llvm::make_second_range(variables), read.getResult()))
      continue;
    OpFoldResult what = size(read.getSource(), *index);
    replaced[read.getResult()] = what;
    Value value = dyn_cast<Value>(what);
    if (!value)
      value = arith::ConstantIndexOp::create(builder, op->getLoc(),
                                             cast<IntegerAttr>(cast<Attribute>(what)).getInt());
    read.replaceAllUsesWith(value);
  }
  for (auto [result, shape] : llvm::zip(op->getResults(), shapes))
    for (auto [i, extent] : llvm::enumerate(shape)) {
      OpFoldResult final = extent;
      if (auto value = dyn_cast<Value>(extent))
        if (auto found = replaced.find(value); found != replaced.end())
          final = found->second;
      sizes[{result, static_cast<int64_t>(i)}] = final;
    }
  for (tensor::DimOp read : created)
    if (replaced.contains(read.getResult()))
      read.erase();
}

SmallVector<Value> SizeTable::dynamicSizes(Value tensor) {
  SmallVector<Value> result;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    OpFoldResult extent = size(tensor, i);
    if (auto value = dyn_cast<Value>(extent)) {
      result.push_back(value);
      continue;
    }
    // A size that is known although the type does not say it.
    OpBuilder builder(entry.getContext());
    builder.setInsertionPointToStart(&entry.getBody().front());
    result.push_back(arith::ConstantIndexOp::create(
        builder, entry.getLoc(), cast<IntegerAttr>(cast<Attribute>(extent)).getInt()));
  }
  return result;
}
