//===- Language.h - from a .ncr file to the nn dialect ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The door of the language front end. A model file is parsed, checked for all
// sizes, and lowered to one function per entry. All faults of one run are
// reported to the DiagnosticEngine; nothing throws and nothing exits.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_LANGUAGE_H
#define NACRE_FRONTEND_LANGUAGE_LANGUAGE_H

#include "frontend/diagnostics/Diagnostic.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::language {

/// What a compilation can be told from outside the model file.
struct CompileOptions {
  /// Where `import std.x` finds `x.ncr`. Other imports are looked up beside
  /// the importing file.
  std::string stdDirectory;
  /// Answers `config("key", ...)`: the parsed config.json, an object. May be null.
  const nlohmann::json *config = nullptr;
  /// Parameters of the model given by hand (`--set dim=64`), stronger than
  /// `config` and defaults: name and value as text.
  std::vector<std::pair<std::string, std::string>> settings;
  /// Which model of the file; empty where it has one.
  std::string model;
  /// Evaluated expressions before elaboration is given up. Bounds the time
  /// that an untrusted file can take.
  uint64_t maxSteps = 5'000'000;
};

/// A part of a model, or the model itself, as `nacre inspect` shows it.
struct PartSummary {
  std::string path;  ///< "h.0.attn"; empty for the model
  std::string block; ///< "SelfAttention"
  std::string doc;
  std::vector<PartSummary> parts;
};

struct WeightSummary {
  std::string path;
  std::string source; ///< its name in the weight file
  std::string dtype;
  std::vector<int64_t> shape;
  std::string initial; ///< "zeros", "normal(0.02)", or empty
  bool used = false;   ///< by some entry
};

/// A tensor that goes into or comes out of an entry.
struct PortSummary {
  std::string name;
  std::string dtype;
  std::vector<std::string> shape; ///< "B", "2*S", "768"
};

struct EntrySummary {
  std::string name;
  std::string doc;
  std::vector<PortSummary> arguments;
  std::vector<PortSummary> results;
  /// What the sizes must fulfil besides being positive: "S <= 1024".
  std::vector<std::string> requirements;
};

struct ParameterSummary {
  std::string name;
  std::string type;
  std::string value;
  std::string doc;
};

struct ModelSummary {
  std::string name;
  std::string doc;
  std::vector<ParameterSummary> parameters;
  PartSummary root;
  std::vector<WeightSummary> weights; ///< in the order of their declaration
  std::vector<EntrySummary> entries;
};

/// What a compilation gives. `module` is null where `diags` has errors.
struct CompileResult {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelSummary summary;
  /// A broken invariant of this compiler, in its own words; empty where there is none.
  std::string internalError;
};

/// Loads the dialects that compileModel makes.
void loadDialects(mlir::MLIRContext &context);

/// Compiles the model of the file at `path`. Sources are kept in `sources`,
/// which `diags` must refer to and which must outlive both.
CompileResult compileModel(mlir::MLIRContext &context, llvm::StringRef path, SourceMap &sources,
                           DiagnosticEngine &diags, const CompileOptions &options = {});

/// The same for a file that is in `sources` already.
CompileResult compileModel(mlir::MLIRContext &context, FileId file, SourceMap &sources,
                           DiagnosticEngine &diags, const CompileOptions &options = {});

/// Checks a file without making IR: its models with the values they have, its
/// other blocks and functions for all values. Parameters of a model that have
/// no value stay symbolic.
void checkFile(llvm::StringRef path, SourceMap &sources, DiagnosticEngine &diags,
               const CompileOptions &options = {});
void checkFile(FileId file, SourceMap &sources, DiagnosticEngine &diags,
               const CompileOptions &options = {});

class Elaborator;
struct Module;
/// The work of checkFile, for a file whose program is loaded.
void checkModule(const Module *module, Elaborator &elaborator);

} // namespace nacre::language

#endif
