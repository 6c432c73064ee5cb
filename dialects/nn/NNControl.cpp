//===- NNControl.cpp - loops, branches, run-time positions, state ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

static RankedTensorType withoutAxis(RankedTensorType type, int64_t axis) {
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + axis);
  return RankedTensorType::get(shape, type.getElementType());
}

static int64_t countDynamic(TypeRange types) {
  int64_t dynamic = 0;
  for (Type type : types)
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  return dynamic;
}

static LogicalResult verifySizes(Operation *op, TypeRange types, ValueRange sizes) {
  int64_t dynamic = countDynamic(types);
  if (dynamic != static_cast<int64_t>(sizes.size()))
    return op->emitOpError("needs one size per dynamic result dimension: ")
           << dynamic << " dynamic, " << sizes.size() << " given";
  return success();
}

/// The sizes of one result: static, or the next of `dynamicSizes`, which it takes away.
static SmallVector<OpFoldResult> takeSizes(OpBuilder &builder, Type type,
                                           ValueRange &dynamicSizes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : cast<RankedTensorType>(type).getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    sizes.push_back(dynamicSizes.front());
    dynamicSizes = dynamicSizes.drop_front();
  }
  return sizes;
}

static YieldOp yieldOf(Region &region) {
  return region.empty() || region.front().empty() ? YieldOp()
                                                  : dyn_cast<YieldOp>(region.front().back());
}

//===- nn.yield ------------------------------------------------------------===//

/// What goes on to the parent or to the next round; the rest is stacked, or decides.
MutableOperandRange YieldOp::getMutableSuccessorOperands(RegionSuccessor) {
  Operation *parent = (*this)->getParentOp();
  MutableOperandRange all(*this);
  if (auto scan = dyn_cast<ScanOp>(parent))
    return all.slice(0, scan.getCarries().size());
  if (isa<WhileOp>(parent))
    return all.slice(1, all.size() - 1);
  return all;
}

//===- nn.scan -------------------------------------------------------------===//

void ScanOp::build(OpBuilder &builder, OperationState &state, TypeRange results, ValueRange inputs,
                   ArrayRef<int64_t> axes, ValueRange carries, Value length, ValueRange resultSizes,
                   bool reverse) {
  OpBuilder::InsertionGuard guard(builder);
  build(builder, state, results, inputs, carries, length, resultSizes,
        builder.getDenseI64ArrayAttr(axes), reverse ? builder.getUnitAttr() : UnitAttr());
  Block *block = builder.createBlock(state.regions.front().get());
  for (auto [input, axis] : llvm::zip_equal(inputs, axes))
    block->addArgument(withoutAxis(typeOf(input), axis), input.getLoc());
  for (Value carry : carries)
    block->addArgument(carry.getType(), carry.getLoc());
}

YieldOp ScanOp::getYield() { return yieldOf(getBody()); }

OperandRange ScanOp::getNextCarries() {
  return getYield().getValues().take_front(getCarries().size());
}

OperandRange ScanOp::getStacked() { return getYield().getValues().drop_front(getCarries().size()); }

int64_t ScanOp::getStaticRounds() {
  for (auto [input, axis] : llvm::zip_equal(getInputs(), getAxes()))
    if (int64_t size = typeOf(input).getDimSize(axis); !ShapedType::isDynamic(size))
      return size;
  if (getLength())
    if (std::optional<int64_t> length = getConstantIntValue(getLength()))
      return std::max<int64_t>(*length, 0);
  return ShapedType::kDynamic;
}

OpFoldResult ScanOp::getRounds(OpBuilder &builder, Location loc) {
  if (int64_t rounds = getStaticRounds(); !ShapedType::isDynamic(rounds))
    return builder.getIndexAttr(rounds);
  if (getLength())
    return getLength();
  return dimOf(builder, loc, getInputs().front(), getAxes().front());
}

LogicalResult ScanOp::verify() {
  auto inputs = getInputs();
  if (inputs.size() != getAxes().size())
    return emitOpError("needs one axis for each input: ")
           << inputs.size() << " inputs, " << getAxes().size() << " axes";
  int64_t rounds = ShapedType::kDynamic;
  SmallVector<Type> arguments;
  for (auto [input, axis] : llvm::zip_equal(inputs, getAxes())) {
    auto type = typeOf(input);
    if (axis < 0 || axis >= type.getRank())
      return emitOpError("axis ") << axis << " is outside a rank-" << type.getRank() << " input";
    int64_t size = type.getDimSize(axis);
    if (!agree(size, rounds))
      return emitOpError("inputs have ") << rounds << " and " << size << " slices";
    if (!ShapedType::isDynamic(size))
      rounds = size;
    arguments.push_back(withoutAxis(type, axis));
  }
  if (inputs.empty() != static_cast<bool>(getLength()))
    return emitOpError("needs a length exactly where there are no inputs");
  llvm::append_range(arguments, getCarries().getTypes());
  Block &block = getBody().front();
  if (!llvm::equal(block.getArgumentTypes(), arguments))
    return emitOpError("block arguments must be the inputs' slices and the carries: ")
           << TypeRange(arguments) << ", but are " << block.getArgumentTypes();
  size_t carries = getCarries().size();
  YieldOp yield = getYield();
  if (!yield || yield.getNumOperands() != getNumResults() || carries > getNumResults() ||
      TypeRange(yield.getOperandTypes()).take_front(carries) != getCarries().getTypes())
    return emitOpError("must end in an nn.yield of the carries' types, ")
           << getCarries().getTypes() << ", and one value for each stacked result";
  if (getFinals().getTypes() != getCarries().getTypes())
    return emitOpError("results must begin with the carries' types, ") << getCarries().getTypes();
  for (auto [result, element] : llvm::zip_equal(getStacks(), getStacked())) {
    auto type = typeOf(result);
    if (type.getRank() == 0 || withoutAxis(type, 0) != element.getType() ||
        !agree(type.getDimSize(0), rounds))
      return emitOpError("a stacked result of ")
             << element.getType() << " in " << spell(rounds) << " rounds cannot be " << type;
  }
  return verifySizes(*this, getStacks().getTypes(), getResultSizes());
}

