//===- SymbolStore.h - the symbols of a program's declarations --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_LANGUAGE_SYMBOLSTORE_H
#define NACRE_FRONTEND_LANGUAGE_SYMBOLSTORE_H

#include "frontend/language/NameTable.h"

#include "llvm/ADT/StringMap.h"

#include <deque>
#include <map>

namespace nacre::language {

/// Makes the Symbol of each declaration once, when it is first asked for.
class SymbolStore {
public:
  SymbolStore(const Module *module, const ModuleTable &modules, const SourceMap &sources)
      : module(module), modules(modules), sources(sources) {}

  /// Null for what has no name.
  const Symbol *of(const ast::Decl *decl);
  const Symbol *of(const ast::Param &param);
  const Symbol *of(const ast::LetFnStmt *let);
  const Symbol *ofFile(const Module *imported);
  const Symbol *variable(const ast::Ident &name, SourceRange whole);
  /// A dimension or element type that the arguments of a function bind.
  const Symbol *bound(Symbol::Kind kind, llvm::StringRef name, SourceRange range);
  /// A function or type that needs no import; null where there is none.
  const Symbol *builtin(llvm::StringRef name);
  /// The symbol that is declared at exactly this place, or null.
  const Symbol *at(SourceRange name);

  /// A name that `block` declares, or null.
  const Symbol *member(const ast::BlockDecl *block, llvm::StringRef name);
  std::vector<const Symbol *> members(const ast::BlockDecl *block);
  /// What calling a part of `block` runs, under the block's name; null where it has none.
  const Symbol *unnamed(const ast::BlockDecl *block);

  /// The names of imported files.
  std::vector<const Symbol *> imported();
  std::vector<const Symbol *> allBuiltins();
  llvm::StringRef fileStem(FileId file) const;

private:
  Symbol &make(Symbol::Kind kind, llvm::StringRef name, SourceRange range, SourceRange whole);
  void loadBuiltins();

  const Module *module;
  const ModuleTable &modules;
  const SourceMap &sources;
  std::deque<Symbol> symbols;
  std::map<std::pair<FileId, uint32_t>, const Symbol *> byPlace; ///< file and start of the name
  llvm::StringMap<const Symbol *> builtins;
  std::vector<const Symbol *> builtinOrder;
  std::map<const ast::FnDecl *, const Symbol *> unnamedFns;
};

} // namespace nacre::language

#endif
