//===- MachineCode.cpp - from the llvm dialect to a file -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/MachineCode.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

using namespace mlir;
using namespace nacre;

static std::unique_ptr<llvm::TargetMachine> machineOf(const cpu::CpuTarget &target) {
  std::string error;
  llvm::Triple triple(target.triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  assert(backend && "CpuTarget::get has found it");
  llvm::TargetOptions options;
  // One section a function, so that a linker can drop entries that a program never calls.
  options.FunctionSections = true;
  options.DataSections = true;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                   std::nullopt, llvm::CodeGenOptLevel::Default));
}

std::unique_ptr<llvm::Module> object::translate(ModuleOp module, llvm::LLVMContext &context,
                                                const cpu::CpuTarget &target, StringRef suffix) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module->getContext()->appendDialectRegistry(registry);
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(module, context);
  if (!result)
    return nullptr;
  auto machine = machineOf(target);
  result->setDataLayout(machine->createDataLayout());
  result->setTargetTriple(machine->getTargetTriple());
  for (llvm::Function &function : *result) {
    if (function.isDeclaration())
      continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setName(function.getName() + suffix);
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(32 * target.lanes));
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  return result;
}

LogicalResult object::join(llvm::Module &whole, std::unique_ptr<llvm::Module> part) {
  // The linker would leave out what is internal and, so far, not called by anyone.
  SmallVector<std::string> names;
  for (llvm::Function &function : *part)
    if (function.hasInternalLinkage()) {
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      names.push_back(function.getName().str());
    }
  if (llvm::Linker::linkModules(whole, std::move(part)))
    return failure();
  for (const std::string &name : names)
    whole.getFunction(name)->setLinkage(llvm::GlobalValue::InternalLinkage);
  return success();
}

void object::optimize(llvm::Module &module, const cpu::CpuTarget &target) {
  auto machine = machineOf(target);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  // Kernels are vectors already, and unrolled as far as the registers go.
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(machine.get(), tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

llvm::SmallString<0> object::emitMachineCode(llvm::Module &module, const cpu::CpuTarget &target,
                                             bool assembly) {
  auto machine = machineOf(target);
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  auto kind = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  [[maybe_unused]] bool unsupported = machine->addPassesToEmitFile(passes, stream, nullptr, kind);
  assert(!unsupported && "every registered CPU target emits objects");
  passes.run(module);
  return bytes;
}
