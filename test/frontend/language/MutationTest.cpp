//===- MutationTest.cpp - working files with tokens out of place *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that work, with some tokens removed, doubled, exchanged or replaced, go
// through the whole front end. They are nearly right, so they reach further
// into it than random bytes; test/fuzz goes on where this stops.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Language.h"
#include "frontend/language/Lexer.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <random>

using namespace nacre;

namespace {

/// The tokens of a file with what stands before each, so that joining them
/// gives the file again.
std::vector<std::string> pieces(llvm::StringRef text) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  std::vector<std::string> result;
  uint32_t end = 0;
  for (const Token &token : lex(sources.addFile("a.ncr", text.str()), diags).tokens) {
    result.push_back(text.slice(end, token.end).str());
    end = token.end;
  }
  return result;
}

class Mutation : public ::testing::Test {
protected:
  void SetUp() override {
    std::error_code error;
    for (llvm::sys::fs::directory_iterator it(NACRE_CORPUS, error), end; it != end && !error;
         it.increment(error))
      paths.push_back(it->path());
    ASSERT_GT(paths.size(), 3u);
    std::sort(paths.begin(), paths.end());
    for (const std::string &path : paths) {
      SourceMap sources;
      std::string message;
      FileId file = sources.loadFile(path, message);
      ASSERT_NE(file, noFile) << message;
      files.push_back(pieces(sources.text(file)));
    }
  }

  std::string mutated(std::mt19937 &random) {
    auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
    std::vector<std::string> tokens = files[below(files.size())];
    for (size_t i = 0, e = 1 + below(3); i < e; ++i) {
      size_t at = below(tokens.size()), other = below(tokens.size());
      const std::vector<std::string> &source = files[below(files.size())];
      switch (below(4)) {
      case 0:
        tokens.erase(tokens.begin() + at);
        break;
      case 1:
        tokens.insert(tokens.begin() + at, tokens[other]);
        break;
      case 2:
        std::swap(tokens[at], tokens[other]);
        break;
      case 3:
        tokens[at] = " " + llvm::StringRef(source[below(source.size())]).trim().str();
        break;
      }
      if (tokens.empty())
        break;
    }
    std::string text;
    for (const std::string &token : tokens)
      text += token;
    return text;
  }

  std::vector<std::string> paths;
  std::vector<std::vector<std::string>> files;
};

TEST_F(Mutation, NeverBreaksTheCompiler) {
  language::CompileOptions options;
  options.stdDirectory = NACRE_STD_DIRECTORY;
  options.maxSteps = 20'000;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  unsigned compiled = 0, refused = 0;
  for (unsigned seed = 0; seed < NACRE_MUTATIONS; ++seed) {
    std::mt19937 random(seed);
    std::string text = mutated(random);
    SourceMap sources;
    DiagnosticEngine checkDiags(sources);
    language::checkFile(sources.addFile("check.ncr", text), sources, checkDiags, options);
    DiagnosticEngine diags(sources);
    language::CompileResult result = language::compileModel(
        context, sources.addFile("compile.ncr", text), sources, diags, options);
    std::string printed;
    llvm::raw_string_ostream out(printed);
    renderDiagnostics(out, checkDiags);
    renderDiagnostics(out, diags);
    ASSERT_EQ(result.internalError, "") << "seed " << seed << "\n" << text;
    ASSERT_EQ(static_cast<bool>(result.module), !diags.hasErrors()) << "seed " << seed << "\n"
                                                                    << text;
    if (!result.module) {
      ++refused;
      continue;
    }
    ++compiled;
    ASSERT_TRUE(mlir::succeeded(mlir::verify(*result.module))) << "seed " << seed << "\n" << text;
  }
  EXPECT_GT(compiled, 0u);
  EXPECT_GT(refused, 0u);
}

// What earlier runs found.
TEST(Found, ArgumentAsSize) {
  language::CompileOptions options;
  mlir::MLIRContext context;
  SourceMap sources;
  DiagnosticEngine diags(sources);
  FileId file = sources.addFile(
      "a.ncr", "model M {\n  entry f(x: f32[x, S], y: f32[S]) -> f32[S] { return y }\n}\n");
  language::CompileResult result = language::compileModel(context, file, sources, diags, options);
  EXPECT_EQ(result.internalError, "");
  EXPECT_EQ(diags.errorCount(), 1u);
}

} // namespace
