//===- Compile.h - a model file through the compiler ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_COMPILE_H
#define NACRE_TOOLS_NACRE_COMPILE_H

#include "codegen/pipeline/Compile.h"
#include "tools/nacre/Session.h"

namespace nacre::tool {

/// A folder for files of this run alone, gone with the object.
class TemporaryFolder {
public:
  explicit TemporaryFolder(DiagnosticEngine &diags);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;

  /// Empty where it could not be made, which is then reported.
  llvm::StringRef path() const { return folder; }
  std::string file(llvm::StringRef name) const;

private:
  std::string folder;
};

/// The prefix of an artifact's C functions: `text` as a C identifier.
std::string identifierFrom(llvm::StringRef text);

/// What --precision names: nothing for f32, which models are written in, and for what is no
/// precision, which is then reported. `groupSize` is --group-size, 0 where it is not given.
std::optional<PrecisionChoice> readPrecision(llvm::StringRef name, int64_t groupSize,
                                             DiagnosticEngine &diags);

/// Runs the pipeline over a loaded model with what the session and the installation know filled
/// into the options. Faults of the user are reported; a fault of the compiler ends the program.
/// Nothing where there were faults.
std::optional<CompileReport> compileModel(Session &session, LoadedModel &model,
                                          const Installation &installation, CompileOptions options);

} // namespace nacre::tool

#endif
