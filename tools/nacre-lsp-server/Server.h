//===- Server.h - a session with one editor ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_LSP_SERVER_SERVER_H
#define NACRE_TOOLS_NACRE_LSP_SERVER_SERVER_H

#include <string>

namespace nacre::lsp {

/// Talks on standard input and output until the editor says exit or goes away; the exit code of
/// the program.
int serve(const std::string &stdFolder);

} // namespace nacre::lsp

#endif
