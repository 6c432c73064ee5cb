//===- ParserTest.cpp - tokens to syntax tree -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Parser.h"

#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

#include <chrono>

using namespace nacre;
using namespace nacre::ast;

namespace {

/// Brackets around every operation, to show how operators bind.
std::string show(const Expr *e) {
  switch (e->kind) {
  case Expr::Kind::Int:
    return std::to_string(llvm::cast<IntExpr>(e)->value);
  case Expr::Kind::Name:
    return llvm::cast<NameExpr>(e)->name.str();
  case Expr::Kind::Unary: {
    auto *unary = llvm::cast<UnaryExpr>(e);
    return "(" + spelling(unary->op).str() + " " + show(unary->operand) + ")";
  }
  case Expr::Kind::Binary: {
    auto *binary = llvm::cast<BinaryExpr>(e);
    return "(" + show(binary->lhs) + " " + spelling(binary->op).str() + " " + show(binary->rhs) +
           ")";
  }
  case Expr::Kind::Member: {
    auto *member = llvm::cast<MemberExpr>(e);
    return show(member->base) + "." + member->name.text.str();
  }
  case Expr::Kind::Call: {
    auto *call = llvm::cast<CallExpr>(e);
    std::string text = show(call->callee) + "(";
    for (const Argument &arg : call->args)
      text += (arg.name.empty() ? "" : arg.name.text.str() + "=") + show(arg.value) + ",";
    return text + ")";
  }
  case Expr::Kind::Index:
    return show(llvm::cast<IndexExpr>(e)->base) + "[]";
  case Expr::Kind::Tuple:
    return "tuple";
  case Expr::Kind::Error:
    return "error";
  default:
    return "?";
  }
}

class ParserTest : public ::testing::Test {
protected:
  SourceFile *parse(std::string text) {
    FileId file = sources.addFile("a.ncr", std::move(text));
    return parseFile(file, context, diags);
  }
  /// Parses a file without errors that has one declaration.
  template <typename T>
  T *only(std::string text) {
    SourceFile *file = parse(std::move(text));
    EXPECT_FALSE(diags.hasErrors());
    for (const Diagnostic &d : diags.diagnostics())
      ADD_FAILURE() << d.message;
    EXPECT_EQ(file->decls.size(), 1u);
    return llvm::dyn_cast<T>(file->decls.front());
  }
  std::string value(std::string text) { return show(only<ConstDecl>("const x = " + text)->value); }
  /// The statements of a function body.
  ArrayRef<Stmt *> body(std::string text) {
    return only<FnDecl>("fn f(x: f32[B]) {\n" + text + "\n}")->body.stmts;
  }

