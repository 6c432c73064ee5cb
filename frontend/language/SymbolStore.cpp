//===- SymbolStore.cpp - the symbols of a program's declarations *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/SymbolStore.h"

#include "frontend/language/Builtins.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

/// Longest declaration that is shown on one line.
static constexpr size_t maxShown = 300;

/// Text without line breaks, comments and runs of blanks.
static std::string squeeze(StringRef text) {
  std::string line;
  llvm::SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef piece : lines) {
    piece = piece.take_front(piece.find("//")).trim();
    if (piece.empty())
      continue;
    if (!line.empty() && line.back() != '(' && line.back() != '[')
      line += ' ';
    else
      while (!line.empty() && line.back() == ' ')
        line.pop_back();
    if (piece.starts_with(")") || piece.starts_with("]")) {
      while (!line.empty() && (line.back() == ' ' || line.back() == ','))
        line.pop_back();
    }
    bool blank = false;
    for (char c : piece) {
      if (c == ' ' && blank)
        continue;
      blank = c == ' ';
      line += c;
    }
  }
  if (line.size() > maxShown) {
    line.resize(maxShown);
    // Not in the middle of a character.
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80)
      line.pop_back();
    if (!line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0)
      line.pop_back();
    line += " ...";
  }
  return line;
}

static void setParams(Symbol &symbol, llvm::ArrayRef<ast::Param> params, const SourceMap &sources) {
  for (const ast::Param &param : params)
    symbol.params.push_back({param.name.text.str(), squeeze(sources.text(param.range)),
                             param.doc.str(), param.name.range});
  auto *first = params.empty() ? nullptr : params.front().type;
  symbol.takesTensor = !params.empty() && (!first || !isCompileTimeType(first));
}

/// The declaration up to its body.
static SourceRange headOf(const ast::Decl *decl) {
  SourceRange range = decl->range;
  if (auto *fn = llvm::dyn_cast<ast::FnDecl>(decl); fn && fn->body.range.isValid())
    range.end = std::max(range.begin, fn->body.range.begin);
  if (auto *block = llvm::dyn_cast<ast::BlockDecl>(decl); block && block->bodyRange.isValid())
    range.end = std::max(range.begin, block->bodyRange.begin);
  return range;
}

static std::optional<Symbol::Kind> kindOf(const ast::Decl *decl) {
  using Kind = ast::Decl::Kind;
  switch (decl->kind) {
  case Kind::Block:
    return llvm::cast<ast::BlockDecl>(decl)->isModel ? Symbol::Kind::Model : Symbol::Kind::Block;
  case Kind::Fn:
    return llvm::cast<ast::FnDecl>(decl)->isEntry ? Symbol::Kind::Entry : Symbol::Kind::Function;
  case Kind::Const:
    return Symbol::Kind::Constant;
  case Kind::Weight:
    return Symbol::Kind::Weight;
  case Kind::State:
    return Symbol::Kind::State;
  case Kind::Part:
    return Symbol::Kind::Part;
  case Kind::Import:
  case Kind::If:
    return std::nullopt;
  }
  llvm_unreachable("unknown declaration");
}

static void fill(Symbol &symbol, const ast::Decl *decl, const SourceMap &sources) {
  symbol.decl = decl;
  symbol.doc = decl->doc.str();
  symbol.text = squeeze(sources.text(headOf(decl)));
  if (auto *fn = llvm::dyn_cast<ast::FnDecl>(decl))
    setParams(symbol, fn->params, sources);
  if (auto *block = llvm::dyn_cast<ast::BlockDecl>(decl)) {
    setParams(symbol, block->params, sources);
    symbol.takesTensor = false;
  }
}

Symbol &SymbolStore::make(Symbol::Kind kind, StringRef name, SourceRange range, SourceRange whole) {
  Symbol &symbol = symbols.emplace_back();
  symbol.kind = kind;
  symbol.name = name.str();
  symbol.range = range;
  symbol.whole = whole;
  if (range.isValid())
    byPlace[{range.file, range.begin}] = &symbol;
  return symbol;
}

