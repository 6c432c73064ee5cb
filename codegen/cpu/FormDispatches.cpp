//===- FormDispatches.cpp - what runs as one kernel ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/BufferViews.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Passes.h"
#include "codegen/cpu/RequireSizes.h"
#include "codegen/cpu/StatePlaces.h"

#include "mlir/IR/IRMapping.h"

namespace nacre::cpu {
#define GEN_PASS_DEF_FORMDISPATCHES
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// Forms the dispatches of one entry.
class Former {
public:
  Former(func::FuncOp entry, Pass::Statistic &count) : entry(entry), table(entry), count(count) {}
  LogicalResult run();

private:
  struct Group {
    Operation *sink;
    Operation *root = nullptr;
    llvm::SetVector<Operation *> members;
  };

  /// Operations that no group has as a member: they compute sizes, name weights, or move
  /// nothing.
  static bool staysOutside(Operation *op) {
    return isa<ml_program::GlobalLoadConstOp, arith::ConstantOp, nn::ReshapeOp, func::ReturnOp,
               nn::DispatchOp, cf::AssertOp, nn::ScanOp, nn::WhileOp, nn::IfOp, nn::YieldOp,
               nn::StateLoadOp, nn::StateStoreOp>(op) ||
           llvm::all_of(op->getResultTypes(), llvm::IsaPred<IndexType, IntegerType>);
  }
  static bool isMovement(Operation *op) {
    return isa<nn::TransposeOp, tensor::ExtractSliceOp, nn::SliceOp, nn::BroadcastOp,
               tensor::SplatOp>(op);
  }

  LogicalResult formGroups(Block &block);
  void grow(Group &group);
  bool joins(Group &group, Operation *producer);
  bool absorbable(Value operand, Operation *reader, unsigned position);
  void build(Group &group);
  SmallVector<Operation *> operations();
  void eraseUnused();
  void copyUnread();
  void copyEnds(Operation *terminator);
  void copyOperands(Operation *op);
  Value copyBefore(Operation *before, Value value);

  func::FuncOp entry;
  SizeTable table;
  Pass::Statistic &count;
  llvm::DenseSet<Operation *> grouped;
  std::vector<Group> groups;
  /// Results of dispatches, loops and branches that have a place where they must be written.
  llvm::DenseSet<Value> placed;
};

} // namespace

LogicalResult Former::run() {
  requireSizes(entry, table);
  SmallVector<Block *> blocks;
  entry.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks)
    if (failed(formGroups(*block)))
      return failure();
  for (Group &group : groups)
    build(group);
  copyUnread();
  eraseUnused(); // what follows looks at who reads a value
  auto copy = [&](Operation *before, Value value) { return copyBefore(before, value); };
  StatePlaces states(entry, placed, copy);
  states.placeStores();
  for (Operation *op : operations()) {
    if (op->hasTrait<OpTrait::IsTerminator>())
      copyEnds(op);
    else if (isa<nn::ScanOp, nn::WhileOp, nn::IfOp>(op))
      copyOperands(op);
  }
  states.keepOlderValues();
  eraseUnused();
  return success();
}

/// What was absorbed, and views and look-ups of sizes that only absorbed operations used.
void Former::eraseUnused() {
  SmallVector<Operation *> all = operations();
  for (Operation *op : llvm::reverse(all))
    if (op->use_empty() && isMemoryEffectFree(op) && !op->hasTrait<OpTrait::IsTerminator>())
      op->erase();
}

/// All operations but those inside dispatches, in program order.
SmallVector<Operation *> Former::operations() {
  SmallVector<Operation *> ops;
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != entry)
      ops.push_back(op);
    return isa<nn::DispatchOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
  return ops;
}

LogicalResult Former::formGroups(Block &block) {
  SmallVector<Operation *> ops =
      llvm::to_vector(llvm::map_range(block, [](Operation &op) { return &op; }));
  size_t first = groups.size();
  for (Operation *op : llvm::reverse(ops)) {
    if (grouped.contains(op) || staysOutside(op) || isMovement(op) || op->use_empty())
      continue;
    bool elementwise = op->hasTrait<nn::Elementwise>();
    if (!elementwise && !hasKernel(op))
      return op->emitError() << "'" << op->getName().stripDialect()
                             << "' of this form cannot be compiled for a CPU yet";
    Group group{op};
    group.members.insert(op);
    if (!elementwise)
      group.root = op;
    // The result may leave in another order.
    if (group.root && takesResultTranspose(op) && op->hasOneUse())
      if (auto transpose = dyn_cast<nn::TransposeOp>(*op->user_begin()))
        if (transpose->getBlock() == op->getBlock()) {
          group.members.insert(transpose);
          group.sink = transpose;
          grouped.insert(transpose);
        }
    grouped.insert(op);
    grow(group);
    groups.push_back(std::move(group));
  }
  // Built from the first to the last, so that operands are there already.
  std::reverse(groups.begin() + first, groups.end());
  return success();
}

