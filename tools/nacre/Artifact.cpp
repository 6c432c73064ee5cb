//===- Artifact.cpp - a compiled model, loaded ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Artifact.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace nacre;
using namespace nacre::tool;

namespace {

constexpr llvm::StringLiteral symbolSuffix = "_artifact";

/// The dynamic symbols `NAME_artifact`: the file may have another name than the model.
llvm::Expected<std::vector<std::string>> findArtifactSymbols(llvm::StringRef path) {
  auto binary = llvm::object::ObjectFile::createObjectFile(path);
  if (!binary)
    return binary.takeError();
  auto *elf = llvm::dyn_cast<llvm::object::ELFObjectFileBase>(binary->getBinary());
  if (!elf)
    return llvm::createStringError("not an ELF file");
  std::vector<std::string> names;
  for (const llvm::object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // nacre_model_artifact is a function of the runtime.
    if (name->ends_with(symbolSuffix) && symbol.getELFType() == llvm::ELF::STT_OBJECT)
      names.push_back(name->str());
  }
  return names;
}

std::optional<StorageType> storageType(int32_t elementType) {
  switch (elementType) {
  case NACRE_F32:
    return StorageType::F32;
  case NACRE_F16:
    return StorageType::F16;
  case NACRE_BF16:
    return StorageType::BF16;
  case NACRE_F64:
    return StorageType::F64;
  case NACRE_F8E4M3:
    return StorageType::F8E4M3;
  case NACRE_F8E5M2:
    return StorageType::F8E5M2;
  case NACRE_I64:
    return StorageType::I64;
  case NACRE_I32:
    return StorageType::I32;
  case NACRE_I16:
    return StorageType::I16;
  case NACRE_I8:
  case NACRE_I4: // as bytes
    return StorageType::I8;
  case NACRE_U8:
    return StorageType::U8;
  case NACRE_BOOL:
    return StorageType::Bool;
  default:
    return std::nullopt;
  }
}

PortSize portSize(int64_t dim) {
  if (dim >= 0)
    return {.number = dim, .variable = std::nullopt};
  if (dim == NACRE_DIM_FORMULA || NACRE_IS_DIM_LENGTH(dim))
    return {};
  return {.number = std::nullopt, .variable = static_cast<unsigned>(-1 - dim)};
}

} // namespace

Artifact::~Artifact() {
  if (functions.close)
    functions.close(model);
  // The library stays loaded: what was read from it is strings inside of it.
}

bool Artifact::load(llvm::StringRef file, DiagnosticEngine &diags) {
  path = file.str();
  auto symbols = findArtifactSymbols(file);
  if (!symbols) {
    diags.errorAt(file, "is no compiled model: " + llvm::toString(symbols.takeError()))
        .note("make one with 'nacre compile MODEL --emit=so'");
    return false;
  }
  if (symbols->size() != 1) {
    diags
        .errorAt(file, symbols->empty() ? "is a library, but holds no compiled model"
                                        : "holds more than one compiled model")
        .note("make one with 'nacre compile MODEL --emit=so'");
    return false;
  }
  llvm::SmallString<256> absolute(file);
  llvm::sys::fs::make_absolute(absolute);
  library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    diags.errorAt(file, llvm::Twine("cannot be loaded: ") + dlerror())
        .note("compile the model again on this machine");
    return false;
  }
  bool whole = true;
  auto find = [&](const char *name, auto &function) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
    whole &= function != nullptr;
  };
  find("nacre_open_for", functions.open);
  find("nacre_model_target", functions.target);
  find("nacre_close", functions.close);
  find("nacre_message", functions.message);
  find("nacre_status_text", functions.statusText);
  find("nacre_set_threads", functions.setThreads);
  find("nacre_arena_size", functions.arenaSize);
  find("nacre_shapes", functions.shapes);
  find("nacre_run", functions.run);
  // Artifacts of other versions may lack these; nacre_open says what is wrong with them.
  auto findNewer = [&](const char *name, auto &function) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
  };
  findNewer("nacre_run_with", functions.runWith);
  findNewer("nacre_run_profiled", functions.runProfiled);
  findNewer("nacre_new_state", functions.newState);
  findNewer("nacre_free_state", functions.freeState);
  findNewer("nacre_state_size", functions.stateSize);
  findNewer("nacre_save_state", functions.saveState);
  findNewer("nacre_load_state", functions.loadState);
  info = static_cast<const nacre_artifact *>(dlsym(library, symbols->front().c_str()));
  if (!whole || !info) {
    functions.close = nullptr;
    diags.errorAt(file, "holds a model, but not the runtime that runs it")
        .note("make it with 'nacre compile MODEL --emit=so'");
    return false;
  }
  return true;
}

void Artifact::report(nacre_status status, DiagnosticEngine &diags) {
  llvm::StringRef message = functions.message(model);
  diags.errorAt(path, message.empty() ? llvm::StringRef(functions.statusText(status)) : message);
}

