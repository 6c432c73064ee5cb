//===- Queries.cpp - faults, hovers and definitions -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Queries.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

namespace proto = llvm::lsp;

/// More faults than anyone looks at.
static constexpr size_t maxFaults = 100;

std::optional<proto::Location> nacre::lsp::Snapshot::location(SourceRange range) const {
  if (!range.isValid())
    return std::nullopt;
  auto uri = proto::URIForFile::fromFile(analysis.sources.name(range.file));
  if (!uri) {
    llvm::consumeError(uri.takeError());
    return std::nullopt;
  }
  if (range.file == analysis.file)
    return proto::Location(*uri, lines.range(range));
  return proto::Location(*uri, Lines(analysis.sources.text(range.file)).range(range));
}

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

/// True where `module` or a file that it imports is `file`.
static bool reaches(const Module *module, FileId file, std::vector<const Module *> &seen) {
  if (module->file == file)
    return true;
  if (llvm::is_contained(seen, module))
    return false;
  seen.push_back(module);
  return llvm::any_of(module->imports,
                      [&](const Module *imported) { return reaches(imported, file, seen); });
}

/// Where the text of `analysis` shows a fault of another file: at the import that leads there.
static SourceRange importOf(const Analysis &analysis, FileId file) {
  for (const Module *imported : analysis.module->imports) {
    std::vector<const Module *> seen;
    if (!reaches(imported, file, seen))
      continue;
    StringRef stem = llvm::sys::path::stem(analysis.sources.name(imported->file));
    for (const ast::ImportDecl *decl : analysis.module->tree->imports)
      if (!decl->path.empty() && decl->path.back().text == stem)
        return decl->pathRange;
  }
  return {analysis.file, 0, 0};
}

