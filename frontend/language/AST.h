//===- AST.h - syntax tree of the Nacre language ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree of one `.ncr` file as written: nothing is resolved, no type is
// known. Nodes live in an AstContext, never move, and refer to each other by
// plain pointers. Every pointer is non-null unless its comment says otherwise,
// also in a tree that was built from broken text: the parser drops what it
// cannot read and puts an ErrorExpr where an expression is missing.
//
// The depth of a tree is bounded (Parser.h), so recursion over it is safe.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_AST_H
#define NACRE_FRONTEND_LANGUAGE_AST_H

#include "frontend/diagnostics/SourceMap.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

#include <cstdint>
#include <type_traits>

namespace nacre::ast {

using llvm::ArrayRef;
using llvm::StringRef;

/// Owns nodes and the strings that are not slices of the source text.
class AstContext {
public:
  template <typename T, typename... Args>
  T *create(Args &&...args) {
    static_assert(std::is_trivially_destructible_v<T>,
                  "nodes are freed without running destructors");
    return new (allocator.Allocate<T>()) T(std::forward<Args>(args)...);
  }
  template <typename T>
  ArrayRef<T> copy(ArrayRef<T> values) {
    if (values.empty())
      return {};
    T *data = allocator.Allocate<T>(values.size());
    std::uninitialized_copy(values.begin(), values.end(), data);
    return ArrayRef<T>(data, values.size());
  }
  StringRef copy(StringRef text) { return text.copy(allocator); }

private:
  llvm::BumpPtrAllocator allocator;
};

/// A name where it is written. Empty text: the name is absent (an unnamed
/// `fn`, an unnamed result) or could not be read.
struct Ident {
  StringRef text;
  SourceRange range;

  bool empty() const { return text.empty(); }
};

/// A `//` comment or a `///` comment, without its line break.
struct Comment {
  SourceRange range;
  StringRef text;      ///< with the slashes, trailing blanks removed
  bool isDoc = false;  ///< `///`
  bool ownLine = true; ///< nothing but blanks before it on its line
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

class Expr {
public:
  enum class Kind : uint8_t {
    Error,
    Int,
    Float,
    Bool,
    String,
    None,
    Ellipsis,
    Name,
    Member,
    Call,
    Index,
    Unary,
    Binary,
    List,
    ListComp,
    Tuple,
    If,
    Scan,
  };

  const Kind kind;
  /// Written in parentheses, which `range` then includes.
  bool parenthesised = false;
  /// Height of the tree under this node; the parser bounds it.
  uint16_t depth = 1;
  SourceRange range;
  /// Without the parentheses.
  const SourceRange bareRange;

protected:
  Expr(Kind kind, SourceRange range) : kind(kind), range(range), bareRange(range) {}
};

/// Stands where an expression should be and none could be read. Its fault has
/// been reported; do not report another.
struct ErrorExpr : Expr {
  explicit ErrorExpr(SourceRange range) : Expr(Kind::Error, range) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Error; }
};

/// `42`, `1_000`, `0xff`.
struct IntExpr : Expr {
  int64_t value;

  IntExpr(SourceRange range, int64_t value) : Expr(Kind::Int, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Int; }
};

/// `0.5`, `1e-5`. `spelling` is the text, for printing.
struct FloatExpr : Expr {
  double value;
  StringRef spelling;

  FloatExpr(SourceRange range, double value, StringRef spelling)
      : Expr(Kind::Float, range), value(value), spelling(spelling) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Float; }
};

/// `true`, `false`.
struct BoolExpr : Expr {
  bool value;

  BoolExpr(SourceRange range, bool value) : Expr(Kind::Bool, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Bool; }
};

/// `"text"`; `value` has the escapes decoded.
struct StringExpr : Expr {
  StringRef value;

  StringExpr(SourceRange range, StringRef value) : Expr(Kind::String, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind == Kind::String; }
};

