//===- Goldens.cpp - texts and what becomes of them -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Goldens.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <vector>

using namespace nacre;
using llvm::StringRef;

namespace {

struct Case {
  std::string name;
  std::string source;
  std::string expected;
};

} // namespace

static std::vector<Case> readCases(StringRef text) {
  std::vector<Case> cases;
  bool inExpected = false;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    if (line.consume_front("=== ")) {
      cases.push_back({line.str(), "", ""});
      inExpected = false;
    } else if (line == "---") {
      inExpected = true;
    } else if (!cases.empty()) {
      (inExpected ? cases.back().expected : cases.back().source) += line.str() + "\n";
    }
  }
  return cases;
}

void test::checkGoldens(StringRef name, llvm::function_ref<std::string(StringRef)> run) {
  std::string path = (NACRE_TEST_INPUTS "/" + name).str();
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  ASSERT_TRUE(buffer) << path;
  std::vector<Case> cases = readCases((*buffer)->getBuffer());
  EXPECT_FALSE(cases.empty());
  if (std::getenv("NACRE_UPDATE_GOLDENS")) {
    std::error_code error;
    llvm::raw_fd_ostream out(path, error);
    for (const Case &test : cases)
      out << "=== " << test.name << "\n" << test.source << "---\n" << run(test.source);
    return;
  }
  for (const Case &test : cases) {
    EXPECT_NE(test.expected, "") << test.name << " has no golden";
    EXPECT_EQ(run(test.source), test.expected) << test.name;
  }
}
