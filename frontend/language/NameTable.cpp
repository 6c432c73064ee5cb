//===- NameTable.cpp - which declaration a name refers to -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/NameTable.h"

#include "frontend/language/Builtins.h"
#include "frontend/language/SymbolStore.h"

#include "llvm/ADT/STLExtras.h"

#include <set>

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

/// Names that are visible in a part of the text.
struct NameTable::Scope {
  SourceRange range;
  int parent;
  std::vector<const Symbol *> symbols;
};

namespace nacre::language {

/// Walks a file and fills its NameTable.
class NameWalk {
public:
  NameWalk(NameTable &table, SymbolStore &store, const Module *module, const ModuleTable &modules,
           const SourceIndex &index)
      : table(table), store(store), module(module), modules(modules), index(index) {}

  void run() {
    enter({module->file, 0, ~0u});
    for (const ast::Decl *decl : module->tree->decls)
      declare(store.of(decl));
    for (const ast::ImportDecl *import : module->tree->imports)
      walkImport(import);
    for (const ast::Decl *decl : module->tree->decls)
      walkDecl(decl);
    leave();
  }

private:
  //===-- Scopes ------------------------------------------------------------===//

  void enter(SourceRange range) {
    table.scopes.push_back({range, scope, {}});
    scope = static_cast<int>(table.scopes.size()) - 1;
  }
  void leave() { scope = table.scopes[scope].parent; }

  void declare(const Symbol *symbol) {
    if (!symbol || symbol->name.empty())
      return;
    table.scopes[scope].symbols.push_back(symbol);
    table.allReferences.push_back({symbol->range, symbol, true});
  }

  const Symbol *local(StringRef name) const {
    for (int at = scope; at >= 0; at = table.scopes[at].parent)
      for (const Symbol *symbol : llvm::reverse(table.scopes[at].symbols))
        if (symbol->name == name)
          return symbol;
    return nullptr;
  }

  const Symbol *resolve(StringRef name) const {
    if (const Symbol *symbol = local(name))
      return symbol;
    if (Found found = modules.find(module, name); found.decl)
      return store.of(found.decl);
    return store.builtin(name);
  }

  void refer(SourceRange range, const Symbol *symbol) {
    if (symbol && range.isValid() && range.begin < range.end)
      table.allReferences.push_back({range, symbol, false});
  }

  //===-- Declarations ------------------------------------------------------===//

  void walkImport(const ast::ImportDecl *import) {
    for (const Module *imported : module->imports) {
      StringRef stem = store.fileStem(imported->file);
      if (!import->path.empty() && import->path.back().text == stem)
        refer(import->path.back().range, store.ofFile(imported));
    }
  }

  void walkDecl(const ast::Decl *decl) {
    using Kind = ast::Decl::Kind;
    switch (decl->kind) {
    case Kind::Import:
      return;
    case Kind::Block: {
      auto *block = llvm::cast<ast::BlockDecl>(decl);
      enter(block->range);
      for (const ast::Param &param : block->params)
        walkParam(param);
      declareMembers(block->members);
      for (const ast::Decl *member : block->members)
        walkDecl(member);
      return leave();
    }
    case Kind::Fn:
      return walkFn(llvm::cast<ast::FnDecl>(decl));
    case Kind::Const: {
      auto *constant = llvm::cast<ast::ConstDecl>(decl);
      walkType(constant->type);
      return walk(constant->value);
    }
    case Kind::Weight: {
      auto *weight = llvm::cast<ast::WeightDecl>(decl);
      walkType(weight->type);
      return walk(weight->initial);
    }
    case Kind::State: {
      auto *state = llvm::cast<ast::StateDecl>(decl);
      walkType(state->type);
      return walk(state->initial);
    }
    case Kind::Part: {
      auto *part = llvm::cast<ast::PartDecl>(decl);
      walk(part->count);
      return walk(part->value);
    }
    case Kind::If: {
      auto *choice = llvm::cast<ast::IfDecl>(decl);
      walk(choice->condition);
      for (const ast::Decl *member : choice->thenMembers)
        walkDecl(member);
      for (const ast::Decl *member : choice->elseMembers)
        walkDecl(member);
      return;
    }
    }
  }

