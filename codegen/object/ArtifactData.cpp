//===- ArtifactData.cpp - what the runtime reads in an object --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/ArtifactData.h"

#include "runtime/include/nacre/artifact.h"
#include "runtime/include/nacre/nacre.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::object;

namespace {

/// Writes constant data in the layout of artifact.h.
class DataWriter {
public:
  DataWriter(llvm::Module &module, const ArtifactInfo &info)
      : module(module), info(info), context(module.getContext()),
        pointer(llvm::PointerType::get(context, 0)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)) {}

  void write();

private:
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }
  llvm::Constant *number(int64_t value) { return llvm::ConstantInt::get(i64, value); }
  llvm::Constant *small(int32_t value) { return llvm::ConstantInt::get(i32, value); }
  llvm::Constant *text(llvm::StringRef value);
  llvm::Constant *table(llvm::ArrayRef<llvm::Constant *> items);
  llvm::Constant *function(const EntrySignature &entry, llvm::StringRef role,
                           const TargetInfo &target);
  llvm::Constant *tensor(const TensorSignature &tensor, llvm::ArrayRef<std::string> variables,
                         llvm::ArrayRef<TensorSignature> outputs = {});
  llvm::Constant *stateDims(const EntrySignature &entry);
  llvm::Constant *entry(const EntrySignature &entry);
  llvm::Function *declare(llvm::StringRef name, llvm::Type *result,
                          llvm::ArrayRef<llvm::Type *> arguments);
  void writeFunctions(llvm::GlobalVariable *artifact);
  void writeNewState();
  void writeEntryFunctions(const EntrySignature &entry, uint32_t number,
                           llvm::GlobalVariable *artifact);

  llvm::Module &module;
  const ArtifactInfo &info;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
  llvm::Type *i32, *i64;
};

} // namespace

static int32_t elementType(Type type) {
  if (type.isF32())
    return NACRE_F32;
  if (type.isF16())
    return NACRE_F16;
  if (type.isBF16())
    return NACRE_BF16;
  if (type.isF64())
    return NACRE_F64;
  if (isa<Float8E4M3FNType>(type))
    return NACRE_F8E4M3;
  if (isa<Float8E5M2Type>(type))
    return NACRE_F8E5M2;
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return NACRE_BOOL;
  case 4:
    return NACRE_I4;
  case 8:
    return type.isUnsignedInteger() ? NACRE_U8 : NACRE_I8;
  case 16:
    return NACRE_I16;
  case 32:
    return NACRE_I32;
  default:
    return NACRE_I64;
  }
}

llvm::Constant *DataWriter::text(llvm::StringRef value) {
  auto *data = llvm::ConstantDataArray::getString(context, value);
  auto *global = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::PrivateLinkage, data);
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return global;
}

/// A constant array of items of one type; null for none.
llvm::Constant *DataWriter::table(llvm::ArrayRef<llvm::Constant *> items) {
  if (items.empty())
    return null();
  auto *type = llvm::ArrayType::get(items.front()->getType(), items.size());
  return new llvm::GlobalVariable(module, type, /*isConstant=*/true,
                                  llvm::GlobalValue::PrivateLinkage,
                                  llvm::ConstantArray::get(type, items));
}

llvm::Constant *DataWriter::function(const EntrySignature &entry, llvm::StringRef role,
                                     const TargetInfo &target) {
  llvm::Function *found = module.getFunction(entry.name + role.str() + target.suffix);
  return found ? static_cast<llvm::Constant *>(found) : null();
}

/// A variable of that name, or what says that it is none.
static int64_t dimOf(llvm::StringRef name, llvm::ArrayRef<std::string> variables) {
  auto variable = llvm::find(variables, name);
  return variable == variables.end() ? NACRE_DIM_FORMULA
                                     : NACRE_DIM_VARIABLE(variable - variables.begin());
}