  SourceMap sources;
  DiagnosticEngine diags{sources};
  AstContext context;
};

TEST_F(ParserTest, OperatorsBindAsInPython) {
  EXPECT_EQ(value("a + b * c @ d - e"), "((a + ((b * c) @ d)) - e)");
  EXPECT_EQ(value("-a ** 2"), "(- (a ** 2))");
  EXPECT_EQ(value("a ** b ** c"), "(a ** (b ** c))");
  EXPECT_EQ(value("2 ** -a"), "(2 ** (- a))");
  EXPECT_EQ(value("not a == b and c or d"), "(((not (a == b)) and c) or d)");
  EXPECT_EQ(value("a % b / c"), "((a % b) / c)");
  EXPECT_EQ(value("(a + b) * c"), "((a + b) * c)");
  EXPECT_EQ(value("-x.y(1)[2].T"), "(- x.y(1,)[].T)");
  EXPECT_EQ(value("f(a, k=b + 1)"), "f(a,k=(b + 1),)");
}

TEST_F(ParserTest, LinesEndStatements) {
  ArrayRef<Stmt *> stmts = body("let a = b\n-c\nlet d = e +\n  f\nlet g = h\n"
                                "  .i()\n  .j\nk(1,\n2)\n(l)");
  ASSERT_EQ(stmts.size(), 6u);
  EXPECT_TRUE(llvm::isa<ExprStmt>(stmts[1]));
  EXPECT_EQ(show(llvm::cast<LetStmt>(stmts[2])->value), "(e + f)");
  EXPECT_EQ(show(llvm::cast<LetStmt>(stmts[3])->value), "h.i().j");
  EXPECT_EQ(show(llvm::cast<ExprStmt>(stmts[4])->value), "k(1,2,)");
  EXPECT_EQ(show(llvm::cast<ExprStmt>(stmts[5])->value), "l");
}

TEST_F(ParserTest, RangesAreThoseOfTheText) {
  auto *decl = only<ConstDecl>("const x = (a + b) * f(c)[1:2]");
  auto *product = llvm::cast<BinaryExpr>(decl->value);
  EXPECT_EQ(sources.text(decl->range), "const x = (a + b) * f(c)[1:2]");
  EXPECT_EQ(sources.text(product->range), "(a + b) * f(c)[1:2]");
  EXPECT_EQ(sources.text(product->opRange), "*");
  EXPECT_EQ(sources.text(product->lhs->range), "(a + b)");
  EXPECT_EQ(sources.text(product->lhs->bareRange), "a + b");
  EXPECT_TRUE(product->lhs->parenthesised);
  auto *index = llvm::cast<IndexExpr>(product->rhs);
  EXPECT_EQ(sources.text(index->range), "f(c)[1:2]");
  EXPECT_EQ(sources.text(index->items[0].range), "1:2");
  EXPECT_EQ(sources.text(index->base->range), "f(c)");
}

TEST_F(ParserTest, Members) {
  auto *block = only<BlockDecl>(R"(
/// Rows of a table.
/// Second line.
block Embedding(count: int, dim: int = 8) {
  /// The table.
  weight weight: f32[count, dim] = normal(0.02) as "w"
  part   h[count]: Block(dim)
  state  keys: f16[1, dim]
  const  half = dim / 2
  if half == 4 { weight extra: f32[half] } else if half == 2 {} else { part p: A() }
  fn (ids: i64[..]) -> f32[.., dim] { return embedding(weight, ids) }
  fn helper(n: int) { return n }
}
)");
  ASSERT_TRUE(block);
  EXPECT_FALSE(block->isModel);
  EXPECT_EQ(block->doc, "Rows of a table.\nSecond line.");
  ASSERT_EQ(block->params.size(), 2u);
  EXPECT_TRUE(block->params[1].defaultValue);
  ASSERT_EQ(block->members.size(), 7u);
  auto *weight = llvm::cast<WeightDecl>(block->members[0]);
  EXPECT_EQ(weight->name.text, "weight");
  EXPECT_EQ(weight->doc, "The table.");
  EXPECT_EQ(weight->fileName.value, "w");
  EXPECT_TRUE(weight->initial);
  EXPECT_TRUE(llvm::cast<PartDecl>(block->members[1])->count);
  auto *choice = llvm::cast<IfDecl>(block->members[4]);
  ASSERT_TRUE(choice->elseIf());
  EXPECT_FALSE(choice->elseIf()->elseIf());
  EXPECT_EQ(choice->elseIf()->elseMembers.size(), 1u);
  auto *fn = llvm::cast<FnDecl>(block->members[5]);
  EXPECT_TRUE(fn->name.empty());
  auto *result = llvm::cast<TensorType>(fn->result);
  EXPECT_EQ(result->dims[0].kind, Dim::Kind::Leading);
}

TEST_F(ParserTest, TypesOfResults) {
  auto *fn = only<FnDecl>("fn f(n: [int], x: i32, y: T[]) -> "
                          "(a: i64[1, N <= ctx + 1], f32[4 * d]) { return n }");
  EXPECT_TRUE(llvm::isa<ListType>(fn->params[0].type));
  EXPECT_TRUE(llvm::isa<NamedType>(fn->params[1].type));
  EXPECT_TRUE(llvm::cast<TensorType>(fn->params[2].type)->dims.empty());
  auto *tuple = llvm::cast<TupleType>(fn->result);
  EXPECT_EQ(tuple->fields[0].name.text, "a");
  EXPECT_TRUE(tuple->fields[1].name.empty());
  const Dim &bounded = llvm::cast<TensorType>(tuple->fields[0].type)->dims[1];
  EXPECT_EQ(bounded.kind, Dim::Kind::Bounded);
  EXPECT_EQ(show(bounded.size), "N");
  EXPECT_EQ(show(bounded.bound), "(ctx + 1)");
}

TEST_F(ParserTest, LoopsAndStates) {
  ArrayRef<Stmt *> stmts = body("let r = scan a in b, c over axis -1 carry h = z, k { yield a }\n"
                                "while x < 3 { break }\n"
                                "k[:, p:p + S] = new\n"
                                "for i, (a, [b, _]) in e { continue }\n"
                                "x += 1\n"
                                "return (a, b)");
  auto *scan = llvm::cast<ScanExpr>(llvm::cast<LetStmt>(stmts[0])->value);
  ASSERT_EQ(scan->inputs.size(), 2u);
  EXPECT_EQ(show(scan->inputs[0].sequence), "b");
  EXPECT_EQ(show(scan->inputs[1].sequence), "c");
  ASSERT_EQ(scan->carries.size(), 2u);
  EXPECT_TRUE(scan->carries[0].initial);
  EXPECT_FALSE(scan->carries[1].initial);
  EXPECT_EQ(scan->body.stmts.size(), 1u);
  EXPECT_TRUE(llvm::isa<WhileStmt>(stmts[1]));
  EXPECT_TRUE(llvm::isa<IndexExpr>(llvm::cast<AssignStmt>(stmts[2])->target));
  EXPECT_EQ(llvm::cast<ForStmt>(stmts[3])->pattern->elements.size(), 2u);
  EXPECT_TRUE(llvm::cast<AssignStmt>(stmts[4])->isCompound);
  EXPECT_EQ(llvm::cast<ReturnStmt>(stmts[5])->values.size(), 2u);
}

TEST_F(ParserTest, ImportsAndDocOfTheFile) {
  SourceFile *file = parse("/// About the file.\n\nimport std.nn\nimport a\n"
                           "\n/// About f.\nfn f(x: f32[]) { return x }\n");
  EXPECT_FALSE(diags.hasErrors());
  EXPECT_EQ(file->doc, "About the file.");
  ASSERT_EQ(file->imports.size(), 2u);
  EXPECT_EQ(file->imports[0]->path.size(), 2u);
  EXPECT_EQ(sources.text(file->imports[0]->pathRange), "std.nn");
  EXPECT_EQ(file->decls[0]->doc, "About f.");
}

TEST_F(ParserTest, BrokenFilesStillHaveATree) {
  SourceFile *file = parse("block A { weight w f32[1]\n weight v: f32[2]\n"
                           " fn (x: f32[B]) { let y = \n return x }\n}\n"
                           "blok B {}\nblock C {}\n");
  EXPECT_EQ(diags.errorCount(), 3u);
  ASSERT_EQ(file->decls.size(), 2u);
  auto *a = llvm::cast<BlockDecl>(file->decls[0]);
  ASSERT_EQ(a->members.size(), 3u);
  EXPECT_EQ(llvm::cast<FnDecl>(a->members[2])->body.stmts.size(), 2u);
  EXPECT_EQ(file->decls[1]->name.text, "C");
}

TEST_F(ParserTest, DeepTextIsAnErrorNotACrash) {
  for (std::string unit :
       {"(", "[", "f(", "x[", "-", "not ", "a + ", "a ** ", "a.", "if a { b } else ", "if a { ",
        "scan a over axis 0 { ", "[x for x in "}) {
    std::string text = "const x = ";
    for (int i = 0; i < 20000; ++i)
      text += unit;
    size_t before = diags.errorCount();
    parse(text);
    EXPECT_GT(diags.errorCount(), before) << unit;
  }
  for (std::string unit :
       {"if a { ", "for a in b {\n", "while a { ", "if a {} else ", "let [", "let x: ["}) {
    std::string text = "fn f(x: f32[B]) {\n";
    for (int i = 0; i < 20000; ++i)
      text += unit;
    size_t before = diags.errorCount();
    parse(text);
    EXPECT_GT(diags.errorCount(), before) << unit;
  }
  std::string text = "block A {\n";
  for (int i = 0; i < 20000; ++i)
    text += "if a {\n";
  parse(text);
}

TEST_F(ParserTest, ScanBodiesCountAsDepth) {
  // A chain of operators inside a scan inside a chain, and so on: each level
  // is shallow and the whole is not.
  std::string text = "x";
  for (int i = 0; i < 40; ++i) {
    text = "scan a over axis 0 { yield " + text + " }";
    for (int k = 0; k < 20; ++k)
      text += " + x";
  }
  parse("fn f(x: f32[B]) {\nreturn " + text + "\n}");
  EXPECT_TRUE(diags.hasErrors());
}

TEST_F(ParserTest, TimeIsLinear) {
  // Quadratic behaviour would take minutes for any of these.
  for (std::string unit :
       {"x = f(1,\n", "} ", "( ", "a b\n", "/// doc\n", "block A {\n", "import\n",
        "fn f(x: f32[B]) {}\n", "\"", "weight w: f32[\n", "é", "。", "if x {\n} else {\n", "\\u"}) {
    std::string text;
    while (text.size() < 1000000)
      text += unit;
    auto start = std::chrono::steady_clock::now();
    parse(text);
    auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
    EXPECT_LT(seconds.count(), 20) << unit;
  }
}

} // namespace