  void declareMembers(llvm::ArrayRef<ast::Decl *> members) {
    for (const ast::Decl *member : members) {
      declare(store.of(member));
      if (auto *choice = llvm::dyn_cast<ast::IfDecl>(member)) {
        declareMembers(choice->thenMembers);
        declareMembers(choice->elseMembers);
      }
    }
  }

  void walkParam(const ast::Param &param) {
    walkType(param.type);
    walk(param.defaultValue);
    declare(store.of(param));
  }

  void walkFn(const ast::FnDecl *fn) {
    enter(fn->range);
    for (const ast::Param &param : fn->params)
      declare(store.of(param));
    mayBind = true;
    for (const ast::Param &param : fn->params)
      walkType(param.type);
    mayBind = false;
    for (const ast::Param &param : fn->params)
      walk(param.defaultValue);
    walkType(fn->result);
    walkBody(fn->body);
    leave();
  }

  //===-- Types -------------------------------------------------------------===//

  /// A name that an argument's type binds where nothing else is known by it.
  void bindOrRefer(StringRef name, SourceRange range, Symbol::Kind kind) {
    const Symbol *known = local(name);
    if (kind == Symbol::Kind::ElementVariable && !known)
      known = resolve(name);
    bool isSize =
        known && (known->kind == Symbol::Kind::Dimension || known->kind == Symbol::Kind::Constant ||
                  known->kind == Symbol::Kind::Parameter || known->kind == Symbol::Kind::Variable);
    if (kind == Symbol::Kind::Dimension && !isSize)
      if (const Symbol *outer = resolve(name); outer && outer->kind == Symbol::Kind::Constant)
        known = outer, isSize = true;
    bool isFree = isVariableName(name) && (kind == Symbol::Kind::Dimension ? !isSize : !known);
    if (mayBind && isFree)
      return declare(store.bound(kind, name, range));
    refer(range, known ? known : resolve(name));
  }

  void walkSize(const ast::Expr *size) {
    auto *name = llvm::dyn_cast_or_null<ast::NameExpr>(size);
    if (!name)
      return walk(size);
    bindOrRefer(name->name, name->range, Symbol::Kind::Dimension);
  }

  void walkType(const ast::TypeRef *type) {
    if (!type)
      return;
    if (auto *named = llvm::dyn_cast<ast::NamedType>(type))
      return refer(named->range, resolve(named->name));
    if (auto *tensor = llvm::dyn_cast<ast::TensorType>(type)) {
      if (!tensor->element.empty())
        bindOrRefer(tensor->element.text, tensor->element.range, Symbol::Kind::ElementVariable);
      for (const ast::Dim &dim : tensor->dims) {
        walkSize(dim.size);
        walk(dim.bound);
      }
      return;
    }
    if (auto *list = llvm::dyn_cast<ast::ListType>(type))
      return walkType(list->element);
    if (auto *tuple = llvm::dyn_cast<ast::TupleType>(type))
      for (const ast::TupleField &field : tuple->fields)
        walkType(field.type);
  }

  //===-- Statements --------------------------------------------------------===//

  void walkPattern(const ast::Pattern *pattern, SourceRange whole) {
    if (pattern->kind == ast::Pattern::Kind::Name)
      declare(store.variable(pattern->name, whole));
    for (const ast::Pattern *element : pattern->elements)
      walkPattern(element, whole);
  }

  void walkBody(const ast::Body &body) {
    enter(body.range);
    walkStmts(body.stmts);
    leave();
  }

