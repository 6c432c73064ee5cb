//===- ParseErrorsTest.cpp - every error, its place and its words *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case is a broken file and all the errors it gives, in order: one fault
// must give one error, and hide none of the others.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Parser.h"

#include <gtest/gtest.h>

using namespace nacre;

namespace {

struct Case {
  const char *name;
  const char *source;
  std::vector<std::string> errors;
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

// clang-format off
const Case cases[] = {
    {"Args",
     R"ncr(const a = f(x=1, 2)
const b = f(1 2)
const c = f(1,, 2)
const d = f(
)ncr",
     {"1:18: an argument without a name cannot follow one with a name",
      "2:15: expected ',' or ')', found '2'",
      "3:15: expected an expression, found ','",
      "4:12: this '(' is never closed"}},
    {"Assign",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    f(x) = 3
    x + 1 = 3
    x := 3
    x.y = 3
    return
  }
}
)ncr",
     {"3:5: only a variable or a state can be assigned",
      "4:5: only a variable or a state can be assigned",
      "5:7: a new variable is declared with 'let' or 'var'",
      "6:5: only a variable or a state can be assigned",
      "7:5: 'return' needs a value"}},
    {"BlockLocalFunctionBody",
     R"ncr(block A {
  fn (x: f32[B]) -> f32[B] {
    let f(t) { return t }
    const g(t) = t
    return f(x)
  }
}
)ncr",
     {"3:14: a local function is one expression: 'let f(x) = ...'",
      "4:12: expected '=', found '('"}},
    {"CHabits",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    let y = x && !x || x;
    let mut t = 1
    int z = 3
    return y;
  }
}
)ncr",
     {"3:15: '&&' is written 'and' here",
      "3:18: '!' is written 'not' here",
      "3:21: '||' is written 'or' here",
      "3:25: statements end with the line; remove the ';'",
      "4:5: a variable that changes is declared with 'var'",
      "5:5: a new variable is declared with 'let' or 'var'",
      "6:13: statements end with the line; remove the ';'"}},
    {"CommentForms",
     R"ncr(/* a comment
   of C */
const a = 1
)ncr",
     {"1:1: comments start with '//' and end with the line"}},
    {"Comparisons",
     R"ncr(const a = 1 < 2 < 3
)ncr",
     {"1:17: comparisons do not chain; write 'a < b and b < c'"}},
    {"DeepElse",
     R"ncr(const a = if b { 1 } else if c { 2 }
)ncr",
     {"1:27: 'if' as a value needs an 'else'"}},
    {"ElseAlone",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    else { return x }
    return x
  }
}
)ncr",
     {"3:5: this 'else' belongs to no 'if'"}},
    {"EmptyPattern",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    let [] = x
    let [a, b = x
    let (q, r) = x
    return q
  }
}
)ncr",
     {"3:9: expected a name between the brackets",
      "4:15: expected ',' or ']', found '='"}},
    {"EntryWithoutName",
     R"ncr(model M {
  entry (x: f32[B]) -> f32[B] { return x }
  entry forward(x: f32[B]) -> f32[B] { return x }
}
)ncr",
     {"2:9: expected the name of the entry, found '('"}},
    {"FnResult",
     R"ncr(block A() {
  fn (x: f32[B]): f32[B] { return x }
  fn b(x: f32[B]) => f32[B] { return x }
  fn c x { }
}
)ncr",
     {"2:17: the type of the result follows '->'",
      "3:19: expected '{', found '='",
      "4:8: expected '(', found 'x'"}},
    {"Fullwidth",
     R"ncr(block A（dim： int） {
  weight 权重: f32[dim，dim]
  fn (x: f32[B]) -> f32[B] { return x ＋ 1 }
}
)ncr",
     {"1:8: '（' is not the '(' of the language; write the ASCII character",
      "1:12: '：' is not the ':' of the language; write the ASCII character",
      "1:17: '）' is not the ')' of the language; write the ASCII character",
      "2:21: '，' is not the ',' of the language; write the ASCII character",
      "3:39: '＋' is not the '+' of the language; write the ASCII character"}},
    {"IfValue",
     R"ncr(const a = if x { 1 }
const b = if x { 1 } else { 2 3 }
)ncr",
     {"1:11: 'if' as a value needs an 'else'",
      "2:31: expected '}', found '3'; 'if' as a value holds one expression"}},
    {"ImportForms",
     R"ncr(import "a.ncr"
import
import std.
import std.nn as nn
)ncr",
     {"1:8: a file is imported by its name with dots, as in 'import folder.file'",
      "2:7: expected the name of a file, as in 'import std.nn', found the end of the line",
      "3:12: expected the name of a file, as in 'import std.nn', found the end of the line",
      "4:15: an import has no other name: what the file declares is visible as it is"}},
    {"KeywordsAsNames",
     R"ncr(block in() {
}
block A(for: int) {
  weight as: f32[1]
  fn (x: f32[B]) -> f32[B] {
    let if = 3
    return x.in
  }
}
)ncr",
     {"1:7: 'in' is a word of the language and cannot be a name",
      "3:9: 'for' is a word of the language and cannot be a name",
      "6:9: 'if' is a word of the language and cannot be a name",
      "7:14: 'in' is a word of the language and cannot be a name"}},
    {"MemberElif",
     R"ncr(block A(n: int) {
  if n == 1 { part p: B() } elif n == 2 { part p: C() }
}
)ncr",
     {"2:29: 'elif' is written 'else if'"}},
    {"Members",
     R"ncr(block A() {
  let x = 3
  for i in range(3) { part p: B() }
  entry f() {}
  self.x = 3
  import std.nn
  42
  weight w: f32[1];
}
)ncr",
     {"2:3: among the members of a block a value is declared with 'const'",
      "3:3: parts are repeated with an array, 'part h[n]: Block()', or a list, 'part h: [Block(i) for i in range(n)]'",
      "4:3: only a model has entries; in a block write 'fn'",
      "5:3: members are declared with 'weight' and 'part', and used without 'self'",
      "6:3: imports stand at the top of the file",
      "7:3: expected a member: weight, part, state, const, fn or if; found '42'",
      "8:19: statements end with the line; remove the ';'"}},
    {"MembersInFunctions",
     R"ncr(block A(dim: int) {
  fn (x: f32[B]) -> f32[B] {
    weight w: f32[dim]
    let y = x @ w
    return y
  }
}
)ncr",
     {"3:5: 'weight' belongs in the block, not in a function"}},
    {"MissingComma",
     R"ncr(const a = f(x
  y)
