//===- Commands.h - the subcommands -----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_COMMANDS_H
#define NACRE_TOOLS_NACRE_COMMANDS_H

#include "tools/nacre/Arguments.h"

namespace nacre::tool {

// Each does its work, prints, and returns the exit status.
int execute(const CompileArguments &arguments);
int execute(const RunArguments &arguments);
int execute(const BenchArguments &arguments);
int execute(const CheckArguments &arguments);
int execute(const FormatArguments &arguments);
int execute(const InspectArguments &arguments);

} // namespace nacre::tool

#endif
