//===- EmitEntries.cpp - the functions that the runtime calls --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/EmitSteps.h"
#include "codegen/cpu/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace nacre::cpu {
#define GEN_PASS_DEF_EMITENTRIES
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;

namespace {

/// Writes `<entry>.run`, `.shapes`, `.check` and `.arena` of one entry.
class EntryFunctions {
public:
  explicit EntryFunctions(func::FuncOp entry)
      : entry(entry), b(entry.getContext()), loc(entry.getLoc()),
        pointer(LLVM::LLVMPointerType::get(entry.getContext())) {
    variables = entry->getAttrOfType<ArrayAttr>("nn.variables").size();
    inputs = entry->getAttrOfType<ArrayAttr>("nn.inputs");
    results = entry->getAttrOfType<ArrayAttr>("nn.results");
    firstVariable = entry.getNumArguments() - 3 - variables;
  }
  void emit() {
    emitShapes();
    emitCheck();
    emitArenaSize();
    emitRun();
  }

private:
  func::FuncOp begin(StringRef suffix, ArrayRef<Type> arguments, TypeRange result);
  Value load(Value array, int64_t i, Type type);
  SmallVector<Value> loadVariables(Value dims);
  Value bytesAt(Value address);
  Value copyIndex(Value value);
  void emitShapes();
  void emitCheck();
  void emitArenaSize();
  Value magnitude(Value value, llvm::DenseMap<Value, Value> &known);
  SmallVector<int64_t> states();
  void emitRun();

  func::FuncOp entry;
  OpBuilder b;
  Location loc;
  Type pointer;
  ArrayAttr inputs, results;
  size_t variables, firstVariable;
  IRMapping mapping; // of the entry's index values into the function being written
};

} // namespace

/// A public function in C's calling convention: `func` becomes one in the end.
func::FuncOp EntryFunctions::begin(StringRef suffix, ArrayRef<Type> arguments, TypeRange result) {
  b.setInsertionPoint(entry);
  auto function = func::FuncOp::create(b, loc, (entry.getName() + suffix).str(),
                                       b.getFunctionType(arguments, result));
  b.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

Value EntryFunctions::load(Value array, int64_t i, Type type) {
  Value place =
      LLVM::GEPOp::create(b, loc, pointer, type, array, ArrayRef<LLVM::GEPArg>{int32_t(i)});
  return LLVM::LoadOp::create(b, loc, type, place);
}

SmallVector<Value> EntryFunctions::loadVariables(Value dims) {
  SmallVector<Value> result;
  mapping.clear();
  for (size_t i = 0; i < variables; ++i) {
    Value size = load(dims, i, b.getI64Type());
    result.push_back(arith::IndexCastOp::create(b, loc, b.getIndexType(), size));
    mapping.map(entry.getArgument(firstVariable + i), result.back());
  }
  return result;
}

/// A byte buffer of unknown length at an address. The descriptor is what the memref's
/// conversion to LLVM makes, so that the cast disappears with it.
Value EntryFunctions::bytesAt(Value address) {
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  auto array = LLVM::LLVMArrayType::get(b.getI64Type(), 1);
  auto descriptor = LLVM::LLVMStructType::getLiteral(
      b.getContext(), {pointer, pointer, b.getI64Type(), array, array});
  Value value = LLVM::UndefOp::create(b, loc, descriptor);
  auto set = [&](Value field, ArrayRef<int64_t> where) {
    value = LLVM::InsertValueOp::create(b, loc, value, field, where);
  };
  auto number = [&](int64_t n) -> Value {
    return LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(n));
  };
  set(address, 0);
  set(address, 1);
  set(number(0), 2);
  set(number(std::numeric_limits<int64_t>::max()), {3, 0});
  set(number(1), {4, 0});
  return UnrealizedConversionCastOp::create(b, loc, type, value).getResult(0);
}

/// Computes an index of the entry again, from the mapped dimension variables.
Value EntryFunctions::copyIndex(Value value) {
  if (Value done = mapping.lookupOrNull(value))
    return done;
  for (Value operand : value.getDefiningOp()->getOperands())
    copyIndex(operand);
  b.clone(*value.getDefiningOp(), mapping);
  return mapping.lookup(value);
}