  void walkStmts(llvm::ArrayRef<ast::Stmt *> stmts) {
    for (const ast::Stmt *stmt : stmts)
      walkStmt(stmt);
  }

  void walkStmt(const ast::Stmt *stmt) {
    using Kind = ast::Stmt::Kind;
    switch (stmt->kind) {
    case Kind::Let: {
      auto *let = llvm::cast<ast::LetStmt>(stmt);
      walk(let->value);
      walkType(let->type);
      return walkPattern(let->pattern, let->range);
    }
    case Kind::LetFn: {
      auto *let = llvm::cast<ast::LetFnStmt>(stmt);
      enter(let->range);
      for (const ast::Param &param : let->params)
        walkParam(param);
      walk(let->value);
      leave();
      return declare(store.of(let));
    }
    case Kind::Assign: {
      auto *assign = llvm::cast<ast::AssignStmt>(stmt);
      walk(assign->value);
      return walk(assign->target);
    }
    case Kind::Expr:
      return walk(llvm::cast<ast::ExprStmt>(stmt)->value);
    case Kind::If: {
      auto *choice = llvm::cast<ast::IfStmt>(stmt);
      walk(choice->condition);
      walkBody(choice->thenBody);
      if (choice->hasElse)
        walkBody(choice->elseBody);
      return;
    }
    case Kind::For: {
      auto *loop = llvm::cast<ast::ForStmt>(stmt);
      walk(loop->iterable);
      enter(loop->range);
      walkPattern(loop->pattern, loop->pattern->range);
      walkStmts(loop->body.stmts);
      return leave();
    }
    case Kind::While: {
      auto *loop = llvm::cast<ast::WhileStmt>(stmt);
      walk(loop->condition);
      return walkBody(loop->body);
    }
    case Kind::Return:
      for (const ast::Expr *value : llvm::cast<ast::ReturnStmt>(stmt)->values)
        walk(value);
      return;
    case Kind::Yield:
      for (const ast::Expr *value : llvm::cast<ast::YieldStmt>(stmt)->values)
        walk(value);
      return;
    case Kind::Break:
    case Kind::Continue:
      return;
    }
  }

  //===-- Expressions -------------------------------------------------------===//

  void walk(const ast::Expr *expr) {
    if (!expr)
      return;
    table.expressions.push_back(expr->range);
    if (expr->bareRange != expr->range)
      table.expressions.push_back(expr->bareRange);
    using Kind = ast::Expr::Kind;
    switch (expr->kind) {
    case Kind::Error:
    case Kind::Int:
    case Kind::Float:
    case Kind::Bool:
    case Kind::String:
    case Kind::None:
    case Kind::Ellipsis:
      return;
    case Kind::Name: {
      auto *name = llvm::cast<ast::NameExpr>(expr);
      return refer(name->bareRange, resolve(name->name));
    }
    case Kind::Member: {
      auto *member = llvm::cast<ast::MemberExpr>(expr);
      walk(member->base);
      noteMember(member);
      return refer(member->name.range, memberSymbol(member));
    }
    case Kind::Call:
      return walkCall(llvm::cast<ast::CallExpr>(expr));
    case Kind::Index: {
      auto *indexed = llvm::cast<ast::IndexExpr>(expr);
      walk(indexed->base);
      for (const ast::IndexItem &item : indexed->items)
        for (const ast::Expr *piece : {item.start, item.stop, item.step})
          walk(piece);
      return;
    }
    case Kind::Unary:
      return walk(llvm::cast<ast::UnaryExpr>(expr)->operand);
    case Kind::Binary:
      walk(llvm::cast<ast::BinaryExpr>(expr)->lhs);
      return walk(llvm::cast<ast::BinaryExpr>(expr)->rhs);
    case Kind::List:
      for (const ast::Expr *element : llvm::cast<ast::ListExpr>(expr)->elements)
        walk(element);
      return;
    case Kind::Tuple:
      for (const ast::Expr *element : llvm::cast<ast::TupleExpr>(expr)->elements)
        walk(element);
      return;
    case Kind::ListComp: {
      auto *comp = llvm::cast<ast::ListCompExpr>(expr);
      walk(comp->iterable);
      enter(comp->range);
      walkPattern(comp->pattern, comp->pattern->range);
      walk(comp->element);
      walk(comp->condition);
      return leave();
    }
    case Kind::If: {
      auto *choice = llvm::cast<ast::IfExpr>(expr);
      walk(choice->condition);
      walk(choice->thenValue);
      return walk(choice->elseValue);
    }
    case Kind::Scan: {
      auto *scan = llvm::cast<ast::ScanExpr>(expr);
      for (const ast::ScanInput &input : scan->inputs)
        walk(input.sequence);
      walk(scan->axis);
      for (const ast::ScanCarry &carry : scan->carries)
        walk(carry.initial);
      enter(scan->range);
      for (const ast::ScanInput &input : scan->inputs)
        walkPattern(input.pattern, input.pattern->range);
      for (const ast::ScanCarry &carry : scan->carries)
        if (carry.initial)
          declare(store.variable(carry.name, carry.name.range.to(carry.initial->range)));
        else
          refer(carry.name.range, resolve(carry.name.text));
      walkStmts(scan->body.stmts);
      return leave();
    }
    }
  }

