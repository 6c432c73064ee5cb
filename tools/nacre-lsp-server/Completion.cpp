//===- Completion.cpp - what can be written at a place ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Queries.h"

#include "frontend/language/Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using nacre::lsp::Library;
using nacre::lsp::Snapshot;

namespace proto = llvm::lsp;
using ItemKind = proto::CompletionItemKind;

static ItemKind itemKind(Symbol::Kind kind) {
  switch (kind) {
  case Symbol::Kind::Model:
  case Symbol::Kind::Block:
    return ItemKind::Class;
  case Symbol::Kind::Function:
  case Symbol::Kind::Entry:
  case Symbol::Kind::LocalFunction:
  case Symbol::Kind::Builtin:
    return ItemKind::Function;
  case Symbol::Kind::Constant:
    return ItemKind::Constant;
  case Symbol::Kind::Weight:
  case Symbol::Kind::State:
  case Symbol::Kind::Part:
    return ItemKind::Field;
  case Symbol::Kind::Parameter:
  case Symbol::Kind::Variable:
    return ItemKind::Variable;
  case Symbol::Kind::Dimension:
  case Symbol::Kind::ElementVariable:
  case Symbol::Kind::ElementType:
    return ItemKind::TypeParameter;
  case Symbol::Kind::File:
    return ItemKind::Module;
  }
  llvm_unreachable("unknown kind");
}

/// The place of a kind of item in the list: the nearest names first.
static char rank(Symbol::Kind kind) {
  switch (kind) {
  case Symbol::Kind::Variable:
  case Symbol::Kind::LocalFunction:
  case Symbol::Kind::Parameter:
  case Symbol::Kind::Dimension:
  case Symbol::Kind::ElementVariable:
    return '1';
  case Symbol::Kind::Weight:
  case Symbol::Kind::State:
  case Symbol::Kind::Part:
  case Symbol::Kind::Constant:
    return '2';
  case Symbol::Kind::Builtin:
  case Symbol::Kind::ElementType:
    return '4';
  default:
    return '3';
  }
}

static void setDoc(proto::CompletionItem &item, StringRef doc) {
  if (!doc.empty())
    item.documentation = proto::MarkupContent{proto::MarkupKind::Markdown, nacre::lsp::asUtf8(doc)};
}

static proto::CompletionItem makeItem(const Symbol &symbol, const std::string &detail) {
  proto::CompletionItem item(symbol.name, itemKind(symbol.kind),
                             std::string(1, rank(symbol.kind)) + symbol.name);
  item.detail = nacre::lsp::asUtf8(detail);
  setDoc(item, symbol.doc);
  return item;
}

/// True in a comment and in a string that is open at `offset`.
static bool inText(const Snapshot &snapshot, uint32_t offset) {
  for (const ast::Comment &comment : snapshot.analysis.module->tree->comments)
    if (comment.range.begin < offset && offset <= comment.range.end)
      return true;
  StringRef line = snapshot.text().take_front(offset);
  line = line.substr(line.rfind('\n') + 1);
  return line.count('"') % 2 == 1;
}

//===----------------------------------------------------------------------===//
// Imports
//===----------------------------------------------------------------------===//