const b = 1
)ncr",
     {"2:3: expected ',' or ')', found 'y'"}},
    {"MissingParen",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    let y = relu((x + 1)
    let z = y
    return z +
  }
}
)ncr",
     {"3:17: this '(' is never closed",
      "5:15: expected an expression, found the end of the line"}},
    {"Misspelled",
     R"ncr(modle GPT2() {
}
block A() {
  wieght w: f32[1]
  parts p: B()
  fn (x: f32[B]) -> f32[B] {
    retrun x
  }
}
)ncr",
     {"1:1: expected a declaration: import, model, block, fn or const; found 'modle'; did you mean 'model'?",
      "4:3: expected a member: weight, part, state, const, fn or if; found 'wieght'; did you mean 'weight'?",
      "5:3: expected a member: weight, part, state, const, fn or if; found 'parts'; did you mean 'part'?",
      "7:5: 'retrun' starts no statement; did you mean 'return'?"}},
    {"NestedFn",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    fn g(y: f32[B]) -> f32[B] { return y }
    return g(x)
  }
}
)ncr",
     {"3:5: functions inside a function are written 'let f(x) = ...'"}},
    {"Numbers",
     R"ncr(const a = 1.
const b = .5
const c = 4dim
const d = 99999999999999999999
const e = 1e999
const f = 0x
)ncr",
     {"1:11: a number needs a digit after the point; write '1.0'",
      "2:11: a number needs a digit before the point; write '0.5'",
      "3:11: '4dim' is neither a number nor a name; a product is written '4 * dim'",
      "4:11: this number does not fit in 64 bits",
      "5:11: this number does not fit in 64 bits",
      "6:11: '0x' is neither a number nor a name; a product is written '0 * x'"}},
    {"Params",
     R"ncr(block A(dim, int heads) {
  fn (x) -> f32[B] { return x }
}
)ncr",
     {"1:9: parameter 'dim' needs a type, as in 'dim: int'",
      "1:14: a parameter is written 'name: type'",
      "2:7: parameter 'x' needs a type, as in 'x: f32[B, S]'"}},
    {"PythonHabits",
     R"ncr(from torch import nn
class A:
  def forward(self, x):
    return x
)ncr",
     {"1:1: an import is written 'import folder.file'",
      "2:1: 'class' is written 'block', or 'model' for what is compiled",
      "3:3: functions are declared with 'fn'",
      "4:5: expected a declaration: import, model, block, fn or const; found 'return'"}},
    {"PythonInBody",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    # comment
    if x == 1 and not y { return x } elif x { return x }
    y = lambda a: a
    z = x if y else w
    s = 'abc'
    q = f(*x)
    return h.0.attn
  }
}
)ncr",
     {"3:5: comments start with '//'",
      "4:38: 'elif' is written 'else if'",
      "5:9: local functions are written 'let f(x) = ...'",
      "6:11: expected the end of the statement, found 'if'",
      "7:9: strings are written in double quotes",
      "8:11: arguments cannot be unpacked with '*'; write them one by one",
      "9:13: parts of an array are chosen with brackets; write '[0]'"}},
    {"ScanForms",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    return scan g in x axis 1 { yield g }
  }
  fn b(x: f32[B]) -> f32[B] {
    return scan [a, b] over axis 1 { yield a }
  }
}
)ncr",
     {"3:24: expected 'over', found 'axis'",
      "6:24: expected 'in' and what to step over, found 'over'"}},
    {"Semicolons",
     R"ncr(const a = 1;; const b = 2
const c = 3;
)ncr",
     {"1:12: statements end with the line; remove the ';'",
      "2:12: statements end with the line; remove the ';'"}},
    {"Slices",
     R"ncr(const a = x[1:2:3:4]
const b = x[1 2]
const c = x[
)ncr",
     {"1:18: expected ',' or ']', found ':'",
      "2:15: expected ',' or ']', found '2'",
      "3:12: this '[' is never closed"}},
    {"Stray",
     R"ncr(const a = 1 $ 2
const b = [1, 2
const c = (1, 2
const d = ()
const e = (1,)
const f = 1 2
const g = x \
const h = )
)ncr",
     {"1:13: '$' has no meaning here",
      "1:15: expected the end of the statement, found '2'",
      "2:11: this '[' is never closed",
      "3:11: this '(' is never closed",
      "4:11: expected an expression between '(' and ')'",
      "5:11: a tuple has at least two elements; remove the ','",
      "6:13: expected the end of the statement, found '2'",
      R"(7:13: unexpected '\'; inside brackets, and after an operator, an expression continues on the next line by itself)",
      "8:11: expected an expression, found ')'"}},
    {"StrayBrace",
     R"ncr(block A() {
}
}
block B() {
  weight w f32[1]
}
)ncr",
     {"3:1: this '}' closes nothing",
      "5:12: expected ':' and the type of the weight, found 'f32'"}},
    {"Strings",
     R"ncr(const a = "abc
const b = "a\qb"
const c = "\u{110000}"
const d = "\u{4E2D}"
)ncr",
     {"1:11: this string is not closed on its line",
      R"(2:13: unknown escape; the language has \" \\ \n \t \r and \u{...})",
      R"(3:12: an escaped character is written '\u{4E2D}', with one to six hexadecimal digits)"}},
    {"Toplevel",
     R"ncr(let x = 3
weight w: f32[1]
entry forward() {}
42
import std.nn
)ncr",
     {"1:1: at the top of a file a value is declared with 'const'",
      "2:1: 'weight' belongs inside a block or a model",
      "3:1: 'entry' belongs inside a model",
      "4:1: expected a declaration: import, model, block, fn or const; found '42'"}},
    {"Types",
     R"ncr(block A() {
  weight a: f32[..., 3]
  weight b: f32[:, 3]
  weight c: 
  weight d: f32[3
  weight e: f32[3]
  fn (x: f32[B]) -> () { return x }
}
)ncr",
     {"2:17: leading dimensions are written '..' in a type; '...' belongs in an index",
      "3:17: every dimension of a type has a size; a name with a capital letter, such as B, stands for any size",
      "4:12: expected a type such as f32[B, S] or int, found the end of the line",
      "5:16: this '[' is never closed",
      "7:21: expected a type between '(' and ')'"}},
    {"UnclosedAtEnd",
     R"ncr(model M(
  dim: int,
)ncr",
     {"1:8: this '(' is never closed"}},
    {"UnclosedBlock",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    return x
block B() {
  fn (x: f32[B]) -> f32[B] { return x }
}
)ncr",
     {"1:11: this '{' is never closed",
      "2:28: this '{' is never closed"}},
    {"UnclosedBlockThenMember",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    return x

  part p: B()
}
)ncr",
     {"2:28: this '{' is never closed"}},
    {"UnicodeSymbols",
     R"ncr(const a = 3 × 4
const b = “text”
const c = 4 − 3
const d = ★
const e = a？
)ncr",
     {"1:13: '×' is not the '*' of the language; write the ASCII character",
      R"(2:11: '“' is not the '"' of the language; write the ASCII character)",
      "3:13: '−' is not the '-' of the language; write the ASCII character",
      "4:10: expected an expression, found the end of the line",
      "4:11: '★' has no meaning here",
      "5:12: '？' has no meaning here"}},
    {"WeightWithoutType",
     R"ncr(block A {
  weight w
  part p
  part q[3: B()
  state s = 1
  const c
  weight v: f32[3] as v
  weight u: f32[3] as "u"
}
)ncr",
     {"2:11: expected ':' and the type of the weight, found the end of the line",
      "3:9: expected ':' and the block of the part, found the end of the line",
      "4:11: expected ',' or ']', found ':'",
      "5:11: expected ':' and the type of the state, found '='",
      "6:10: expected '=', found the end of the line",
      "7:23: expected the name in the file, in double quotes, found 'v'"}},
    {"WhileYield",
     R"ncr(block A() {
  fn (x: f32[B]) -> f32[B] {
    while { break }
    for x { }
    for in y { }
    yield
    return x
  }
}
)ncr",
     {"3:11: expected an expression, found '{'",
      "4:11: expected 'in', found '{'",
      "5:9: 'in' is a word of the language and cannot be a name",
      "6:5: 'yield' needs a value"}},
};
// clang-format on

class ParseErrors : public ::testing::TestWithParam<Case> {};

TEST_P(ParseErrors, AllInOneRun) {
  SourceMap sources;
  FileId file = sources.addFile("a.ncr", GetParam().source);
  DiagnosticEngine diags(sources);
  ast::AstContext context;
  ASSERT_NE(parseFile(file, context, diags), nullptr);
  std::vector<std::pair<uint32_t, std::string>> found;
  for (const Diagnostic &diagnostic : diags.diagnostics()) {
    LineColumn at = sources.lineColumn(diagnostic.range);
    found.push_back(
        {diagnostic.range.begin,
         std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + diagnostic.message});
  }
  std::sort(found.begin(), found.end(), [](auto &a, auto &b) { return a.first < b.first; });
  std::vector<std::string> messages;
  for (auto &[place, message] : found)
    messages.push_back(message);
  EXPECT_EQ(messages, GetParam().errors);
}

INSTANTIATE_TEST_SUITE_P(Cases, ParseErrors, ::testing::ValuesIn(cases),
                         [](const auto &info) { return info.param.name; });

} // namespace