  /// The block whose parts `expr` gives; null where it is no part.
  const ast::BlockDecl *blockOf(const ast::Expr *expr) const {
    if (const Meaning *meaning = index.find(expr->range))
      return meaning->kind == Meaning::Kind::Part ? meaning->block : nullptr;
    auto *name = llvm::dyn_cast<ast::NameExpr>(expr);
    const Symbol *symbol = name ? resolve(name->name) : nullptr;
    // No run came here; the declaration still says which block it is.
    auto *part = symbol ? llvm::dyn_cast_or_null<ast::PartDecl>(symbol->decl) : nullptr;
    auto *made = part && !part->count ? llvm::dyn_cast<ast::CallExpr>(part->value) : nullptr;
    auto *block = made ? llvm::dyn_cast<ast::NameExpr>(made->callee) : nullptr;
    return block ? llvm::dyn_cast_or_null<ast::BlockDecl>(modules.find(module, block->name).decl)
                 : nullptr;
  }

  void noteMember(const ast::MemberExpr *member) {
    uint32_t end = member->name.empty() ? member->range.end : member->name.range.end;
    table.members.push_back({member->base->range, end, blockOf(member->base)});
  }

  const Symbol *memberSymbol(const ast::MemberExpr *member) const {
    if (member->name.empty())
      return nullptr;
    if (const ast::BlockDecl *block = blockOf(member->base))
      return store.member(block, member->name.text);
    const Symbol *method = resolve(member->name.text);
    return method && method->takesTensor ? method : nullptr;
  }

  void walkCall(const ast::CallExpr *call) {
    walk(call->callee);
    CallSite site{call->range, call->callee->range, "", "", {}, call->args};
    const ast::BlockDecl *part = nullptr;
    const Symbol *callee = nullptr;
    bool isMethod = false;
    if (auto *name = llvm::dyn_cast<ast::NameExpr>(call->callee)) {
      callee = resolve(name->name);
    } else if (auto *member = llvm::dyn_cast<ast::MemberExpr>(call->callee)) {
      callee = memberSymbol(member);
      isMethod = !blockOf(member->base);
    }
    bool isNamed = callee && !callee->params.empty();
    if (!isNamed)
      part = blockOf(call->callee);
    const Symbol *taker = part ? store.unnamed(part) : callee;
    if (taker) {
      site.params = taker->params;
      site.label = taker->text;
      site.doc = taker->doc;
      if (isMethod && !part && !site.params.empty())
        site.params.erase(site.params.begin());
    }
    for (const ast::Argument &arg : call->args) {
      walk(arg.value);
      for (const Symbol::Param &param : site.params)
        if (param.name == arg.name.text && param.range.isValid())
          refer(arg.name.range, store.at(param.range));
    }
    table.calls.push_back(std::move(site));
  }

