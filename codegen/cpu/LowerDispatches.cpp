//===- LowerDispatches.cpp - kernels, and entries that call them -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/KernelCosts.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringSet.h"

namespace nacre::cpu {
#define GEN_PASS_DEF_LOWERDISPATCHES
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static constexpr int64_t alignment = 64;

namespace {

/// Writes each distinct dispatch once.
class KernelTable {
public:
  KernelTable(ModuleOp module, const CpuTarget &target) : module(module), target(target) {}

  /// The kernel of a dispatch, or failure after an error.
  FailureOr<func::FuncOp> get(nn::DispatchOp dispatch) {
    std::string key;
    llvm::raw_string_ostream stream(key);
    dispatch->print(stream, OpPrintingFlags().useLocalScope());
    func::FuncOp &known = kernels[key];
    if (!known) {
      FailureOr<func::FuncOp> made = write(dispatch);
      if (failed(made))
        return failure();
      known = *made;
    }
    return known;
  }
  size_t size() const { return kernels.size(); }

private:
  FailureOr<func::FuncOp> write(nn::DispatchOp dispatch);

  ModuleOp module;
  const CpuTarget &target;
  llvm::StringMap<func::FuncOp> kernels;
};

/// Rewrites one entry from tensors to buffers.
class EntryLowering {
public:
  EntryLowering(func::FuncOp entry, KernelTable &kernels, llvm::StringMap<int64_t> &offsets)
      : entry(entry), kernels(kernels), costs(entry), weightOffsets(offsets),
        b(entry.getContext()) {}
  LogicalResult run();

  int64_t calls = 0;

private:
  /// Bytes that hold a tensor, and its dynamic sizes.
  struct Storage {
    Value bytes;
    int64_t offset = 0;
    SmallVector<Value> sizes;
  };

  void declare();
  LogicalResult convert(Operation &op);
  LogicalResult convertDispatch(nn::DispatchOp dispatch);
  Value view(Value tensor);
  Value byteCount(RankedTensorType type, ValueRange sizes);
  Value index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  func::FuncOp entry, lowered;
  KernelTable &kernels;
  KernelCosts costs;
  llvm::StringMap<int64_t> &weightOffsets;
  OpBuilder b;
  Location loc = entry.getLoc();
  Value weights, thread, threads, team;
  llvm::StringMap<Value> variables;
  llvm::DenseMap<Value, Storage> storage;
  llvm::DenseMap<Value, Value> views;
  llvm::DenseMap<Value, Value> outputs; // tensor -> bytes of the output that it is
  IRMapping indices;
};

} // namespace

/// A name that says what a kernel does: the root and the element-wise operations after it.
static std::string nameOf(nn::DispatchOp dispatch) {
  std::string name;
  for (Operation &op : dispatch.getBody().front().without_terminator()) {
    if (isa<arith::ConstantOp>(op))
      continue;
    StringRef part = op.getName().stripDialect();
    if (name.size() + part.size() > 48)
      break;
    name += (name.empty() ? "" : "_") + part.str();
  }
  return name.empty() ? "copy" : name;
}

FailureOr<func::FuncOp> KernelTable::write(nn::DispatchOp dispatch) {
  MLIRContext *context = module.getContext();
  SmallVector<Type> arguments;
  for (Type type : dispatch.getInputs().getTypes())
    arguments.push_back(isa<RankedTensorType>(type) ? bufferType(cast<RankedTensorType>(type))
                                                    : type);
  for (Type type : dispatch.getResultTypes())
    arguments.push_back(bufferType(cast<RankedTensorType>(type)));
  Type index = IndexType::get(context);
  arguments.append({index, index});

  std::string name = nameOf(dispatch) + "_" + std::to_string(kernels.size() - 1);
  auto function =
      func::FuncOp::create(dispatch.getLoc(), name, FunctionType::get(context, arguments, {}));
  function.setPrivate();
  module.push_back(function);
  for (auto [i, type] : llvm::enumerate(arguments))
    if (isa<MemRefType>(type))
      function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), UnitAttr::get(context));
  KernelBuilder builder(function, dispatch, target);
  if (failed(emitKernel(builder)))
    return failure();
  return function;
}

/// Bytes of one element in a buffer.
static int64_t elementBytes(Type element) {
  return llvm::divideCeil(element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(), 8);
}