OperandRange ScanOp::getEntrySuccessorOperands(RegionSuccessor) { return getCarries(); }

void ScanOp::getSuccessorRegions(RegionBranchPoint, SmallVectorImpl<RegionSuccessor> &regions) {
  // The first round may be the last one, and there may be none.
  regions.emplace_back(&getBody(), getCarryArguments());
  regions.emplace_back(getOperation(), getFinals());
}

SmallVector<Region *> ScanOp::getLoopRegions() { return {&getBody()}; }
MutableArrayRef<OpOperand> ScanOp::getInitsMutable() { return getCarriesMutable(); }
Block::BlockArgListType ScanOp::getRegionIterArgs() { return getCarryArguments(); }
std::optional<ResultRange> ScanOp::getLoopResults() { return getFinals(); }

std::optional<MutableArrayRef<OpOperand>> ScanOp::getYieldedValuesMutable() {
  return getYield()->getOpOperands().take_front(getCarries().size());
}

LogicalResult ScanOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  for (Value carry : getCarries())
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), carry));
  ValueRange sizes = getResultSizes();
  for (Type type : getStacks().getTypes())
    shapes.push_back(takeSizes(builder, type, sizes));
  return success();
}

//===- nn.while ------------------------------------------------------------===//

void WhileOp::build(OpBuilder &builder, OperationState &state, Value go, ValueRange carries) {
  OpBuilder::InsertionGuard guard(builder);
  state.addOperands(go);
  state.addOperands(carries);
  state.addTypes(carries.getTypes());
  Block *block = builder.createBlock(state.addRegion());
  for (Value carry : carries)
    block->addArgument(carry.getType(), carry.getLoc());
}

YieldOp WhileOp::getYield() { return yieldOf(getBody()); }
Value WhileOp::getNextGo() { return getYield().getValues().front(); }
OperandRange WhileOp::getNextCarries() { return getYield().getValues().drop_front(); }

LogicalResult WhileOp::verify() {
  TypeRange carries = getCarries().getTypes();
  if (getBody().front().getArgumentTypes() != carries)
    return emitOpError("block arguments must be the carries: ")
           << carries << ", but are " << getBody().front().getArgumentTypes();
  YieldOp yield = getYield();
  if (!yield || yield.getNumOperands() != carries.size() + 1 ||
      yield.getOperand(0).getType() != getGo().getType() ||
      TypeRange(yield.getOperandTypes()).drop_front() != carries)
    return emitOpError("must end in an nn.yield of tensor<i1> and the carries' types: ") << carries;
  if (getResultTypes() != carries)
    return emitOpError("results must have the carries' types: ")
           << carries << ", but have " << getResultTypes();
  return success();
}

OperandRange WhileOp::getEntrySuccessorOperands(RegionSuccessor) { return getCarries(); }

void WhileOp::getSuccessorRegions(RegionBranchPoint, SmallVectorImpl<RegionSuccessor> &regions) {
  regions.emplace_back(&getBody(), getBody().getArguments());
  regions.emplace_back(getOperation(), getResults());
}

SmallVector<Region *> WhileOp::getLoopRegions() { return {&getBody()}; }
MutableArrayRef<OpOperand> WhileOp::getInitsMutable() { return getCarriesMutable(); }
Block::BlockArgListType WhileOp::getRegionIterArgs() { return getBody().getArguments(); }
std::optional<ResultRange> WhileOp::getLoopResults() { return getResults(); }

std::optional<MutableArrayRef<OpOperand>> WhileOp::getYieldedValuesMutable() {
  return getYield()->getOpOperands().drop_front();
}

LogicalResult WhileOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  for (Value carry : getCarries())
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), carry));
  return success();
}

//===- nn.if ---------------------------------------------------------------===//

