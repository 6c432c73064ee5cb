//===- LowerDispatches.cpp - kernels, and entries that call them -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/EntryLowering.h"
#include "codegen/cpu/KernelBuilder.h"
#include "codegen/cpu/Passes.h"
#include "codegen/cpu/StatePlaces.h"

#include "llvm/ADT/StringSet.h"

namespace nacre::cpu {
#define GEN_PASS_DEF_LOWERDISPATCHES
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static constexpr int64_t alignment = 64;

int64_t nacre::cpu::elementBytes(Type element) {
  return llvm::divideCeil(element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(), 8);
}

/// Names the states that the entry uses, in the module's order.
void EntryLowering::declareStates() {
  llvm::StringSet<> used;
  entry.walk([&](nn::StateLoadOp load) { used.insert(load.getState()); });
  entry.walk([&](nn::StateStoreOp store) { used.insert(store.getState()); });
  SmallVector<StringRef> names;
  for (auto global : entry->getParentOfType<ModuleOp>().getOps<ml_program::GlobalOp>())
    if (used.contains(global.getSymName()))
      names.push_back(global.getSymName());
  if (names.empty())
    return;
  entry->setAttr("nn.states", b.getStrArrayAttr(names));
  for (StringRef name : names)
    states[name] = Value();
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
  declareStates();
  SmallVector<Type> arguments(1 + type.getNumInputs() + type.getNumResults() + states.size(),
                              bytes);
  SmallVector<Type> sizes;
  for (Type result : type.getResults())
    sizes.append(cast<RankedTensorType>(result).getNumDynamicDims(), index);
  arguments.append(names.size(), index);
  arguments.append({index, index, LLVM::LLVMPointerType::get(context)});
  b.setInsertionPoint(entry);
  lowered = func::FuncOp::create(b, loc, entry.getName(), b.getFunctionType(arguments, sizes));
  lowered.setPrivate();
  lowered->setAttr("nn.entry", b.getUnitAttr());
  for (StringRef kept : {"nn.doc", "nn.states", "nn.state_dims"})
    if (Attribute attribute = entry->getAttr(kept))
      lowered->setAttr(kept, attribute);
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
  if (auto used = entry->getAttrOfType<ArrayAttr>("nn.states"))
    for (StringRef name : used.getAsValueRange<StringAttr>())
      states[name] = block->getArgument(at++);
  for (StringRef name : names)
    variables[name] = block->getArgument(at++);
  thread = block->getArgument(at);
  threads = block->getArgument(at + 1);
  team = block->getArgument(at + 2);
  for (unsigned i = 0; i < type.getNumInputs(); ++i) {
    auto tensor = cast<RankedTensorType>(type.getInput(i));
    auto dims = entry.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    Storage place{block->getArgument(1 + i), {}, {}};
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      if (tensor.isDynamicDim(d))
        place.sizes.push_back(variables.lookup(dims ? cast<StringAttr>(dims[d]).str()
                                                    : ("arg" + Twine(i) + "." + Twine(d)).str()));
    storage[entry.getArgument(i)] = place;
  }
  auto ret = cast<func::ReturnOp>(entry.getBody().front().getTerminator());
  for (auto [i, value] : llvm::enumerate(ret.getOperands()))
    places[sourceOf(value)] = {block->getArgument(1 + type.getNumInputs() + i), {}, {}};
  entry.walk([&](nn::StateStoreOp store) {
    places[sourceOf(store.getValue())] = {states.lookup(store.getState()), {}, {}};
  });
}

Value EntryLowering::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value EntryLowering::add(Value a, Value c) { return b.createOrFold<arith::AddIOp>(loc, a, c); }
Value EntryLowering::sub(Value a, Value c) { return b.createOrFold<arith::SubIOp>(loc, a, c); }
Value EntryLowering::mul(Value a, Value c) { return b.createOrFold<arith::MulIOp>(loc, a, c); }

SmallVector<Value> EntryLowering::lookup(ValueRange sizes) {
  return llvm::map_to_vector(sizes, [&](Value size) { return indices.lookup(size); });
}

Value EntryLowering::byteCount(RankedTensorType type, ValueRange sizes, bool aligned) {
  int64_t fixed = elementBytes(type.getElementType());
  Value result;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      fixed *= size;
  if (aligned)
    fixed = llvm::alignTo(fixed, alignment);
  for (Value size : sizes)
    result = result ? mul(result, size) : size;
  return result ? mul(result, index(fixed)) : index(fixed);
}

Value EntryLowering::allocate(Value bytes) {
  return memref::AllocOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
                                 bytes, b.getI64IntegerAttr(alignment));
}