/// `None`: a new axis of size 1 in an index.
struct NoneExpr : Expr {
  explicit NoneExpr(SourceRange range) : Expr(Kind::None, range) {}
  static bool classof(const Expr *e) { return e->kind == Kind::None; }
};

/// `...` in an index (all the axes that no other item names) or `..` in a list
/// of dimensions (the leading dimensions that the signature's `..` stands for).
struct EllipsisExpr : Expr {
  bool isLeadingDims; ///< written `..`

  EllipsisExpr(SourceRange range, bool isLeadingDims)
      : Expr(Kind::Ellipsis, range), isLeadingDims(isLeadingDims) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Ellipsis; }
};

/// A name: variable, parameter, dimension variable, weight, part, function,
/// block, element type. Which one is found by name resolution.
struct NameExpr : Expr {
  StringRef name;

  NameExpr(SourceRange range, StringRef name) : Expr(Kind::Name, range), name(name) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Name; }
};

/// `base.name`: `w.T`, `x.shape`, `layer.attn`, a method before its call.
struct MemberExpr : Expr {
  Expr *base;
  Ident name;

  MemberExpr(SourceRange range, Expr *base, Ident name)
      : Expr(Kind::Member, range), base(base), name(name) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Member; }
};

/// One argument: `value` or `name=value`.
struct Argument {
  Ident name; ///< empty for a positional argument
  Expr *value;

  SourceRange range() const { return name.empty() ? value->range : name.range.to(value->range); }
};

/// `callee(args)`. A method call `x.f(a)` has a MemberExpr as its callee.
/// Positional arguments may not follow named ones (the parser reports it, and
/// keeps the order of the text).
struct CallExpr : Expr {
  Expr *callee;
  ArrayRef<Argument> args;

  CallExpr(SourceRange range, Expr *callee, ArrayRef<Argument> args)
      : Expr(Kind::Call, range), callee(callee), args(args) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Call; }
};

/// One item between the brackets of an index.
struct IndexItem {
  SourceRange range;
  bool isSlice = false;  ///< `start:stop:step`, else `start` alone
  Expr *start = nullptr; ///< null in a slice: from the first element
  Expr *stop = nullptr;  ///< null: to the last
  Expr *step = nullptr;  ///< null: 1
};

/// `base[items]`: slices, elements, gathers, and the shape form
/// `zeros[B, hidden]`. A bounded size `0 <= ctx` arrives as a comparison.
struct IndexExpr : Expr {
  Expr *base;
  ArrayRef<IndexItem> items;

  IndexExpr(SourceRange range, Expr *base, ArrayRef<IndexItem> items)
      : Expr(Kind::Index, range), base(base), items(items) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Index; }
};

enum class UnaryOp : uint8_t { Neg, Not };

struct UnaryExpr : Expr {
  UnaryOp op;
  SourceRange opRange;
  Expr *operand;

  UnaryExpr(SourceRange range, UnaryOp op, SourceRange opRange, Expr *operand)
      : Expr(Kind::Unary, range), op(op), opRange(opRange), operand(operand) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Unary; }
};

enum class BinaryOp : uint8_t {
  Or,
  And,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Add,
  Sub,
  Mul,
  Div,
  Rem,
  MatMul,
  Pow,
};

/// The operator as written: "+", "@", "and".
StringRef spelling(BinaryOp op);
StringRef spelling(UnaryOp op);

struct BinaryExpr : Expr {
  BinaryOp op;
  SourceRange opRange;
  Expr *lhs;
  Expr *rhs;

  BinaryExpr(SourceRange range, BinaryOp op, SourceRange opRange, Expr *lhs, Expr *rhs)
      : Expr(Kind::Binary, range), op(op), opRange(opRange), lhs(lhs), rhs(rhs) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Binary; }
};

/// `[a, b, c]`.
struct ListExpr : Expr {
  ArrayRef<Expr *> elements;

  ListExpr(SourceRange range, ArrayRef<Expr *> elements)
      : Expr(Kind::List, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind == Kind::List; }
};