llvm::Constant *DataWriter::tensor(const TensorSignature &tensor,
                                   llvm::ArrayRef<std::string> variables,
                                   llvm::ArrayRef<TensorSignature> outputs) {
  llvm::SmallVector<llvm::Constant *> dims;
  for (auto [i, size] : llvm::enumerate(tensor.type.getShape())) {
    auto length = llvm::find_if(
        outputs, [&](const TensorSignature &output) { return output.name == tensor.length; });
    if (tensor.lengthAxis == i && length != outputs.end())
      dims.push_back(number(NACRE_DIM_LENGTH(length - outputs.begin())));
    else
      dims.push_back(
          number(ShapedType::isDynamic(size) ? dimOf(tensor.sizes[i], variables) : size));
  }
  return llvm::ConstantStruct::getAnon({text(tensor.name), text(tensor.spell()), table(dims),
                                        small(elementType(tensor.type.getElementType())),
                                        small(tensor.type.getRank())});
}

llvm::Constant *DataWriter::stateDims(const EntrySignature &entry) {
  if (entry.states.empty())
    return null();
  llvm::SmallVector<llvm::Constant *> dims;
  for (size_t i = 0; i < info.state.variables.size(); ++i) {
    std::string size = info.state.sizeIn(entry, i);
    int64_t fixed;
    dims.push_back(
        number(llvm::to_integer(size, fixed, 10) ? fixed : dimOf(size, entry.variables)));
  }
  return table(dims);
}

llvm::Constant *DataWriter::entry(const EntrySignature &entry) {
  llvm::SmallVector<llvm::Constant *> names, tensors, runs;
  for (const std::string &name : entry.variables)
    names.push_back(text(name));
  for (const TensorSignature &input : entry.inputs)
    tensors.push_back(tensor(input, entry.variables));
  for (const TensorSignature &result : entry.results)
    tensors.push_back(tensor(result, entry.variables, entry.results));
  for (const TargetInfo &target : info.targets)
    runs.push_back(function(entry, ".run", target));
  // Sizes are asked for before a target is chosen: the least demanding one answers.
  const TargetInfo &any = info.targets.back();
  return llvm::ConstantStruct::getAnon(
      {text(entry.name), text(entry.doc), table(names), table(tensors),
       small(entry.variables.size()), small(entry.inputs.size()), small(entry.results.size()),
       small(!entry.states.empty()), function(entry, ".check", any),
       function(entry, ".shapes", any), function(entry, ".arena", any), table(runs),
       stateDims(entry)});
}

llvm::Function *DataWriter::declare(llvm::StringRef name, llvm::Type *result,
                                    llvm::ArrayRef<llvm::Type *> arguments) {
  auto *type = llvm::FunctionType::get(result, arguments, false);
  return llvm::cast<llvm::Function>(module.getOrInsertFunction(name, type).getCallee());
}

void DataWriter::writeFunctions(llvm::GlobalVariable *artifact) {
  llvm::IRBuilder<> b(context);
  auto begin = [&](llvm::StringRef suffix, llvm::Type *result,
                   llvm::ArrayRef<llvm::Type *> arguments) {
    llvm::Function *made = declare(info.name + suffix.str(), result, arguments);
    made->addFnAttr(llvm::Attribute::NoUnwind);
    b.SetInsertPoint(llvm::BasicBlock::Create(context, "", made));
    return made;
  };
  llvm::Function *open = begin("_open", i32, {pointer, pointer});
  b.CreateRet(b.CreateCall(declare("nacre_open", i32, {pointer, pointer, pointer}),
                           {artifact, open->getArg(0), open->getArg(1)}));
  llvm::Function *close = begin("_close", b.getVoidTy(), {pointer});
  b.CreateCall(declare("nacre_close", b.getVoidTy(), {pointer}), {close->getArg(0)});
  b.CreateRetVoid();
  if (!info.state.tensors.empty())
    writeNewState();
  for (auto [i, signature] : llvm::enumerate(info.entries))
    writeEntryFunctions(signature, i, artifact);
}

/// `<name>_new_state(model, sizes..., state)`.
void DataWriter::writeNewState() {
  llvm::IRBuilder<> b(context);
  size_t sizes = info.state.variables.size();
  llvm::SmallVector<llvm::Type *> arguments(sizes, i64);
  arguments.insert(arguments.begin(), pointer);
  arguments.push_back(pointer);
  llvm::Function *made = declare(info.name + "_new_state", i32, arguments);
  made->addFnAttr(llvm::Attribute::NoUnwind);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", made));
  llvm::Value *dims = b.CreateAlloca(i64, b.getInt32(std::max<size_t>(sizes, 1)));
  for (size_t i = 0; i < sizes; ++i)
    b.CreateStore(made->getArg(1 + i), b.CreateConstGEP1_64(i64, dims, i));
  b.CreateRet(b.CreateCall(declare("nacre_new_state", i32, {pointer, pointer, pointer}),
                           {made->getArg(0), dims, made->getArg(1 + sizes)}));
}