void IfOp::build(OpBuilder &builder, OperationState &state, TypeRange results, Value condition,
                 ValueRange resultSizes) {
  OpBuilder::InsertionGuard guard(builder);
  state.addOperands(condition);
  state.addOperands(resultSizes);
  state.addTypes(results);
  builder.createBlock(state.addRegion());
  builder.createBlock(state.addRegion());
}

YieldOp IfOp::getThenYield() { return yieldOf(getThenRegion()); }
YieldOp IfOp::getElseYield() { return yieldOf(getElseRegion()); }

LogicalResult IfOp::verify() {
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    if (region->getNumArguments() != 0)
      return emitOpError("blocks must have no arguments");
    YieldOp yield = yieldOf(*region);
    if (!yield || yield.getOperandTypes() != getResultTypes())
      return emitOpError("both blocks must end in an nn.yield of the result types: ")
             << getResultTypes();
  }
  return verifySizes(*this, getResultTypes(), getResultSizes());
}

OperandRange IfOp::getEntrySuccessorOperands(RegionSuccessor) {
  return {getOperation()->operand_end(), getOperation()->operand_end()};
}

void IfOp::getSuccessorRegions(RegionBranchPoint point, SmallVectorImpl<RegionSuccessor> &regions) {
  if (!point.isParent()) {
    regions.emplace_back(getOperation(), getResults());
    return;
  }
  regions.emplace_back(&getThenRegion());
  regions.emplace_back(&getElseRegion());
}

LogicalResult IfOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  ValueRange sizes = getResultSizes();
  for (Type type : getResultTypes())
    shapes.push_back(takeSizes(builder, type, sizes));
  return success();
}

//===- Run-time positions --------------------------------------------------===//

/// The rules that nn.slice and nn.insert share: `part` lies somewhere in `whole`.
static LogicalResult checkPart(std::optional<Location> loc, RankedTensorType part,
                               RankedTensorType whole, size_t starts, ArrayRef<int64_t> axes) {
  if (starts != axes.size())
    return emitOptionalError(loc, "needs one start for each axis: ", axes.size(), " axes, ", starts,
                             " starts");
  SmallVector<bool> moves(whole.getRank(), false);
  for (int64_t axis : axes) {
    if (axis < 0 || axis >= whole.getRank() || moves[axis])
      return emitOptionalError(loc, "axis ", axis, " is outside a rank-", whole.getRank(),
                               " tensor or named twice");
    moves[axis] = true;
  }
  if (part.getRank() != whole.getRank() || part.getElementType() != whole.getElementType())
    return emitOptionalError(loc, part, " is no part of ", whole,
                             ": rank and element type must be equal");
  for (int64_t i = 0; i < whole.getRank(); ++i) {
    int64_t inner = part.getDimSize(i), outer = whole.getDimSize(i);
    if (agree(inner, outer) || (moves[i] && inner < outer))
      continue;
    return emitOptionalError(loc, part, " is no part of ", whole, ": dimension ", i,
                             moves[i] ? " is larger" : " must be equal");
  }
  return success();
}

LogicalResult SliceOp::verify() {
  if (failed(checkPart(getLoc(), getType(), getInput().getType(), getStarts().size(), getAxes())))
    return failure();
  return verifySizes(*this, getType(), getResultSizes());
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  ValueRange sizes = getResultSizes();
  shapes.push_back(takeSizes(builder, getType(), sizes));
  return success();
}

LogicalResult InsertOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto whole = typeOf(adaptor.getDestination());
  if (failed(checkPart(loc, typeOf(adaptor.getValue()), whole, adaptor.getStarts().size(),
                       adaptor.getAxes())))
    return failure();
  types.push_back(whole);
  return success();
}

LogicalResult InsertOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getDestination()));
  return success();
}

//===- State ---------------------------------------------------------------===//

/// An entry may use a state at a size that it knows: static where the state's type is dynamic.
static LogicalResult verifyState(Operation *op, FlatSymbolRefAttr name, RankedTensorType type,
                                 SymbolTableCollection &symbols) {
  auto global = symbols.lookupNearestSymbolFrom<ml_program::GlobalOp>(op, name);
  if (!global || !global.getIsMutable())
    return op->emitOpError("needs a mutable global, but ") << name << " is none";
  auto state = dyn_cast<RankedTensorType>(global.getType());
  bool fits =
      state && state.getElementType() == type.getElementType() && state.getRank() == type.getRank();
  for (int64_t i = 0; fits && i < type.getRank(); ++i)
    fits = state.isDynamicDim(i) || state.getDimSize(i) == type.getDimSize(i);
  if (!fits)
    return op->emitOpError("uses ") << name << " as " << type << ", but it is " << global.getType();
  return success();
}

LogicalResult StateLoadOp::verify() { return verifySizes(*this, getType(), getDynamicSizes()); }

LogicalResult StateLoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyState(*this, getStateAttr(), getType(), symbols);
}

LogicalResult StateLoadOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  ValueRange sizes = getDynamicSizes();
  shapes.push_back(takeSizes(builder, getType(), sizes));
  return success();
}

LogicalResult StateStoreOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyState(*this, getStateAttr(), getValue().getType(), symbols);
}