Value EntryLowering::view(Value tensor) {
  Storage place = storage.lookup(tensor);
  auto type = bufferType(cast<RankedTensorType>(tensor.getType()));
  return memref::ViewOp::create(b, loc, type, place.bytes, place.offset ? place.offset : index(0),
                                place.sizes);
}

/// True for the first value of a carry, whose buffer has a second half for the next one.
static bool isCarried(nn::DispatchOp dispatch) {
  if (!dispatch->hasOneUse())
    return false;
  OpOperand &use = *dispatch->use_begin();
  if (isa<nn::WhileOp>(use.getOwner()))
    return use.getOperandNumber() > 0;
  return isa<nn::ScanOp>(use.getOwner());
}

LogicalResult EntryLowering::convertDispatch(nn::DispatchOp dispatch) {
  SmallVector<Value> sizes = lookup(dispatch.getResultSizes()), operands;
  auto type = cast<RankedTensorType>(dispatch.getResult(0).getType());
  if (isCarried(dispatch)) {
    Value half = byteCount(type, sizes, /*aligned=*/true);
    storage[dispatch.getResult(0)] = {allocate(mul(half, index(2))), {}, sizes};
  } else {
    storage[dispatch.getResult(0)] = placeOf(dispatch.getResult(0), sizes);
  }
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
    int64_t offset = weightOffsets.lookup(load.getGlobal().getLeafReference().getValue());
    storage[load.getResult()] = {weights, index(offset), {}};
    return success();
  }
  if (auto scan = dyn_cast<nn::ScanOp>(op))
    return convertScan(scan);
  if (auto loop = dyn_cast<nn::WhileOp>(op))
    return convertWhile(loop);
  if (auto choice = dyn_cast<nn::IfOp>(op))
    return convertIf(choice);
  if (auto load = dyn_cast<nn::StateLoadOp>(op)) {
    storage[load.getResult()] = {
        states.lookup(load.getState()), {}, lookup(load.getDynamicSizes())};
    return success();
  }
  // Stored values and those that leave a region are in their places.
  if (isa<nn::StateStoreOp, nn::YieldOp>(op))
    return success();
  if (auto reshape = dyn_cast<nn::ReshapeOp>(op)) {
    Storage place = storage.lookup(reshape.getInput());
    place.sizes = lookup(reshape.getDynamicSizes());
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

LogicalResult EntryLowering::convert(Block &block) {
  for (Operation &op : block)
    if (failed(convert(op)))
      return failure();
  return success();
}

LogicalResult EntryLowering::run() {
  declare();
  if (failed(convert(entry.getBody().front())))
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
    if (hasDecisions(module)) {
      Type pointer = LLVM::LLVMPointerType::get(&getContext());
      Type flag = MemRefType::get({}, b.getI8Type());
      func::FuncOp::create(b, module.getLoc(), "nacre_decision",
                           b.getFunctionType({pointer, flag}, b.getI1Type()))
          .setPrivate();
    }

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

  static bool hasDecisions(ModuleOp module) {
    return module
        .walk([](Operation *op) {
          return isa<nn::WhileOp, nn::IfOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
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
