//===- Input.h - messages of the client -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_LSP_SERVER_INPUT_H
#define NACRE_TOOLS_NACRE_LSP_SERVER_INPUT_H

#include "llvm/Support/LSP/Transport.h"

#include <functional>
#include <string>

namespace nacre::lsp {

/// Reads messages from a file descriptor, and does other work while none is waiting. What is no
/// message of the protocol is reported and left out: it ends no session.
class Input : public llvm::lsp::JSONTransportInput {
public:
  Input(int descriptor, std::function<void()> whenIdle,
        std::function<void(const std::string &why)> whenBroken)
      : descriptor(descriptor), whenIdle(std::move(whenIdle)), whenBroken(std::move(whenBroken)) {}

  bool hasError() const override { return false; }
  bool isEndOfInput() const override { return ended; }
  llvm::LogicalResult readStandardMessage(std::string &json) override;
  llvm::LogicalResult readDelimitedMessage(std::string &) override { return llvm::failure(); }

private:
  bool readLine(std::string &line);
  bool readBytes(size_t count, std::string &bytes);
  bool fill();

  int descriptor;
  std::function<void()> whenIdle;
  std::function<void(const std::string &)> whenBroken;
  std::string buffer; ///< what was read and not taken yet
  size_t taken = 0;   ///< of the buffer
  bool ended = false;
};

} // namespace nacre::lsp

#endif