struct Pattern;

/// `[element for pattern in iterable if condition]`, unrolled at compile time.
struct ListCompExpr : Expr {
  Expr *element;
  Pattern *pattern;
  Expr *iterable;
  Expr *condition; ///< may be null

  ListCompExpr(SourceRange range, Expr *element, Pattern *pattern, Expr *iterable, Expr *condition)
      : Expr(Kind::ListComp, range), element(element), pattern(pattern), iterable(iterable),
        condition(condition) {}
  static bool classof(const Expr *e) { return e->kind == Kind::ListComp; }
};

/// `(a, b)`: several results. At least two elements.
struct TupleExpr : Expr {
  ArrayRef<Expr *> elements;

  TupleExpr(SourceRange range, ArrayRef<Expr *> elements)
      : Expr(Kind::Tuple, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Tuple; }
};

/// `if c { a } else { b }` as a value. A chain `else if` nests in `elseValue`.
struct IfExpr : Expr {
  Expr *condition;
  Expr *thenValue;
  Expr *elseValue;

  IfExpr(SourceRange range, Expr *condition, Expr *thenValue, Expr *elseValue)
      : Expr(Kind::If, range), condition(condition), thenValue(thenValue), elseValue(elseValue) {}
  static bool classof(const Expr *e) { return e->kind == Kind::If; }
};

//===----------------------------------------------------------------------===//
// Patterns: what a value is bound to
//===----------------------------------------------------------------------===//

/// `x`, `_`, `[q, k, v]` (a list of known length), `(a, b)` (several results;
/// in a `for` also written `i, x`). Nests.
struct Pattern {
  enum class Kind : uint8_t { Name, Ignore, List, Tuple };

  Kind kind;
  SourceRange range;
  Ident name;                   ///< Kind::Name
  ArrayRef<Pattern *> elements; ///< Kind::List, Kind::Tuple
};

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// A type as written.
class TypeRef {
public:
  enum class Kind : uint8_t { Error, Named, Tensor, List, Tuple };

  const Kind kind;
  SourceRange range;

protected:
  TypeRef(Kind kind, SourceRange range) : kind(kind), range(range) {}
};

/// A type that could not be read; its fault has been reported.
struct ErrorType : TypeRef {
  explicit ErrorType(SourceRange range) : TypeRef(Kind::Error, range) {}
  static bool classof(const TypeRef *t) { return t->kind == Kind::Error; }
};

/// A name without brackets: `int`, `float`, `bool`, `str`, `dtype`, and `i32`
/// for a run-time scalar (the same as `i32[]`).
struct NamedType : TypeRef {
  StringRef name;

  NamedType(SourceRange range, StringRef name) : TypeRef(Kind::Named, range), name(name) {}
  static bool classof(const TypeRef *t) { return t->kind == Kind::Named; }
};

/// One dimension of a tensor type.
struct Dim {
  enum class Kind : uint8_t {
    Size,    ///< `768`, `B`, `4 * dim`
    Bounded, ///< `N <= ctx`
    Leading, ///< `..`
  };

  Kind kind;
  SourceRange range;
  Expr *size = nullptr;  ///< null for Leading
  Expr *bound = nullptr; ///< only for Bounded
};

/// `f32[B, S, dim]`; `element` is an element type, a `dtype` parameter, or a
/// capitalised name that the arguments bind.
struct TensorType : TypeRef {
  Ident element;
  ArrayRef<Dim> dims;

  TensorType(SourceRange range, Ident element, ArrayRef<Dim> dims)
      : TypeRef(Kind::Tensor, range), element(element), dims(dims) {}
  static bool classof(const TypeRef *t) { return t->kind == Kind::Tensor; }
};

/// `[int]`: a compile-time list.
struct ListType : TypeRef {
  TypeRef *element;

  ListType(SourceRange range, TypeRef *element) : TypeRef(Kind::List, range), element(element) {}
  static bool classof(const TypeRef *t) { return t->kind == Kind::List; }
};