  NameTable &table;
  SymbolStore &store;
  const Module *module;
  const ModuleTable &modules;
  const SourceIndex &index;
  int scope = -1;
  bool mayBind = false; ///< names of sizes may be new here
};

} // namespace nacre::language

NameTable::NameTable(const Module *module, const ModuleTable &modules, const SourceMap &sources,
                     const SourceIndex &index)
    : store(std::make_unique<SymbolStore>(module, modules, sources)) {
  NameWalk(*this, *store, module, modules, index).run();
  llvm::stable_sort(allReferences, [](const Reference &a, const Reference &b) {
    return a.range.begin < b.range.begin;
  });
}

NameTable::~NameTable() = default;

static bool touches(SourceRange range, uint32_t offset) {
  return range.begin <= offset && offset <= range.end;
}

const Reference *NameTable::at(uint32_t offset) const {
  const Reference *found = nullptr;
  for (const Reference &reference : allReferences)
    if (touches(reference.range, offset))
      found = &reference;
  return found;
}

std::vector<SourceRange> NameTable::placesOf(const Symbol *symbol) const {
  std::vector<SourceRange> places;
  for (const Reference &reference : allReferences)
    if (reference.symbol == symbol && (places.empty() || places.back() != reference.range))
      places.push_back(reference.range);
  return places;
}

std::vector<const Symbol *> NameTable::visibleAt(uint32_t offset) const {
  // Scopes are in the order of the text, so the last one around a place is the innermost.
  int innermost = 0;
  for (size_t i = 0; i < scopes.size(); ++i)
    if (scopes[i].range.begin < offset && offset <= scopes[i].range.end)
      innermost = static_cast<int>(i);
  std::vector<const Symbol *> visible;
  std::set<StringRef> seen;
  auto add = [&](const Symbol *symbol) {
    if (seen.insert(symbol->name).second)
      visible.push_back(symbol);
  };
  for (int at = innermost; at >= 0; at = scopes[at].parent)
    for (const Symbol *symbol : llvm::reverse(scopes[at].symbols)) {
      bool isLater =
          symbol->whole.isValid() && symbol->whole.end > offset &&
          (symbol->kind == Symbol::Kind::Variable || symbol->kind == Symbol::Kind::LocalFunction);
      if (!isLater)
        add(symbol);
    }
  for (const Symbol *symbol : store->imported())
    add(symbol);
  for (const Symbol *symbol : store->allBuiltins())
    add(symbol);
  return visible;
}

std::vector<const Symbol *> NameTable::membersOf(const ast::BlockDecl *block) const {
  return store->members(block);
}

const CallSite *NameTable::callAt(uint32_t offset) const {
  const CallSite *found = nullptr;
  for (const CallSite &call : calls)
    if (call.callee.end < offset && offset <= call.range.end &&
        (!found || call.range.begin >= found->range.begin) &&
        (!found || call.range.end <= found->range.end || call.callee.begin > found->callee.end))
      found = &call;
  return found;
}

const MemberSite *NameTable::memberAt(uint32_t offset) const {
  const MemberSite *found = nullptr;
  for (const MemberSite &member : members)
    if (member.base.end < offset && offset <= member.end &&
        (!found || member.base.end > found->base.end))
      found = &member;
  return found;
}

std::vector<SourceRange> NameTable::expressionsAt(uint32_t offset) const {
  std::vector<SourceRange> around;
  for (SourceRange range : expressions)
    if (touches(range, offset))
      around.push_back(range);
  llvm::stable_sort(around,
                    [](SourceRange a, SourceRange b) { return a.end - a.begin < b.end - b.begin; });
  return around;
}
