//===- Analysis.h - all that is known of one file ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One text of one file, checked as `nacre check` does, with what editors ask
// about it. It never changes: a new text is a new Analysis.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_ANALYSIS_H
#define NACRE_FRONTEND_LANGUAGE_ANALYSIS_H

#include "frontend/language/Language.h"
#include "frontend/language/NameTable.h"

namespace nacre::language {

struct Analysis {
  using OpenFiles = std::function<const std::string *(llvm::StringRef)>;

  /// `openFiles` gives the texts of other files that are open, by path.
  Analysis(llvm::StringRef path, std::string text, const CompileOptions &options,
           OpenFiles openFiles);

  SourceMap sources;
  DiagnosticEngine diags;
  FileId file;
  ModuleTable modules;
  const Module *module;
  SourceIndex index;
  std::unique_ptr<NameTable> names;
};

} // namespace nacre::language

#endif
