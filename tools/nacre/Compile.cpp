//===- Compile.cpp - nacre compile ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Compile.h"

#include "dialects/nn/GroupedWeights.h"
#include "tools/nacre/Commands.h"
#include "tools/nacre/Crash.h"
#include "tools/nacre/PrecisionReport.h"
#include "tools/nacre/Table.h"
#include "tools/nacre/Weights.h"

#include "mlir/Parser/Parser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <unistd.h>

using namespace nacre;
using namespace nacre::tool;

namespace {

struct EmitName {
  llvm::StringLiteral name;
  std::set<Emit> kinds;
};

/// What --emit takes, and the files that each brings: a program that links an object needs its
/// header and its weights too.
const EmitName emitNames[] = {
    {"object", {Emit::object, Emit::header, Emit::weights}},
    {"header", {Emit::header}},
    {"so", {Emit::sharedLibrary, Emit::weights}},
    {"exe", {Emit::program, Emit::weights}},
    {"asm", {Emit::assembly, Emit::weights}},
    {"llvm", {Emit::llvmIr, Emit::weights}},
};

bool readEmit(const CompileArguments &arguments, std::set<Emit> &emit, DiagnosticEngine &diags) {
  std::vector<llvm::StringRef> known;
  for (const EmitName &entry : emitNames)
    known.push_back(entry.name);
  for (const std::string &name : arguments.emit) {
    auto found =
        llvm::find_if(emitNames, [&](const EmitName &entry) { return entry.name == name; });
    if (found == std::end(emitNames))
      diags.errorAt("--emit", "there is no kind of output '" + name + "'")
          .didYouMean({}, nearestName(name, known))
          .note("there are: " + llvm::join(known, ", "));
    else
      emit.insert(found->kinds.begin(), found->kinds.end());
  }
  return !diags.hasErrors();
}

std::optional<Phase> readPhase(llvm::StringRef flag, llvm::StringRef name,
                               DiagnosticEngine &diags) {
  if (std::optional<Phase> phase = phaseFromName(name))
    return phase;
  std::vector<llvm::StringRef> known;
  for (const PhaseInfo &phase : allPhases())
    known.push_back(phase.name);
  diags.errorAt(flag, "there is no phase '" + name + "'")
      .didYouMean({}, nearestName(name, known))
      .note("there are: " + llvm::join(known, ", "));
  return std::nullopt;
}

/// The targets that the command line names, 'portable' written out.
std::vector<std::string> readTargets(llvm::ArrayRef<std::string> names) {
  std::vector<std::string> targets;
  for (const std::string &name : names)
    if (name == "portable")
      targets.insert(targets.end(), {"x86-64", "x86-64-v3", "x86-64-v4", "x86-64-v4+avx512vnni"});
    else
      targets.push_back(name);
  return targets;
}

/// The options that the command line fixes.
std::optional<CompileOptions> readOptions(const CompileArguments &arguments,
                                          DiagnosticEngine &diags) {
  CompileOptions options;
  options.targets = readTargets(arguments.targetCpus);
  options.dumpPhasesTo = arguments.dumpPhasesTo;
  options.timeSteps = arguments.timePhases;
  options.output = arguments.output;
  if (options.output.empty())
    options.output = llvm::sys::path::stem(arguments.model.path).str();
  options.name = identifierFrom(llvm::sys::path::filename(options.output));
  if (!arguments.emit.empty()) {
    options.emit.clear();
    readEmit(arguments, options.emit, diags);
  }
  options.precision = readPrecision(arguments.precision, arguments.groupSize, diags);
  if (!arguments.startFrom.empty())
    if (std::optional<Phase> phase = readPhase("--start-from", arguments.startFrom, diags))
      options.startFrom = *phase;
  if (!arguments.stopAfter.empty())
    if (std::optional<Phase> phase = readPhase("--stop-after", arguments.stopAfter, diags))
      options.stopAfter = *phase;
  if (arguments.reportError && !options.precision && arguments.precision == "f32")
    diags.errorAt("--report-error", "results of f32 are what others are compared with")
        .note("name another --precision, or leave it out");
  if (arguments.reportError &&
      (options.stopAfter != Phase::object || options.emit == std::set<Emit>{Emit::header}))
    diags.errorAt("--report-error", "there is no code to run")
        .note("leave it out, or let an object be made");
  if (options.stopAfter < options.startFrom)
    diags
        .errorAt("--stop-after", "phase '" + arguments.stopAfter + "' comes before '" +
                                     arguments.startFrom + "', which --start-from names")
        .note("a program only goes down: name a later phase");
  if (options.stopAfter != Phase::object) {
    if (!arguments.emit.empty())
      diags.errorAt("--emit", "there is nothing but MLIR after phase '" + arguments.stopAfter + "'")
          .note("leave out --emit, or --stop-after");
    options.emit = {Emit::mlir};
  }
  if (diags.hasErrors())
    return std::nullopt;
  return options;
}

/// The parameters that the model was compiled with, kept in the artifact.
std::string metadataOf(const language::ModelSummary &summary) {
  nlohmann::json parameters = nlohmann::json::object();
  for (const language::ParameterSummary &parameter : summary.parameters)
    parameters[parameter.name] = parameter.value;
  nlohmann::json metadata = {
      {"model", summary.name}, {"compiler", "nacre " NACRE_VERSION}, {"parameters", parameters}};
  return metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Tells the pipeline what the file stores its weights in, which the artifact keeps.
void markStoredTypes(mlir::ModuleOp module, const LoadedModel &model) {
  for (auto global : module.getOps<mlir::ml_program::GlobalOp>()) {
    const Weight *weight = model.bound.lookup(global.getSymName());
    if (weight && (weight->type == StorageType::F16 || weight->type == StorageType::BF16))
      global->setAttr("nn.stored", mlir::TypeAttr::get(toMLIR(weight->type, module.getContext())));
  }
}

/// Reads MLIR instead of a model file, for --start-from. Weights go by the names of its globals.
std::optional<LoadedModel> loadIr(Session &session, const ModelArguments &arguments) {
  LoadedModel model;
  loadPipelineDialects(session.context);
  model.language.module =
      mlir::parseSourceFile<mlir::ModuleOp>(arguments.path, mlir::ParserConfig(&session.context));
  if (!model.language.module) {
    if (!session.diags.hasErrors())
      session.diags.errorAt(arguments.path, "cannot be read as MLIR");
    return std::nullopt;
  }
  if (arguments.weights.empty())
    return model;
  model.weights = WeightTable::open(arguments.weights, {arguments.prefix}, session.diags);
  if (!model.weights)
    return std::nullopt;
  for (const Weight &weight : model.weights->weights())
    model.bound[weight.name] = &weight;
  return model;
}

/// The C file of a program: the installed one, told the name of the model.
bool writeProgramSource(const CompileOptions &options, const Installation &installation,
                        DiagnosticEngine &diags) {
  std::error_code error;
  llvm::raw_fd_ostream out(options.programSource, error);
  if (!error) {
    out << "#define NACRE_PROGRAM_ARTIFACT " << options.name << "_artifact\n#include \""
        << installation.programSource << "\"\n";
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (error)
    diags.errorAt(options.programSource, "cannot be written: " + error.message())
        .note("TMPDIR names where temporary files go");
  return !error;
}

/// A header says nothing of the weights' values, so a model compiles to one without them. What else
/// comes out is thrown away.
void writeHeader(Session &session, LoadedModel &model, const Installation &installation,
                 CompileOptions options) {
  TemporaryFolder folder(session.diags);
  const std::string output = options.output + ".h";
  options.output = folder.file("model");
  for (language::WeightSummary &weight : model.language.summary.weights)
    if (!model.bound.lookup(weight.path) && weight.initial.empty())
      weight.initial = "zeros";
  if (folder.path().empty() || !compileModel(session, model, installation, std::move(options)))
    return;
  // Copied under another name first: the folder may be on another disk.
  const std::string partial = output + ".partial";
  std::error_code error = llvm::sys::fs::copy_file(folder.file("model.h"), partial);
  if (!error)
    error = llvm::sys::fs::rename(partial, output);
  if (error) {
    llvm::sys::fs::remove(partial);
    session.diags.errorAt(output, "cannot be written: " + error.message())
        .note("name a folder that can be written to with -o");
  }
}

void showReport(const CompileReport &report) {
  Table table({Align::Left, Align::Right});
  for (const std::string &file : report.files) {
    uint64_t size = 0;
    llvm::sys::fs::file_size(file, size);
    table.addRow({file, inBytes(size)});
  }
  table.print(llvm::outs());
  for (const object::EntrySignature &entry : report.entries)
    llvm::outs() << "arena of " << entry.name << ": " << entry.describeArena() << '\n';
  if (!report.state.tensors.empty())
    llvm::outs() << "state: " << report.state.describe() << " bytes\n";
}

/// Seconds of each phase and, indented, of its passes.
void showTimes(double reading, const CompileReport &report) {
  double whole = reading;
  for (const StepTime &step : report.times)
    whole += step.depth == 0 ? step.seconds : 0;
  Table table({Align::Left, Align::Right, Align::Right});
  table.addRow({"phase, pass", "seconds", "share"});
  auto add = [&](const std::string &name, double seconds) {
    table.addRow(
        {name, llvm::formatv("{0:F3}", seconds), llvm::formatv("{0:F1} %", seconds / whole * 100)});
  };
  add("read the model", reading);
  for (const StepTime &step : report.times)
    add(std::string(2 * step.depth, ' ') + step.name, step.seconds);
  add("all", whole);
  table.print(llvm::outs());
}

/// What a pass has to say against a model that it compiles nevertheless.
void warn(const mlir::Diagnostic &diagnostic, Session &session) {
  std::string place = "nacre compile", text;
  diagnostic.getLocation()->walk([&](mlir::Location inner) {
    auto line = mlir::dyn_cast<mlir::FileLineColLoc>(inner);
    if (!line)
      return mlir::WalkResult::advance();
    place = llvm::formatv("{0}:{1}:{2}", line.getFilename().getValue(), line.getLine(),
                          line.getColumn());
    return mlir::WalkResult::interrupt();
  });
  llvm::raw_string_ostream(text) << diagnostic;
  if (session.warned.insert(place + text).second)
    session.diags.warningAt(place, text);
}

/// Compiles a model for f32 too, and shows how far the results of what was compiled are from that
/// one's.
void reportError(Session &session, LoadedModel &model, const Installation &installation,
                 CompileOptions options, const InputArguments &inputs) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = model.language.module->clone();
  TemporaryFolder folder(session.diags);
  if (folder.path().empty())
    return;
  options.dumpPhasesTo.clear();
  const bool isShared = options.emit.contains(Emit::sharedLibrary);
  std::string reduced = options.output + ".so";
  options.emit = {Emit::sharedLibrary, Emit::weights};
  if (!isShared) {
    options.output = folder.file("reduced");
    reduced = options.output + ".so";
    if (!compileModel(session, model, installation, options))
      return;
    model.language.module = std::move(copy);
  }
  options.output = folder.file("f32");
  options.precision = std::nullopt;
  if (!compileModel(session, model, installation, options))
    return;
  int64_t invented = llvm::count_if(model.bound, [](const auto &entry) { return !entry.second; });
  if (reportErrors(llvm::outs(), options.output + ".so", reduced, "", inputs, session.diags) &&
      invented > 0)
    llvm::outs()
        << "of " << invented
        << " weights that the file lacks and the model initialises it says little: trained "
           "ones err differently\n";
}

} // namespace

TemporaryFolder::TemporaryFolder(DiagnosticEngine &diags) {
  llvm::SmallString<256> made;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("nacre", made))
    diags.errorAt("nacre", "cannot make a temporary folder: " + error.message())
        .note("TMPDIR names where");
  else
    folder = std::string(made);
}

