//===- Diagnostic.cpp - collecting diagnostics ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace nacre;
using llvm::StringRef;
using llvm::Twine;

/// A broken file can hold a fault per byte. More than this many are counted
/// and not kept; nobody reads them.
static constexpr size_t maxKept = 1000;

Diagnostic &Diagnostic::label(SourceRange where, const Twine &text) {
  labels.push_back({where, text.str()});
  return *this;
}

Diagnostic &Diagnostic::note(SourceRange where, const Twine &text) {
  notes.push_back({where, text.str()});
  return *this;
}

Diagnostic &Diagnostic::fix(SourceRange where, const Twine &replacement) {
  fixes.push_back({where, replacement.str()});
  return *this;
}

Diagnostic &Diagnostic::didYouMean(SourceRange where, StringRef candidate) {
  if (candidate.empty())
    return *this;
  message += "; did you mean '" + candidate.str() + "'?";
  return fix(where, candidate);
}

Diagnostic &DiagnosticEngine::add(Severity severity, SourceRange range, std::string place,
                                  std::string message) {
  // The separator cannot occur in a number, so keys of different faults differ.
  std::string key = std::to_string(range.file) + ":" + std::to_string(range.begin) + ":" +
                    std::to_string(range.end) + ":" + place + ":" + message;
  Diagnostic fresh;
  fresh.severity = severity;
  fresh.range = range;
  fresh.place = std::move(place);
  fresh.message = std::move(message);

  bool isNew = seen.size() >= maxKept || seen.insert(key).second;
  if (isNew)
    ++(severity == Severity::Error ? numErrors : numWarnings);
  if (!isNew || kept.size() >= maxKept) {
    dropped = std::move(fresh);
    return dropped;
  }
  kept.push_back(std::move(fresh));
  return kept.back();
}

Diagnostic &DiagnosticEngine::error(SourceRange range, const Twine &message) {
  return add(Severity::Error, range, "", message.str());
}

Diagnostic &DiagnosticEngine::warning(SourceRange range, const Twine &message) {
  return add(Severity::Warning, range, "", message.str());
}

Diagnostic &DiagnosticEngine::errorAt(const Twine &place, const Twine &message) {
  return add(Severity::Error, {}, place.str(), message.str());
}

Diagnostic &DiagnosticEngine::warningAt(const Twine &place, const Twine &message) {
  return add(Severity::Warning, {}, place.str(), message.str());
}

/// The form in which names are compared: `layerNorm`, `layer_norm` and
/// `LayerNorm` are the same word written by people of different habits.
static std::string folded(StringRef name) {
  std::string result;
  for (char c : name)
    if (c != '_')
      result.push_back(llvm::toLower(c));
  return result;
}

StringRef nacre::nearestName(StringRef name, llvm::ArrayRef<StringRef> candidates) {
  StringRef best;
  unsigned bestScore = ~0u;
  std::string foldedName = folded(name);
  for (StringRef candidate : candidates) {
    if (candidate == name || candidate.empty())
      continue;
    size_t longer = std::max(name.size(), candidate.size());
    unsigned limit = std::max<unsigned>(1, (longer + 1) / 3);
    std::string foldedCandidate = folded(candidate);
    // Long names cost a quadratic comparison; a length that differs by more
    // than the limit cannot be near.
    size_t gap = foldedName.size() > foldedCandidate.size()
                     ? foldedName.size() - foldedCandidate.size()
                     : foldedCandidate.size() - foldedName.size();
    if (gap > limit || longer > 256)
      continue;
    unsigned distance = StringRef(foldedName)
                            .edit_distance(foldedCandidate,
                                           /*AllowReplacements=*/true, limit);
    // One letter for another is no misspelling in a name of one or two letters.
    if (distance > limit || distance >= foldedName.size())
      continue;
    // Equal after folding beats any real misspelling.
    unsigned exact = name.edit_distance(candidate, true, 255);
    unsigned score = distance * 256 + exact;
    if (score < bestScore) {
      bestScore = score;
      best = candidate;
    }
  }
  return best;
}
