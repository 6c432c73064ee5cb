//===- EmitSteps.cpp - kernels in shares that threads take -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/EmitSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
  void write(ArrayRef<func::CallOp> calls, int64_t step, func::CallOp barrier);

  func::FuncOp entry;
  OpBuilder b;
  Location loc;
  Value thread, threads, team;
  llvm::StringMap<Value> variables; // dimension variables in f64
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

void StepWriter::write(ArrayRef<func::CallOp> calls, int64_t step, func::CallOp barrier) {
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
  Value stepNumber = arith::ConstantIndexOp::create(b, loc, step);
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

void StepWriter::run() {
  SmallVector<func::CallOp> calls;
  int64_t step = 0;
  for (auto call : llvm::make_early_inc_range(entry.getOps<func::CallOp>())) {
    if (call.getCallee() != "nacre_barrier")
      calls.push_back(call);
    else
      write(std::exchange(calls, {}), step++, call);
  }
}

void cpu::emitSteps(func::FuncOp entry) { StepWriter(entry).run(); }
