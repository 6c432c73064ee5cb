//===- Weights.cpp - values that only depend on weights ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/support/Weights.h"

#include "dialects/nn/NN.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace nacre;

bool nacre::canBePartOfWeight(Operation *op) {
  if (op->getNumRegions() || op->getNumResults() == 0 || !isMemoryEffectFree(op))
    return false;
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor ? tensor.hasStaticShape() : type.isIntOrIndexOrFloat();
  });
}

/// The operations that `value` is computed by, or an empty list where one of them is not known at
/// compile time. A worklist instead of recursion: networks are deep.
static SmallVector<Operation *> weightOperations(Value value) {
  llvm::SetVector<Operation *> operations;
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op || !canBePartOfWeight(op))
      return {};
    if (operations.insert(op))
      llvm::append_range(pending, op->getOperands());
  }
  return operations.takeVector();
}

bool nacre::isWeightExpression(Value value) { return !weightOperations(value).empty(); }

void nacre::hoistWeightExpression(Value value, Operation *op) {
  // What is defined around the block stands before `op` anyway.
  SmallVector<Operation *> operations = llvm::filter_to_vector(
      weightOperations(value), [&](Operation *part) { return part->getBlock() == op->getBlock(); });
  llvm::sort(operations, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  // One that stands before `op` already has its operands before it.
  for (Operation *part : operations)
    if (op->isBeforeInBlock(part))
      part->moveBefore(op);
}

/// Whether two slices of one tensor have no element in common.
static bool areDisjoint(tensor::ExtractSliceOp a, tensor::ExtractSliceOp b) {
  ArrayRef<int64_t> starts[] = {a.getStaticOffsets(), b.getStaticOffsets()};
  ArrayRef<int64_t> sizes[] = {a.getStaticSizes(), b.getStaticSizes()};
  if (!a.hasUnitStride() || !b.hasUnitStride())
    return false;
  for (size_t i = 0; i < starts[0].size(); ++i) {
    int64_t first = starts[0][i] <= starts[1][i] ? 0 : 1, second = 1 - first;
    if (!ShapedType::isDynamic(starts[first][i]) && !ShapedType::isDynamic(starts[second][i]) &&
        !ShapedType::isDynamic(sizes[first][i]) &&
        starts[first][i] + sizes[first][i] <= starts[second][i])
      return true;
  }
  return false;
}

/// Whether each element of `value` has at most one reader: one user, or slices that do not overlap.
static bool isReadOnce(Value value) {
  if (value.hasOneUse())
    return true;
  SmallVector<tensor::ExtractSliceOp> slices;
  for (Operation *user : value.getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    if (!slice || llvm::any_of(slices, [&](auto other) { return !areDisjoint(slice, other); }))
      return false;
    slices.push_back(slice);
  }
  return true;
}

bool nacre::isSoleUse(Value value) {
  for (Operation *op : weightOperations(value)) {
    if (isa<arith::ConstantOp>(op))
      continue;
    if (op->getNumResults() != 1 || !isReadOnce(op->getResult(0)))
      return false;
    auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op);
    if (!load)
      continue;
    auto same = load->getParentOfType<FunctionOpInterface>()->walk(
        [&](ml_program::GlobalLoadConstOp other) {
          return other != load && other.getGlobal() == load.getGlobal() ? WalkResult::interrupt()
                                                                        : WalkResult::advance();
        });
    if (same.wasInterrupted())
      return false;
  }
  return true;
}

/// The type that a loaded weight has in its file, or null where that is the type it is used in.
static Type storedType(ml_program::GlobalLoadConstOp load) {
  auto global = SymbolTable::lookupNearestSymbolFrom<ml_program::GlobalOp>(load, load.getGlobal());
  auto type = global ? global->getAttrOfType<TypeAttr>("nn.stored") : TypeAttr();
  return type && type.getValue() != getElementTypeOrSelf(load.getType()) ? type.getValue() : Type();
}

Type nacre::storedType(Value value) {
  Type common;
  for (Operation *op : weightOperations(value)) {
    auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op);
    if (!load)
      continue;
    Type stored = ::storedType(load);
    if (!stored || (common && stored != common))
      return {};
    common = stored;
  }
  return common;
}

bool nacre::isStoredNarrower(Value value) {
  return llvm::any_of(weightOperations(value), [](Operation *op) {
    auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op);
    return load && ::storedType(load);
  });
}

Value nacre::asParameter(OpBuilder &builder, Value value, ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  if (ShapedType::isDynamicShape(sizes) || type.getRank() < static_cast<int64_t>(sizes.size()) ||
      type.getShape().take_back(sizes.size()) != sizes ||
      llvm::any_of(type.getShape().drop_back(sizes.size()), [](int64_t n) { return n != 1; }))
    return {};
  if (type.getRank() == static_cast<int64_t>(sizes.size()))
    return value;
  return nn::ReshapeOp::create(builder, value.getLoc(),
                               RankedTensorType::get(sizes, type.getElementType()), value,
                               ValueRange());
}