bool Former::joins(Group &group, Operation *producer) {
  if (!producer || grouped.contains(producer) || producer->getNumResults() != 1 ||
      producer->getBlock() != group.sink->getBlock())
    return false;
  auto domain = dyn_cast<RankedTensorType>(group.sink->getResult(0).getType());
  auto type = dyn_cast<RankedTensorType>(producer->getResult(0).getType());
  // A count of the last dimension is computed where it is read.
  bool counts = isa<nn::IotaOp>(producer) && type && domain && domain.getRank() > 0 &&
                type.getShape().back() == domain.getShape().back();
  if (!type || (type.getShape() != domain.getShape() && !counts))
    return false;
  for (Operation *user : producer->getUsers())
    if (!group.members.contains(user))
      return false;
  if (producer->hasTrait<nn::Elementwise>())
    return true;
  // LLVM 22 stores a single element that is computed and rounded to bf16 at once as four bytes.
  if (isPlaced(producer))
    return !domain.hasStaticShape() || domain.getNumElements() != 1;
  if (auto gather = dyn_cast<nn::GatherOp>(producer))
    return gather.getAxis() == 0 && gather.getData().getType().getRank() == 2;
  // A softmax keeps its row in the result's place until the sum is known.
  if (isa<nn::SoftmaxOp>(producer) && type.getElementType() != domain.getElementType())
    return false;
  return !group.root && takesEpilogue(producer);
}

void Former::grow(Group &group) {
  for (size_t i = 0; i < group.members.size(); ++i) {
    Operation *member = group.members[i];
    if (!member->hasTrait<nn::Elementwise>())
      continue;
    for (Value operand : member->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!joins(group, producer))
        continue;
      group.members.insert(producer);
      grouped.insert(producer);
      if (!producer->hasTrait<nn::Elementwise>() && !isa<nn::GatherOp>(producer) &&
          !isPlaced(producer))
        group.root = producer;
    }
  }
}

/// True where `operand` of `reader` is a view whose source can be read in its place.
bool Former::absorbable(Value operand, Operation *reader, unsigned position) {
  Operation *view = operand.getDefiningOp();
  if (!view || !takesView(reader, position))
    return false;
  if (isa<nn::BroadcastOp>(view))
    return reader->hasTrait<nn::Elementwise>();
  if (!isView(view))
    return false;
  auto reshape = dyn_cast<nn::ReshapeOp>(view);
  if (!reshape)
    return true;
  // A reshape of a whole buffer is free outside; inside it only serves to reach a view.
  Operation *source = reshape.getInput().getDefiningOp();
  if (!source || !(isView(source) && absorbable(reshape.getInput(), reader, position)))
    return false;
  auto from = reshape.getInput().getType();
  auto parts = *splittingReshape(from, reshape.getType());
  for (int64_t i = 0; i < from.getRank(); ++i)
    if (from.isDynamicDim(i) && from.getNumDynamicDims() > 1 &&
        table.size(reshape.getInput(), i) != table.size(reshape.getResult(), parts[i].front()))
      return false;
  return true;
}

void Former::build(Group &group) {
  Operation *sink = group.sink;
  OpBuilder builder(sink);
  SmallVector<Value> sizes = table.dynamicSizes(sink->getResult(0));
  llvm::SetVector<Value> inputs;
  OperationState state(sink->getLoc(), nn::DispatchOp::getOperationName());

  Block *body = new Block;
  IRMapping mapping;
  OpBuilder inner(sink->getContext());
  inner.setInsertionPointToEnd(body);
  std::function<Value(Value, Operation *, unsigned)> inside = [&](Value value, Operation *reader,
                                                                  unsigned position) -> Value {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    bool constant = op && isa<arith::ConstantOp>(op);
    // What has a loop nest of its own reads its operands from memory.
    bool stored = constant && isa<RankedTensorType>(value.getType()) &&
                  !reader->hasTrait<nn::Elementwise>() && !isPlaced(reader);
    bool member = op && group.members.contains(op);
    if (stored || (!constant && !member && !(op && absorbable(value, reader, position)))) {
      inputs.insert(stored ? copyBefore(sink, value) : value);
      Value argument = body->addArgument(value.getType(), value.getLoc());
      mapping.map(value, argument);
      return argument;
    }
    // Members read for themselves; a view reads for whoever reads it.
    for (OpOperand &operand : op->getOpOperands()) {
      bool data = isa<RankedTensorType>(operand.get().getType());
      if (member)
        inside(operand.get(), op, operand.getOperandNumber());
      else
        inside(operand.get(), reader, data ? position : ~0u);
    }
    return inner.clone(*op, mapping)->getResult(0);
  };
  Value result = inside(sink->getResult(0), sink, 0);
  nn::YieldOp::create(inner, sink->getLoc(), result);

  auto dispatch =
      nn::DispatchOp::create(builder, sink->getLoc(), TypeRange(sink->getResult(0).getType()),
                             inputs.getArrayRef(), sizes);
  dispatch.getBody().push_back(body);
  sink->getResult(0).replaceAllUsesWith(dispatch.getResult(0));
  ++count;
}

