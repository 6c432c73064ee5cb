//===- FormDispatches.cpp - what runs as one kernel ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/BufferViews.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Passes.h"
#include "codegen/cpu/RequireSizes.h"

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
               nn::DispatchOp, cf::AssertOp>(op) ||
           llvm::all_of(op->getResultTypes(), llvm::IsaPred<IndexType, IntegerType>);
  }
  static bool isMovement(Operation *op) {
    return isa<nn::TransposeOp, tensor::ExtractSliceOp, nn::BroadcastOp, tensor::SplatOp>(op);
  }

  LogicalResult formGroups();
  void grow(Group &group);
  bool joins(Group &group, Operation *producer);
  bool absorbable(Value operand, Operation *reader, unsigned position);
  void build(Group &group);
  void copyUnread();
  void copyReturned();
  void wrapCopy(Value value, Operation *before, llvm::function_ref<void(Value)> use);

  func::FuncOp entry;
  SizeTable table;
  Pass::Statistic &count;
  llvm::DenseSet<Operation *> grouped;
  std::vector<Group> groups;
};

} // namespace

LogicalResult Former::run() {
  requireSizes(entry, table);
  if (failed(formGroups()))
    return failure();
  for (Group &group : groups)
    build(group);
  copyUnread();
  copyReturned();
  // Views and look-ups of sizes that only absorbed operations used.
  SmallVector<Operation *> all =
      llvm::to_vector(llvm::map_range(entry.getBody().front(), [](Operation &op) { return &op; }));
  for (Operation *op : llvm::reverse(all))
    if (op->use_empty() && isMemoryEffectFree(op) && !op->hasTrait<OpTrait::IsTerminator>())
      op->erase();
  return success();
}

LogicalResult Former::formGroups() {
  SmallVector<Operation *> ops =
      llvm::to_vector(llvm::map_range(entry.getBody().front(), [](Operation &op) { return &op; }));
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
  std::reverse(groups.begin(), groups.end());
  return success();
}

bool Former::joins(Group &group, Operation *producer) {
  if (!producer || grouped.contains(producer) || producer->getNumResults() != 1 ||
      producer->getBlock() != group.sink->getBlock())
    return false;
  auto domain = dyn_cast<RankedTensorType>(group.sink->getResult(0).getType());
  auto type = dyn_cast<RankedTensorType>(producer->getResult(0).getType());
  if (!type || type.getShape() != domain.getShape())
    return false;
  for (Operation *user : producer->getUsers())
    if (!group.members.contains(user))
      return false;
  if (producer->hasTrait<nn::Elementwise>())
    return true;
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
      if (!producer->hasTrait<nn::Elementwise>() && !isa<nn::GatherOp>(producer))
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
    bool member = op && group.members.contains(op);
    if (!constant && !member && !(op && absorbable(value, reader, position))) {
      inputs.insert(value);
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

void Former::wrapCopy(Value value, Operation *before, llvm::function_ref<void(Value)> use) {
  OpBuilder builder(before);
  SmallVector<Value> sizes = table.dynamicSizes(value);
  auto dispatch = nn::DispatchOp::create(builder, value.getLoc(), TypeRange(value.getType()),
                                         ValueRange(value), sizes);
  Block *body = new Block;
  dispatch.getBody().push_back(body);
  OpBuilder inner(builder.getContext());
  inner.setInsertionPointToEnd(body);
  Value argument = body->addArgument(value.getType(), value.getLoc());
  nn::YieldOp::create(inner, value.getLoc(), argument);
  use(dispatch.getResult(0));
  ++count;
}

/// Movement that no dispatch could read through becomes a copy.
void Former::copyUnread() {
  SmallVector<Operation *> ops =
      llvm::to_vector(llvm::map_range(entry.getBody().front(), [](Operation &op) { return &op; }));
  // An operation used by nothing but views that nothing uses is not read.
  llvm::DenseSet<Operation *> live;
  for (Operation *op : llvm::reverse(ops)) {
    if (isa<func::ReturnOp, nn::DispatchOp, cf::AssertOp>(op) ||
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

/// Each result must be a dispatch's own: what is an argument, a weight or returned twice is
/// copied.
void Former::copyReturned() {
  auto ret = cast<func::ReturnOp>(entry.getBody().front().getTerminator());
  llvm::DenseSet<Value> taken;
  for (OpOperand &operand : ret->getOpOperands()) {
    Value source = operand.get();
    while (auto reshape = source.getDefiningOp<nn::ReshapeOp>())
      source = reshape.getInput();
    if (source.getDefiningOp<nn::DispatchOp>() && taken.insert(source).second)
      continue;
    wrapCopy(operand.get(), ret, [&](Value copy) { operand.set(copy); });
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
