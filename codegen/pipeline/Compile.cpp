//===- Compile.cpp - from a network to an artifact -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/Compile.h"

#include "codegen/cpu/Passes.h"
#include "codegen/object/CHeader.h"
#include "codegen/object/Link.h"
#include "codegen/object/MachineCode.h"
#include "codegen/object/Metadata.h"
#include "codegen/object/ObjectCache.h"
#include "codegen/object/WeightsFile.h"
#include "codegen/pipeline/PassTimes.h"
#include "dialects/nn/NN.h"

#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ADT/StringExtras.h"
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

/// The program for one of the targets.
struct Variant {
  cpu::CpuTarget target;
  /// Of an only target empty, otherwise fit for the names of functions and files: ".x86_64_v3".
  std::string suffix;
  ModuleOp module;
  OwningOpRef<ModuleOp> copy; ///< holds `module`, where it is not the compilation's own
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
  template <typename Part>
  void timedPart(StringRef what, Part part);
  bool readTargets();
  void separateTargets();
  bool runPhase(Phase phase);
  bool runPhase(Phase phase, Variant &variant);
  bool checkAlike();
  bool writeMlir();
  bool writeWeights();
  bool findMachineCode();
  bool makeMachineCode();
  bool writeMachineCode();
  bool writeText(StringRef extension, StringRef text);
  bool link(StringRef objectPath);
  PendingFile &pending(StringRef extension);

  ModuleOp module;
  object::WeightSource weights;
  const CompileOptions &options;
  /// The one to be preferred first. Until `loops` the first stands for all.
  std::vector<Variant> variants;
  bool separated = false;
  object::ArtifactInfo info;
  std::optional<object::ObjectCache::Key> cacheKey; ///< where the cache is used
  SmallString<0> machineCode;                       ///< an object file
  std::vector<std::unique_ptr<PendingFile>> files;
};

} // namespace

template <typename Step>
bool Compilation::timed(StringRef what, double done, Step step) {
  options.progress(what, done);
  size_t at = report.times.size();
  report.times.push_back({what.str(), 0, 0});
  auto start = std::chrono::steady_clock::now();
  bool succeeded = step();
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report.times[at].seconds = elapsed.count();
  return succeeded;
}

/// A part of the step that `timed` is timing.
template <typename Part>
void Compilation::timedPart(StringRef what, Part part) {
  auto start = std::chrono::steady_clock::now();
  part();
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report.times.push_back({what.str(), 1, elapsed.count()});
}

PendingFile &Compilation::pending(StringRef extension) {
  return *files.emplace_back(std::make_unique<PendingFile>(options.output + extension.str()));
}

bool Compilation::writeText(StringRef extension, StringRef text) {
  std::string message;
  return pending(extension).write(text, message) || fail(message);
}

/// The targets, those of the widest panels first: a panel of theirs is several of another's.
bool Compilation::readTargets() {
  for (const std::string &name : options.targets) {
    std::string message;
    FailureOr<cpu::CpuTarget> target = cpu::CpuTarget::get(name, message);
    if (failed(target))
      return fail(message);
    if (llvm::none_of(variants,
                      [&](const Variant &known) { return known.target.name == target->name; }))
      variants.push_back({.target = *target});
  }
  llvm::sort(variants, [](const Variant &a, const Variant &b) {
    auto rank = [](const cpu::CpuTarget &target) {
      return std::tuple(target.panel(), StringRef(target.required).count(','), target.name);
    };
    return rank(a.target) > rank(b.target);
  });
  for (Variant &variant : variants) {
    variant.module = module;
    if (variants.size() > 1)
      variant.suffix = "." + variant.target.name;
    for (char &c : variant.suffix)
      if (c != '.' && !llvm::isAlnum(c))
        c = '_';
  }
  return true;
}

/// From here on every target has a program of its own.
void Compilation::separateTargets() {
  for (Variant &variant : llvm::drop_begin(variants)) {
    variant.copy = module.clone();
    variant.module = *variant.copy;
  }
  separated = true;
}

static std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

/// Writes the programs as they are now.
bool Compilation::writeMlir() {
  if (!separated)
    return writeText(".mlir", textOf(module));
  return llvm::all_of(variants, [&](const Variant &variant) {
    return writeText(variant.suffix + ".mlir", textOf(variant.module));
  });
}