bool Artifact::describeEntries(DiagnosticEngine &diags) {
  for (const nacre_entry &entry : llvm::ArrayRef(info->entries, info->num_entries)) {
    Signature &signature = signatures.emplace_back();
    signature.name = entry.name;
    signature.usesState = entry.uses_states != 0;
    for (uint32_t i = 0; i < info->num_state_dims && entry.uses_states; ++i) {
      signature.stateVariables.emplace_back(info->state_dim_names[i]);
      signature.stateSizes.push_back(portSize(entry.state_dims[i]));
    }
    for (uint32_t i = 0; i < entry.num_dims; ++i)
      signature.variables.emplace_back(entry.dim_names[i]);
    for (uint32_t i = 0; i < entry.num_inputs + entry.num_outputs; ++i) {
      const nacre_tensor_info &tensor = entry.tensors[i];
      Port port{.name = tensor.name, .type = tensor.type, .element = {}, .shape = {}};
      std::optional<StorageType> element = storageType(tensor.element_type);
      if (!element) {
        diags
            .errorAt(path, "has a tensor of a type that this 'nacre' does not know, " +
                               llvm::Twine(tensor.type))
            .note("it was compiled by a newer version");
        return false;
      }
      port.element = *element;
      for (int32_t d = 0; d < tensor.rank; ++d) {
        port.shape.push_back(portSize(tensor.dims[d]));
        if (NACRE_IS_DIM_LENGTH(tensor.dims[d])) {
          port.lengthAxis = static_cast<unsigned>(d);
          port.lengthOutput = static_cast<unsigned>(tensor.dims[d] - NACRE_DIM_LENGTH(0));
        }
      }
      (i < entry.num_inputs ? signature.inputs : signature.outputs).push_back(std::move(port));
    }
  }
  return true;
}

std::unique_ptr<Artifact> Artifact::open(llvm::StringRef path, llvm::StringRef weights,
                                         llvm::StringRef targetCpu, DiagnosticEngine &diags) {
  std::unique_ptr<Artifact> artifact(new Artifact);
  if (!artifact->load(path, diags))
    return nullptr;
  llvm::SmallString<256> beside(path);
  llvm::sys::path::replace_extension(beside, "weights");
  const std::string file = weights.empty() ? std::string(beside) : weights.str();
  const nacre_artifact *info = artifact->info;
  // Before nacre_open has looked at the artifact nothing else of it can be trusted.
  const bool known = info->magic == NACRE_ARTIFACT_MAGIC && info->abi_version == NACRE_ABI_VERSION;
  const bool wanted = known && info->weights_size > 0;
  const std::string target = targetCpu.str();
  nacre_status status =
      artifact->functions.open(info, wanted ? file.c_str() : nullptr,
                               target.empty() ? nullptr : target.c_str(), &artifact->model);
  if (status != NACRE_OK) {
    llvm::StringRef message = artifact->functions.message(artifact->model);
    Diagnostic &error = diags.errorAt(
        wanted && status != NACRE_ERROR_CPU && status != NACRE_ERROR_ARGUMENT ? file : path.str(),
        message.empty() ? llvm::StringRef(artifact->functions.statusText(status)) : message);
    if (status == NACRE_ERROR_FILE && weights.empty())
      error.note("the weights file is looked for beside the .so; --weights names another");
    else if (status == NACRE_ERROR_VERSION || status == NACRE_ERROR_WEIGHTS_MISMATCH)
      error.note("compile the model again: its .so and its .weights are made together");
    return nullptr;
  }
  return artifact->describeEntries(diags) ? std::move(artifact) : nullptr;
}

llvm::StringRef Artifact::cpuFeatures() const {
  for (const nacre_target &target : llvm::ArrayRef(info->targets, info->num_targets))
    if (target.name == targetCpu())
      return target.cpu_features;
  return "";
}

bool Artifact::setThreads(int threads, DiagnosticEngine &diags) {
  nacre_status status = functions.setThreads(model, threads);
  if (status != NACRE_OK)
    report(status, diags);
  return status == NACRE_OK;
}

