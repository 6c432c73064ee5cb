//===- EmitSteps.cpp - kernels in shares that threads take -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/EmitSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace nacre;

// What one thread of a fast processor computes and moves in a nanosecond, roughly: products, all
// other operations (of which powers of e are the larger part), and bytes from near caches. Close
// matters only around the work at which a kernel is worth a second thread, where all that it
// touches is near.
static constexpr double productsPerNanosecond = 64, operationsPerNanosecond = 8,
                        bytesPerNanosecond = 32;

namespace {

class StepWriter {
public:
  explicit StepWriter(func::FuncOp entry);
  void run();

private:
  func::FuncOp declare(StringRef name, ArrayRef<Type> arguments, Type result);
  Value number(double value);
  Value formula(Attribute terms);
  Value work(func::CallOp call);
  void countSteps();
  Value nextStep();
  void write(ArrayRef<func::CallOp> calls, func::CallOp barrier);
  void writeDecision(func::CallOp call);
  void run(Block &block);

  func::FuncOp entry;
  OpBuilder b;
  Location loc;
  Value thread, threads, team;
  llvm::StringMap<Value> variables; // dimension variables in f64
  // In an entry with loops or branches: how many steps and decisions the thread has gone through.
  // What each counter is becomes a value in registers when LLVM removes the memory.
  Value steps, decisions;
  int64_t written = 0; // steps in the text of the entry
};

} // namespace

StepWriter::StepWriter(func::FuncOp entry)
    : entry(entry), b(entry.getContext()), loc(entry.getLoc()) {
  unsigned count = entry.getNumArguments();
  thread = entry.getArgument(count - 3);
  threads = entry.getArgument(count - 2);
  team = entry.getArgument(count - 1);
  auto names = entry->getAttrOfType<ArrayAttr>("nn.variables");
  b.setInsertionPointToStart(&entry.getBody().front());
  for (auto [i, name] : llvm::enumerate(names.getAsValueRange<StringAttr>())) {
    Value size = entry.getArgument(count - 3 - names.size() + i);
    size = arith::IndexCastOp::create(b, loc, b.getI64Type(), size);
    variables[name] = arith::SIToFPOp::create(b, loc, b.getF64Type(), size);
  }
}

func::FuncOp StepWriter::declare(StringRef name, ArrayRef<Type> arguments, Type result) {
  auto module = entry->getParentOfType<ModuleOp>();
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  auto function =
      func::FuncOp::create(b, module.getLoc(), name, b.getFunctionType(arguments, result));
  function.setPrivate();
  return function;
}

Value StepWriter::number(double value) {
  return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value));
}

static double realOf(Attribute number) {
  if (auto integer = dyn_cast<IntegerAttr>(number))
    return static_cast<double>(integer.getInt());
  return cast<FloatAttr>(number).getValueAsDouble();
}

/// The value of a formula as KernelCosts writes it. Rounding is of no interest.
Value StepWriter::formula(Attribute terms) {
  Value sum;
  for (Attribute term : cast<ArrayAttr>(terms)) {
    ArrayRef<Attribute> parts = cast<ArrayAttr>(term).getValue();
    Value product = number(realOf(parts[0]));
    auto multiply = [&](Value factor, Attribute exponent) {
      int64_t power = cast<IntegerAttr>(exponent).getInt();
      for (int64_t i = 0; i < power; ++i)
        product = b.createOrFold<arith::MulFOp>(loc, product, factor);
      for (int64_t i = 0; i > power; --i)
        product = b.createOrFold<arith::DivFOp>(loc, product, factor);
    };
    for (NamedAttribute variable : cast<DictionaryAttr>(parts[1]))
      multiply(variables.lookup(variable.getName()), variable.getValue());
    for (Attribute part : parts.drop_front(2)) {
      auto function = cast<ArrayAttr>(part);
      StringRef name = cast<StringAttr>(function[0]).getValue();
      Value a = formula(function[1]), c = formula(function[2]), value;
      if (name == "min")
        value = b.createOrFold<arith::MinNumFOp>(loc, a, c);
      else if (name == "max")
        value = b.createOrFold<arith::MaxNumFOp>(loc, a, c);
      else if (name == "mod")
        value = c;
      else
        value = b.createOrFold<arith::DivFOp>(loc, a, c);
      multiply(value, function[3]);
    }
    sum = sum ? b.createOrFold<arith::AddFOp>(loc, sum, product) : product;
  }
  return sum ? sum : number(0);
}

/// Nanoseconds that a kernel takes one thread; negative where something is not known.
Value StepWriter::work(func::CallOp call) {
  auto kernel = call->getAttrOfType<DictionaryAttr>("nn.kernel");
  if (!kernel || !kernel.get("flops") || !kernel.get("read") || !kernel.get("written"))
    return number(-1e300);
  bool products =
      llvm::any_of(kernel.getAs<ArrayAttr>("ops").getAsValueRange<StringAttr>(), [](StringRef op) {
        return op.contains("linear") || op.contains("conv") || op == "matmul" || op == "attention";
      });
  auto weighted = [&](StringRef name, double rate) -> Value {
    return b.createOrFold<arith::MulFOp>(loc, formula(kernel.get(name)), number(1 / rate));
  };
  Value compute = weighted("flops", products ? productsPerNanosecond : operationsPerNanosecond);
  Value move = b.createOrFold<arith::AddFOp>(loc, weighted("read", bytesPerNanosecond),
                                             weighted("written", bytesPerNanosecond));
  return b.createOrFold<arith::AddFOp>(loc, compute, move);
}