TemporaryFolder::~TemporaryFolder() {
  if (!folder.empty())
    llvm::sys::fs::remove_directories(folder);
}

std::string TemporaryFolder::file(llvm::StringRef name) const {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

std::string nacre::tool::identifierFrom(llvm::StringRef text) {
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(0, "model_");
  return name;
}

std::optional<PrecisionChoice> nacre::tool::readPrecision(llvm::StringRef name, int64_t groupSize,
                                                          DiagnosticEngine &diags) {
  // As the enumeration spells them, with hyphens.
  std::string symbol = name.str();
  std::replace(symbol.begin(), symbol.end(), '-', '_');
  std::optional<nn::Precision> precision = nn::symbolizePrecision(symbol);
  if (name.contains('_'))
    precision = std::nullopt;
  if (!precision && name != "f32")
    diags.errorAt("--precision", "there is no precision '" + name + "'")
        .didYouMean({}, nearestName(name, {"f32", "bf16", "int8", "int8-weights", "int4-weights"}))
        .note("there are: f32, bf16, int8, int8-weights, int4-weights");
  bool inGroups =
      precision == nn::Precision::int8_weights || precision == nn::Precision::int4_weights;
  if (groupSize != 0 && !inGroups)
    diags.errorAt("--group-size", "precision '" + name + "' has no groups")
        .note("int8-weights and int4-weights have; leave it out");
  else if (groupSize != 0 && !nn::isGroupSize(groupSize))
    diags.errorAt("--group-size", "must be a multiple of 8, but is " + llvm::Twine(groupSize));
  if (!precision)
    return std::nullopt;
  PrecisionChoice choice{*precision};
  if (groupSize != 0)
    choice.groupSize = groupSize;
  return choice;
}

std::optional<CompileReport> nacre::tool::compileModel(Session &session, LoadedModel &model,
                                                       const Installation &installation,
                                                       CompileOptions options) {
  mlir::ModuleOp module = *model.language.module;
  loadPipelineDialects(session.context);
  markStoredTypes(module, model);
  options.runtimeArchive = installation.runtimeArchive;
  options.includeFolder = installation.includeFolder;
  options.cacheFolder = installation.cacheFolder;
  options.metadata = metadataOf(model.language.summary);
  options.progress = [&](llvm::StringRef what, double done) {
    session.progress.update(what, done);
  };

  TemporaryFolder folder(session.diags);
  if (options.emit.contains(Emit::program)) {
    options.programSource = folder.file("main.c");
    if (!writeProgramSource(options, installation, session.diags))
      return std::nullopt;
  }

  WeightProvider provider(model, session.context, session.diags);
  object::WeightSource source;
  source.load = [&](llvm::StringRef path) { return provider.load(path); };
  source.release = [&](llvm::StringRef path) { provider.release(path); };
  // A model that the front end accepted compiles: what MLIR has to say against it is for us.
  std::string complaints;
  mlir::ScopedDiagnosticHandler handler(&session.context, [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning) {
      warn(diagnostic, session);
      return mlir::success();
    }
    llvm::raw_string_ostream(complaints)
        << "\n  " << diagnostic.getLocation() << ": " << diagnostic;
    return mlir::success();
  });
  auto result = nacre::compile(module, std::move(source), options);
  session.progress.clear();
  if (auto *report = std::get_if<CompileReport>(&result))
    return std::move(*report);
  const CompileError &error = std::get<CompileError>(result);
  if (error.internal || !complaints.empty())
    internalError(error.message + complaints);
  if (!session.diags.hasErrors())
    session.diags.errorAt("nacre compile", error.message);
  return std::nullopt;
}

