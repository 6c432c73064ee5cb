//===- Compile.cpp - from a network to an artifact -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/Compile.h"

#include "codegen/cpu/Passes.h"
#include "codegen/object/CHeader.h"
#include "codegen/object/Link.h"
#include "codegen/object/MachineCode.h"
#include "codegen/object/Metadata.h"
#include "codegen/object/WeightsFile.h"
#include "dialects/nn/NN.h"

#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <chrono>
#include <unistd.h>

using namespace mlir;
using namespace nacre;

namespace {

/// A file that appears under its name when it is whole, and not at all otherwise.
class PendingFile {
public:
  explicit PendingFile(std::string path)
      : path(std::move(path)), temporary(this->path + ".partial-" + std::to_string(::getpid())) {}
  ~PendingFile() {
    if (!kept)
      llvm::sys::fs::remove(temporary);
  }
  PendingFile(const PendingFile &) = delete;

  bool write(StringRef bytes, std::string &error) {
    std::error_code code;
    llvm::raw_fd_ostream out(temporary, code);
    if (!code) {
      out << bytes;
      out.close();
      code = out.error();
      out.clear_error();
    }
    if (code)
      error = "cannot write '" + path + "': " + code.message();
    return !code;
  }
  bool keep(std::string &error) {
    if (std::error_code code = llvm::sys::fs::rename(temporary, path)) {
      error = "cannot write '" + path + "': " + code.message();
      return false;
    }
    kept = true;
    return true;
  }

  const std::string path, temporary;

private:
  bool kept = false;
};

/// One compilation.
class Compilation {
public:
  Compilation(ModuleOp module, object::WeightSource weights, const CompileOptions &options)
      : module(module), weights(std::move(weights)), options(options) {}

  /// False where `error` says why.
  bool run();

  CompileReport report;
  CompileError error;

private:
  bool wants(Emit kind) const { return options.emit.contains(kind); }
  bool fail(std::string message, bool internal = false) {
    error = {std::move(message), internal};
    return false;
  }
  template <typename Step>
  bool timed(StringRef what, double done, Step step);
  bool runPhase(Phase phase);
  bool dump(Phase phase);
  bool writeWeights();
  void dropWeightExpressions();
  bool writeMachineCode();
  bool writeText(StringRef extension, StringRef text);
  bool link(StringRef objectPath);
  PendingFile &pending(StringRef extension);

  ModuleOp module;
  object::WeightSource weights;
  const CompileOptions &options;
  std::optional<cpu::CpuTarget> target;
  object::ArtifactInfo info;
  std::vector<std::unique_ptr<PendingFile>> files;
};

} // namespace

template <typename Step>
bool Compilation::timed(StringRef what, double done, Step step) {
  options.progress(what, done);
  auto start = std::chrono::steady_clock::now();
  bool succeeded = step();
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report.seconds.emplace_back(what.str(), elapsed.count());
  return succeeded;
}

PendingFile &Compilation::pending(StringRef extension) {
  return *files.emplace_back(std::make_unique<PendingFile>(options.output + extension.str()));
}

bool Compilation::writeText(StringRef extension, StringRef text) {
  std::string message;
  return pending(extension).write(text, message) || fail(message);
}

bool Compilation::dump(Phase phase) {
  if (options.dumpPhasesTo.empty())
    return true;
  SmallString<128> path(options.dumpPhasesTo);
  if (std::error_code code = llvm::sys::fs::create_directories(path))
    return fail(("cannot make the folder '" + path + "': " + code.message()).str());
  llvm::sys::path::append(path, std::to_string(static_cast<int>(phase)) + "-" +
                                    infoOf(phase).name.str() + ".mlir");
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  PendingFile file(path.str().str());
  std::string message;
  return (file.write(text, message) && file.keep(message)) || fail(message);
}

bool Compilation::runPhase(Phase phase) {
  PassManager manager(module.getContext());
  manager.enableVerifier(NACRE_VERIFY_EACH);
  buildPhase(manager, phase, *target, options.precision);
  if (failed(manager.run(module)))
    return fail("phase '" + infoOf(phase).name.str() + "' failed", /*internal=*/true);
  if (phase == Phase::buffers) {
    info.entries = object::signaturesOf(module);
    info.metadata = object::addKernels(options.metadata, module);
    info.weightsSize = module->getAttrOfType<IntegerAttr>("nn.weights_size").getInt();
  }
  return dump(phase);
}

