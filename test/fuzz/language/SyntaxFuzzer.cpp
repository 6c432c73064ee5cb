//===- SyntaxFuzzer.cpp - any text is a model file --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes go through the lexer, the parser and the printing of diagnostics.
// Text that parses is formatted; its layout must parse and be its own layout.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Formatter.h"
#include "frontend/language/Parser.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace nacre;

static void fail(const char *what, llvm::StringRef text) {
  llvm::errs() << what << ":\n" << text << "\n";
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  SourceMap sources;
  FileId file =
      sources.addFile("fuzz.ncr", std::string(reinterpret_cast<const char *>(data), size));
  DiagnosticEngine diags(sources);
  std::optional<std::string> once = formatFile(file, diags);
  std::string printed;
  llvm::raw_string_ostream out(printed);
  renderDiagnostics(out, diags);
  if (once.has_value() == diags.hasErrors())
    fail("formatted in spite of errors, or not at all", printed);
  if (!once)
    return 0;

  DiagnosticEngine again(sources);
  std::optional<std::string> twice = formatFile(sources.addFile("once.ncr", *once), again);
  if (!twice) {
    renderDiagnostics(llvm::errs(), again);
    fail("the layout does not parse", *once);
  }
  if (*twice != *once) {
    llvm::errs() << *twice << "----\n";
    fail("the layout is not its own layout", *once);
  }
  return 0;
}
