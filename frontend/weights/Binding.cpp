//===- Binding.cpp - a model's weights and the files' -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Binding.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace nacre;
using llvm::StringRef;

namespace {

class Binder {
public:
  Binder(const WeightTable &table, DiagnosticEngine &diags, unsigned maxErrors)
      : table(table), diags(diags), maxErrors(maxErrors) {}

  llvm::FailureOr<std::vector<const Weight *>> bind(llvm::ArrayRef<WantedWeight> wanted) {
    std::vector<const Weight *> found;
    llvm::DenseSet<const Weight *> used;
    for (const WantedWeight &weight : wanted) {
      found.push_back(table.find(weight.lookupName()));
      if (found.back())
        used.insert(found.back());
    }
    // Only what nothing else uses can be meant by a misspelled name.
    for (const Weight &weight : table.weights())
      if (!used.contains(&weight))
        unused.push_back(weight.name);

    for (auto [weight, inFile] : llvm::zip_equal(wanted, found)) {
      if (inFile)
        check(weight, *inFile);
      else if (!weight.hasInitializer)
        reportMissing(weight);
    }
    if (errors > maxErrors)
      diags.errorAt(table.path(), fmt::format("and {} more weights are missing or do not fit",
                                              errors - maxErrors));
    if (errors)
      return llvm::failure();
    warnUnused();
    return found;
  }

private:
  /// Whether one more error is to be told; counts it in any case.
  bool tell() { return ++errors <= maxErrors; }

  static std::string nameOf(const WantedWeight &weight) {
    if (weight.nameInFile.empty())
      return fmt::format("weight '{:.200}'", weight.path);
    return fmt::format("weight '{:.200}' (as \"{:.200}\")", weight.path, weight.nameInFile);
  }

  Diagnostic &error(const WantedWeight &weight, const std::string &message) {
    if (weight.declared.isValid())
      return diags.error(weight.declared, message);
    return diags.errorAt(table.path(), message);
  }

  void reportMissing(const WantedWeight &weight) {
    if (!tell())
      return;
    StringRef wanted = weight.lookupName();
    Diagnostic &missing =
        error(weight, fmt::format("{}, {}, is not in {}", nameOf(weight),
                                  describeTensor(weight.type, weight.shape), table.path().str()));
    for (StringRef name : unused) {
      // "transformer.h.0.ln_1.weight" for "h.0.ln_1.weight".
      StringRef prefix = name;
      if (!prefix.consume_back(wanted) || !prefix.consume_back("."))
        continue;
      missing.note(fmt::format("the file has '{:.200}'; compile with --prefix={:.200}", name.str(),
                               prefix.str()));
      return;
    }
    if (StringRef near = nearestName(wanted, unused); !near.empty())
      missing.note(fmt::format("the nearest name in the file is '{:.200}', {}", near.str(),
                               table.find(near)->describe()));
    else if (table.weights().empty())
      missing.note("the file has no weights at all");
  }

  static bool fits(StorageType wanted, StorageType stored) {
    if (wanted == stored)
      return true;
    return wanted == StorageType::F32 &&
           (stored == StorageType::F16 || stored == StorageType::BF16 ||
            stored == StorageType::F64);
  }

  void check(const WantedWeight &weight, const Weight &inFile) {
    bool sameShape = llvm::ArrayRef(weight.shape) == llvm::ArrayRef(inFile.shape);
    if (sameShape && fits(weight.type, inFile.type))
      return;
    if (!tell())
      return;
    Diagnostic &mismatch =
        error(weight, fmt::format("{} is {} in the model, but {} in {}", nameOf(weight),
                                  describeTensor(weight.type, weight.shape), inFile.describe(),
                                  table.fileOf(inFile).str()));
    if (sameShape) {
      mismatch.note(weight.type == StorageType::F32
                        ? "a weight declared f32 may be stored as f16, bf16, f32 or f64"
                        : fmt::format("declare the weight {}, or convert the file",
                                      typeName(inFile.type).str()));
      return;
    }
    if (weight.shape.size() == 2 && inFile.shape.size() == 2 &&
        weight.shape[0] == inFile.shape[1] && weight.shape[1] == inFile.shape[0])
      mismatch.note("the file holds its transpose: a linear layer stored [in, out] where the model "
                    "wants [out, in], or the other way around");
  }

  void warnUnused() {
    if (unused.empty())
      return;
    constexpr size_t maxShown = 5;
    std::vector<std::string> shown;
    for (StringRef name : llvm::ArrayRef(unused).take_front(maxShown))
      shown.push_back(fmt::format("'{:.100}'", name.str()));
    diags.warningAt(table.path(),
                    fmt::format("the model does not use {} of the {} weights: {}{}", unused.size(),
                                table.weights().size(), fmt::join(shown, ", "),
                                unused.size() > maxShown
                                    ? fmt::format(" and {} more", unused.size() - maxShown)
                                    : ""));
  }

  const WeightTable &table;
  DiagnosticEngine &diags;
  unsigned maxErrors, errors = 0;
  std::vector<StringRef> unused;
};

} // namespace

llvm::FailureOr<std::vector<const Weight *>> nacre::bindWeights(llvm::ArrayRef<WantedWeight> wanted,
                                                                const WeightTable &table,
                                                                DiagnosticEngine &diags,
                                                                unsigned maxErrors) {
  return Binder(table, diags, maxErrors).bind(wanted);
}
