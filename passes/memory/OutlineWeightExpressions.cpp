//===- OutlineWeightExpressions.cpp - arithmetic on weights -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_OUTLINEWEIGHTEXPRESSIONS
#include "passes/memory/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-outline-weight-expressions";

static bool isLeaf(Operation *op) {
  return isa<ml_program::GlobalLoadConstOp, arith::ConstantOp>(op);
}

/// Whether the operation places elements without computing with them, so that narrower ones stay
/// exact.
static bool onlyMovesElements(Operation *op) {
  return isLeaf(op) || isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, tensor::ConcatOp,
                           tensor::ExtractSliceOp>(op);
}

/// The operations that compute `root`, operands first: an order that only depends on the
/// expression, so that equal ones become equal functions.
static SmallVector<Operation *> expressionOf(Operation *root) {
  llvm::SmallSetVector<Operation *, 16> ordered;
  SmallVector<Operation *> pending{root};
  while (!pending.empty()) {
    Operation *op = pending.back();
    bool isReady = true;
    for (Value operand : llvm::reverse(op->getOperands()))
      if (!ordered.contains(operand.getDefiningOp())) {
        pending.push_back(operand.getDefiningOp());
        isReady = false;
      }
    if (!isReady)
      continue;
    ordered.insert(op);
    pending.pop_back();
  }
  return ordered.takeVector();
}

/// Whether storing the value of an expression is worth it: no larger than what it is made of, and
/// not a plain number, which the code had better know.
static bool isWorthStoring(Operation *root, ArrayRef<Operation *> expression) {
  auto type = dyn_cast<RankedTensorType>(root->getResult(0).getType());
  if (!type)
    return false;
  // Panels are padded, and kernels read nothing else.
  if (isa<nn::PackOp, nn::PackInt8Op, nn::PackGroupsOp>(root))
    return true;
  int64_t available = 0;
  bool readsWeight = false;
  for (Operation *op : expression) {
    auto leaf = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!isLeaf(op) || !leaf)
      continue;
    readsWeight |= isa<ml_program::GlobalLoadConstOp>(op);
    available += leaf.getNumElements();
  }
  return type.getNumElements() <= available && (readsWeight || type.getNumElements() > 1);
}

/// The operations of a block whose values are to be stored, in program order; fills `known` with
/// all that need not run.
static SmallVector<Operation *> findRoots(Block &block, llvm::DenseSet<Operation *> &known) {
  for (Operation &op : block)
    if (op.getNumResults() == 1 && canBePartOfWeight(&op) &&
        llvm::all_of(op.getOperands(), [&](Value operand) {
          return operand.getDefiningOp() && known.contains(operand.getDefiningOp());
        }))
      known.insert(&op);

  SmallVector<Operation *> roots;
  // Users before what they use: an expression that stays hands its operands on as roots.
  for (Operation &op : llvm::reverse(block)) {
    if (!known.contains(&op) || isLeaf(&op) ||
        llvm::all_of(op.getUsers(), [&](Operation *user) { return known.contains(user); }))
      continue;
    if (isWorthStoring(&op, expressionOf(&op)))
      roots.push_back(&op);
    else
      known.erase(&op);
  }
  std::reverse(roots.begin(), roots.end());
  return roots;
}

/// Moves what may be part of a weight from the regions of `body` to `body` itself: it is computed
/// when the model is opened, so that a branch that is not taken costs nothing.
static void hoistToBlock(Block &body) {
  for (Operation &top : body)
    for (Region &region : top.getRegions())
      region.walk<WalkOrder::PreOrder>([&](Operation *op) {
        if (op->getNumResults() == 1 && canBePartOfWeight(op) &&
            llvm::all_of(op->getOperands(), [&](Value operand) {
              return operand.getParentBlock() == &body && isWeightExpression(operand);
            }))
          op->moveBefore(&top);
      });
}

