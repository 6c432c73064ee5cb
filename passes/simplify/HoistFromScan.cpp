//===- HoistFromScan.cpp - products of all rounds at once ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_HOISTFROMSCAN
#include "passes/simplify/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-hoist-from-scan";

static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

namespace {

/// A value of one round that could be computed for all rounds at once.
struct Liftable {
  /// Where the dimension of the rounds would be, counted from the end, where broadcasting aligns.
  int64_t fromEnd;
  /// Whether a product is among what computes it: the rest gains nothing.
  bool hasProduct;
};

class Lifter {
public:
  explicit Lifter(nn::ScanOp scan) : scan(scan), builder(scan) {}

  /// What the body can do without, with a product for all rounds instead; calls `note` for each
  /// product.
  void run(llvm::function_ref<void(Operation *)> note) {
    for (auto [argument, input, axis] :
         llvm::zip_equal(scan.getSliceArguments(), scan.getInputs(), scan.getAxes())) {
      liftables[argument] = {rankOf(input) - axis, false};
      lifted.map(argument, input);
    }
    Block &body = scan.getBody().front();
    for (Operation &op : body.without_terminator())
      if (auto liftable = examine(&op))
        liftables[op.getResult(0)] = *liftable;

    SmallVector<Operation *> hoisted;
    for (auto &[value, liftable] : liftables)
      if (liftable.hasProduct)
        hoisted.push_back(value.getDefiningOp());
    for (Operation *op : hoisted) {
      if (isa<nn::LinearOp>(op))
        note(op);
      lift(op);
    }
    for (Operation *op : hoisted)
      if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !isHoisted(user); }))
        scanInstead(op->getResult(0));
    for (Operation *op : llvm::reverse(hoisted))
      op->erase();
  }

private:
  bool isHoisted(Operation *op) {
    auto known = op->getNumResults() == 1 ? liftables.find(op->getResult(0)) : liftables.end();
    return known != liftables.end() && known->second.hasProduct;
  }

  std::optional<Liftable> examine(Operation *op) {
    if (auto linear = dyn_cast<nn::LinearOp>(op)) {
      auto input = liftables.find(linear.getInput());
      bool isInvariant = llvm::all_of(op->getOperands().drop_front(), [&](Value operand) {
        return scan.isDefinedOutsideOfLoop(operand);
      });
      if (!isInvariant || input == liftables.end() || input->second.fromEnd < 2)
        return std::nullopt;
      return Liftable{input->second.fromEnd, true};
    }
    if (!op->hasTrait<nn::Elementwise>())
      return std::nullopt;
    std::optional<Liftable> result;
    for (Value operand : op->getOperands()) {
      auto known = liftables.find(operand);
      if (known == liftables.end())
        continue;
      if (result && result->fromEnd != known->second.fromEnd)
        return std::nullopt;
      result = Liftable{known->second.fromEnd,
                        known->second.hasProduct || (result && result->hasProduct)};
    }
    // What is the same in all rounds must not reach the dimension of the rounds.
    for (Value operand : op->getOperands())
      if (result && !liftables.contains(operand) &&
          (!scan.isDefinedOutsideOfLoop(operand) || rankOf(operand) >= result->fromEnd))
        return std::nullopt;
    return result;
  }

  RankedTensorType liftedType(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin() + axisOf(value), scan.getStaticRounds());
    return type.clone(shape);
  }

  int64_t axisOf(Value value) { return rankOf(value) + 1 - liftables.find(value)->second.fromEnd; }

  /// Computes the value of all rounds before the scan, and first what it needs.
  void lift(Operation *op) {
    SmallVector<Operation *> pending{op};
    while (!pending.empty()) {
      Operation *next = pending.back();
      size_t before = pending.size();
      for (Value operand : next->getOperands())
        if (liftables.contains(operand) && !lifted.contains(operand))
          pending.push_back(operand.getDefiningOp());
      if (pending.size() > before)
        continue;
      pending.pop_back();
      if (lifted.contains(next->getResult(0)))
        continue;
      Operation *all = builder.clone(*next, lifted);
      all->getResult(0).setType(liftedType(next->getResult(0)));
    }
  }

  void scanInstead(Value value) {
    Value all = lifted.lookup(value);
    SmallVector<int64_t> axes(scan.getAxes());
    axes.push_back(axisOf(value));
    BlockArgument argument = scan.getBody().insertArgument(static_cast<unsigned>(axes.size() - 1),
                                                           value.getType(), value.getLoc());
    scan.getInputsMutable().append(all);
    scan.setAxes(axes);
    value.replaceUsesWithIf(argument, [&](OpOperand &use) { return !isHoisted(use.getOwner()); });
  }

  nn::ScanOp scan;
  OpBuilder builder;
  llvm::MapVector<Value, Liftable> liftables;
  IRMapping lifted;
};

struct HoistFromScan : nacre::impl::HoistFromScanBase<HoistFromScan> {
  void runOnOperation() override {
    // Inner loops first: what leaves one may leave the one around it.
    getOperation().walk([&](nn::ScanOp scan) {
      Lifter(scan).run([&](Operation *product) {
        noteRewrite(numHoisted, product->getLoc(), passName, "hoisted");
      });
    });
  }
};

} // namespace
