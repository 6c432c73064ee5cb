//===- StatePlaces.cpp - state variables that are updated in place ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/StatePlaces.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

Value nacre::cpu::sourceOf(Value tensor) {
  while (auto reshape = tensor.getDefiningOp<nn::ReshapeOp>())
    tensor = reshape.getInput();
  return tensor;
}

/// True where `a` begins before `b` does, or is around it, in a run of their common block.
static bool isBefore(Operation *a, Operation *b) {
  for (Operation *around = a; around; around = around->getParentOp())
    if (Operation *other =
            around->getBlock() ? around->getBlock()->findAncestorOpInBlock(*b) : nullptr)
      return around == other || around->isBeforeInBlock(other);
  return false;
}

/// True where both stand in different regions of one branch.
static bool exclude(Operation *a, Operation *b) {
  for (auto choice = a->getParentOfType<nn::IfOp>(); choice;
       choice = choice->getParentOfType<nn::IfOp>())
    if (choice->isProperAncestor(b))
      return choice.getThenRegion().isAncestor(a->getParentRegion()) !=
             choice.getThenRegion().isAncestor(b->getParentRegion());
  return false;
}

/// True where `write` may run after `from` and before `use`, which sees what that run of `from` has
/// made.
static bool mayRunBetween(Operation *from, Operation *write, Operation *use) {
  // A scan reads slices of its inputs in all rounds.
  if (use->isProperAncestor(write))
    return true;
  for (Operation *loop = write->getParentOp(); loop; loop = loop->getParentOp())
    if (isa<nn::ScanOp, nn::WhileOp>(loop) && loop->isProperAncestor(use) &&
        !loop->isProperAncestor(from))
      return true;
  return write != from && write != use && isBefore(from, write) && isBefore(write, use) &&
         !exclude(write, use);
}

/// All uses of a value, and of reshapes of it, that read it.
static SmallVector<OpOperand *> readsOf(Value value) {
  SmallVector<OpOperand *> reads;
  SmallVector<Value> pending = {value};
  while (!pending.empty())
    for (OpOperand &use : pending.pop_back_val().getUses()) {
      if (auto reshape = dyn_cast<nn::ReshapeOp>(use.getOwner()))
        pending.push_back(reshape.getResult());
      else if (!isa<tensor::DimOp>(use.getOwner()))
        reads.push_back(&use);
    }
  return reads;
}

StatePlaces::StatePlaces(func::FuncOp entry, llvm::DenseSet<Value> &placed, Copy copy)
    : entry(entry), placed(placed), copy(copy) {
  entry.walk<WalkOrder::PreOrder>(
      [&](nn::StateStoreOp store) { stores.push_back({store, store}); });
}

SmallVector<Value> StatePlaces::aliases(StringRef state) {
  SmallVector<Value> result;
  entry.walk([&](nn::StateLoadOp load) {
    if (load.getState() == state)
      result.push_back(load.getResult());
  });
  for (Store &store : stores)
    if (store.write != store.op && store.op.getState() == state)
      result.push_back(sourceOf(store.op.getValue()));
  return result;
}

/// The input of a dispatch into which it inserts and which it does not read otherwise, or null.
static Value insertedInto(nn::DispatchOp dispatch) {
  Block &body = dispatch.getBody().front();
  auto insert = body.getTerminator()->getOperand(0).getDefiningOp<nn::InsertOp>();
  if (!insert)
    return {};
  auto argument = dyn_cast<BlockArgument>(insert.getDestination());
  return argument && argument.hasOneUse() ? dispatch.getInputs()[argument.getArgNumber()] : Value();
}

/// True where a store may come after `value` was made and before `use`.
bool StatePlaces::isHidden(Value value, StringRef state, Operation *use) {
  return llvm::any_of(stores, [&](Store &store) {
    return store.op.getState() == state && mayRunBetween(value.getDefiningOp(), store.write, use);
  });
}

/// True where a dispatch that computes what is stored may write it into the state's memory.
bool StatePlaces::canWrite(Store &store, nn::DispatchOp dispatch) {
  Value value = dispatch.getResult(0);
  if (dispatch->getBlock() != store.op->getBlock() || placed.contains(value))
    return false;
  StringRef state = store.op.getState();
  for (Value alias : aliases(state))
    for (OpOperand *read : readsOf(alias)) {
      Operation *user = read->getOwner();
      if (user == dispatch) {
        // Kernels may read after they have written; an insertion in place reads nothing old.
        if (insertedInto(dispatch) != read->get() || isHidden(alias, state, user))
          return false;
      } else if (mayRunBetween(alias.getDefiningOp(), dispatch, user) &&
                 !mayRunBetween(alias.getDefiningOp(), store.op, user)) {
        return false;
      }
    }
  // Nor may another store hide this value from those who read it.
  return llvm::none_of(readsOf(value), [&](OpOperand *read) {
    return llvm::any_of(stores, [&](Store &other) {
      return other.op != store.op && other.op.getState() == state &&
             mayRunBetween(dispatch, other.write, read->getOwner());
    });
  });
}

void StatePlaces::markInPlace(Store &store) {
  auto dispatch = cast<nn::DispatchOp>(store.write);
  Value into = insertedInto(dispatch);
  if (into && llvm::is_contained(aliases(store.op.getState()), sourceOf(into)))
    dispatch->setAttr("nn.in_place", UnitAttr::get(entry.getContext()));
}

void StatePlaces::placeStores() {
  for (Store &store : stores) {
    Value value = sourceOf(store.op.getValue());
    auto dispatch = value.getDefiningOp<nn::DispatchOp>();
    if (!dispatch || !canWrite(store, dispatch)) {
      value = copy(store.op, store.op.getValue());
      store.op.getValueMutable().assign(value);
    }
    placed.insert(value);
    store.write = value.getDefiningOp();
    markInPlace(store);
  }
}

void StatePlaces::keepOlderValues() {
  llvm::SmallSetVector<StringRef, 4> states;
  for (Store &store : stores)
    states.insert(store.op.getState());
  for (StringRef state : states)
    for (Value alias : aliases(state)) {
      SmallVector<OpOperand *> hidden =
          llvm::filter_to_vector(readsOf(alias), [&](OpOperand *read) {
            return isHidden(alias, state, read->getOwner());
          });
      if (hidden.empty())
        continue;
      Value kept = copy(alias.getDefiningOp()->getNextNode(), alias);
      for (OpOperand *read : hidden) {
        // Through the same reshapes.
        SmallVector<nn::ReshapeOp> reshapes;
        for (Value at = read->get(); at != alias;) {
          reshapes.push_back(at.getDefiningOp<nn::ReshapeOp>());
          at = reshapes.back().getInput();
        }
        OpBuilder builder(read->getOwner());
        Value value = kept;
        for (nn::ReshapeOp reshape : llvm::reverse(reshapes)) {
          IRMapping mapping;
          mapping.map(reshape.getInput(), value);
          value = builder.clone(*reshape, mapping)->getResult(0);
        }
        read->set(value);
      }
    }
}
