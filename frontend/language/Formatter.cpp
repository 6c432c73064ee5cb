//===- Formatter.cpp - layout of files and declarations ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Formatter.h"
#include "frontend/language/FormatterImpl.h"
#include "frontend/language/Parser.h"

#include <algorithm>

using namespace nacre;
using namespace nacre::ast;
using layout::columnsOf;

//===----------------------------------------------------------------------===//
// Comments and sequences
//===----------------------------------------------------------------------===//

Formatter::DocRef Formatter::trailingComment(uint32_t end, uint32_t limit) {
  if (!hasCommentBefore(limit))
    return arena.empty();
  const Comment &comment = file.comments[nextComment];
  if (comment.range.begin < end || !onOneLine(end, comment.range.begin))
    return arena.empty();
  ++nextComment;
  return arena.suffix(comment.text);
}

Formatter::DocRef Formatter::lines(uint32_t begin, uint32_t limit, size_t count,
                                   llvm::function_ref<SourceRange(size_t)> range,
                                   llvm::function_ref<DocRef(size_t)> build,
                                   llvm::function_ref<Gap(size_t)> gap) {
  Docs result;
  uint32_t end = begin; // of what was printed last
  bool isFirst = true;
  auto separate = [&](uint32_t next, bool needsBlank) {
    if (!isFirst) {
      result.push_back(arena.hardLine());
      if (needsBlank || hasBlankLine(end, next))
        result.push_back(arena.hardLine());
    }
    isFirst = false;
  };
  auto comment = [&](bool needsBlank) {
    const Comment &c = file.comments[nextComment++];
    separate(c.range.begin, needsBlank);
    result.push_back(str(c.text));
    end = c.range.end;
  };

  for (size_t i = 0; i < count; ++i) {
    SourceRange node = range(i);
    bool needsBlank = i != 0 && gap(i) == Gap::Blank;
    while (hasCommentBefore(node.begin)) {
      comment(needsBlank);
      needsBlank = false;
    }
    size_t before = nextComment;
    DocRef doc = build(i);
    // Comments inside the node that none of its lists took move before it.
    Docs inner;
    while (hasCommentBefore(node.end))
      inner.push_back(str(file.comments[nextComment++].text));
    uint32_t start = node.begin;
    if (!inner.empty() && before != nextComment)
      start = std::min(start, file.comments[before].range.begin);
    separate(std::min(node.begin, start), needsBlank);
    for (DocRef line : inner) {
      result.push_back(line);
      result.push_back(arena.hardLine());
    }
    result.push_back(doc);
    result.push_back(trailingComment(node.end, limit));
    end = node.end;
    if (nextComment > before)
      end = std::max(end, file.comments[nextComment - 1].range.end);
  }
  while (hasCommentBefore(limit))
    comment(false);
  return cat(result);
}

Formatter::DocRef Formatter::list(StringRef open, StringRef close, uint32_t begin, uint32_t end,
                                  size_t count, llvm::function_ref<SourceRange(size_t)> range,
                                  llvm::function_ref<DocRef(size_t)> build) {
  if (count == 0 && !hasCommentBefore(end))
    return cat({str(open), str(close)});
  Docs inner;
  inner.push_back(trailingComment(begin, count ? range(0).begin : end));
  inner.push_back(arena.softLine());
  for (size_t i = 0; i < count; ++i) {
    SourceRange node = range(i);
    if (i != 0)
      inner.push_back(arena.line());
    while (hasCommentBefore(node.begin)) {
      inner.push_back(str(file.comments[nextComment++].text));
      inner.push_back(arena.hardLine());
    }
    DocRef doc = build(i);
    while (hasCommentBefore(node.end)) {
      inner.push_back(str(file.comments[nextComment++].text));
      inner.push_back(arena.hardLine());
    }
    inner.push_back(doc);
    inner.push_back(i + 1 < count ? str(",") : arena.ifBroken(","));
    inner.push_back(trailingComment(node.end, i + 1 < count ? range(i + 1).begin : end));
  }
  bool isFirst = count == 0;
  while (hasCommentBefore(end)) {
    if (!isFirst)
      inner.push_back(arena.hardLine());
    isFirst = false;
    inner.push_back(str(file.comments[nextComment++].text));
    // What closes the list must not become part of the comment.
    inner.push_back(arena.suffix(""));
  }
  return arena.group(cat({str(open), arena.indent(2, cat(inner)), arena.softLine(), str(close)}));
}

