//===- KernelTable.cpp - one function per distinct dispatch ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/KernelTable.h"

#include "codegen/cpu/Kernels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

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

FailureOr<func::FuncOp> KernelTable::get(nn::DispatchOp dispatch) {
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
