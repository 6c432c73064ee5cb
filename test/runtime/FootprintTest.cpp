//===- FootprintTest.cpp - what linking the runtime costs a program -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "llvm/Object/Archive.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

namespace {

TEST(FootprintTest, PlainCProgramLinksAndRuns) {
  EXPECT_EQ(llvm::sys::ExecuteAndWait(NACRE_PLAIN_C, {NACRE_PLAIN_C}), 0);
}

#if !__has_feature(address_sanitizer)
TEST(FootprintTest, TextIsUnder100Kilobytes) {
  auto file = llvm::MemoryBuffer::getFile(NACRE_RUNTIME_ARCHIVE);
  ASSERT_TRUE(file);
  auto archive = llvm::cantFail(llvm::object::Archive::create((*file)->getMemBufferRef()));
  uint64_t text = 0;
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child : archive->children(error)) {
    auto member = llvm::cantFail(child.getAsBinary());
    for (const auto &section : llvm::cast<llvm::object::ObjectFile>(*member).sections()) {
      if (section.isText())
        text += section.getSize();
      // No state outside the models: nothing writable but what the loader relocates once.
      llvm::StringRef name = llvm::cantFail(section.getName());
      if (name.starts_with(".bss") || (name.starts_with(".data") && !name.contains(".rel.ro")))
        EXPECT_EQ(section.getSize(), 0u) << name.str();
    }
  }
  llvm::cantFail(std::move(error));
  EXPECT_GT(text, 1000u);
  EXPECT_LT(text, 100'000u);
}
#endif

} // namespace
