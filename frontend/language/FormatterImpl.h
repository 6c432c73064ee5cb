//===- FormatterImpl.h - the formatter's class ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks the tree in the order of the text and takes each comment when it
// reaches what stands after it. A comment keeps its place at the nearest
// statement, member, argument or element: on a line of its own before it, or
// behind it where it was behind it.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_FORMATTERIMPL_H
#define NACRE_FRONTEND_LANGUAGE_FORMATTERIMPL_H

#include "frontend/language/AST.h"
#include "frontend/language/Layout.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace nacre {

class Formatter {
public:
  Formatter(const SourceMap &sources, const ast::SourceFile &file)
      : file(file), text(sources.text(file.file)) {}

  std::string run();

private:
  using Doc = layout::Doc;
  using DocRef = const layout::Doc *;
  using Docs = llvm::SmallVector<DocRef, 16>;

  DocRef str(llvm::StringRef s) { return arena.text(s); }
  DocRef cat(llvm::ArrayRef<DocRef> parts) { return arena.concat(parts); }
  DocRef source(SourceRange range) { return arena.text(text.slice(range.begin, range.end)); }

  //===--- comments -------------------------------------------------------===//

  /// The next comment starts before `offset`.
  bool hasCommentBefore(uint32_t offset) const {
    return nextComment < file.comments.size() && file.comments[nextComment].range.begin < offset;
  }
  /// No line break between two offsets of the text.
  bool onOneLine(uint32_t begin, uint32_t end) const {
    return !text.slice(begin, end).contains('\n');
  }
  /// The comment that follows `end` on its line and starts before `limit`, or
  /// an empty document.
  DocRef trailingComment(uint32_t end, uint32_t limit);
  bool hasBlankLine(uint32_t begin, uint32_t end) const {
    return text.slice(begin, end).count('\n') >= 2;
  }

  //===--- sequences ------------------------------------------------------===//

  /// What separates two lines of a body besides the line break.
  enum class Gap { Keep, Blank };

  /// Lines between two offsets: `count` nodes with their comments. `gap` says
  /// whether a blank line must stand before node i.
  DocRef lines(uint32_t begin, uint32_t limit, size_t count,
               llvm::function_ref<SourceRange(size_t)> range,
               llvm::function_ref<DocRef(size_t)> build, llvm::function_ref<Gap(size_t)> gap);

  /// `open a, b, c close`, broken into one element a line where it does not
  /// fit. `end` is the offset of the closing bracket.
  DocRef list(llvm::StringRef open, llvm::StringRef close, uint32_t begin, uint32_t end,
              size_t count, llvm::function_ref<SourceRange(size_t)> range,
              llvm::function_ref<DocRef(size_t)> build);

  //===--- nodes ----------------------------------------------------------===//

  DocRef expr(const ast::Expr *e);
  DocRef bareExpr(const ast::Expr *e);
  DocRef binary(const ast::BinaryExpr *e);
  void operands(const ast::BinaryExpr *e, Docs &parts);
  DocRef postfix(const ast::Expr *e);
  DocRef suffixOf(const ast::Expr *e);
  DocRef call(const ast::CallExpr *e);
  DocRef index(const ast::IndexExpr *e);
  DocRef ifValue(const ast::IfExpr *e);
  DocRef scan(const ast::ScanExpr *e);
  DocRef exprs(llvm::ArrayRef<ast::Expr *> values);
  DocRef elements(llvm::StringRef open, llvm::StringRef close, SourceRange range,
                  llvm::ArrayRef<ast::Expr *> values);

  DocRef pattern(const ast::Pattern *p, bool isBare = false);
  DocRef type(const ast::TypeRef *t);
  DocRef dim(const ast::Dim &d);
  DocRef params(llvm::ArrayRef<ast::Param> params, uint32_t begin, bool alwaysPrint);

  DocRef stmt(const ast::Stmt *s);
  DocRef ifStmt(const ast::IfStmt *s);
  DocRef body(const ast::Body &b, bool mayBeOneLine);

  DocRef decl(const ast::Decl *d);
  DocRef fn(const ast::FnDecl *d);
  DocRef members(SourceRange range, llvm::ArrayRef<ast::Decl *> decls);
  DocRef memberIf(const ast::IfDecl *d);
  DocRef assigned(DocRef head, const ast::Expr *value);
  void alignMembers(llvm::ArrayRef<ast::Decl *> decls);
  DocRef fileName(const ast::FileName &name);

  const ast::SourceFile &file;
  llvm::StringRef text;
  layout::Arena arena;
  size_t nextComment = 0;

  /// Blanks after the keyword and after the ':' of a member.
  struct Padding {
    unsigned afterKeyword = 0;
    unsigned afterColon = 0;
  };
  llvm::DenseMap<const ast::Decl *, Padding> padding;
};

} // namespace nacre

#endif // NACRE_FRONTEND_LANGUAGE_FORMATTERIMPL_H