//===----------------------------------------------------------------------===//
// Types and parameters
//===----------------------------------------------------------------------===//

Formatter::DocRef Formatter::dim(const Dim &d) {
  switch (d.kind) {
  case Dim::Kind::Leading:
    return str("..");
  case Dim::Kind::Bounded:
    return cat({expr(d.size), str(" <= "), expr(d.bound)});
  case Dim::Kind::Size:
    break;
  }
  return expr(d.size);
}

Formatter::DocRef Formatter::type(const TypeRef *t) {
  switch (t->kind) {
  case TypeRef::Kind::Error:
    return source(t->range);
  case TypeRef::Kind::Named:
    return str(llvm::cast<NamedType>(t)->name);
  case TypeRef::Kind::List:
    return cat({str("["), type(llvm::cast<ListType>(t)->element), str("]")});
  case TypeRef::Kind::Tensor: {
    auto *tensor = llvm::cast<TensorType>(t);
    DocRef dims = list(
        "[", "]", tensor->element.range.end + 1, t->range.end - 1, tensor->dims.size(),
        [&](size_t i) { return tensor->dims[i].range; },
        [&](size_t i) { return dim(tensor->dims[i]); });
    return cat({str(tensor->element.text), dims});
  }
  case TypeRef::Kind::Tuple: {
    auto *tuple = llvm::cast<TupleType>(t);
    auto range = [&](size_t i) {
      const TupleField &field = tuple->fields[i];
      return field.name.empty() ? field.type->range : field.name.range.to(field.type->range);
    };
    return list("(", ")", t->range.begin + 1, t->range.end - 1, tuple->fields.size(), range,
                [&](size_t i) {
                  const TupleField &field = tuple->fields[i];
                  if (field.name.empty())
                    return type(field.type);
                  return cat({str(field.name.text), str(": "), type(field.type)});
                });
  }
  }
  return arena.empty();
}

/// How many blanks make the columns after `width` equal to those after
/// `widest`, none where that would tear the line apart.
static unsigned paddingFor(unsigned width, unsigned narrowest, unsigned widest) {
  return widest - narrowest > 16 ? 0 : widest - width;
}