bool Compilation::runPhase(Phase phase, Variant &variant) {
  PassManager manager(module.getContext());
  manager.enableVerifier(NACRE_VERIFY_EACH);
  buildPhase(manager, phase, variant.target, options.precision);
  PassTimes times;
  if (options.timeSteps)
    timePasses(manager, times);
  LogicalResult result = manager.run(variant.module);
  for (auto &[pass, seconds] : times)
    report.times.push_back({std::move(pass), 1, seconds});
  if (failed(result))
    return fail("phase '" + infoOf(phase).name.str() + "' failed", /*internal=*/true);
  if (options.dumpPhasesTo.empty())
    return true;
  SmallString<128> path(options.dumpPhasesTo);
  if (std::error_code code = llvm::sys::fs::create_directories(path))
    return fail(("cannot make the folder '" + path + "': " + code.message()).str());
  llvm::sys::path::append(path, std::to_string(static_cast<int>(phase)) + "-" +
                                    infoOf(phase).name.str() + (separated ? variant.suffix : "") +
                                    ".mlir");
  PendingFile file(path.str().str());
  std::string message;
  return (file.write(textOf(variant.module), message) && file.keep(message)) || fail(message);
}

bool Compilation::runPhase(Phase phase) {
  if (phase == Phase::loops)
    separateTargets();
  for (Variant &variant : variants) {
    if (!runPhase(phase, variant))
      return false;
    if (!separated)
      break;
  }
  return phase != Phase::buffers || checkAlike();
}

/// Notes what an artifact says of itself, which must be the same for each of its targets.
bool Compilation::checkAlike() {
  info.entries = object::signaturesOf(module);
  info.state = object::stateOf(module);
  info.metadata = object::addKernels(options.metadata, module);
  info.weightsSize = module->getAttrOfType<IntegerAttr>("nn.weights_size").getInt();
  auto weightsOf = [](ModuleOp module) {
    return llvm::map_to_vector(module.getOps<ml_program::GlobalOp>(),
                               [](auto global) { return global->getAttrDictionary(); });
  };
  for (const Variant &variant : variants) {
    info.targets.push_back({variant.target.name, variant.target.required, variant.suffix});
    bool isAlike = weightsOf(variant.module) == weightsOf(module) &&
                   object::addKernels(options.metadata, variant.module) == info.metadata;
    for (auto [own, common] : llvm::zip_equal(object::signaturesOf(variant.module), info.entries))
      isAlike &= own.arenaFormula == common.arenaFormula && own.hasCheck == common.hasCheck;
    if (!isAlike)
      return fail("the programs for '" + variants.front().target.name + "' and '" +
                      variant.target.name + "' differ in more than instructions",
                  /*internal=*/true);
  }
  return true;
}

bool Compilation::writeWeights() {
  std::string seed = options.name;
  for (const Variant &variant : variants)
    seed += variant.target.name + "\n" + textOf(variant.module);
  // A compilation before may have left the same file here. The cache knows which build id the
  // same inputs gave.
  const std::string path = options.output + ".weights";
  std::optional<object::ObjectCache::Key> key;
  if (!options.cacheFolder.empty()) {
    FailureOr<object::BuildId> inputs;
    timedPart("hash of inputs", [&] { inputs = object::hashOfInputs(module, weights, seed); });
    if (failed(inputs))
      return fail("");
    key = object::ObjectCache::keyOf("weights " + llvm::toHex(*inputs));
    auto known = object::ObjectCache(options.cacheFolder).find(*key);
    if (known && known->size() == info.buildId.size()) {
      llvm::copy(*known, reinterpret_cast<char *>(info.buildId.data()));
      bool isSame = false;
      timedPart("hash of the file",
                [&] { isSame = object::isWeightsFile(path, module, seed, info.buildId); });
      if (isSame) {
        report.files.push_back(path);
        return true;
      }
    }
  }
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
  if (key)
    object::ObjectCache(options.cacheFolder)
        .keep(*key, {reinterpret_cast<const char *>(id->data()), id->size()});
  return true;
}

/// What ran at compile time is not compiled; nor do weights exist as symbols of the code. States
/// stay until entries know their numbers.
static void dropWeightExpressions(ModuleOp module) {
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    auto function = dyn_cast<func::FuncOp>(op);
    auto global = dyn_cast<ml_program::GlobalOp>(op);
    if ((global && !global.getIsMutable()) ||
        (function && function.isPrivate() && function.getName().starts_with("weight.")))
      op.erase();
  }
}