/// One result of several. The name is optional: `(logits: f32[B, V], f32[B])`.
struct TupleField {
  Ident name;
  TypeRef *type;
};

/// `(f32[B, S], f32[B])`: several results. `(x: f32[B])` names a single one.
struct TupleType : TypeRef {
  ArrayRef<TupleField> fields;

  TupleType(SourceRange range, ArrayRef<TupleField> fields)
      : TypeRef(Kind::Tuple, range), fields(fields) {}
  static bool classof(const TypeRef *t) { return t->kind == Kind::Tuple; }
};

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

class Stmt {
public:
  enum class Kind : uint8_t {
    Let,
    LetFn,
    Assign,
    Expr,
    If,
    For,
    While,
    Return,
    Yield,
    Break,
    Continue,
  };

  const Kind kind;
  SourceRange range;

protected:
  Stmt(Kind kind, SourceRange range) : kind(kind), range(range) {}
};

/// `{ statements }`; `range` includes the braces.
struct Body {
  SourceRange range;
  ArrayRef<Stmt *> stmts;
};

/// `let pattern: type = value`, `var ...`, `const ...`.
struct LetStmt : Stmt {
  enum class Mode : uint8_t { Let, Var, Const };

  Mode mode;
  Pattern *pattern;
  TypeRef *type; ///< may be null
  Expr *value;

  LetStmt(SourceRange range, Mode mode, Pattern *pattern, TypeRef *type, Expr *value)
      : Stmt(Kind::Let, range), mode(mode), pattern(pattern), type(type), value(value) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Let; }
};

/// A parameter of a block, a function or a local function.
struct Param {
  SourceRange range;
  Ident name;
  TypeRef *type;      ///< null in a local function that leaves it out
  Expr *defaultValue; ///< may be null
  StringRef doc;      ///< text of the `///` lines before it, without slashes
};

/// `let f(t, n) = expr`: a local function, expanded where it is called.
struct LetFnStmt : Stmt {
  Ident name;
  ArrayRef<Param> params;
  Expr *value;

  LetFnStmt(SourceRange range, Ident name, ArrayRef<Param> params, Expr *value)
      : Stmt(Kind::LetFn, range), name(name), params(params), value(value) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::LetFn; }
};

/// `target = value`, `target += value`. The target is a NameExpr, an IndexExpr
/// on a name (an update of a part of it), or a list or tuple of names.
struct AssignStmt : Stmt {
  Expr *target;
  bool isCompound;
  BinaryOp op; ///< only when isCompound
  SourceRange opRange;
  Expr *value;

  AssignStmt(SourceRange range, Expr *target, bool isCompound, BinaryOp op, SourceRange opRange,
             Expr *value)
      : Stmt(Kind::Assign, range), target(target), isCompound(isCompound), op(op), opRange(opRange),
        value(value) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Assign; }
};

/// An expression alone on its line.
struct ExprStmt : Stmt {
  Expr *value;

  ExprStmt(SourceRange range, Expr *value) : Stmt(Kind::Expr, range), value(value) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Expr; }
};

/// `if c { ... } else { ... }`; in a chain `else if`, `elseBody` holds one
/// IfStmt and its range has no braces of its own.
struct IfStmt : Stmt {
  Expr *condition;
  Body thenBody;
  bool hasElse;
  Body elseBody;

  IfStmt(SourceRange range, Expr *condition, Body thenBody, bool hasElse, Body elseBody)
      : Stmt(Kind::If, range), condition(condition), thenBody(thenBody), hasElse(hasElse),
        elseBody(elseBody) {}
  /// The `if` of `else if`, or null.
  IfStmt *elseIf() const;
  static bool classof(const Stmt *s) { return s->kind == Kind::If; }
};

/// `for pattern in iterable { ... }`, unrolled at compile time.
struct ForStmt : Stmt {
  Pattern *pattern;
  Expr *iterable;
  Body body;