void StepWriter::countSteps() {
  bool straight =
      llvm::all_of(entry.getBody().front(), [](Operation &op) { return op.getNumRegions() == 0; });
  if (straight)
    return;
  b.setInsertionPointToStart(&entry.getBody().front());
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  for (Value *counter : {&steps, &decisions}) {
    *counter = memref::AllocaOp::create(b, loc, MemRefType::get({}, b.getIndexType()));
    memref::StoreOp::create(b, loc, zero, *counter);
  }
}

/// What a counter says, which then says one more.
static Value countUp(OpBuilder &b, Location loc, Value counter) {
  Value now = memref::LoadOp::create(b, loc, counter);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  memref::StoreOp::create(b, loc, arith::AddIOp::create(b, loc, now, one), counter);
  return now;
}

/// The number of the step that is written next: which one the thread goes through, and, in the
/// upper half, which one it is in the text of the entry.
Value StepWriter::nextStep() {
  int64_t text = written++;
  if (!steps)
    return arith::ConstantIndexOp::create(b, loc, text << 32 | text);
  Value upper = arith::ConstantIndexOp::create(b, loc, text << 32);
  return arith::AddIOp::create(b, loc, countUp(b, loc, steps), upper);
}

/// A decision is a step of its own.
void StepWriter::writeDecision(func::CallOp call) {
  loc = call.getLoc();
  b.setInsertionPoint(call);
  Type i64 = b.getI64Type(), index = b.getIndexType(), pointer = team.getType();
  func::FuncOp decide = declare("nacre_decide", {pointer, index, index, index, pointer}, i64);
  Value step = nextStep(), decision = countUp(b, loc, decisions);
  Value flag = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, call.getOperand(1));
  Value address = arith::IndexCastOp::create(b, loc, i64, flag);
  flag = LLVM::IntToPtrOp::create(b, loc, pointer, address);
  Value answer =
      func::CallOp::create(b, loc, decide, ValueRange{team, thread, step, decision, flag})
          .getResult(0);
  // A thread that is told nothing is far behind: no step that it goes through from now on may be
  // taken for one that the others are at.
  Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  Value lost = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, answer, none);
  Value far = arith::ConstantIndexOp::create(b, loc, int64_t(1) << 31);
  Value stay = arith::ConstantIndexOp::create(b, loc, 0);
  Value jump = arith::SelectOp::create(b, loc, lost, far, stay);
  Value next = memref::LoadOp::create(b, loc, steps);
  memref::StoreOp::create(b, loc, arith::AddIOp::create(b, loc, next, jump), steps);
  Value yes = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, answer, none);
  call.getResult(0).replaceAllUsesWith(yes);
  call.erase();
}

void StepWriter::write(ArrayRef<func::CallOp> calls, func::CallOp barrier) {
  Type index = b.getIndexType(), pointer = team.getType();
  func::FuncOp shares = declare("nacre_shares", {pointer, b.getF64Type()}, index);
  func::FuncOp next = declare("nacre_next_share", {pointer, index, index, index, index}, index);
  loc = barrier.getLoc();
  b.setInsertionPoint(barrier);
  Value total;
  for (func::CallOp call : calls) {
    Value one = work(call);
    total = total ? b.createOrFold<arith::AddFOp>(loc, total, one) : one;
  }
  Value count = func::CallOp::create(b, loc, shares, ValueRange{team, total}).getResult(0);
  Value stepNumber = nextStep();
  Value none = arith::ConstantIndexOp::create(b, loc, -1);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange{index}, ValueRange{none},
      [&](OpBuilder &b, Location loc, ValueRange ended) {
        Value share = func::CallOp::create(
                          b, loc, next, ValueRange{team, thread, stepNumber, count, ended.front()})
                          .getResult(0);
        Value given = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, share, zero);
        scf::ConditionOp::create(b, loc, given, ValueRange{share});
      },
      [&](OpBuilder &b, Location loc, ValueRange share) { scf::YieldOp::create(b, loc, share); });
  Operation *end = loop.getAfterBody()->getTerminator();
  for (func::CallOp call : calls) {
    // A small kernel would be copied into each of its steps, a quarter of a network's code.
    auto kernel = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee());
    kernel->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
    call->moveBefore(end);
    unsigned operands = call.getNumOperands();
    call.setOperand(operands - 2, loop.getAfterArguments().front());
    call.setOperand(operands - 1, count);
  }
  barrier.erase();
}

void StepWriter::run(Block &block) {
  SmallVector<func::CallOp> calls;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto call = dyn_cast<func::CallOp>(op)) {
      if (call.getCallee() == "nacre_barrier")
        write(std::exchange(calls, {}), call);
      else if (call.getCallee() == "nacre_decision")
        writeDecision(call);
      else
        calls.push_back(call);
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        run(inner);
  }
}

void StepWriter::run() {
  countSteps();
  run(entry.getBody().front());
}

void cpu::emitSteps(func::FuncOp entry) { StepWriter(entry).run(); }
