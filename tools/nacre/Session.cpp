//===- Session.cpp - what the subcommands share ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Session.h"

#include "frontend/weights/HfConfig.h"
#include "tools/nacre/Crash.h"
#include "tools/nacre/Weights.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace nacre;
using namespace nacre::tool;

namespace {

/// "model.ncr:12:3", or nothing for a place that no user knows.
std::string placeOf(mlir::Location location) {
  std::string place;
  location->walk([&](mlir::Location inner) {
    auto file = llvm::dyn_cast<mlir::FileLineColLoc>(inner);
    if (!file)
      return mlir::WalkResult::advance();
    place =
        llvm::formatv("{0}:{1}:{2}", file.getFilename().strref(), file.getLine(), file.getColumn());
    return mlir::WalkResult::interrupt();
  });
  return place;
}

/// What the compiler's later stages report, as a diagnostic of ours.
void forward(mlir::Diagnostic &from, DiagnosticEngine &diags) {
  const std::string place = placeOf(from.getLocation());
  if (from.getSeverity() != mlir::DiagnosticSeverity::Error &&
      from.getSeverity() != mlir::DiagnosticSeverity::Warning)
    return;
  Diagnostic &to = from.getSeverity() == mlir::DiagnosticSeverity::Error
                       ? diags.errorAt(place, from.str())
                       : diags.warningAt(place, from.str());
  for (mlir::Diagnostic &note : from.getNotes())
    to.note(note.str());
}

/// The config.json beside the weights; `config` stays empty where there is none.
bool loadConfig(const WeightTable &weights, std::optional<HfConfig> &config,
                DiagnosticEngine &diags) {
  if (!HfConfig::isIn(weights.folder()))
    return true;
  llvm::FailureOr<HfConfig> loaded = HfConfig::load(weights.folder(), diags);
  if (failed(loaded))
    return false;
  config = std::move(*loaded);
  return true;
}

bool bind(LoadedModel &model, DiagnosticEngine &diags) {
  std::vector<WantedWeight> wanted;
  for (const language::WeightSummary &weight : model.language.summary.weights) {
    if (!weight.used)
      continue;
    WantedWeight &want = wanted.emplace_back();
    want.path = weight.path;
    want.nameInFile = weight.source;
    want.type = storageOf(weight.dtype);
    want.shape.assign(weight.shape.begin(), weight.shape.end());
    want.hasInitializer = !weight.initial.empty();
  }
  llvm::FailureOr<std::vector<const Weight *>> bound = bindWeights(wanted, *model.weights, diags);
  if (failed(bound))
    return false;
  for (auto [want, weight] : llvm::zip_equal(wanted, *bound))
    model.bound[want.path] = weight;
  return true;
}

} // namespace

Session::Session() {
  context.getDiagEngine().registerHandler(
      [this](mlir::Diagnostic &diagnostic) { forward(diagnostic, diags); });
}

int Session::finish() {
  progress.clear();
  renderDiagnostics(llvm::errs(), diags, {.color = llvm::errs().has_colors()});
  return diags.hasErrors() ? 1 : 0;
}

FileId nacre::tool::loadSource(Session &session, llvm::StringRef path) {
  std::string error;
  FileId file = session.sources.loadFile(path, error);
  if (file == noFile)
    session.diags.errorAt(path, error).note("name a model file that is there");
  else
    addToReport(path, session.sources.text(file));
  return file;
}

std::optional<LoadedModel> nacre::tool::loadModel(Session &session, const ModelArguments &arguments,
                                                  const Installation &installation) {
  LoadedModel model;
  FileId file = loadSource(session, arguments.path);
  if (file == noFile)
    return std::nullopt;

  std::optional<HfConfig> config;
  if (!arguments.weights.empty()) {
    model.weights = WeightTable::open(arguments.weights, {arguments.prefix}, session.diags);
    if (!model.weights || !loadConfig(*model.weights, config, session.diags))
      return std::nullopt;
  }
  language::CompileOptions options;
  options.stdDirectory = installation.stdFolder;
  options.config = config ? &config->json() : nullptr;
  options.settings = arguments.settings;
  options.model = arguments.model;
  model.language =
      language::compileModel(session.context, file, session.sources, session.diags, options);
  if (!model.language.internalError.empty())
    internalError(model.language.internalError);
  if (session.diags.hasErrors())
    return std::nullopt;
  if (model.weights && !bind(model, session.diags))
    return std::nullopt;
  return model;
}

bool nacre::tool::requireWeights(const LoadedModel &model, llvm::StringRef place,
                                 DiagnosticEngine &diags) {
  const auto &weights = model.language.summary.weights;
  auto needed = llvm::find_if(weights, [](const language::WeightSummary &weight) {
    return weight.used && weight.initial.empty();
  });
  if (model.weights || needed == weights.end())
    return true;
  diags
      .errorAt(place,
               "the model has weights, '" + needed->path + "' among them, and none are given")
      .note("give a folder, a .safetensors or a .npz file with --weights");
  return false;
}
