//===- Parser.cpp - tokens, errors and recovery -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/ParserImpl.h"

using namespace nacre;
using namespace nacre::ast;

SourceRange Parser::since(SourceRange from) const {
  if (pos == 0)
    return from;
  from.end = std::max(from.end, stream.tokens[pos - 1].end);
  return from;
}

SourceRange Parser::previousEnd() const {
  if (pos == 0)
    return here().first();
  return rangeOf(stream.tokens[pos - 1]).last();
}

Diagnostic &Parser::error(SourceRange range, const llvm::Twine &message) {
  if (panicking) {
    silenced = Diagnostic();
    return silenced;
  }
  panicking = true;
  return diags.error(range, message);
}

std::string Parser::describe(const Token &t) const {
  switch (t.kind) {
  case TokenKind::EndOfFile:
    return "the end of the file";
  case TokenKind::String:
    return "a string";
  default: {
    StringRef shown = spellingOf(t);
    if (shown.size() > 40)
      return "'" + shown.take_front(40).str() + "...'";
    return "'" + shown.str() + "'";
  }
  }
}

Diagnostic &Parser::expected(const llvm::Twine &what) {
  if (atEnd())
    return error(previousEnd(), "expected " + what + ", found the end of the file");
  if (token().startsLine && brackets == 0)
    return error(previousEnd(), "expected " + what + ", found the end of the line");
  return error(here(), "expected " + what + ", found " + describe(token()));
}

bool Parser::expect(TokenKind kind, const llvm::Twine &what) {
  if (panicking)
    return false;
  if (consume(kind))
    return true;
  if (is(TokenKind::Identifier) || !isKeyword(spellingOf(token())) || kind != TokenKind::Identifier)
    expected(what);
  else
    error(here(), "'" + spellingOf(token()) + "' is a word of the language and cannot be a name");
  return false;
}

bool Parser::close(TokenKind kind, SourceRange open) {
  if (panicking)
    return false;
  if (consume(kind))
    return true;
  if (atEnd() || startsStatement() || is(TokenKind::RightBrace))
    error(open, "this '" + diags.sourceMap().text(open) + "' is never closed");
  else
    error(here(), "expected ',' or '" + spelling(kind) + "', found " + describe(token()))
        .label(open, "opened here");
  return false;
}

size_t Parser::indentation(uint32_t offset) const {
  size_t lineStart = text.take_front(offset).rfind('\n') + 1;
  StringRef line = text.drop_front(lineStart);
  return line.size() - line.ltrim(" \t").size();
}

bool Parser::startsTopLevel() const {
  if (!token().startsLine)
    return false;
  return (is(TokenKind::KwImport) && indentation(token().begin) == 0) ||
         ((isWord("model") || isWord("block")) && isNext(TokenKind::Identifier) &&
          !token(1).startsLine);
}

bool Parser::startsMember() const {
  if (!token().startsLine)
    return false;
  return is(TokenKind::KwFn) ||
         ((isWord("weight") || isWord("part") || isWord("state") || isWord("entry")) &&
          isNext(TokenKind::Identifier) && !token(1).startsLine);
}

bool Parser::startsStatement() const {
  if (!token().startsLine)
    return false;
  switch (token().kind) {
  case TokenKind::KwLet:
  case TokenKind::KwVar:
  case TokenKind::KwConst:
  case TokenKind::KwReturn:
  case TokenKind::KwYield:
  case TokenKind::KwFor:
  case TokenKind::KwWhile:
  case TokenKind::KwBreak:
  case TokenKind::KwContinue:
    return true;
  default:
    return startsMember() || startsTopLevel();
  }
}

void Parser::synchronize(size_t before) {
  unsigned braces = 0;
  while (!atEnd()) {
    if (pos != before) {
      if (braces == 0 && (is(TokenKind::RightBrace) ||
                          (token().startsLine && (brackets == 0 || startsStatement()))))
        break;
      // A declaration inside braces that are skipped: they are not closed.
      if (startsMember() || startsTopLevel())
        break;
    }
    switch (token().kind) {
    case TokenKind::LeftBrace:
      ++braces;
      break;
    case TokenKind::RightBrace:
      braces -= braces != 0;
      break;
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
      brackets += braces == 0;
      break;
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      brackets -= braces == 0 && brackets != 0;
      break;
    default:
      break;
    }
    advance();
  }
  brackets = 0;
  panicking = gaveUp;
}