bool Compilation::writeWeights() {
  std::string seed = options.name;
  llvm::raw_string_ostream stream(seed);
  module.print(stream);
  std::string message;
  PendingFile &file = pending(".weights");
  auto id = object::writeWeightsFile(
      module, weights, file.temporary, seed,
      [&](uint64_t done, uint64_t total) {
        options.progress("weights", 0.3 + 0.4 * static_cast<double>(done) /
                                              static_cast<double>(std::max<uint64_t>(total, 1)));
      },
      message);
  if (failed(id))
    return fail(message);
  info.buildId = *id;
  return true;
}

/// What ran at compile time is not compiled; nor do weights exist as symbols of the code.
void Compilation::dropWeightExpressions() {
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (isa<ml_program::GlobalOp>(op) ||
        (function && function.isPrivate() && function.getName().starts_with("weight.")))
      op.erase();
  }
}

bool Compilation::writeMachineCode() {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = object::translate(module, context, *target);
  if (!code)
    return fail("translation to LLVM failed", /*internal=*/true);
  object::addArtifact(*code, info);
  object::optimize(*code, *target);
  if (wants(Emit::llvmIr)) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    code->print(stream, nullptr);
    if (!writeText(".ll", text))
      return false;
  }
  if (wants(Emit::assembly)) {
    auto copy = llvm::CloneModule(*code);
    if (!writeText(".s", object::emitMachineCode(*copy, *target, /*assembly=*/true)))
      return false;
  }
  bool linked = wants(Emit::sharedLibrary) || wants(Emit::program);
  if (!wants(Emit::object) && !linked)
    return true;
  auto bytes = object::emitMachineCode(*code, *target, /*assembly=*/false);
  report.codeBytes = bytes.size();
  if (wants(Emit::object) && !writeText(".o", bytes))
    return false;
  if (!linked)
    return true;
  // The linker reads the object under a name of its own.
  PendingFile object(options.output + ".link.o");
  std::string message;
  if (!object.write(bytes, message))
    return fail(message);
  return timed("link", 0.95, [&] { return link(object.temporary); });
}

bool Compilation::link(StringRef objectPath) {
  std::string message;
  if (wants(Emit::sharedLibrary) &&
      failed(object::linkSharedLibrary(objectPath, options.runtimeArchive, pending(".so").temporary,
                                       message)))
    return fail(message);
  if (wants(Emit::program) &&
      failed(object::linkProgram(objectPath, options.programSource, options.includeFolder,
                                 options.runtimeArchive, pending("").temporary, message)))
    return fail(message);
  return true;
}

bool Compilation::run() {
  std::string message;
  FailureOr<cpu::CpuTarget> found = cpu::CpuTarget::get(options.cpu, message);
  if (failed(found))
    return fail(message);
  target = *found;
  info.name = options.name;
  info.metadata = options.metadata;
  info.cpuFeatures = target->required;

  for (const PhaseInfo &phase : allPhases()) {
    if (phase.phase == Phase::object || phase.phase > options.stopAfter)
      break;
    if (phase.phase < options.startFrom)
      continue;
    double done = 0.3 * static_cast<double>(phase.phase) / 7;
    if (!timed(phase.name, done, [&] { return runPhase(phase.phase); }))
      return false;
    bool last = phase.phase == options.stopAfter;
    if (last && wants(Emit::mlir)) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      module.print(stream);
      if (!writeText(".mlir", text))
        return false;
    }
    // Weights need the expressions that this phase still has, and the code their build id.
    if (phase.phase == Phase::buffers && options.stopAfter == Phase::object &&
        !timed("weights", 0.3, [&] { return writeWeights(); }))
      return false;
    if (phase.phase == Phase::buffers && options.stopAfter > Phase::buffers)
      dropWeightExpressions();
  }
  if (options.stopAfter == Phase::object) {
    if (!timed("machine code", 0.7, [&] { return writeMachineCode(); }))
      return false;
    if (wants(Emit::header) && !writeText(".h", object::writeCHeader(info)))
      return false;
  }
  for (auto &file : files) {
    if (!file->keep(message))
      return fail(message);
    report.files.push_back(file->path);
  }
  report.entries = info.entries;
  report.weightsBytes = info.weightsSize;
  options.progress("done", 1);
  return true;
}

std::variant<CompileReport, CompileError>
nacre::compile(ModuleOp module, object::WeightSource weights, const CompileOptions &options) {
  Compilation compilation(module, std::move(weights), options);
  if (!compilation.run())
    return compilation.error;
  return std::move(compilation.report);
}

void nacre::loadPipelineDialects(MLIRContext &context) {
  DialectRegistry registry;
  registry.insert<nn::NNDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
                  ml_program::MLProgramDialect, scf::SCFDialect, tensor::TensorDialect,
                  vector::VectorDialect>();
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  registerAllExtensions(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}