/// `written` is what stands between `import` and the cursor.
static void completeImport(const Snapshot &snapshot, const Library &library, StringRef written,
                           std::vector<proto::CompletionItem> &items) {
  if (written.starts_with("std.")) {
    for (auto [name, doc] : llvm::zip(library.files, library.docs)) {
      proto::CompletionItem &item = items.emplace_back(name, ItemKind::Module);
      item.detail = "import std." + name;
      setDoc(item, doc);
    }
    return;
  }
  // Files beside this one, below the folders that are written already.
  StringRef self = snapshot.analysis.sources.name(snapshot.analysis.file);
  llvm::SmallString<256> folder(llvm::sys::path::parent_path(self));
  llvm::SmallVector<StringRef> segments;
  written.split(segments, '.');
  for (StringRef segment : llvm::ArrayRef(segments).drop_back())
    llvm::sys::path::append(folder, segment);
  if (segments.size() <= 1)
    items.emplace_back("std", ItemKind::Folder).detail = "the standard library";
  std::error_code status;
  for (llvm::sys::fs::directory_iterator it(folder, status), end; it != end && !status;
       it.increment(status)) {
    if (llvm::sys::path::extension(it->path()) == ".ncr" && it->path() != self)
      items.emplace_back(llvm::sys::path::stem(it->path()), ItemKind::Module);
    else if (it->type() == llvm::sys::fs::file_type::directory_file &&
             !llvm::sys::path::filename(it->path()).starts_with("."))
      items.emplace_back(llvm::sys::path::filename(it->path()), ItemKind::Folder);
  }
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static void completeMember(const Snapshot &snapshot, uint32_t offset,
                           std::vector<proto::CompletionItem> &items) {
  const NameTable &names = *snapshot.analysis.names;
  const MemberSite *site = names.memberAt(offset);
  if (site && site->block) {
    for (const Symbol *symbol : names.membersOf(site->block))
      items.push_back(makeItem(*symbol, symbol->text));
    return;
  }
  const Meaning *base = site ? snapshot.analysis.index.find(site->base) : nullptr;
  if (base && base->kind != Meaning::Kind::Tensor && base->kind != Meaning::Kind::Other)
    return;
  const std::pair<StringRef, StringRef> properties[] = {{"T", "the transpose of a matrix"},
                                                        {"shape", "the sizes, a list of ints"},
                                                        {"dtype", "the element type"},
                                                        {"rank", "the number of dimensions"}};
  for (auto [name, detail] : properties)
    items.emplace_back(name, ItemKind::Property, ("0" + name).str()).detail = detail.str();
  for (const Symbol *symbol : names.visibleAt(offset))
    if (symbol->takesTensor && symbol->kind != Symbol::Kind::Entry)
      items.push_back(makeItem(*symbol, symbol->text));
}

static void completeArgument(const CallSite &call, uint32_t offset,
                             std::vector<proto::CompletionItem> &items) {
  size_t positional = 0;
  llvm::StringSet<> given;
  for (const ast::Argument &argument : call.args) {
    bool isHere = argument.range().begin <= offset && offset <= argument.range().end;
    if (!argument.name.empty())
      given.insert(argument.name.text);
    else if (!isHere && argument.range().end < offset)
      ++positional;
  }
  for (const Symbol::Param &param :
       llvm::ArrayRef(call.params).drop_front(std::min(positional, call.params.size()))) {
    if (given.contains(param.name))
      continue;
    proto::CompletionItem &item =
        items.emplace_back(param.name + "=", ItemKind::Property, "0" + param.name);
    item.detail = nacre::lsp::asUtf8(param.text);
    setDoc(item, param.doc);
  }
}

namespace {
enum class Place { File, Block, Code };
} // namespace

static Place placeOf(const Snapshot &snapshot, uint32_t offset) {
  for (const ast::Decl *decl : snapshot.analysis.module->tree->decls) {
    if (offset <= decl->range.begin || offset > decl->range.end)
      continue;
    auto *block = llvm::dyn_cast<ast::BlockDecl>(decl);
    if (!block || offset <= block->bodyRange.begin)
      return Place::Code;
    llvm::SmallVector<llvm::ArrayRef<ast::Decl *>> groups{block->members};
    while (!groups.empty())
      for (const ast::Decl *member : groups.pop_back_val()) {
        if (auto *choice = llvm::dyn_cast<ast::IfDecl>(member)) {
          groups.push_back(choice->thenMembers);
          groups.push_back(choice->elseMembers);
        } else if (member->range.begin < offset && offset <= member->range.end &&
                   snapshot.text().slice(member->range.begin, offset).contains(' ')) {
          return Place::Code;
        }
      }
    return Place::Block;
  }
  return Place::File;
}

static void completeKeywords(const Snapshot &snapshot, uint32_t offset,
                             std::vector<proto::CompletionItem> &items) {
  std::vector<StringRef> words;
  switch (placeOf(snapshot, offset)) {
  case Place::File:
    words = {"import", "model", "block", "fn", "const"};
    break;
  case Place::Block:
    words = {"weight", "state", "part", "const", "fn", "entry", "if", "else"};
    break;
  case Place::Code:
#define NACRE_KEYWORD(Name, text) words.push_back(text);
#include "frontend/language/Tokens.def"
    for (StringRef other : {"import", "fn"})
      llvm::erase(words, other);
    for (StringRef word : {"over", "axis", "reverse", "carry"})
      words.push_back(word);
    break;
  }
  for (StringRef word : words)
    items.emplace_back(word, ItemKind::Keyword, ("5" + word).str());
}

/// Names of the standard library that the file does not see yet, with the edit that imports them.
static void completeLibrary(const Snapshot &snapshot, const Library &library,
                            const llvm::StringSet<> &seen,
                            std::vector<proto::CompletionItem> &items) {
  const ast::SourceFile &tree = *snapshot.analysis.module->tree;
  StringRef self = snapshot.analysis.sources.name(snapshot.analysis.file);
  for (const lsp::LibraryEntry &entry : library.entries) {
    const Symbol &symbol = entry.symbol;
    if (seen.contains(symbol.name) || symbol.kind == Symbol::Kind::Model ||
        llvm::sys::path::stem(self) == StringRef(entry.import).drop_front(4))
      continue;
    proto::CompletionItem item = makeItem(symbol, symbol.text + "   (" + entry.import + ")");
    item.sortText = "6" + symbol.name;
    proto::TextEdit edit;
    // In front of the first import that comes after it, else behind the last one.
    uint32_t at = 0;
    for (const ast::ImportDecl *import : tree.imports)
      if (snapshot.analysis.sources.text(import->pathRange) < StringRef(entry.import))
        at = import->range.end;
    bool isFirst = at == 0;
    if (isFirst && !tree.imports.empty())
      at = tree.imports.front()->range.begin;
    else if (isFirst && !tree.doc.empty() && !tree.comments.empty())
      for (const ast::Comment &comment : tree.comments) {
        if (!comment.isDoc ||
            (at && !snapshot.text().slice(at, comment.range.begin).trim("\r\n ").empty()))
          break;
        at = comment.range.end;
        isFirst = false;
      }
    edit.range = proto::Range(snapshot.lines.position(at));
    edit.newText = isFirst ? "import " + entry.import + "\n" : "\nimport " + entry.import;
    if (isFirst && tree.imports.empty())
      edit.newText += "\n";
    item.additionalTextEdits.push_back(std::move(edit));
    items.push_back(std::move(item));
  }
}

proto::CompletionList nacre::lsp::complete(const Snapshot &snapshot, const Library &library,
                                           uint32_t offset) {
  proto::CompletionList list;
  if (inText(snapshot, offset))
    return list;
  StringRef before = snapshot.text().take_front(offset);
  StringRef line = before.substr(before.rfind('\n') + 1).ltrim();
  if (line.consume_front("import ")) {
    completeImport(snapshot, library, line.trim(), list.items);
    return list;
  }
  StringRef behindWord =
      before.rtrim("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  bool isNumber = behindWord.size() < before.size() && llvm::isDigit(before[behindWord.size()]);
  if (isNumber || behindWord.ends_with(".."))
    return list;
  if (behindWord.ends_with(".")) {
    completeMember(snapshot, offset, list.items);
    return list;
  }
  const NameTable &names = *snapshot.analysis.names;
  if (const CallSite *call = names.callAt(offset);
      call && (behindWord.rtrim().ends_with("(") || behindWord.rtrim().ends_with(",")))
    completeArgument(*call, offset, list.items);
  llvm::StringSet<> seen;
  for (const Symbol *symbol : names.visibleAt(offset)) {
    seen.insert(symbol->name);
    list.items.push_back(makeItem(*symbol, describe(snapshot, *symbol)));
  }
  completeKeywords(snapshot, offset, list.items);
  completeLibrary(snapshot, library, seen, list.items);
  return list;
}
