//===- CompiledKernel.cpp - a program compiled and loaded ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/CompiledKernel.h"

#include "codegen/pipeline/Compile.h"
#include "runtime/Model.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <atomic>
#include <cstring>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;
using interpreter::Tensor;

namespace {

/// A folder that is gone afterwards.
class TemporaryFolder {
public:
  TemporaryFolder() {
    if (llvm::sys::fs::createUniqueDirectory("nacre-kernel-test", path))
      llvm::report_fatal_error("cannot make a temporary folder");
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }

  SmallString<128> path;
};

} // namespace

/// What every kernel is loaded into.
static llvm::orc::LLJIT &linker() {
  static std::unique_ptr<llvm::orc::LLJIT> instance = llvm::cantFail(
      llvm::orc::LLJITBuilder().setPlatformSetUp(llvm::orc::setUpInactivePlatform).create());
  return *instance;
}

std::string CompiledKernel::load(const std::string &path, StringRef name) {
  auto object = llvm::MemoryBuffer::getFile(path + ".o");
  if (!object)
    return "no object: " + object.getError().message();
  static std::atomic<int> number = 0;
  llvm::orc::LLJIT &jit = linker();
  library = &llvm::cantFail(jit.createJITDylib("kernel" + std::to_string(number++)));
  // libc and libm are the process's; of the runtime, an archive, nothing is exported.
  library->addGenerator(
      llvm::cantFail(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
          jit.getDataLayout().getGlobalPrefix())));
  llvm::orc::SymbolMap runtime;
  auto define = [&](StringRef symbol, auto *address) {
    runtime[jit.mangleAndIntern(symbol)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                                            llvm::JITSymbolFlags::Exported};
  };
  define("nacre_shares", &nacre_shares);
  define("nacre_next_share", &nacre_next_share);
  define("nacre_decide", &nacre_decide);
  define("nacre_open", &nacre_open);
  define("nacre_close", &nacre_close);
  define("nacre_new_state", &nacre_new_state);
  define("nacre_run_with", &nacre_run_with);
  define("nacre_run", &nacre_run);
  define("nacre_arena_size", &nacre_arena_size);
  llvm::cantFail(library->define(llvm::orc::absoluteSymbols(std::move(runtime))));
  if (llvm::Error error = jit.addObjectFile(*library, std::move(*object)))
    return toString(std::move(error));
  auto found = jit.lookup(*library, (name + "_artifact").str());
  if (!found)
    return toString(found.takeError());
  artifact = found->toPtr<const nacre_artifact *>();
  return "";
}

std::unique_ptr<CompiledKernel> CompiledKernel::create(ModuleOp module,
                                                       object::WeightSource weights, StringRef cpu,
                                                       std::string &error) {
  TemporaryFolder folder;
  CompileOptions options;
  options.name = "kernel";
  options.output = (folder.path + "/kernel").str();
  options.emit = {Emit::object, Emit::weights};
  options.targets = {cpu.str()};
  std::string messages;
  ScopedDiagnosticHandler collect(module.getContext(), [&](Diagnostic &diagnostic) {
    messages += "\n" + diagnostic.str();
    return success();
  });
  auto compiled = compile(module, std::move(weights), options);
  if (auto *failed = std::get_if<CompileError>(&compiled)) {
    error = failed->message + messages;
    return nullptr;
  }
  std::unique_ptr<CompiledKernel> kernel(new CompiledKernel());
  error = kernel->load(options.output, options.name);
  if (!error.empty())
    return nullptr;
  const char *file = kernel->artifact->weights_size ? "/kernel.weights" : nullptr;
  std::string path = file ? (folder.path + file).str() : "";
  nacre_status status = nacre_open(kernel->artifact, file ? path.c_str() : nullptr, &kernel->model);
  // Sizes here are small, and every thread is to have its part in them.
  kernel->model->splitAll = true;
  if (status == NACRE_OK)
    return kernel;
  if (status != NACRE_ERROR_CPU)
    error = nacre_message(kernel->model);
  return nullptr;
}

CompiledKernel::~CompiledKernel() {
  nacre_close(model);
  if (library)
    llvm::cantFail(linker().getExecutionSession().removeJITDylib(*library));
}

std::vector<std::string> CompiledKernel::variables() const {
  const nacre_entry &entry = artifact->entries[0];
  return {entry.dim_names, entry.dim_names + entry.num_dims};
}

std::string CompiledKernel::refusal(ArrayRef<int64_t> dims) const {
  const nacre_entry &entry = artifact->entries[0];
  const char *reason = entry.check ? entry.check(dims.data()) : nullptr;
  return reason ? reason : "";
}

std::string CompiledKernel::run(ArrayRef<Tensor> inputs, MutableArrayRef<Tensor> outputs,
                                ArrayRef<int64_t> dims, int threads, Edge edge, char fill,
                                int calls) {
  size_t arenaBytes = nacre_arena_size(artifact, 0, dims.data());
  if (arenaBytes == SIZE_MAX)
    return "the sizes are refused: " + refusal(dims);
  SmallVector<int64_t> shapes, wanted;
  for (const Tensor &tensor : llvm::concat<const Tensor>(inputs, outputs))
    llvm::append_range(wanted, tensor.getShape());
  shapes.resize(wanted.size());
  if (nacre_shapes(artifact, 0, dims.data(), shapes.data()) != NACRE_OK || shapes != wanted)
    return "the shapes differ";

  std::vector<GuardedMemory> memory;
  std::vector<void *> buffers;
  memory.reserve(inputs.size() + outputs.size());
  for (const Tensor &input : inputs) {
    GuardedMemory &place = memory.emplace_back(input.getBytes().size(), edge);
    llvm::copy(input.getBytes(), place.bytes().begin());
    place.makeReadOnly();
    buffers.push_back(place.bytes().data());
  }
  for (Tensor &output : outputs) {
    GuardedMemory &place = memory.emplace_back(output.getBytes().size(), edge);
    llvm::fill(place.bytes(), fill);
    buffers.push_back(place.bytes().data());
  }
  GuardedMemory arena(arenaBytes, edge, NACRE_ALIGNMENT);
  llvm::fill(arena.bytes(), fill);
  GuardedMemory weights(artifact->weights_size, edge, NACRE_ALIGNMENT);
  if (artifact->weights_size)
    std::memcpy(weights.bytes().data(), model->weights, artifact->weights_size);
  weights.makeReadOnly();

  const void *mapped = std::exchange(model->weights, weights.bytes().data());
  nacre_status status = nacre_set_threads(model, threads);
  nacre_state *state = nullptr;
  if (status == NACRE_OK && artifact->num_states) {
    std::vector<std::string> names = variables();
    std::vector<int64_t> stateDims;
    for (uint32_t i = 0; i < artifact->num_state_dims; ++i)
      stateDims.push_back(dims[llvm::find(names, artifact->state_dim_names[i]) - names.begin()]);
    status = nacre_new_state(model, stateDims.data(), &state);
  }
  for (int call = 0; call < calls && status == NACRE_OK; ++call)
    status = nacre_run_with(model, 0, state, buffers.data(), dims.data(), arena.bytes().data());
  nacre_free_state(state);
  model->weights = mapped;
  if (status != NACRE_OK)
    return std::string("nacre_run: ") + nacre_message(model);
  for (auto [i, output] : llvm::enumerate(outputs))
    llvm::copy(memory[inputs.size() + i].bytes(), output.getMutableBytes().begin());
  return "";
}
