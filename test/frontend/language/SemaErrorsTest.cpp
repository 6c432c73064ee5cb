//===- SemaErrorsTest.cpp - what users are told, to the letter ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompileHelper.h"
#include "Goldens.h"

#include <gtest/gtest.h>

using namespace nacre;
using llvm::StringRef;
using nacre::test::Compilation;

/// A file that declares a model is compiled; others are checked.
static std::string messagesOf(StringRef source) {
  std::string messages =
      source.contains("model ") ? Compilation(source).messages() : test::check(source);
  // Where the standard library lies differs between machines.
  StringRef folder = NACRE_STD_DIRECTORY;
  for (size_t at; (at = messages.find(folder)) != std::string::npos;)
    messages.replace(at, folder.size(), "std");
  return messages;
}

TEST(SemaErrors, Shapes) { test::checkGoldens("errors/shapes.cases", messagesOf); }
TEST(SemaErrors, Values) { test::checkGoldens("errors/values.cases", messagesOf); }
TEST(SemaErrors, Control) { test::checkGoldens("errors/control.cases", messagesOf); }
TEST(SemaErrors, Names) { test::checkGoldens("errors/names.cases", messagesOf); }