std::vector<proto::Diagnostic> nacre::lsp::diagnostics(const Snapshot &snapshot) {
  const Analysis &analysis = snapshot.analysis;
  std::vector<proto::Diagnostic> result;
  for (const Diagnostic &fault : analysis.diags.diagnostics()) {
    if (result.size() >= maxFaults)
      break;
    proto::Diagnostic &shown = result.emplace_back();
    shown.severity = fault.severity == Severity::Error ? proto::DiagnosticSeverity::Error
                                                       : proto::DiagnosticSeverity::Warning;
    shown.source = "nacre";
    std::string message = fault.message;
    std::vector<proto::DiagnosticRelatedInformation> related;
    auto relate = [&](SourceRange range, const std::string &text) {
      std::optional<proto::Location> at = snapshot.location(range);
      if (at && !text.empty())
        related.emplace_back(*at, asUtf8(text));
    };
    if (fault.range.isValid() && fault.range.file == analysis.file) {
      shown.range = snapshot.lines.range(fault.range);
    } else if (fault.range.isValid()) {
      StringRef name = llvm::sys::path::filename(analysis.sources.name(fault.range.file));
      message = "in " + name.str() + ":" +
                std::to_string(analysis.sources.lineColumn(fault.range).line) + ": " + message;
      shown.range = snapshot.lines.range(importOf(analysis, fault.range.file));
      relate(fault.range, fault.message);
    } else if (!fault.place.empty()) {
      message = fault.place + ": " + message;
    }
    for (const DiagnosticLabel &label : fault.labels)
      relate(label.range, label.text);
    for (const DiagnosticNote &note : fault.notes) {
      if (note.range.isValid())
        relate(note.range, note.message);
      else
        message += "\nnote: " + note.message;
    }
    shown.message = asUtf8(message);
    if (!related.empty())
      shown.relatedInformation = std::move(related);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The word that declares a variable.
static StringRef wordBefore(const nacre::lsp::Snapshot &snapshot, const Symbol &symbol) {
  StringRef whole = snapshot.analysis.sources.text(symbol.whole);
  for (StringRef word : {"let", "var", "const"})
    if (whole.starts_with(word))
      return word;
  return "";
}

std::string nacre::lsp::describe(const Snapshot &snapshot, const Symbol &symbol) {
  const Meaning *meaning = snapshot.analysis.index.find(symbol.range);
  if (symbol.kind != Symbol::Kind::Variable)
    return symbol.text;
  std::string text = wordBefore(snapshot, symbol).str();
  text += (text.empty() ? "" : " ") + symbol.name;
  return meaning ? text + ": " + meaning->type : text;
}

static std::string code(const std::string &text) { return "```ncr\n" + text + "\n```"; }

std::optional<proto::Hover> nacre::lsp::hover(const Snapshot &snapshot, uint32_t offset) {
  const Analysis &analysis = snapshot.analysis;
  std::vector<SourceRange> around = analysis.names->expressionsAt(offset);
  const Reference *reference = analysis.names->at(offset);
  if (!reference) {
    for (SourceRange range : around)
      if (const Meaning *meaning = analysis.index.find(range)) {
        proto::Hover shown(snapshot.lines.range(range));
        shown.contents.value = asUtf8(code(meaning->type));
        return shown;
      }
    return std::nullopt;
  }
  const Symbol &symbol = *reference->symbol;
  std::string text = code(describe(snapshot, symbol));
  const Meaning *meaning = analysis.index.find(symbol.range);
  if (!meaning)
    meaning = analysis.index.find(reference->range);
  if (meaning && symbol.kind != Symbol::Kind::Variable &&
      (meaning->kind == Meaning::Kind::Number || meaning->kind == Meaning::Kind::Tensor))
    text += "\n\nhere `" + meaning->type + "`";
  if (!symbol.doc.empty())
    text += "\n\n" + symbol.doc;
  if (meaning && meaning->block && !meaning->block->doc.empty() && symbol.doc.empty())
    text += "\n\n" + meaning->block->doc.str();
  // What a call of this name gives, where the whole call was run.
  for (SourceRange range : around) {
    StringRef rest = analysis.sources.text({range.file, reference->range.end, range.end});
    bool isCall = range.end > reference->range.end && rest.starts_with("(") &&
                  analysis.sources.text(range).ends_with(")");
    const Meaning *result = isCall ? analysis.index.find(range) : nullptr;
    if (!result)
      continue;
    text += "\n\ngives `" + result->type + "`";
    break;
  }
  proto::Hover shown(snapshot.lines.range(reference->range));
  shown.contents.value = asUtf8(text);
  return shown;
}

std::vector<proto::Location> nacre::lsp::definition(const Snapshot &snapshot, uint32_t offset) {
  std::vector<proto::Location> found;
  if (const Reference *reference = snapshot.analysis.names->at(offset))
    if (std::optional<proto::Location> at = snapshot.location(reference->symbol->range))
      found.push_back(*at);
  return found;
}

std::vector<SourceRange> nacre::lsp::references(const Snapshot &snapshot, uint32_t offset,
                                                bool withDeclaration) {
  const NameTable &names = *snapshot.analysis.names;
  const Reference *reference = names.at(offset);
  if (!reference)
    return {};
  std::vector<SourceRange> places = names.placesOf(reference->symbol);
  if (!withDeclaration)
    llvm::erase(places, reference->symbol->range);
  return places;
}

std::optional<proto::SignatureHelp> nacre::lsp::signatureHelp(const Snapshot &snapshot,
                                                              uint32_t offset) {
  const CallSite *call = snapshot.analysis.names->callAt(offset);
  if (!call || call->label.empty())
    return std::nullopt;
  proto::SignatureInformation signature;
  signature.label = asUtf8(call->label);
  signature.documentation = asUtf8(call->doc);
  for (const Symbol::Param &param : call->params)
    signature.parameters.push_back({asUtf8(param.text), std::nullopt, asUtf8(param.doc)});
  proto::SignatureHelp help;
  int position = 0;
  for (const ast::Argument &argument : call->args) {
    if (argument.range().end < offset) {
      ++position;
      continue;
    }
    for (auto [i, param] : llvm::enumerate(call->params))
      if (param.name == argument.name.text)
        position = static_cast<int>(i);
    break;
  }
  help.activeParameter = position;
  help.signatures.push_back(std::move(signature));
  return help;
}

nacre::lsp::Library::Library(const std::string &folder) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  ModuleTable modules(sources, diags, folder);
  for (const std::string &name : modules.stdNames()) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, name + ".ncr");
    std::string error;
    FileId file = sources.loadFile(path, error);
    if (file == noFile)
      continue;
    const Module *module = modules.load(file);
    files.push_back(name);
    docs.push_back(module->tree->doc.str());
    for (Symbol &symbol : declaredIn(module, sources)) {
      // Trees and texts of this reading are gone afterwards.
      symbol.decl = nullptr;
      entries.push_back({std::move(symbol), "std." + name});
    }
  }
}
