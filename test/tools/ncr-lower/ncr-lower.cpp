//===- ncr-lower.cpp - the language front end alone, for tests ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the nn-phase IR of a model file, or with --check only its diagnostics.

#include "frontend/language/Language.h"

#include "llvm/Support/CommandLine.h"
#include <nlohmann/json.hpp>

#include <fstream>

namespace cl = llvm::cl;

static cl::opt<std::string> file(cl::Positional, cl::Required, cl::desc("<file.ncr>"));
static cl::opt<std::string> stdDirectory("std", cl::desc("folder of the standard library"));
static cl::opt<std::string> configFile("config", cl::desc("a config.json"));
static cl::opt<std::string> model("model", cl::desc("which model of the file"));
static cl::list<std::string> settings("set", cl::desc("name=value"));
static cl::opt<bool> checkOnly("check", cl::desc("only report diagnostics"));
static cl::opt<bool> locations("locations", cl::desc("print locations"));

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "Lowers a .ncr file to the nn dialect\n");

  nacre::SourceMap sources;
  nacre::DiagnosticEngine diags(sources);
  nacre::language::CompileOptions options;
  options.stdDirectory = stdDirectory;
  options.model = model;
  for (const std::string &setting : settings) {
    auto [name, value] = llvm::StringRef(setting).split('=');
    options.settings.emplace_back(name.str(), value.str());
  }
  nlohmann::json config;
  if (!configFile.empty()) {
    std::ifstream stream(configFile.getValue());
    config = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
    options.config = &config;
  }
  mlir::MLIRContext context;
  nacre::language::CompileResult result;
  if (checkOnly)
    nacre::language::checkFile(file.getValue(), sources, diags, options);
  else
    result = nacre::language::compileModel(context, file.getValue(), sources, diags, options);
  nacre::renderDiagnostics(llvm::errs(), diags);
  if (!result.internalError.empty()) {
    llvm::errs() << "internal compiler error: " << result.internalError << "\n";
    return 70;
  }
  if (diags.hasErrors())
    return 1;
  if (!checkOnly) {
    mlir::OpPrintingFlags flags;
    if (locations)
      flags.enableDebugInfo(true, true);
    result.module->print(llvm::outs(), flags);
  }
  return 0;
}