void EntryLowering::declare() {
  MLIRContext *context = entry.getContext();
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  Type index = b.getIndexType();
  FunctionType type = entry.getFunctionType();
  // The order of dimension variables is that of their first appearance.
  SmallVector<std::string> names;
  for (unsigned i = 0; i < type.getNumInputs(); ++i) {
    auto tensor = cast<RankedTensorType>(type.getInput(i));
    auto dims = entry.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      if (tensor.isDynamicDim(d)) {
        std::string name =
            dims ? cast<StringAttr>(dims[d]).str() : ("arg" + Twine(i) + "." + Twine(d)).str();
        if (!llvm::is_contained(names, name))
          names.push_back(name);
      }
  }
  SmallVector<Type> arguments(1 + type.getNumInputs() + type.getNumResults(), bytes);
  SmallVector<Type> sizes;
  for (Type result : type.getResults())
    sizes.append(cast<RankedTensorType>(result).getNumDynamicDims(), index);
  arguments.append(names.size(), index);
  arguments.append({index, index, LLVM::LLVMPointerType::get(context)});
  b.setInsertionPoint(entry);
  lowered = func::FuncOp::create(b, loc, entry.getName(), b.getFunctionType(arguments, sizes));
  lowered.setPrivate();
  lowered->setAttr("nn.entry", b.getUnitAttr());
  if (Attribute doc = entry->getAttr("nn.doc"))
    lowered->setAttr("nn.doc", doc);
  lowered->setAttr("nn.variables",
                   b.getStrArrayAttr(SmallVector<StringRef>(names.begin(), names.end())));
  // The tensors' own types and names, for the header.
  SmallVector<Attribute> inputs, results;
  for (unsigned i = 0; i < type.getNumInputs(); ++i)
    inputs.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("type", TypeAttr::get(type.getInput(i))),
         b.getNamedAttr("attrs", entry.getArgAttrDict(i) ? entry.getArgAttrDict(i)
                                                         : b.getDictionaryAttr({}))}));
  for (unsigned i = 0; i < type.getNumResults(); ++i)
    results.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("type", TypeAttr::get(type.getResult(i))),
         b.getNamedAttr("attrs", entry.getResultAttrDict(i) ? entry.getResultAttrDict(i)
                                                            : b.getDictionaryAttr({}))}));
  lowered->setAttr("nn.inputs", b.getArrayAttr(inputs));
  lowered->setAttr("nn.results", b.getArrayAttr(results));

  Block *block = lowered.addEntryBlock();
  b.setInsertionPointToStart(block);
  weights = block->getArgument(0);
  unsigned at = 1 + type.getNumInputs() + type.getNumResults();
  for (StringRef name : names)
    variables[name] = block->getArgument(at++);
  thread = block->getArgument(at);
  threads = block->getArgument(at + 1);
  team = block->getArgument(at + 2);
  for (unsigned i = 0; i < type.getNumInputs(); ++i) {
    auto tensor = cast<RankedTensorType>(type.getInput(i));
    auto dims = entry.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    Storage place{block->getArgument(1 + i), 0, {}};
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      if (tensor.isDynamicDim(d))
        place.sizes.push_back(variables.lookup(dims ? cast<StringAttr>(dims[d]).str()
                                                    : ("arg" + Twine(i) + "." + Twine(d)).str()));
    storage[entry.getArgument(i)] = place;
  }
  auto ret = cast<func::ReturnOp>(entry.getBody().front().getTerminator());
  for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
    Value source = value;
    while (auto reshape = source.getDefiningOp<nn::ReshapeOp>())
      source = reshape.getInput();
    outputs[source] = block->getArgument(1 + type.getNumInputs() + i);
  }
}

Value EntryLowering::byteCount(RankedTensorType type, ValueRange sizes) {
  int64_t fixed = elementBytes(type.getElementType());
  Value result;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      fixed *= size;
  for (Value size : sizes)
    result = result ? b.createOrFold<arith::MulIOp>(loc, result, size) : size;
  return result ? b.createOrFold<arith::MulIOp>(loc, result, index(fixed)) : index(fixed);
}

Value EntryLowering::view(Value tensor) {
  if (Value known = views.lookup(tensor))
    return known;
  Storage place = storage.lookup(tensor);
  auto type = bufferType(cast<RankedTensorType>(tensor.getType()));
  return views[tensor] =
             memref::ViewOp::create(b, loc, type, place.bytes, index(place.offset), place.sizes);
}