/// Looks for the object that this program became before. In the cache its build id, which depends
/// on the weights too, is the key.
bool Compilation::findMachineCode() {
  bool isLookedAt = wants(Emit::llvmIr) || wants(Emit::assembly) || !options.dumpPhasesTo.empty();
  if (options.cacheFolder.empty() || options.stopAfter != Phase::object || isLookedAt)
    return false;
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << info.name << '\n' << info.metadata << '\n' << info.weightsSize;
  for (const Variant &variant : variants)
    stream << '\n'
           << variant.target.name << '\n'
           << variant.target.cpu << '\n'
           << variant.target.features << '\n'
           << textOf(variant.module);
  cacheKey = object::ObjectCache::keyOf(text);
  auto found = object::ObjectCache(options.cacheFolder).find(*cacheKey);
  if (found)
    machineCode = std::move(*found);
  return found.has_value();
}

bool Compilation::makeMachineCode() {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code;
  for (const Variant &variant : variants) {
    std::unique_ptr<llvm::Module> part;
    timedPart("translate", [&] {
      part = object::translate(variant.module, context, variant.target, variant.suffix);
    });
    if (!part)
      return fail("translation to LLVM failed", /*internal=*/true);
    if (!code)
      code = std::move(part);
    else if (failed(object::join(*code, std::move(part))))
      return fail("code of several targets does not go together", /*internal=*/true);
  }
  object::ArtifactInfo written = info;
  if (cacheKey)
    written.buildId = *cacheKey;
  object::addArtifact(*code, written);
  // What chooses a target runs on all of them.
  const cpu::CpuTarget &least = variants.back().target;
  timedPart("optimize", [&] { object::optimize(*code, least); });
  if (wants(Emit::llvmIr)) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    code->print(stream, nullptr);
    if (!writeText(".ll", text))
      return false;
  }
  if (wants(Emit::assembly)) {
    auto copy = llvm::CloneModule(*code);
    if (!writeText(".s", object::emitMachineCode(*copy, least, /*assembly=*/true)))
      return false;
  }
  timedPart("emit",
            [&] { machineCode = object::emitMachineCode(*code, least, /*assembly=*/false); });
  if (cacheKey)
    object::ObjectCache(options.cacheFolder).keep(*cacheKey, machineCode);
  return true;
}

bool Compilation::writeMachineCode() {
  if (machineCode.empty() && !makeMachineCode())
    return false;
  if (cacheKey) {
    size_t at = machineCode.str().find(llvm::toStringRef(*cacheKey));
    if (at == StringRef::npos)
      return fail("the object code has no build id", /*internal=*/true);
    llvm::copy(info.buildId, machineCode.begin() + at);
  }
  bool linked = wants(Emit::sharedLibrary) || wants(Emit::program);
  report.codeBytes = machineCode.size();
  if (wants(Emit::object) && !writeText(".o", machineCode))
    return false;
  if (!linked)
    return true;
  // The linker reads the object under a name of its own.
  PendingFile object(options.output + ".link.o");
  std::string message;
  if (!object.write(machineCode, message))
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
  if (!readTargets())
    return false;
  if (variants.size() > 1 && options.startFrom > Phase::dispatch)
    return fail("a program in phase '" + infoOf(options.startFrom).name.str() +
                "' is for one target CPU; name only that one");
  std::string message;
  info.name = options.name;
  info.metadata = options.metadata;

  for (const PhaseInfo &phase : allPhases()) {
    if (phase.phase == Phase::object || phase.phase > options.stopAfter)
      break;
    if (phase.phase < options.startFrom)
      continue;
    if (phase.phase == Phase::llvm && findMachineCode())
      continue;
    double done = 0.3 * static_cast<double>(phase.phase) / 7;
    if (!timed(phase.name, done, [&] { return runPhase(phase.phase); }))
      return false;
    if (phase.phase == options.stopAfter && wants(Emit::mlir) && !writeMlir())
      return false;
    // Weights need the expressions that this phase still has, and the code their build id.
    if (phase.phase == Phase::buffers && options.stopAfter == Phase::object &&
        !timed("weights", 0.3, [&] { return writeWeights(); }))
      return false;
    if (phase.phase == Phase::buffers && options.stopAfter > Phase::buffers)
      for (const Variant &variant : variants)
        dropWeightExpressions(variant.module);
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
  report.state = info.state;
  for (const Variant &variant : variants)
    report.targets.push_back(variant.target.name);
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
