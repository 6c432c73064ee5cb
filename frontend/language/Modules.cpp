//===- Modules.cpp - the files of a program ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Modules.h"

#include "frontend/language/Parser.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

namespace path = llvm::sys::path;

/// A program of more files is not one that someone wrote.
static constexpr size_t maxModules = 1000;
/// Larger files of the library are not searched for suggestions.
static constexpr size_t maxLibraryBytes = 1 << 20;

const Module *ModuleTable::load(FileId file) {
  Module &module = modules.emplace_back();
  module.file = file;
  byPath[sources.name(file)] = &module;
  module.tree = parseFile(file, context, diags);
  declare(module);
  for (const ast::ImportDecl *decl : module.tree->imports)
    if (const Module *imported = import(module, decl))
      module.imports.push_back(imported);
  return &module;
}

void ModuleTable::declare(Module &module) {
  for (const ast::Decl *decl : module.tree->decls) {
    if (decl->name.empty())
      continue;
    auto [previous, isNew] = module.decls.insert({decl->name.text, decl});
    if (!isNew)
      diags.error(decl->name.range, "'" + decl->name.text + "' is declared twice")
          .note(previous->second->name.range, "first declared");
  }
}

llvm::SmallVector<std::string> ModuleTable::stdNames() const {
  llvm::SmallVector<std::string> names;
  std::error_code status;
  for (llvm::sys::fs::directory_iterator it(stdDirectory, status), end; it != end && !status;
       it.increment(status))
    if (path::extension(it->path()) == ".ncr")
      names.push_back(path::stem(it->path()).str());
  llvm::sort(names);
  return names;
}

const Module *ModuleTable::import(const Module &from, const ast::ImportDecl *decl) {
  bool isStd = decl->path.front().text == "std";
  llvm::SmallString<256> file;
  file = isStd ? StringRef(stdDirectory) : path::parent_path(sources.name(from.file));
  for (const ast::Ident &segment : isStd ? decl->path.drop_front() : decl->path) {
    if (segment.empty())
      return nullptr;
    path::append(file, segment.text);
  }
  if (isStd && decl->path.size() == 1) {
    diags.error(decl->pathRange, "'std' is a folder; name one of its files")
        .note("for example 'import std.transformer'");
    return nullptr;
  }
  file += ".ncr";
  auto known = byPath.find(file);
  if (known != byPath.end())
    return known->second;
  if (modules.size() >= maxModules) {
    diags.error(decl->pathRange,
                "this program has more than " + llvm::Twine(maxModules) + " files");
    return nullptr;
  }
  if (const std::string *open = openFiles ? openFiles(file) : nullptr)
    return load(sources.addFile(file, *open));
  if (!llvm::sys::fs::exists(file)) {
    Diagnostic &diag =
        diags.error(decl->pathRange, "cannot find '" + sources.text(decl->pathRange) + "'");
    if (isStd) {
      llvm::SmallVector<std::string> names = stdNames();
      llvm::SmallVector<StringRef> candidates(names.begin(), names.end());
      diag.didYouMean(decl->path.back().range, nearestName(decl->path.back().text, candidates));
      if (names.empty())
        diag.note("the standard library is not installed where this compiler looks for it");
    } else {
      diag.note("looked for '" + llvm::Twine(file) + "'");
    }
    return nullptr;
  }
  std::string message;
  FileId id = sources.loadFile(file, message);
  if (id == noFile) {
    diags.error(decl->pathRange, message);
    return nullptr;
  }
  return load(id);
}

llvm::SmallVector<const Module *> ModuleTable::visible(const Module *module) const {
  llvm::SetVector<const Module *> seen;
  seen.insert(module);
  for (size_t i = 0; i < seen.size(); ++i)
    for (const Module *imported : seen[i]->imports)
      seen.insert(imported);
  return seen.takeVector();
}

Found ModuleTable::find(const Module *module, StringRef name) const {
  for (const Module *seen : visible(module)) {
    auto found = seen->decls.find(name);
    if (found != seen->decls.end())
      return {found->second, seen};
  }
  return {};
}

void ModuleTable::collectNames(const Module *module,
                               llvm::SmallVectorImpl<StringRef> &names) const {
  for (const Module *seen : visible(module))
    for (const auto &[name, decl] : seen->decls)
      names.push_back(name);
}

std::string ModuleTable::importFor(StringRef name) const {
  for (const std::string &file : stdNames()) {
    llvm::SmallString<256> at(stdDirectory);
    path::append(at, file + ".ncr");
    auto buffer = llvm::MemoryBuffer::getFile(at, /*IsText=*/true);
    if (!buffer || (*buffer)->getBufferSize() > maxLibraryBytes)
      continue;
    // Declarations of the library begin their line.
    llvm::SmallVector<StringRef> lines;
    (*buffer)->getBuffer().split(lines, '\n');
    for (StringRef line : lines) {
      if (!line.consume_front("block ") && !line.consume_front("fn "))
        continue;
      if (line.consume_front(name) && line.starts_with("("))
        return "std." + file;
    }
  }
  return "";
}