LogicalResult EntryLowering::convertDispatch(nn::DispatchOp dispatch) {
  SmallVector<Value> sizes, operands;
  for (Value size : dispatch.getResultSizes())
    sizes.push_back(indices.lookup(size));
  auto type = cast<RankedTensorType>(dispatch.getResult(0).getType());
  Value bytes = outputs.lookup(dispatch.getResult(0));
  if (!bytes)
    bytes = memref::AllocOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
                                    byteCount(type, sizes), b.getI64IntegerAttr(alignment));
  storage[dispatch.getResult(0)] = {bytes, 0, sizes};
  FailureOr<func::FuncOp> kernel = kernels.get(dispatch);
  if (failed(kernel))
    return failure();
  for (Value input : dispatch.getInputs())
    operands.push_back(isa<RankedTensorType>(input.getType()) ? view(input)
                                                              : indices.lookup(input));
  operands.push_back(view(dispatch.getResult(0)));
  operands.append({thread, threads});
  auto call = func::CallOp::create(b, dispatch.getLoc(), *kernel, operands);
  costs.mark(call, dispatch, kernel->getName());
  func::CallOp::create(b, dispatch.getLoc(), TypeRange(), "nacre_barrier", ValueRange(team));
  ++calls;
  return success();
}

LogicalResult EntryLowering::convert(Operation &op) {
  loc = op.getLoc();
  if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    return convertDispatch(dispatch);
  if (auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op)) {
    storage[load.getResult()] = {
        weights, weightOffsets.lookup(load.getGlobal().getLeafReference().getValue()), {}};
    return success();
  }
  if (auto reshape = dyn_cast<nn::ReshapeOp>(op)) {
    Storage place = storage.lookup(reshape.getInput());
    place.sizes.clear();
    for (Value size : reshape.getDynamicSizes())
      place.sizes.push_back(indices.lookup(size));
    storage[reshape.getResult()] = place;
    return success();
  }
  if (auto read = dyn_cast<tensor::DimOp>(op)) {
    Storage place = storage.lookup(read.getSource());
    auto type = cast<RankedTensorType>(read.getSource().getType());
    int64_t dimension = *read.getConstantIndex();
    indices.map(read.getResult(), type.isDynamicDim(dimension)
                                      ? place.sizes[type.getDynamicDimIndex(dimension)]
                                      : index(type.getDimSize(dimension)));
    return success();
  }
  if (isa<func::ReturnOp>(op)) {
    // A result may be a view of what its kernel writes: its sizes are known here alone.
    SmallVector<Value> sizes;
    for (Value result : op.getOperands())
      llvm::append_range(sizes, storage.lookup(result).sizes);
    func::ReturnOp::create(b, loc, sizes);
    return success();
  }
  // Arithmetic on sizes, and what it must satisfy.
  if (isa<arith::ArithDialect>(op.getDialect()) || isa<cf::AssertOp>(op)) {
    b.clone(op, indices);
    return success();
  }
  return op.emitOpError("internal: not expected between dispatches");
}

LogicalResult EntryLowering::run() {
  declare();
  for (Operation &op : entry.getBody().front())
    if (failed(convert(op)))
      return failure();
  entry.erase();
  return success();
}

namespace {
struct LowerDispatchesPass : cpu::impl::LowerDispatchesBase<LowerDispatchesPass> {
  using LowerDispatchesBase::LowerDispatchesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::string error;
    FailureOr<CpuTarget> target = CpuTarget::get(this->cpu, error, this->features);
    if (failed(target)) {
      module.emitError() << error;
      return signalPassFailure();
    }
    OpBuilder b(module.getContext());
    b.setInsertionPointToStart(module.getBody());
    auto barrier =
        func::FuncOp::create(b, module.getLoc(), "nacre_barrier",
                             b.getFunctionType(LLVM::LLVMPointerType::get(&getContext()), {}));
    barrier.setPrivate();

    llvm::StringMap<int64_t> offsets = placeWeights(module);
    KernelTable table(module, *target);
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("nn.entry"))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      EntryLowering lowering(entry, table, offsets);
      if (failed(lowering.run()))
        return signalPassFailure();
      calls += lowering.calls;
    }
    kernels = table.size();
  }

  /// Gives each weight that some entry reads its offset in the weights file's data.
  static llvm::StringMap<int64_t> placeWeights(ModuleOp module) {
    llvm::StringMap<int64_t> offsets;
    llvm::StringSet<> read;
    for (auto entry : module.getOps<func::FuncOp>())
      if (entry->hasAttr("nn.entry"))
        entry.walk([&](ml_program::GlobalLoadConstOp load) {
          read.insert(load.getGlobal().getLeafReference().getValue());
        });
    int64_t end = 0;
    Builder b(module.getContext());
    for (auto global : module.getOps<ml_program::GlobalOp>()) {
      if (!read.contains(global.getSymName()))
        continue;
      auto type = cast<RankedTensorType>(global.getType());
      offsets[global.getSymName()] = end;
      global->setAttr("nn.offset", b.getI64IntegerAttr(end));
      end += llvm::alignTo(type.getNumElements() * elementBytes(type.getElementType()), alignment);
    }
    module->setAttr("nn.weights_size", b.getI64IntegerAttr(end));
    return offsets;
  }
};
} // namespace
