//===- Session.h - what the subcommands share -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_SESSION_H
#define NACRE_TOOLS_NACRE_SESSION_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/language/Language.h"
#include "frontend/weights/Binding.h"
#include "frontend/weights/WeightTable.h"
#include "tools/nacre/Arguments.h"
#include "tools/nacre/Installation.h"
#include "tools/nacre/Progress.h"

#include "mlir/IR/MLIRContext.h"

#include "llvm/ADT/StringSet.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace nacre::tool {

/// One run of the command: its sources, its diagnostics, its MLIR context, its progress line.
class Session {
public:
  Session();

  SourceMap sources;
  DiagnosticEngine diags{sources};
  mlir::MLIRContext context;
  Progress progress;
  /// What passes have warned of: a model that is compiled twice says it once.
  llvm::StringSet<> warned;

  /// Prints all diagnostics to standard error. The exit status: 1 where there are errors, else 0.
  int finish();
};

/// A model file that was read with the parameters and the weights of the command line.
struct LoadedModel {
  language::CompileResult language;
  std::unique_ptr<WeightTable> weights; ///< null where none were given
  /// By path in the model; null for one that the file lacks and the model initialises.
  llvm::StringMap<const Weight *> bound;
};

/// Reads a source file, and keeps its text for a report. `noFile` where it cannot be read, which is
/// then reported.
FileId loadSource(Session &session, llvm::StringRef path);

/// Reads and checks a model, and binds its weights where there are some. Reports all that is wrong;
/// the result is empty where an error was found.
std::optional<LoadedModel> loadModel(Session &session, const ModelArguments &arguments,
                                     const Installation &installation);

/// True where the model's weights are there, or it has none; otherwise an error that names `place`.
bool requireWeights(const LoadedModel &model, llvm::StringRef place, DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
