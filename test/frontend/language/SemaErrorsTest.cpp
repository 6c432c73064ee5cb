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
  return source.contains("model ") ? Compilation(source).messages() : test::check(source);
}

TEST(SemaErrors, Shapes) { test::checkGoldens("errors/shapes.cases", messagesOf); }
TEST(SemaErrors, Values) { test::checkGoldens("errors/values.cases", messagesOf); }
TEST(SemaErrors, Names) { test::checkGoldens("errors/names.cases", messagesOf); }
