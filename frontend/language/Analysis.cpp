//===- Analysis.cpp - all that is known of one file -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Analysis.h"

#include "frontend/language/Elaborator.h"

using namespace nacre;
using namespace nacre::language;

Analysis::Analysis(llvm::StringRef path, std::string text, const CompileOptions &options,
                   OpenFiles openFiles)
    : diags(sources), file(sources.addFile(path, std::move(text))),
      modules(sources, diags, options.stdDirectory), index(file) {
  modules.setOpenFiles(std::move(openFiles));
  module = modules.load(file);
  {
    Elaborator elaborator(sources, diags, modules, options);
    elaborator.setIndex(&index);
    checkModule(module, elaborator);
  }
  names = std::make_unique<NameTable>(module, modules, sources, index);
}