Formatter::DocRef Formatter::params(ArrayRef<Param> params, uint32_t begin, bool alwaysPrint) {
  if (params.empty() && !alwaysPrint)
    return arena.empty();
  unsigned narrowest = ~0u, widest = 0;
  for (const Param &param : params) {
    unsigned width = columnsOf(param.name.text);
    narrowest = std::min(narrowest, width);
    widest = std::max(widest, width);
  }
  // The tree does not keep the ')': comments up to the next '{' or '=' of the
  // text behind the last parameter can only stand before it.
  uint32_t end = params.empty() ? begin : params.back().range.end;
  while (end < text.size() && text[end] != ')') {
    if (text.substr(end).starts_with("//"))
      end += text.substr(end).take_until([](char c) { return c == '\n'; }).size();
    else
      ++end;
  }
  return list(
      "(", ")", begin, end, params.size(), [&](size_t i) { return params[i].range; },
      [&](size_t i) {
        const Param &param = params[i];
        Docs parts{str(param.name.text)};
        if (param.type) {
          unsigned blanks = paddingFor(columnsOf(param.name.text), narrowest, widest);
          parts.push_back(str(":"));
          parts.push_back(arena.ifBroken(std::string(blanks, ' ')));
          parts.push_back(str(" "));
          parts.push_back(type(param.type));
        }
        if (!param.defaultValue)
          return cat(parts);
        return assigned(cat(parts), param.defaultValue);
      });
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

Formatter::DocRef Formatter::assigned(DocRef head, const Expr *value) {
  return cat({head, str(" = "), expr(value)});
}

Formatter::DocRef Formatter::fileName(const FileName &name) {
  if (!name.isPresent())
    return arena.empty();
  return cat({str(" as "), source(name.range)});
}

Formatter::DocRef Formatter::fn(const FnDecl *d) {
  Docs parts;
  parts.push_back(str(d->isEntry ? "entry " : "fn "));
  parts.push_back(str(d->name.text));
  uint32_t open = d->name.empty() ? d->range.begin : d->name.range.end;
  size_t paren = text.find('(', open);
  parts.push_back(params(d->params, static_cast<uint32_t>(paren) + 1, true));
  if (d->result) {
    parts.push_back(str(" -> "));
    parts.push_back(type(d->result));
  }
  parts.push_back(str(" "));
  parts.push_back(body(d->body, /*mayBeOneLine=*/false));
  return cat(parts);
}

/// Types of a run of declarations stand under each other, and so do the names
/// where the run mixes weights, parts and states.
void Formatter::alignMembers(ArrayRef<Decl *> decls) {
  auto keyword = [](const Decl *d) -> unsigned {
    switch (d->kind) {
    case Decl::Kind::Weight:
      return 6;
    case Decl::Kind::State:
      return 5;
    case Decl::Kind::Part:
      return 4;
    default:
      return 0;
    }
  };
  auto isArray = [](const Decl *d) {
    auto *part = llvm::dyn_cast<PartDecl>(d);
    return part && part->count;
  };
  auto touches = [&](size_t i) {
    return !hasBlankLine(decls[i - 1]->range.end, decls[i]->range.begin);
  };
  for (size_t begin = 0; begin < decls.size();) {
    size_t end = begin + 1;
    if (!keyword(decls[begin])) {
      begin = end;
      continue;
    }
    unsigned widest = keyword(decls[begin]);
    while (end < decls.size() && keyword(decls[end]) && touches(end))
      widest = std::max(widest, keyword(decls[end++]));
    for (size_t i = begin; i < end; ++i)
      padding[decls[i]].afterKeyword = widest - keyword(decls[i]);

    for (size_t first = begin; first < end;) {
      size_t last = first + 1;
      while (last < end && decls[last]->kind == decls[first]->kind &&
             isArray(decls[last]) == isArray(decls[first]))
        ++last;
      unsigned low = ~0u, high = 0;
      for (size_t i = first; i < last; ++i) {
        unsigned width = columnsOf(decls[i]->name.text);
        low = std::min(low, width);
        high = std::max(high, width);
      }
      for (size_t i = first; i < last && !isArray(decls[first]); ++i)
        padding[decls[i]].afterColon = paddingFor(columnsOf(decls[i]->name.text), low, high);
      first = last;
    }
    begin = end;
  }
}

Formatter::DocRef Formatter::members(SourceRange range, ArrayRef<Decl *> decls) {
  if (decls.empty() && !hasCommentBefore(range.end))
    return str("{}");
  alignMembers(decls);
  DocRef after =
      trailingComment(range.begin + 1, decls.empty() ? range.end : decls.front()->range.begin);
  if (decls.empty() && !hasCommentBefore(range.end))
    return cat({str("{"), after, arena.hardLine(), str("}")});
  DocRef inner = lines(
      range.begin + 1, range.end, decls.size(), [&](size_t i) { return decls[i]->range; },
      [&](size_t i) { return decl(decls[i]); },
      [&](size_t i) {
        bool isFn = llvm::isa<FnDecl>(decls[i]) || llvm::isa<FnDecl>(decls[i - 1]);
        return isFn ? Gap::Blank : Gap::Keep;
      });
  return cat({str("{"), after, arena.indent(2, cat({arena.hardLine(), inner})), arena.hardLine(),
              str("}")});
}

Formatter::DocRef Formatter::memberIf(const IfDecl *d) {
  Docs parts{str("if "), expr(d->condition), str(" "), members(d->thenRange, d->thenMembers)};
  if (d->hasElse) {
    parts.push_back(str(" else "));
    if (const IfDecl *inner = d->elseIf())
      parts.push_back(memberIf(inner));
    else
      parts.push_back(members(d->elseRange, d->elseMembers));
  }
  return cat(parts);
}

Formatter::DocRef Formatter::decl(const Decl *d) {
  Padding pad = padding.lookup(d);
  std::string afterKeyword(pad.afterKeyword + 1, ' ');
  std::string afterColon = ":" + std::string(pad.afterColon + 1, ' ');
  switch (d->kind) {
  case Decl::Kind::Import: {
    std::string path = "import ";
    for (const Ident &part : llvm::cast<ImportDecl>(d)->path) {
      if (path.back() != ' ')
        path += '.';
      path += part.text;
    }
    return str(path);
  }
  case Decl::Kind::Block: {
    auto *block = llvm::cast<BlockDecl>(d);
    return cat({str(block->isModel ? "model " : "block "), str(d->name.text),
                params(block->params, d->name.range.end + 1, false), str(" "),
                members(block->bodyRange, block->members)});
  }
  case Decl::Kind::Fn:
    return fn(llvm::cast<FnDecl>(d));
  case Decl::Kind::Const: {
    auto *constant = llvm::cast<ConstDecl>(d);
    Docs head{str("const "), str(d->name.text)};
    if (constant->type) {
      head.push_back(str(": "));
      head.push_back(type(constant->type));
    }
    return assigned(cat(head), constant->value);
  }
  case Decl::Kind::Weight: {
    auto *weight = llvm::cast<WeightDecl>(d);
    DocRef head =
        cat({str("weight" + afterKeyword), str(d->name.text), str(afterColon), type(weight->type)});
    if (weight->initial)
      head = assigned(head, weight->initial);
    return cat({head, fileName(weight->fileName)});
  }
  case Decl::Kind::State: {
    auto *state = llvm::cast<StateDecl>(d);
    DocRef head =
        cat({str("state" + afterKeyword), str(d->name.text), str(afterColon), type(state->type)});
    return state->initial ? assigned(head, state->initial) : head;
  }
  case Decl::Kind::Part: {
    auto *part = llvm::cast<PartDecl>(d);
    Docs parts{str("part" + afterKeyword), str(d->name.text)};
    if (part->count) {
      parts.push_back(str("["));
      parts.push_back(expr(part->count));
      parts.push_back(str("]"));
    }
    parts.push_back(str(afterColon));
    parts.push_back(expr(part->value));
    parts.push_back(fileName(part->fileName));
    return cat(parts);
  }
  case Decl::Kind::If:
    return memberIf(llvm::cast<IfDecl>(d));
  }
  return arena.empty();
}

std::string Formatter::run() {
  llvm::SmallVector<const Decl *, 16> decls;
  for (const ImportDecl *import : file.imports)
    decls.push_back(import);
  decls.append(file.decls.begin(), file.decls.end());
  auto isShort = [](const Decl *d) { return llvm::isa<ImportDecl, ConstDecl>(d); };
  uint32_t size = static_cast<uint32_t>(text.size());
  DocRef all = lines(
      0, size + 1, decls.size(), [&](size_t i) { return decls[i]->range; },
      [&](size_t i) { return decl(decls[i]); },
      [&](size_t i) {
        return isShort(decls[i]) && decls[i]->kind == decls[i - 1]->kind ? Gap::Keep : Gap::Blank;
      });
  std::string result = layout::print(all, formatWidth);
  if (!result.empty())
    result += '\n';
  return result;
}

std::optional<std::string> nacre::formatFile(FileId id, DiagnosticEngine &diags) {
  size_t before = diags.errorCount();
  AstContext context;
  const SourceFile *file = parseFile(id, context, diags);
  if (diags.errorCount() != before)
    return std::nullopt;
  return Formatter(diags.sourceMap(), *file).run();
}