void EntryFunctions::emitShapes() {
  auto function = begin(".shapes", {pointer, pointer}, {});
  loadVariables(function.getArgument(0));
  int64_t next = 0;
  auto store = [&](Value size) {
    Value place = LLVM::GEPOp::create(b, loc, pointer, b.getI64Type(), function.getArgument(1),
                                      ArrayRef<LLVM::GEPArg>{int32_t(next++)});
    Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), size);
    LLVM::StoreOp::create(b, loc, number, place);
  };
  // Buffers of inputs are viewed with their sizes.
  for (auto [i, info] : llvm::enumerate(inputs)) {
    auto type =
        cast<RankedTensorType>(cast<TypeAttr>(cast<DictionaryAttr>(info).get("type")).getValue());
    memref::ViewOp view;
    for (Operation *user : entry.getArgument(1 + i).getUsers())
      if (auto candidate = dyn_cast<memref::ViewOp>(user);
          candidate && candidate.getType().getShape() == type.getShape())
        view = candidate;
    ValueRange sizes = view ? ValueRange(view.getSizes()) : ValueRange();
    auto names = dyn_cast_if_present<ArrayAttr>(
        cast<DictionaryAttr>(cast<DictionaryAttr>(info).get("attrs")).get("nn.dims"));
    for (auto [d, size] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(size)) {
        store(arith::ConstantIndexOp::create(b, loc, size));
        continue;
      }
      // An input that nothing reads has no view; its sizes are variables by name.
      Value known;
      if (view) {
        known = copyIndex(sizes.front());
        sizes = sizes.drop_front();
      } else {
        for (auto [v, name] : llvm::enumerate(entry->getAttrOfType<ArrayAttr>("nn.variables")))
          if (names && name == names[d])
            known = mapping.lookup(entry.getArgument(firstVariable + v));
      }
      store(known ? known : arith::ConstantIndexOp::create(b, loc, 0).getResult());
    }
  }
  // Those of results are what the entry returns.
  ValueRange returned = entry.getBody().front().getTerminator()->getOperands();
  for (Attribute info : results) {
    auto type = cast<TypeAttr>(cast<DictionaryAttr>(info).get("type")).getValue();
    for (int64_t size : cast<RankedTensorType>(type).getShape()) {
      if (!ShapedType::isDynamic(size)) {
        store(arith::ConstantIndexOp::create(b, loc, size));
        continue;
      }
      store(copyIndex(returned.front()));
      returned = returned.drop_front();
    }
  }
  func::ReturnOp::create(b, loc);
}

void EntryFunctions::emitCheck() {
  SmallVector<cf::AssertOp> asserts;
  entry.walk([&](cf::AssertOp assertion) { asserts.push_back(assertion); });
  if (asserts.empty())
    return;
  auto function = begin(".check", {pointer}, pointer);
  entry->setAttr("nn.check", b.getUnitAttr());
  loadVariables(function.getArgument(0));
  Value result = LLVM::ZeroOp::create(b, loc, pointer);
  auto module = entry->getParentOfType<ModuleOp>();
  for (auto [i, assertion] : llvm::enumerate(asserts)) {
    Value holds = copyIndex(assertion.getArg());
    std::string text = assertion.getMsg().str();
    text.push_back('\0');
    std::string name = (entry.getName() + ".check." + Twine(i)).str();
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
      LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Private, name,
                             b.getStringAttr(text));
    }
    Value message = LLVM::AddressOfOp::create(b, loc, pointer, name);
    result = arith::SelectOp::create(b, loc, holds, result, message);
  }
  func::ReturnOp::create(b, loc, result);
  for (cf::AssertOp assertion : asserts)
    assertion.erase();
}