/// `<name>_<entry>(model, state, sizes..., inputs..., outputs..., arena)` and its arena size;
/// `state` only where the entry uses one.
void DataWriter::writeEntryFunctions(const EntrySignature &entry, uint32_t which,
                                     llvm::GlobalVariable *artifact) {
  llvm::IRBuilder<> b(context);
  size_t sizes = entry.variables.size(), tensors = entry.inputs.size() + entry.results.size();
  auto array = [&](llvm::Function *function, llvm::Type *type, size_t first, size_t count) {
    llvm::Value *place = b.CreateAlloca(type, b.getInt32(std::max<size_t>(count, 1)));
    for (size_t i = 0; i < count; ++i)
      b.CreateStore(function->getArg(first + i), b.CreateConstGEP1_64(type, place, i));
    return place;
  };
  llvm::SmallVector<llvm::Type *> arguments(sizes, i64);
  llvm::Function *arena = declare(info.name + "_" + entry.name + "_arena_size", i64, arguments);
  arena->addFnAttr(llvm::Attribute::NoUnwind);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", arena));
  b.CreateRet(b.CreateCall(declare("nacre_arena_size", i64, {pointer, i32, pointer}),
                           {artifact, b.getInt32(which), array(arena, i64, 0, sizes)}));

  const size_t handles = entry.states.empty() ? 1 : 2;
  arguments.insert(arguments.begin(), handles, pointer);
  arguments.append(tensors + 1, pointer);
  llvm::Function *run = declare(info.name + "_" + entry.name, i32, arguments);
  run->addFnAttr(llvm::Attribute::NoUnwind);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", run));
  llvm::Value *dims = array(run, i64, handles, sizes);
  llvm::Value *buffers = array(run, pointer, handles + sizes, tensors);
  llvm::Value *scratch = run->getArg(static_cast<unsigned>(handles + sizes + tensors));
  if (entry.states.empty())
    b.CreateRet(b.CreateCall(declare("nacre_run", i32, {pointer, i32, pointer, pointer, pointer}),
                             {run->getArg(0), b.getInt32(which), buffers, dims, scratch}));
  else
    b.CreateRet(b.CreateCall(
        declare("nacre_run_with", i32, {pointer, i32, pointer, pointer, pointer, pointer}),
        {run->getArg(0), b.getInt32(which), run->getArg(1), buffers, dims, scratch}));
}

void DataWriter::write() {
  llvm::SmallVector<llvm::Constant *> entries, targets, states, stateSizes;
  for (const TargetInfo &target : info.targets)
    targets.push_back(llvm::ConstantStruct::getAnon({text(target.name), text(target.cpuFeatures)}));
  for (const EntrySignature &signature : info.entries)
    entries.push_back(entry(signature));
  for (const TensorSignature &state : info.state.tensors)
    states.push_back(tensor(state, info.state.variables));
  for (const std::string &variable : info.state.variables)
    stateSizes.push_back(text(variable));
  auto *data = llvm::ConstantStruct::getAnon(
      {small(NACRE_ARTIFACT_MAGIC), small(NACRE_ABI_VERSION), text(info.name),
       llvm::ConstantDataArray::get(context, info.buildId), number(info.weightsSize),
       table(targets), table(entries), small(info.entries.size()), small(info.targets.size()),
       text(info.metadata), table(states), table(stateSizes), small(states.size()),
       small(stateSizes.size())});
  auto *artifact =
      new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                               llvm::GlobalValue::ExternalLinkage, data, info.name + "_artifact");
  artifact->setAlignment(llvm::Align(8));
  writeFunctions(artifact);
}

void object::addArtifact(llvm::Module &module, const ArtifactInfo &info) {
  DataWriter(module, info).write();
}
