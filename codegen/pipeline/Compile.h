//===- Compile.h - from a network to an artifact ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_PIPELINE_COMPILE_H
#define NACRE_CODEGEN_PIPELINE_COMPILE_H

#include "codegen/object/ArtifactData.h"
#include "codegen/object/WeightBuilder.h"
#include "codegen/pipeline/Phases.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace nacre {

/// Kinds of files that a compilation writes.
enum class Emit { object, header, weights, sharedLibrary, program, assembly, llvmIr, mlir };

struct CompileOptions {
  /// The artifact's name, a C identifier: prefix of its functions.
  std::string name;
  /// Path of the files less their extensions.
  std::string output;
  std::set<Emit> emit = {Emit::object, Emit::header, Emit::weights};
  /// CPUs that the object has code for, as cpu::CpuTarget::get knows them; it is chosen where the
  /// program starts.
  std::vector<std::string> targets = {"native"};
  /// What linear layers may be computed in; nothing: in the types that the network says.
  std::optional<PrecisionChoice> precision;
  /// The module handed in is in this phase already.
  Phase startFrom = Phase::nn;
  /// The last phase to run; with Emit::mlir its program is written to `<output>.mlir`.
  Phase stopAfter = Phase::object;
  /// Writes the program after each phase to `<folder>/<number>-<phase>.mlir`; empty: nowhere.
  std::string dumpPhasesTo;
  /// Where object code is kept for the next compilation of the same program; empty: nowhere.
  std::string cacheFolder;
  /// libnacre_runtime.a, the folder of nacre/nacre.h, and the C file of a program's `main`; what
  /// linking needs.
  std::string runtimeArchive, includeFolder, programSource;
  /// A JSON object of the model's own, kept in the artifact.
  std::string metadata = "{}";
  /// Notes how long steps and their passes take.
  bool timeSteps = false;
  /// Told what is being done and how much of all is done, 0 to 1.
  std::function<void(llvm::StringRef what, double done)> progress = [](llvm::StringRef, double) {};
};

/// How long a step of a compilation took. Steps of depth 1 are parts of the one of depth 0 before
/// them.
struct StepTime {
  std::string name;
  int depth;
  double seconds;
};

struct CompileReport {
  std::vector<std::string> files;
  std::vector<object::EntrySignature> entries;
  object::StateSignature state;
  std::vector<std::string> targets; ///< names, as the artifact has them
  uint64_t weightsBytes = 0, codeBytes = 0;
  std::vector<StepTime> times;
};

/// What a failed compilation says. `internal` marks a fault of the compiler.
struct CompileError {
  std::string message;
  bool internal = false;
};

/// Compiles a module, in place, and writes the files that options ask for; each gets its name only
/// when it is whole. Diagnostics of passes go to the context's handler.
std::variant<CompileReport, CompileError>
compile(mlir::ModuleOp module, object::WeightSource weights, const CompileOptions &options);

/// Loads and registers all dialects and interfaces that the pipeline uses.
void loadPipelineDialects(mlir::MLIRContext &context);

} // namespace nacre

#endif