/// The size that `value`, an index of another function, would have without wrapping, roughly: its
/// arithmetic again in f64. Division is left exact, which only matters below the limits of i64.
Value EntryFunctions::magnitude(Value value, llvm::DenseMap<Value, Value> &known) {
  Value &result = known[value];
  if (result)
    return result;
  Type f64 = b.getF64Type();
  Operation *op = value.getDefiningOp();
  if (auto constant = getConstantIntValue(value)) {
    Value number =
        arith::ConstantOp::create(b, loc, b.getF64FloatAttr(static_cast<double>(*constant)));
    return known[value] = number;
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(magnitude(operand, known));
  Value number;
  if (isa<arith::AddIOp>(op))
    number = arith::AddFOp::create(b, loc, operands[0], operands[1]);
  else if (isa<arith::MulIOp>(op))
    number = arith::MulFOp::create(b, loc, operands[0], operands[1]);
  else if (isa<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp>(op))
    number = arith::DivFOp::create(b, loc, operands[0], operands[1]);
  else if (isa<arith::SubIOp, arith::MaxSIOp, arith::MinSIOp, arith::RemSIOp, arith::RemUIOp,
               arith::SelectOp>(op))
    // No larger than its larger operand, sizes being positive.
    number = arith::MaximumFOp::create(b, loc, operands[operands.size() - 2], operands.back());
  else
    number = arith::ConstantOp::create(b, loc, FloatAttr::get(f64, 0));
  return known[value] = number;
}

void EntryFunctions::emitArenaSize() {
  auto size = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(
      (entry.getName() + ".arena_size").str());
  auto function = begin(".arena", {pointer}, b.getI64Type());
  SmallVector<Value> sizes = loadVariables(function.getArgument(0));
  Value bytes = func::CallOp::create(b, loc, size, sizes).getResult(0);
  bytes = arith::IndexCastOp::create(b, loc, b.getI64Type(), bytes);

  // Sizes whose product does not fit would wrap around to a small arena: -1 refuses them.
  llvm::DenseMap<Value, Value> known;
  for (auto [inner, variable] : llvm::zip(size.getArguments(), sizes)) {
    Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), variable);
    known[inner] = arith::SIToFPOp::create(b, loc, b.getF64Type(), integer);
  }
  Value whole = magnitude(size.getBody().front().getTerminator()->getOperand(0), known);
  Value limit = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(0x1p62));
  Value fits = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, whole, limit);
  Value refused = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(-1));
  func::ReturnOp::create(b, loc, arith::SelectOp::create(b, loc, fits, bytes, refused).getResult());
}

/// Numbers of the states that the entry uses, among those of the module.
SmallVector<int64_t> EntryFunctions::states() {
  SmallVector<int64_t> numbers;
  auto used = entry->getAttrOfType<ArrayAttr>("nn.states");
  int64_t number = 0;
  for (auto global : entry->getParentOfType<ModuleOp>().getOps<ml_program::GlobalOp>()) {
    if (!global.getIsMutable())
      continue;
    if (used && llvm::is_contained(used.getAsValueRange<StringAttr>(), global.getSymName()))
      numbers.push_back(number);
    ++number;
  }
  return numbers;
}

void EntryFunctions::emitRun() {
  Type i64 = b.getI64Type();
  auto function =
      begin(".run", {pointer, pointer, pointer, pointer, pointer, i64, i64, pointer}, {});
  Value buffers = function.getArgument(1);
  SmallVector<Value> arguments = {bytesAt(function.getArgument(0))};
  for (size_t i = 0; i < inputs.size() + results.size(); ++i)
    arguments.push_back(bytesAt(load(buffers, i, pointer)));
  for (int64_t state : states())
    arguments.push_back(bytesAt(load(function.getArgument(4), state, pointer)));
  arguments.push_back(bytesAt(function.getArgument(3)));
  llvm::append_range(arguments, loadVariables(function.getArgument(2)));
  for (unsigned i : {5u, 6u})
    arguments.push_back(
        arith::IndexCastOp::create(b, loc, b.getIndexType(), function.getArgument(i)));
  arguments.push_back(function.getArgument(7));
  func::CallOp::create(b, loc, entry, arguments);
  func::ReturnOp::create(b, loc);
}

namespace {
struct EmitEntriesPass : cpu::impl::EmitEntriesBase<EmitEntriesPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("nn.entry"))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      cpu::emitSteps(entry);
      EntryFunctions(entry).emit();
    }
    for (StringRef replaced : {"nacre_barrier", "nacre_decision"})
      if (auto function = getOperation().lookupSymbol<func::FuncOp>(replaced))
        function.erase();
    // Entries take states by their numbers from here on.
    for (auto state : llvm::make_early_inc_range(getOperation().getOps<ml_program::GlobalOp>()))
      if (state.getIsMutable())
        state.erase();
  }
};
} // namespace
