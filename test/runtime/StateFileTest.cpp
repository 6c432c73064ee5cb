//===- StateFileTest.cpp - states in files --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "StateArtifact.h"

#include "nacre/state_format.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <sys/stat.h>

using namespace nacre::test;

namespace {

struct StateFileTest : StateFixture {
  TemporaryFile file{""};
  nacre_state *state = nullptr;

  void SetUp() override {
    StateFixture::SetUp();
    state = make(3);
    add(state, {1, 2, 3});
    ASSERT_EQ(nacre_save_state(state, file.path()), NACRE_OK) << nacre_message(model);
  }

  std::string content() {
    return llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(file.path())))
        ->getBuffer()
        .str();
  }
  void write(llvm::StringRef content) {
    std::error_code error;
    llvm::raw_fd_ostream(file.path(), error) << content;
  }
  /// A file of this content is refused, and the state as it was.
  void expectRefused(const std::string &content, nacre_status status, llvm::StringRef message) {
    write(content);
    nacre_state *other = make(3);
    add(other, {7, 8, 9});
    EXPECT_EQ(nacre_load_state(other, file.path()), status);
    expectMessage(message);
    EXPECT_EQ(add(other, {0, 0, 0}), (std::vector<float>{7, 8, 9}));
  }
};

TEST_F(StateFileTest, ALoadedStateGoesOn) {
  nacre_state *other = make(3);
  add(other, {100, 100, 100});
  ASSERT_EQ(nacre_load_state(other, file.path()), NACRE_OK) << nacre_message(model);
  EXPECT_EQ(calls(other), 1);
  EXPECT_EQ(add(other, {1, 1, 1}), (std::vector<float>{2, 3, 4}));
  EXPECT_EQ(add(state, {0, 0, 0}), (std::vector<float>{1, 2, 3})) << "each its own";
}

TEST_F(StateFileTest, SavingReplacesTheFileAndLeavesNoOther) {
  add(state, {1, 1, 1});
  ASSERT_EQ(nacre_save_state(state, file.path()), NACRE_OK);
  nacre_state *other = make(3);
  ASSERT_EQ(nacre_load_state(other, file.path()), NACRE_OK);
  EXPECT_EQ(calls(other), 2);
  llvm::StringRef folder = llvm::sys::path::parent_path(file.path());
  std::error_code error;
  for (llvm::sys::fs::directory_iterator at(folder, error), end; at != end && !error;
       at.increment(error))
    EXPECT_FALSE(at->path() != file.path() && llvm::StringRef(at->path()).starts_with(file.path()))
        << at->path();
}

TEST_F(StateFileTest, TheFormatIsTheDocumentedOne) {
  std::string bytes = content();
  ASSERT_EQ(bytes.size(), 128 + 128u);
  nacre_state_header header;
  memcpy(&header, bytes.data(), sizeof(header));
  EXPECT_EQ(llvm::StringRef(header.magic, 8), NACRE_STATE_MAGIC);
  EXPECT_EQ(header.version, NACRE_STATE_VERSION);
  EXPECT_EQ(header.num_dims, 1u);
  EXPECT_EQ(memcmp(header.build_id, artifact.build_id, 32), 0);
  EXPECT_EQ(header.data_offset, 128u);
  EXPECT_EQ(header.data_size, 128u);
  EXPECT_EQ(header.reserved, 0u);
  uint64_t sum = 0;
  auto take = [&](size_t from, size_t size) {
    for (size_t i = 0; i < size; i += 8) {
      uint64_t word;
      memcpy(&word, bytes.data() + from + i, 8);
      sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
      sum = sum << 29 | sum >> 35;
    }
  };
  take(80, 8);
  take(128, 128);
  EXPECT_EQ(header.checksum, sum);
  float second;
  memcpy(&second, bytes.data() + 128 + 4, 4);
  EXPECT_EQ(second, 2);
  EXPECT_EQ(bytes[128 + 64], 1) << "calls";
}

