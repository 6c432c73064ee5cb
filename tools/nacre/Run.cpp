//===- Run.cpp - nacre run ------------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Artifact.h"
#include "tools/nacre/Commands.h"
#include "tools/nacre/Compile.h"
#include "tools/nacre/Inputs.h"
#include "tools/nacre/Interpret.h"
#include "tools/nacre/Outputs.h"
#include "tools/nacre/Session.h"
#include "tools/nacre/Table.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace nacre;
using namespace nacre::tool;

namespace {

bool show(const RunArguments &arguments, const Signature &entry, llvm::ArrayRef<NpyArray> outputs,
          DiagnosticEngine &diags) {
  printOutputs(llvm::outs(), entry.outputs, outputs);
  return arguments.outputFolder.empty() ||
         writeOutputs(arguments.outputFolder, entry.outputs, outputs, diags);
}

/// Runs a .so.
void runArtifact(const RunArguments &arguments, llvm::StringRef path, llvm::StringRef weights,
                 llvm::StringRef targetCpu, Session &session) {
  std::unique_ptr<Artifact> artifact = Artifact::open(path, weights, targetCpu, session.diags);
  if (!artifact)
    return;
  std::optional<size_t> index = chooseEntry(artifact->entries(), arguments.input, session.diags);
  if (!index)
    return;
  const Signature &entry = artifact->entries()[*index];
  std::optional<PreparedInputs> inputs = prepareInputs(entry, arguments.input, session.diags);
  if (!inputs || !artifact->setThreads(static_cast<int>(arguments.threads), session.diags))
    return;
  std::unique_ptr<Call> call =
      artifact->prepare(*index, std::move(*inputs), arguments.input.command, session.diags);
  if (!call)
    return;
  if (!arguments.state.empty() && !call->hasState()) {
    session.diags.errorAt("--state", "entry '" + entry.name + "' uses no state")
        .note("leave it out");
    return;
  }
  if (!arguments.state.empty() && llvm::sys::fs::exists(arguments.state) &&
      !call->loadState(arguments.state, session.diags))
    return;
  std::vector<double> seconds;
  for (int64_t i = 0; i < arguments.repeat; ++i) {
    const auto started = std::chrono::steady_clock::now();
    if (!call->run(session.diags))
      return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
    seconds.push_back(passed.count());
  }
  if (!show(arguments, entry, trimOutputs(entry.outputs, call->outputs()), session.diags))
    return;
  if (!arguments.state.empty() && !call->saveState(arguments.state, session.diags))
    return;
  llvm::outs() << "arena " << inBytes(call->arenaBytes());
  if (call->hasState())
    llvm::outs() << ", state " << inBytes(call->stateBytes());
  if (arguments.repeat > 1) {
    llvm::outs() << ", ";
    printTimes(llvm::outs(), std::move(seconds));
  } else {
    llvm::outs() << ", " << inSeconds(seconds.front()) << '\n';
  }
}

/// Compiles a model file into a temporary folder and runs what came out.
void runCompiled(const RunArguments &arguments, const Installation &installation,
                 Session &session) {
  std::optional<LoadedModel> model = loadModel(session, arguments.model, installation);
  if (!model || !requireWeights(*model, "nacre run", session.diags))
    return;
  TemporaryFolder folder(session.diags);
  if (folder.path().empty())
    return;
  CompileOptions options;
  options.name = "model";
  options.output = folder.file("model");
  options.emit = {Emit::sharedLibrary, Emit::weights};
  if (!arguments.targetCpu.empty())
    options.targets = {arguments.targetCpu};
  if (auto report = compileModel(session, *model, installation, std::move(options)))
    runArtifact(arguments, folder.file("model.so"), "", report->targets.front(), session);
}

/// Runs a model file in the reference interpreter.
void runInterpreted(const RunArguments &arguments, const Installation &installation,
                    Session &session) {
  std::optional<LoadedModel> model = loadModel(session, arguments.model, installation);
  if (!model || !requireWeights(*model, "nacre run", session.diags))
    return;
  std::vector<Signature> entries = signaturesOf(model->language.summary);
  std::optional<size_t> index = chooseEntry(entries, arguments.input, session.diags);
  if (!index)
    return;
  std::optional<PreparedInputs> inputs =
      prepareInputs(entries[*index], arguments.input, session.diags);
  if (!inputs)
    return;
  if (auto outputs = interpretEntry(*model, entries[*index], inputs->arrays, session.diags))
    show(arguments, entries[*index], trimOutputs(entries[*index].outputs, *outputs), session.diags);
}

} // namespace

int nacre::tool::execute(const RunArguments &arguments) {
  Session session;
  std::optional<Installation> installation = findInstallation(session.diags);
  if (!installation)
    return session.finish();
  if (llvm::StringRef(arguments.model.path).ends_with(".so"))
    runArtifact(arguments, arguments.model.path, arguments.model.weights, arguments.targetCpu,
                session);
  else if (arguments.interpret && !arguments.state.empty())
    session.diags
        .errorAt("--state", "is a file of compiled code's, which the interpreter cannot read")
        .note("leave out --interpret, or --state");
  else if (arguments.interpret)
    runInterpreted(arguments, *installation, session);
  else
    runCompiled(arguments, *installation, session);
  return session.finish();
}
