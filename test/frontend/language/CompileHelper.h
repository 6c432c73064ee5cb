//===- CompileHelper.h - compiles text in tests -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_FRONTEND_LANGUAGE_COMPILEHELPER_H
#define NACRE_TEST_FRONTEND_LANGUAGE_COMPILEHELPER_H

#include "frontend/language/Language.h"

#include "llvm/Support/raw_ostream.h"

namespace nacre::test {

/// One compilation of a text that stands for the file "model.ncr".
struct Compilation {
  explicit Compilation(llvm::StringRef text, language::CompileOptions options = {})
      : diags(sources) {
    options.stdDirectory = NACRE_STD_DIRECTORY;
    FileId file = sources.addFile("model.ncr", text.str());
    result = language::compileModel(context, file, sources, diags, options);
  }

  /// The IR, or the diagnostics where there is none.
  std::string ir() {
    std::string text;
    llvm::raw_string_ostream out(text);
    if (!result.internalError.empty())
      out << "internal: " << result.internalError;
    else if (result.module)
      result.module->print(out);
    else
      renderDiagnostics(out, diags);
    return text;
  }

  std::string messages() {
    std::string text;
    llvm::raw_string_ostream out(text);
    RenderOptions options;
    options.maxErrors = 1000;
    renderDiagnostics(out, diags, options);
    if (!result.internalError.empty())
      out << "internal: " << result.internalError;
    return text;
  }

  SourceMap sources;
  DiagnosticEngine diags;
  mlir::MLIRContext context;
  language::CompileResult result;
};

/// The diagnostics of checking a text without compiling it.
inline std::string check(llvm::StringRef text) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  language::CompileOptions options;
  options.stdDirectory = NACRE_STD_DIRECTORY;
  FileId file = sources.addFile("model.ncr", text.str());
  language::checkFile(file, sources, diags, options);
  std::string message;
  llvm::raw_string_ostream out(message);
  RenderOptions render;
  render.maxErrors = 1000;
  renderDiagnostics(out, diags, render);
  return message;
}

} // namespace nacre::test

#endif
