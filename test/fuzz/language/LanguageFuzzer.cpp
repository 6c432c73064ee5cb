//===- LanguageFuzzer.cpp - any text through the whole front end *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes are a model file: they are checked, compiled to IR and reported on.
// Whatever they hold, the compiler neither crashes nor hangs nor blames itself,
// and what compiles without an error is IR that its verifier accepts.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Language.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  language::CompileOptions options;
  options.stdDirectory = NACRE_STD_DIRECTORY;
  options.maxSteps = 20'000;
  std::string text(reinterpret_cast<const char *>(data), size);

  SourceMap sources;
  DiagnosticEngine checked(sources);
  language::checkFile(sources.addFile("check.ncr", text), sources, checked, options);

  static mlir::MLIRContext *context = new mlir::MLIRContext(mlir::MLIRContext::Threading::DISABLED);
  DiagnosticEngine compiled(sources);
  language::CompileResult result = language::compileModel(
      *context, sources.addFile("compile.ncr", text), sources, compiled, options);

  std::string printed;
  llvm::raw_string_ostream out(printed);
  renderDiagnostics(out, checked);
  renderDiagnostics(out, compiled);
  bool isWrong = !result.internalError.empty() ||
                 static_cast<bool>(result.module) == compiled.hasErrors() ||
                 (result.module && mlir::failed(mlir::verify(*result.module)));
  if (isWrong) {
    llvm::errs() << result.internalError << "\n" << printed;
    std::abort();
  }
  return 0;
}