int nacre::tool::execute(const CompileArguments &arguments) {
  Session session;
  std::optional<Installation> installation = findInstallation(session.diags);
  std::optional<CompileOptions> options = readOptions(arguments, session.diags);
  if (!installation || !options)
    return session.finish();
  if (arguments.noCache)
    installation->cacheFolder.clear();

  const auto start = std::chrono::steady_clock::now();
  std::optional<LoadedModel> model = options->startFrom == Phase::nn && arguments.startFrom.empty()
                                         ? loadModel(session, arguments.model, *installation)
                                         : loadIr(session, arguments.model);
  if (!model)
    return session.finish();
  const std::chrono::duration<double> reading = std::chrono::steady_clock::now() - start;
  if (options->emit == std::set<Emit>{Emit::header}) {
    writeHeader(session, *model, *installation, std::move(*options));
    return session.finish();
  }
  // MLIR holds nothing of the weights' values.
  if (options->stopAfter == Phase::object &&
      !requireWeights(*model, "nacre compile", session.diags))
    return session.finish();
  mlir::OwningOpRef<mlir::ModuleOp> copy;
  if (arguments.reportError)
    copy = model->language.module->clone();
  std::optional<CompileReport> report = compileModel(session, *model, *installation, *options);
  if (report && ::isatty(STDOUT_FILENO))
    showReport(*report);
  if (report && arguments.timePhases)
    showTimes(reading.count(), *report);
  if (report && arguments.reportError) {
    model->language.module = std::move(copy);
    reportError(session, *model, *installation, *options, arguments.input);
  }
  return session.finish();
}