std::unique_ptr<Call> Artifact::prepare(size_t entry, PreparedInputs inputs,
                                        llvm::StringRef command, DiagnosticEngine &diags) {
  const auto index = static_cast<uint32_t>(entry);
  const Signature &signature = signatures[entry];
  size_t ranks = 0;
  for (const auto *ports : {&signature.inputs, &signature.outputs})
    for (const Port &port : *ports)
      ranks += port.shape.size();
  std::vector<int64_t> shapes(ranks + 1);
  const int64_t *sizes = inputs.sizes.data();
  if (nacre_status status = functions.shapes(info, index, sizes, shapes.data());
      status != NACRE_OK) {
    // nacre_shapes has no model to leave its reason with; nacre_run has, and touches nothing.
    std::vector<void *> none(signature.inputs.size() + signature.outputs.size());
    status = functions.run(model, index, none.data(), sizes, nullptr);
    report(status, diags);
    return nullptr;
  }

  std::unique_ptr<Call> call(new Call(*this, index));
  size_t at = 0;
  for (auto [port, array] : llvm::zip_equal(signature.inputs, inputs.arrays)) {
    llvm::ArrayRef<int64_t> shape(shapes.data() + at, port.shape.size());
    if (shape != llvm::ArrayRef<int64_t>(array.shape)) {
      diags.errorAt(command, "input '" + port.name + "' is " +
                                 describeTensor(array.type, array.shape) + ", and must be " +
                                 describeTensor(port.element, shape) +
                                 " with these sizes of the dimension variables");
      return nullptr;
    }
    at += port.shape.size();
    call->buffers.push_back(array.data.data());
  }
  // Pointers into them are kept, and a vector that grows may copy what it holds.
  call->results.reserve(signature.outputs.size());
  for (const Port &port : signature.outputs) {
    NpyArray &output = call->results.emplace_back();
    output.type = port.element;
    output.shape.assign(shapes.begin() + at, shapes.begin() + at + port.shape.size());
    at += port.shape.size();
    std::optional<uint64_t> bytes = tensorBytes(output.type, output.shape);
    if (!bytes || *bytes > (uint64_t(1) << 40)) {
      diags
          .errorAt(command, "output '" + port.name + "' would be " +
                                describeTensor(output.type, output.shape))
          .note("give smaller sizes");
      return nullptr;
    }
    output.data.resize(*bytes);
    call->buffers.push_back(output.data.data());
  }

  call->bytes = functions.arenaSize(info, index, sizes);
  if (call->bytes > 0 && call->bytes != SIZE_MAX) {
    const size_t rounded = (call->bytes + NACRE_ALIGNMENT - 1) / NACRE_ALIGNMENT * NACRE_ALIGNMENT;
    call->arena.reset(std::aligned_alloc(NACRE_ALIGNMENT, rounded));
    if (!call->arena) {
      diags
          .errorAt(command,
                   "there is no memory for an arena of " + llvm::Twine(call->bytes) + " bytes")
          .note("give smaller sizes");
      return nullptr;
    }
  }
  call->inputs = std::move(inputs);
  if (signature.usesState && !makeState(*call, diags))
    return nullptr;
  return call;
}

bool Artifact::makeState(Call &call, DiagnosticEngine &diags) {
  const int64_t *sizes = call.inputs.stateSizes.data();
  call.stateSize = functions.stateSize(info, sizes);
  nacre_status status = functions.newState(model, sizes, &call.state);
  if (status != NACRE_OK)
    report(status, diags);
  return status == NACRE_OK;
}

Call::~Call() {
  if (state)
    artifact.functions.freeState(state);
}

/// Reports what came of loading or saving a state's file, with a way out where it failed.
bool Call::reportFile(nacre_status status, const std::string &path, const char *wayOut,
                      DiagnosticEngine &diags) const {
  if (status == NACRE_OK)
    return true;
  // The message begins with the file's name, as a diagnostic does.
  llvm::StringRef message = artifact.functions.message(artifact.model);
  message.consume_front(path + ": ");
  diags.errorAt(path, message).note(wayOut);
  return false;
}

bool Call::loadState(const std::string &path, DiagnosticEngine &diags) {
  nacre_status status = state ? artifact.functions.loadState(state, path.c_str()) : NACRE_OK;
  return reportFile(status, path,
                    "a state is of the weights and the compiler that made it; without the file the "
                    "model begins with zeros",
                    diags);
}

bool Call::saveState(const std::string &path, DiagnosticEngine &diags) {
  nacre_status status = state ? artifact.functions.saveState(state, path.c_str()) : NACRE_OK;
  return reportFile(status, path, "name a file in a folder that can be written to", diags);
}

bool Call::run(DiagnosticEngine &diags) {
  nacre_status status =
      state ? artifact.functions.runWith(artifact.model, entry, state, buffers.data(),
                                         inputs.sizes.data(), arena.get())
            : artifact.functions.run(artifact.model, entry, buffers.data(), inputs.sizes.data(),
                                     arena.get());
  if (status != NACRE_OK)
    artifact.report(status, diags);
  return status == NACRE_OK;
}

bool Call::profile(llvm::MutableArrayRef<nacre_kernel_time> times, size_t &count,
                   DiagnosticEngine &diags) {
  nacre_status status = artifact.functions.runProfiled(artifact.model, entry, state, buffers.data(),
                                                       inputs.sizes.data(), arena.get(),
                                                       times.data(), times.size(), &count);
  if (status != NACRE_OK)
    artifact.report(status, diags);
  return status == NACRE_OK;
}