const Symbol *SymbolStore::at(SourceRange name) {
  auto found = byPlace.find({name.file, name.begin});
  return found == byPlace.end() ? nullptr : found->second;
}

const Symbol *SymbolStore::of(const ast::Decl *decl) {
  std::optional<Symbol::Kind> kind = kindOf(decl);
  if (!kind || decl->name.empty())
    return nullptr;
  if (const Symbol *known = at(decl->name.range))
    return known;
  Symbol &symbol = make(*kind, decl->name.text, decl->name.range, decl->range);
  fill(symbol, decl, sources);
  if (auto *fn = llvm::dyn_cast<ast::FnDecl>(decl))
    for (const ast::Param &param : fn->params)
      of(param);
  if (auto *block = llvm::dyn_cast<ast::BlockDecl>(decl))
    for (const ast::Param &param : block->params)
      of(param);
  return &symbol;
}

const Symbol *SymbolStore::of(const ast::Param &param) {
  if (param.name.empty())
    return nullptr;
  if (const Symbol *known = at(param.name.range))
    return known;
  Symbol &symbol = make(Symbol::Kind::Parameter, param.name.text, param.name.range, param.range);
  symbol.doc = param.doc.str();
  symbol.text = squeeze(sources.text(param.range));
  return &symbol;
}

const Symbol *SymbolStore::of(const ast::LetFnStmt *let) {
  Symbol &symbol = make(Symbol::Kind::LocalFunction, let->name.text, let->name.range, let->range);
  symbol.text = squeeze(sources.text(let->range));
  ::setParams(symbol, let->params, sources);
  return &symbol;
}

const Symbol *SymbolStore::ofFile(const Module *imported) {
  Symbol &symbol = make(Symbol::Kind::File, fileStem(imported->file), {}, {});
  symbol.range = symbol.whole = {imported->file, 0, 0};
  symbol.doc = imported->tree->doc.str();
  symbol.text = "import " + symbol.name;
  return &symbol;
}

const Symbol *SymbolStore::variable(const ast::Ident &name, SourceRange whole) {
  if (name.empty())
    return nullptr;
  Symbol &symbol = make(Symbol::Kind::Variable, name.text, name.range, whole);
  symbol.text = name.text.str();
  return &symbol;
}

const Symbol *SymbolStore::bound(Symbol::Kind kind, StringRef name, SourceRange range) {
  Symbol &symbol = make(kind, name, range, range);
  symbol.text = name.str();
  symbol.doc = kind == Symbol::Kind::Dimension
                   ? "A size that the arguments of a call bind."
                   : "An element type that the arguments of a call bind.";
  return &symbol;
}

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

std::vector<const Symbol *> SymbolStore::members(const ast::BlockDecl *block) {
  std::vector<const Symbol *> found;
  for (const ast::Param &param : block->params)
    if (const Symbol *symbol = of(param))
      found.push_back(symbol);
  llvm::SmallVector<llvm::ArrayRef<ast::Decl *>> groups{block->members};
  while (!groups.empty())
    for (const ast::Decl *member : groups.pop_back_val()) {
      if (const Symbol *symbol = of(member))
        found.push_back(symbol);
      if (auto *choice = llvm::dyn_cast<ast::IfDecl>(member)) {
        groups.push_back(choice->thenMembers);
        groups.push_back(choice->elseMembers);
      }
    }
  return found;
}

const Symbol *SymbolStore::member(const ast::BlockDecl *block, StringRef name) {
  for (const Symbol *symbol : members(block))
    if (symbol->name == name)
      return symbol;
  return nullptr;
}

