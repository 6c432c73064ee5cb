//===- Check.cpp - nacre check --------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Commands.h"
#include "tools/nacre/Session.h"

using namespace nacre;
using namespace nacre::tool;

int nacre::tool::execute(const CheckArguments &arguments) {
  Session session;
  std::optional<Installation> installation = findInstallation(session.diags);
  if (!installation)
    return session.finish();

  FileId file = loadSource(session, arguments.model.path);
  if (file == noFile)
    return session.finish();
  // The file by itself comes first: what is wrong for all sizes, and in blocks that no model uses.
  language::CompileOptions options;
  options.stdDirectory = installation->stdFolder;
  options.settings = arguments.model.settings;
  options.model = arguments.model.model;
  language::checkFile(file, session.sources, session.diags, options);
  const ModelArguments &model = arguments.model;
  const bool isChosen = !model.weights.empty() || !model.model.empty() || !model.settings.empty();
  if (!session.diags.hasErrors() && isChosen)
    loadModel(session, model, *installation);
  return session.finish();
}