  ForStmt(SourceRange range, Pattern *pattern, Expr *iterable, Body body)
      : Stmt(Kind::For, range), pattern(pattern), iterable(iterable), body(body) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::For; }
};

/// `while condition { ... }`, a loop at run time.
struct WhileStmt : Stmt {
  Expr *condition;
  Body body;

  WhileStmt(SourceRange range, Expr *condition, Body body)
      : Stmt(Kind::While, range), condition(condition), body(body) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::While; }
};

/// `return a` or `return a, b`. `return (a, b)` arrives as two values.
struct ReturnStmt : Stmt {
  ArrayRef<Expr *> values;

  ReturnStmt(SourceRange range, ArrayRef<Expr *> values)
      : Stmt(Kind::Return, range), values(values) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Return; }
};

/// `yield a`: one element of each result of the scan around it.
struct YieldStmt : Stmt {
  ArrayRef<Expr *> values;

  YieldStmt(SourceRange range, ArrayRef<Expr *> values)
      : Stmt(Kind::Yield, range), values(values) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Yield; }
};

struct BreakStmt : Stmt {
  explicit BreakStmt(SourceRange range) : Stmt(Kind::Break, range) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Break; }
};

struct ContinueStmt : Stmt {
  explicit ContinueStmt(SourceRange range) : Stmt(Kind::Continue, range) {}
  static bool classof(const Stmt *s) { return s->kind == Kind::Continue; }
};

/// What a scan steps over: `name in sequence`, or `name` alone, which steps
/// over the variable of that name.
struct ScanInput {
  Pattern *pattern;
  Expr *sequence;
};

/// `h = zeros[B, hidden]` or `h` alone (a variable that exists before).
struct ScanCarry {
  Ident name;
  Expr *initial; ///< null when the name stands alone
};

/// `scan g in gates over axis 1 reverse carry h = ..., c = ... { body }`.
struct ScanExpr : Expr {
  ArrayRef<ScanInput> inputs;
  Expr *axis;
  bool isReverse; ///< from the last element to the first
  ArrayRef<ScanCarry> carries;
  Body body;

  ScanExpr(SourceRange range, ArrayRef<ScanInput> inputs, Expr *axis, bool isReverse,
           ArrayRef<ScanCarry> carries, Body body)
      : Expr(Kind::Scan, range), inputs(inputs), axis(axis), isReverse(isReverse), carries(carries),
        body(body) {}
  static bool classof(const Expr *e) { return e->kind == Kind::Scan; }
};

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

class Decl {
public:
  enum class Kind : uint8_t {
    Import,
    Block,
    Fn,
    Const,
    Weight,
    State,
    Part,
    If,
  };

  const Kind kind;
  SourceRange range; ///< without the doc comment
  Ident name;        ///< empty for Import, If and the unnamed `fn`
  StringRef doc;     ///< lines joined by '\n', slashes and one blank removed

protected:
  Decl(Kind kind, SourceRange range, Ident name) : kind(kind), range(range), name(name) {}
};

/// `import std.transformer`. The names of the imported file, and those that it
/// imports, become visible.
struct ImportDecl : Decl {
  ArrayRef<Ident> path; ///< at least one
  SourceRange pathRange;

  ImportDecl(SourceRange range, ArrayRef<Ident> path, SourceRange pathRange)
      : Decl(Kind::Import, range, {}), path(path), pathRange(pathRange) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Import; }
};

/// `block Name(params) { members }` or `model ...`. Members are Fn, Const,
/// Weight, State, Part and If declarations.
struct BlockDecl : Decl {
  bool isModel;
  ArrayRef<Param> params;
  SourceRange bodyRange; ///< with the braces
  ArrayRef<Decl *> members;

  BlockDecl(SourceRange range, Ident name, bool isModel, ArrayRef<Param> params,
            SourceRange bodyRange, ArrayRef<Decl *> members)
      : Decl(Kind::Block, range, name), isModel(isModel), params(params), bodyRange(bodyRange),
        members(members) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Block; }
};

