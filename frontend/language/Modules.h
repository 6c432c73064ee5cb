//===- Modules.h - the files of a program -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_LANGUAGE_MODULES_H
#define NACRE_FRONTEND_LANGUAGE_MODULES_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/language/AST.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <deque>
#include <functional>
#include <string>

namespace nacre::language {

/// One file: its declarations, and the files it imports.
struct Module {
  FileId file = noFile;
  const ast::SourceFile *tree = nullptr;
  llvm::MapVector<llvm::StringRef, const ast::Decl *> decls;
  llvm::SmallVector<const Module *, 4> imports;
};

/// A declaration and the file it stands in.
struct Found {
  const ast::Decl *decl = nullptr;
  const Module *module = nullptr;
};

class ModuleTable {
public:
  ModuleTable(SourceMap &sources, DiagnosticEngine &diags, std::string stdDirectory)
      : sources(sources), diags(diags), stdDirectory(std::move(stdDirectory)) {}

  /// Where files that are open in an editor are looked up, by path, before the disk: their text, or
  /// null.
  void setOpenFiles(std::function<const std::string *(llvm::StringRef)> find) {
    openFiles = std::move(find);
  }

  /// Parses a file and all that it imports. Faults are reported; what could be
  /// read is there.
  const Module *load(FileId file);

  /// A top-level name as `module` sees it: its own, else one of a file that it
  /// imports, directly or not. `decl` is null where there is none.
  Found find(const Module *module, llvm::StringRef name) const;
  /// All names that `module` sees, its own first.
  void collectNames(const Module *module, llvm::SmallVectorImpl<llvm::StringRef> &names) const;

  /// The import that would make `name` known, such as "std.linear"; empty where
  /// the standard library has no such name.
  std::string importFor(llvm::StringRef name) const;
  /// The names that `import std.` may be followed by.
  llvm::SmallVector<std::string> stdNames() const;

private:
  void declare(Module &module);
  const Module *import(const Module &from, const ast::ImportDecl *decl);
  /// `module` and all that it sees, nearest first.
  llvm::SmallVector<const Module *> visible(const Module *module) const;

  SourceMap &sources;
  DiagnosticEngine &diags;
  std::string stdDirectory;
  std::function<const std::string *(llvm::StringRef)> openFiles;
  ast::AstContext context;
  std::deque<Module> modules;
  llvm::StringMap<Module *> byPath;
};

} // namespace nacre::language

#endif