const Symbol *SymbolStore::unnamed(const ast::BlockDecl *block) {
  for (const ast::Decl *member : block->members) {
    auto *fn = llvm::dyn_cast<ast::FnDecl>(member);
    if (!fn || !fn->name.empty() || fn->isEntry)
      continue;
    const Symbol *&known = unnamedFns[fn];
    if (!known) {
      Symbol &symbol = make(Symbol::Kind::Function, block->name.text, {}, fn->range);
      fill(symbol, fn, sources);
      for (const ast::Param &param : fn->params)
        of(param);
      if (symbol.doc.empty())
        symbol.doc = block->doc.str();
      known = &symbol;
    }
    return known;
  }
  return nullptr;
}

std::vector<const Symbol *> SymbolStore::imported() {
  llvm::SmallVector<StringRef> names;
  modules.collectNames(module, names);
  std::vector<const Symbol *> found;
  for (StringRef name : names)
    if (const Symbol *symbol = of(modules.find(module, name).decl))
      found.push_back(symbol);
  return found;
}

StringRef SymbolStore::fileStem(FileId file) const {
  return llvm::sys::path::stem(sources.name(file));
}

//===----------------------------------------------------------------------===//
// What needs no import
//===----------------------------------------------------------------------===//

std::vector<Symbol> language::builtinSymbols() {
  std::vector<Symbol> found;
  llvm::SmallVector<StringRef> names;
  collectBuiltinNames(names);
  for (StringRef name : names) {
    const Builtin *builtin = findBuiltin(name);
    Symbol &symbol = found.emplace_back();
    symbol.kind = Symbol::Kind::Builtin;
    symbol.name = name.str();
    symbol.text = printSignature(*builtin);
    symbol.doc = builtinDoc(name).str();
    for (const BuiltinParam &param : builtin->params) {
      std::string text = param.name.str();
      if (!param.defaultText.empty())
        text += "=" + param.defaultText.str();
      symbol.params.push_back({param.name.str(), text, "", {}});
    }
    auto first = builtin->params.empty() ? Accepts::Int : builtin->params.front().accepts;
    symbol.takesTensor = first == Accepts::Any || first == Accepts::Tensor ||
                         first == Accepts::FloatTensor || first == Accepts::IndexTensor ||
                         first == Accepts::BoolTensor || first == Accepts::Operand;
  }
  Symbol &config = found.emplace_back();
  config.kind = Symbol::Kind::Builtin;
  config.name = "config";
  config.text = "config(key, default)";
  config.doc = "The value of a key of the model's config.json, else the default.";
  config.params = {{"key", "key", "", {}}, {"default", "default", "", {}}};
  auto addType = [&](StringRef name, StringRef doc) {
    Symbol &symbol = found.emplace_back();
    symbol.kind = Symbol::Kind::ElementType;
    symbol.name = symbol.text = name.str();
    symbol.doc = doc.str();
  };
  for (StringRef name : elementTypeNames())
    addType(name, "An element type of tensors.");
  for (StringRef name : {"int", "float", "str", "dtype", "fn"})
    addType(name, "A type of values that are known at compile time.");
  return found;
}

void SymbolStore::loadBuiltins() {
  for (Symbol &symbol : builtinSymbols()) {
    const Symbol *kept = &symbols.emplace_back(std::move(symbol));
    if (builtins.insert({kept->name, kept}).second)
      builtinOrder.push_back(kept);
  }
}

const Symbol *SymbolStore::builtin(StringRef name) {
  if (builtins.empty())
    loadBuiltins();
  return builtins.lookup(name);
}

std::vector<const Symbol *> SymbolStore::allBuiltins() {
  if (builtins.empty())
    loadBuiltins();
  return builtinOrder;
}

std::vector<Symbol> language::declaredIn(const Module *module, const SourceMap &sources) {
  std::vector<Symbol> found;
  for (const ast::Decl *decl : module->tree->decls) {
    std::optional<Symbol::Kind> kind = kindOf(decl);
    if (!kind || decl->name.empty())
      continue;
    Symbol &symbol = found.emplace_back();
    symbol.kind = *kind;
    symbol.name = decl->name.text.str();
    symbol.range = decl->name.range;
    symbol.whole = decl->range;
    fill(symbol, decl, sources);
  }
  return found;
}