namespace {

struct OutlineWeightExpressions
    : nacre::impl::OutlineWeightExpressionsBase<OutlineWeightExpressions> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::StringMap<ml_program::GlobalOp> globals;
    auto entries = llvm::filter_to_vector(module.getOps<func::FuncOp>(), [](func::FuncOp function) {
      return function->hasAttr("nn.entry") && !function.isExternal();
    });
    next = 0;
    for (func::FuncOp entry : entries) {
      hoistToBlock(entry.getBody().front());
      llvm::DenseSet<Operation *> known;
      for (Operation *root : findRoots(entry.getBody().front(), known))
        outline(module, symbols, globals, root, known);
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(entry.getBody().front())))
        if (known.contains(&op) && op.use_empty())
          op.erase();
    }
  }

private:
  void outline(ModuleOp module, SymbolTable &symbols,
               llvm::StringMap<ml_program::GlobalOp> &globals, Operation *root,
               const llvm::DenseSet<Operation *> &known) {
    Location loc = root->getLoc();
    SmallVector<Operation *> expression = expressionOf(root);
    OwningOpRef<func::FuncOp> function = makeFunction(root, expression);
    std::string text;
    llvm::raw_string_ostream stream(text);
    function->print(stream, OpPrintingFlags().printGenericOpForm());

    ml_program::GlobalOp &global = globals[text];
    if (global) {
      noteRewrite(numShared, loc, passName, "shared");
    } else {
      noteRewrite(numOutlined, loc, passName, "outlined");
      global = makeGlobal(module, symbols, root, expression, function.release());
    }
    OpBuilder builder(root);
    Value value = ml_program::GlobalLoadConstOp::create(
        builder, loc, root->getResult(0).getType(), SymbolRefAttr::get(global.getSymNameAttr()));
    // Other expressions may contain this one, and become functions of their own.
    root->getResult(0).replaceUsesWithIf(
        value, [&](OpOperand &use) { return !known.contains(use.getOwner()); });
  }

  static OwningOpRef<func::FuncOp> makeFunction(Operation *root, ArrayRef<Operation *> expression) {
    OpBuilder builder(root->getContext());
    auto type = builder.getFunctionType({}, root->getResultTypes());
    OwningOpRef<func::FuncOp> function = func::FuncOp::create(root->getLoc(), "weight", type);
    function->setPrivate();
    builder.setInsertionPointToStart(function->addEntryBlock());
    IRMapping mapping;
    for (Operation *op : expression)
      builder.clone(*op, mapping);
    func::ReturnOp::create(builder, root->getLoc(), mapping.lookup(root->getResult(0)));
    return function;
  }

  ml_program::GlobalOp makeGlobal(ModuleOp module, SymbolTable &symbols, Operation *root,
                                  ArrayRef<Operation *> expression, func::FuncOp function) {
    std::string functionName, globalName;
    do {
      functionName = ("weight." + Twine(next)).str();
      globalName = ("folded." + Twine(next)).str();
      ++next;
    } while (symbols.lookup(functionName) || symbols.lookup(globalName));
    function.setName(functionName);
    // Weights first, then what makes weights, then entries: the order a reader looks for.
    Block *body = module.getBody();
    symbols.insert(function, llvm::find_if(*body, [](Operation &op) {
                     return isa<func::FuncOp>(op) && op.hasAttr("nn.entry");
                   }));

    auto type = cast<RankedTensorType>(root->getResult(0).getType());
    OpBuilder builder = OpBuilder::atBlockBegin(body);
    auto global = ml_program::GlobalOp::create(
        builder, root->getLoc(), globalName, type, /*is_mutable=*/false,
        ml_program::ExternAttr::get(builder.getContext(), type), builder.getStringAttr("private"));
    global->setAttr("nn.expression", FlatSymbolRefAttr::get(builder.getContext(), functionName));
    if (llvm::all_of(expression, onlyMovesElements))
      if (Type stored = storedType(root->getResult(0)))
        global->setAttr("nn.stored", TypeAttr::get(stored));
    global->remove();
    auto last = llvm::find_if_not(*body, llvm::IsaPred<ml_program::GlobalOp>);
    symbols.insert(global, last);
    return global;
  }

  int64_t next = 0;
};

} // namespace