TEST_F(StateFileTest, OtherFiles) {
  expectRefused("", NACRE_ERROR_STATE_MISMATCH, "not a state file");
  expectRefused("NACREWTS, and a lot of text", NACRE_ERROR_STATE_MISMATCH, "not a state file");
  expectRefused("NACRESTA", NACRE_ERROR_FILE, "cut off within its header");
  EXPECT_EQ(nacre_load_state(state, "no/such/file"), NACRE_ERROR_FILE);
  expectMessage("no/such/file: cannot open: No such file");
  EXPECT_EQ(nacre_load_state(state, "."), NACRE_ERROR_FILE);
  expectMessage(".: not a regular file");
  EXPECT_EQ(nacre_load_state(state, nullptr), NACRE_ERROR_ARGUMENT);
}

TEST_F(StateFileTest, CutOffAnywhere) {
  std::string whole = content();
  for (size_t size : {9u, 79u, 80u, 87u, 100u, 128u, 255u})
    expectRefused(whole.substr(0, size), NACRE_ERROR_FILE, "cut off");
}

TEST_F(StateFileTest, AnyBitThatIsWrongIsFound) {
  std::string whole = content();
  nacre_state *other = make(3);
  for (size_t i = 0; i < whole.size(); ++i) {
    // The number that is not used, and the gap before the data.
    if (i >= 72 && i < 80)
      continue;
    if (i >= 88 && i < 128)
      continue;
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
    write(damaged);
    EXPECT_NE(nacre_load_state(other, file.path()), NACRE_OK) << i;
  }
  EXPECT_EQ(calls(other), 0) << "as it was";
}

TEST_F(StateFileTest, HeadersThatDoNotFit) {
  const std::string whole = content();
  auto change = [&](auto edit) {
    nacre_state_header header;
    memcpy(&header, whole.data(), sizeof(header));
    edit(header);
    std::string changed = whole;
    memcpy(changed.data(), &header, sizeof(header));
    return changed;
  };
  expectRefused(change([](auto &h) { h.version = 2; }), NACRE_ERROR_VERSION, "format version 2");
  expectRefused(change([](auto &h) { h.build_id[0] ^= 1; }), NACRE_ERROR_STATE_MISMATCH,
                "another build than the object of 'test'");
  expectRefused(change([](auto &h) { h.num_dims = 1u << 31; }), NACRE_ERROR_FILE, "damaged header");
  expectRefused(change([](auto &h) { h.data_offset = ~uint64_t(0); }), NACRE_ERROR_FILE,
                "damaged header");
  expectRefused(change([](auto &h) { h.data_size = ~uint64_t(0); }), NACRE_ERROR_FILE,
                "damaged header");
  expectRefused(change([](auto &h) { ++h.checksum; }), NACRE_ERROR_FILE, "damaged: its checksum");
}

TEST_F(StateFileTest, StatesOfOtherSizes) {
  nacre_state *larger = make(4);
  add(larger, {1, 1, 1, 1});
  EXPECT_EQ(nacre_load_state(larger, file.path()), NACRE_ERROR_STATE_MISMATCH);
  expectMessage("saved with B = 3, but this state was made with 4");
  EXPECT_EQ(calls(larger), 1);
}

TEST_F(StateFileTest, PlacesThatCannotBeWritten) {
  EXPECT_EQ(nacre_save_state(state, "no/such/folder/state"), NACRE_ERROR_FILE);
  expectMessage("no/such/folder/state: cannot make a file beside it: No such file");
  EXPECT_EQ(nacre_save_state(state, "/dev/null"), NACRE_ERROR_FILE);
  expectMessage("/dev/null: not a regular file");
  EXPECT_EQ(nacre_save_state(state, nullptr), NACRE_ERROR_ARGUMENT);
  expectMessage("no path given");
  struct stat status;
  EXPECT_EQ(stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

} // namespace