/// A dispatch of its own that copies `value`.
Value Former::copyBefore(Operation *before, Value value) {
  OpBuilder builder(before);
  SmallVector<Value> sizes = table.dynamicSizes(value);
  Block *body = new Block;
  OpBuilder inner(builder.getContext());
  inner.setInsertionPointToEnd(body);
  SmallVector<Value> inputs;
  Value inside;
  if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
    inside = inner.clone(*constant)->getResult(0);
  } else {
    inputs.push_back(value);
    inside = body->addArgument(value.getType(), value.getLoc());
  }
  auto dispatch =
      nn::DispatchOp::create(builder, value.getLoc(), TypeRange(value.getType()), inputs, sizes);
  dispatch.getBody().push_back(body);
  nn::YieldOp::create(inner, value.getLoc(), inside);
  ++count;
  return dispatch.getResult(0);
}

/// Movement that no dispatch could read through becomes a copy.
void Former::copyUnread() {
  SmallVector<Operation *> ops = operations();
  // An operation used by nothing but views that nothing uses is not read.
  llvm::DenseSet<Operation *> live;
  for (Operation *op : llvm::reverse(ops)) {
    if (isa<nn::DispatchOp, cf::AssertOp, nn::ScanOp, nn::WhileOp, nn::IfOp, nn::StateStoreOp>(
            op) ||
        op->hasTrait<OpTrait::IsTerminator>() ||
        llvm::any_of(op->getUsers(), [&](Operation *user) { return live.contains(user); }))
      live.insert(op);
  }
  for (Operation *op : ops) {
    if (!isMovement(op) || !live.contains(op))
      continue;
    OpBuilder builder(op);
    SmallVector<Value> sizes = table.dynamicSizes(op->getResult(0));
    Block *body = new Block;
    OpBuilder inner(op->getContext());
    inner.setInsertionPointToEnd(body);
    IRMapping mapping;
    SmallVector<Value> inputs;
    for (Value operand : op->getOperands()) {
      if (operand.getDefiningOp<arith::ConstantOp>()) {
        mapping.map(operand, inner.clone(*operand.getDefiningOp())->getResult(0));
        continue;
      }
      if (mapping.contains(operand))
        continue;
      inputs.push_back(operand);
      mapping.map(operand, body->addArgument(operand.getType(), operand.getLoc()));
    }
    Value moved = inner.clone(*op, mapping)->getResult(0);
    nn::YieldOp::create(inner, op->getLoc(), moved);
    auto dispatch =
        nn::DispatchOp::create(builder, op->getLoc(), op->getResultTypes(), inputs, sizes);
    dispatch.getBody().push_back(body);
    op->getResult(0).replaceAllUsesWith(dispatch.getResult(0));
    ++count;
  }
}

/// What leaves a block must be written in its place by something in the block: by a dispatch, a
/// branch, or a loop that stacks it. What is an argument, a weight, or leaves twice is copied.
void Former::copyEnds(Operation *terminator) {
  for (OpOperand &operand : terminator->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    Value source = sourceOf(operand.get());
    Operation *op = source.getDefiningOp();
    bool writes = isa_and_present<nn::DispatchOp, nn::IfOp>(op);
    if (auto scan = dyn_cast_if_present<nn::ScanOp>(op))
      writes = llvm::is_contained(scan.getStacks(), source);
    if (writes && op->getBlock() == terminator->getBlock() && placed.insert(source).second)
      continue;
    Value copy = copyBefore(terminator, operand.get());
    placed.insert(copy);
    operand.set(copy);
  }
}

/// The first value of each carry is written where the loop keeps it, by a dispatch before the loop.
/// What a loop or a branch reads otherwise must have a buffer.
void Former::copyOperands(Operation *op) {
  auto scan = dyn_cast<nn::ScanOp>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    if (!isa<RankedTensorType>(value.getType()))
      continue;
    bool readOnly =
        isa<nn::IfOp>(op) || (scan && operand.getOperandNumber() < scan.getInputs().size());
    auto dispatch = value.getDefiningOp<nn::DispatchOp>();
    if (readOnly ? !value.getDefiningOp<arith::ConstantOp>()
                 : dispatch && dispatch->getBlock() == op->getBlock() && value.hasOneUse() &&
                       placed.insert(value).second)
      continue;
    Value copy = copyBefore(op, value);
    placed.insert(copy);
    operand.set(copy);
  }
}

namespace {
struct FormDispatchesPass : cpu::impl::FormDispatchesBase<FormDispatchesPass> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr("nn.entry") && failed(Former(entry, dispatches).run()))
        return signalPassFailure();
  }
};
} // namespace
