//===- Main.cpp - the nacre command ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/diagnostics/Diagnostic.h"
#include "tools/nacre/Commands.h"
#include "tools/nacre/Crash.h"

#include "llvm/Support/raw_ostream.h"

using namespace nacre;
using namespace nacre::tool;

static int execute(const Answer &answer) {
  llvm::outs() << answer.text;
  return 0;
}

static int execute(const UsageFault &fault) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  Diagnostic &error = diags.errorAt(fault.place, fault.message);
  if (!fault.note.empty())
    error.note(fault.note);
  renderDiagnostics(llvm::errs(), diags, {.color = llvm::errs().has_colors()});
  return 1;
}

int main(int argc, char **argv) {
  installCrashHandler(argc, argv);
  return std::visit([](const auto &command) { return execute(command); },
                    readCommandLine(argc, argv));
}