/// `fn (x: T) -> T { ... }` (unnamed: what calling the part runs), `fn name`,
/// `entry name`; in a block, or `fn name` at the top of a file.
struct FnDecl : Decl {
  bool isEntry;
  ArrayRef<Param> params;
  TypeRef *result; ///< null: found from the body
  Body body;

  FnDecl(SourceRange range, Ident name, bool isEntry, ArrayRef<Param> params, TypeRef *result,
         Body body)
      : Decl(Kind::Fn, range, name), isEntry(isEntry), params(params), result(result), body(body) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Fn; }
};

/// `const name: type = value`, in a block or at the top of a file.
struct ConstDecl : Decl {
  TypeRef *type; ///< may be null
  Expr *value;

  ConstDecl(SourceRange range, Ident name, TypeRef *type, Expr *value)
      : Decl(Kind::Const, range, name), type(type), value(value) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Const; }
};

/// The `as "name.in.file"` of a weight or a part.
struct FileName {
  StringRef value;
  SourceRange range; ///< of the string; invalid where there is no `as`

  bool isPresent() const { return range.isValid(); }
};

/// `weight name: type = initial as "name.in.file"`.
struct WeightDecl : Decl {
  TypeRef *type;
  Expr *initial; ///< may be null
  FileName fileName;

  WeightDecl(SourceRange range, Ident name, TypeRef *type, Expr *initial, FileName fileName)
      : Decl(Kind::Weight, range, name), type(type), initial(initial), fileName(fileName) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Weight; }
};

/// `state name: type = initial`.
struct StateDecl : Decl {
  TypeRef *type;
  Expr *initial; ///< may be null: zeros

  StateDecl(SourceRange range, Ident name, TypeRef *type, Expr *initial)
      : Decl(Kind::State, range, name), type(type), initial(initial) {}
  static bool classof(const Decl *d) { return d->kind == Kind::State; }
};

/// `part name: Block(args)`, `part name[count]: Block(args)`, and lists of
/// parts, named by their place: `part layers: [Conv2d(3, 8), ReLU()]`,
/// `part layers: [Block(i) for i in range(n)]`.
struct PartDecl : Decl {
  Expr *count; ///< null for a single part
  Expr *value; ///< a call of a block, a list of them, or a conditional one
  FileName fileName;

  PartDecl(SourceRange range, Ident name, Expr *count, Expr *value, FileName fileName)
      : Decl(Kind::Part, range, name), count(count), value(value), fileName(fileName) {}
  static bool classof(const Decl *d) { return d->kind == Kind::Part; }
};

/// `if condition { members } else { members }` among the members of a block,
/// decided at compile time. In a chain, `elseMembers` holds one IfDecl.
struct IfDecl : Decl {
  Expr *condition;
  SourceRange thenRange;
  ArrayRef<Decl *> thenMembers;
  bool hasElse;
  SourceRange elseRange;
  ArrayRef<Decl *> elseMembers;

  IfDecl(SourceRange range, Expr *condition, SourceRange thenRange, ArrayRef<Decl *> thenMembers,
         bool hasElse, SourceRange elseRange, ArrayRef<Decl *> elseMembers)
      : Decl(Kind::If, range, {}), condition(condition), thenRange(thenRange),
        thenMembers(thenMembers), hasElse(hasElse), elseRange(elseRange), elseMembers(elseMembers) {
  }
  /// The `if` of `else if`, or null.
  IfDecl *elseIf() const;
  static bool classof(const Decl *d) { return d->kind == Kind::If; }
};

/// One parsed file.
struct SourceFile {
  FileId file = noFile;
  StringRef doc; ///< the `///` lines at the top that an empty line ends
  ArrayRef<ImportDecl *> imports;
  ArrayRef<Decl *> decls;     ///< blocks, models, functions, constants
  ArrayRef<Comment> comments; ///< all, in the order of the text
};

} // namespace nacre::ast

#endif // NACRE_FRONTEND_LANGUAGE_AST_H