void Parser::tooDeep() {
  if (gaveUp)
    return;
  panicking = false;
  error(here(), "this is nested too deeply; at most " + llvm::Twine(maxTreeDepth) +
                    " levels of brackets, bodies and operators are read");
  gaveUp = true;
  pos = stream.tokens.size() - 1;
}

SourceFile *Parser::parse() {
  SourceFile *file = context.create<SourceFile>();
  file->file = stream.file;
  file->doc = fileDoc();
  size_t oldErrors = diags.errorCount();
  llvm::SmallVector<ImportDecl *, 4> imports;
  llvm::SmallVector<Decl *, 16> decls;
  while (!atEnd()) {
    size_t before = pos;
    StringRef doc = docBefore();
    bool isLateImport = is(TokenKind::KwImport) && !decls.empty();
    if (Decl *decl = parseTopLevel()) {
      decl->doc = doc;
      if (auto *import = llvm::dyn_cast<ImportDecl>(decl)) {
        imports.push_back(import);
        if (isLateImport)
          diags.error(import->range, "imports stand at the top of the file, before the first "
                                     "declaration");
      } else {
        decls.push_back(decl);
      }
    }
    if (pos != before)
      endStatement();
    if (panicking)
      synchronize(before);
    if (pos == before) {
      // After other errors this is the '}' of what could not be read.
      if (is(TokenKind::RightBrace) && diags.errorCount() == oldErrors)
        diags.error(here(), "this '}' closes nothing");
      advance();
    }
  }
  file->imports = context.copy(ArrayRef<ImportDecl *>(imports));
  file->decls = context.copy(ArrayRef<Decl *>(decls));
  file->comments = context.copy(ArrayRef<Comment>(stream.comments));
  return file;
}

//===----------------------------------------------------------------------===//
// Doc comments
//===----------------------------------------------------------------------===//

/// Joins `comments`, without slashes and the blank after them.
static std::string joined(ArrayRef<Comment> comments) {
  std::string doc;
  for (const Comment &comment : comments) {
    if (!doc.empty() || &comment != comments.begin())
      doc += '\n';
    StringRef line = comment.text.drop_front(3);
    line.consume_front(" ");
    doc += line;
  }
  return doc;
}

StringRef Parser::docBefore() {
  size_t begin = pos == 0 ? 0 : stream.tokens[pos - 1].commentEnd;
  size_t end = token().commentEnd;
  size_t first = end;
  uint32_t next = token().begin;
  while (first > begin) {
    const Comment &comment = stream.comments[first - 1];
    if (!comment.isDoc || !comment.ownLine || text.slice(comment.range.end, next).count('\n') != 1)
      break;
    next = comment.range.begin;
    --first;
  }
  if (first == end)
    return {};
  return context.copy(
      StringRef(joined(ArrayRef<Comment>(stream.comments).slice(first, end - first))));
}

StringRef Parser::fileDoc() {
  ArrayRef<Comment> comments = ArrayRef<Comment>(stream.comments).take_front(token().commentEnd);
  size_t count = 0;
  while (count < comments.size() && comments[count].isDoc &&
         (count == 0 ||
          text.slice(comments[count - 1].range.end, comments[count].range.begin).count('\n') == 1))
    ++count;
  if (count == 0)
    return {};
  uint32_t next = count < comments.size() ? comments[count].range.begin : token().begin;
  // Without an empty line it documents the declaration that follows.
  if (text.slice(comments[count - 1].range.end, next).count('\n') < 2)
    return {};
  return context.copy(StringRef(joined(comments.take_front(count))));
}

SourceFile *nacre::parseFile(FileId file, AstContext &context, DiagnosticEngine &diags) {
  return Parser(lex(file, diags), context, diags).parse();
}
