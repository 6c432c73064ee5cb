//===- NpzTest.cpp - NumPy's archive of arrays ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Npz.h"
#include "WeightTestSupport.h"
#include "frontend/weights/WeightTable.h"
#include "frontend/weights/Zip.h"

using namespace nacre;
using namespace nacre::test;

namespace {

struct NpzTest : testing::Test {
  std::string stored = readInput("stored.npz"), deflated = readInput("deflated.npz");

  static void expectError(llvm::StringRef content, llvm::StringRef part) {
    Messages messages;
    std::vector<Weight> weights;
    EXPECT_TRUE(failed(readNpz(asBytes(content), "m.npz", weights, messages.engine)));
    EXPECT_TRUE(messages.has("m.npz: error: ")) << messages.text();
    EXPECT_TRUE(messages.has(part)) << "wanted: " << part.str() << "\ngot: " << messages.text();
  }

  /// `content` with the byte at `offset` from the first central directory entry replaced.
  static std::string changeEntry(std::string content, size_t offset, char byte) {
    size_t entry = content.find("PK\1\2");
    EXPECT_NE(entry, std::string::npos);
    content[entry + offset] = byte;
    return content;
  }
};

TEST_F(NpzTest, ReadsWhatNumPyWrites) {
  for (const char *name : {"stored.npz", "deflated.npz"}) {
    Messages messages;
    auto table = WeightTable::open(std::string(NACRE_TEST_INPUTS "/") + name, {}, messages.engine);
    ASSERT_TRUE(table) << messages.text();
    EXPECT_EQ(table->weights().size(), 6u);
    auto contentOf = [&](llvm::StringRef name, llvm::StringRef description) {
      const Weight *weight = table->find(name);
      EXPECT_TRUE(weight) << name.str();
      if (!weight)
        return std::string();
      EXPECT_EQ(weight->describe(), description.str());
      llvm::Expected<llvm::ArrayRef<char>> bytes = table->bytes(*weight);
      EXPECT_TRUE(bool(bytes)) << llvm::toString(bytes.takeError());
      EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes->data()) % elementBytes(weight->type), 0u);
      std::string content(bytes->begin(), bytes->end());
      table->release(*weight);
      return content;
    };
    EXPECT_EQ(contentOf("fc.weight", "f32[2, 3]"), bytesOf<float>({0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(contentOf("fc.bias", "f16[2]"), bytesOf<uint16_t>({0x3800, 0xb800}));
    EXPECT_EQ(contentOf("ids", "i64[3]"), bytesOf<int64_t>({1, 2, 3}));
    EXPECT_EQ(contentOf("mask", "bool[1, 2]"), std::string("\1\0", 2));
    EXPECT_EQ(contentOf("scale", "f64[]"), bytesOf<double>({2.5}));
    EXPECT_EQ(contentOf("empty", "f32[0, 4]"), "");
  }
}

TEST_F(NpzTest, CutOffAnywhere) {
  for (const std::string &whole : {stored, deflated})
    for (size_t size = 0; size < whole.size(); ++size)
      expectError(llvm::StringRef(whole).take_front(size), "was it cut off?");
}

TEST_F(NpzTest, JunkInFront) {
  // Offsets no longer match; nothing is read from a wrong place.
  expectError("junk" + stored, "is damaged");
}

TEST_F(NpzTest, CommentAtTheEnd) {
  std::string content = stored;
  content[content.size() - 2] = 5;
  Messages messages;
  std::vector<Weight> weights;
  EXPECT_TRUE(succeeded(readNpz(asBytes(content + "hello"), "m", weights, messages.engine)));
  EXPECT_EQ(weights.size(), 6u);
}

TEST_F(NpzTest, EncryptedMember) {
  expectError(changeEntry(stored, 8, 1), "member 'fc.weight.npy' is encrypted");
}

TEST_F(NpzTest, UnknownCompression) {
  expectError(changeEntry(stored, 10, 12), "is compressed by method 12");
}

TEST_F(NpzTest, StoredWithTwoSizes) {
  expectError(changeEntry(stored, 24, 1), "is stored, but with two different sizes");
}

TEST_F(NpzTest, DecompressionBomb) {
  expectError(changeEntry(deflated, 27, 0x7f), "compressed bytes can hold");
}

TEST_F(NpzTest, MemberOutOfRange) {
  expectError(changeEntry(stored, 45, 0x7f), "is not where the directory says");
  expectError(changeEntry(changeEntry(stored, 23, 0x7f), 27, 0x7f), "reaches beyond the end");
}

TEST_F(NpzTest, MembersOverlap) {
  // The second entry points to the first's data.
  std::string content = stored;
  size_t second = content.find("PK\1\2", content.find("PK\1\2") + 1);
  content.replace(second + 42, 4, std::string(4, '\0'));
  expectError(content, "overlap");
}

TEST_F(NpzTest, DamagedCompressedHeader) {
  std::string content = deflated;
  size_t data = content.find("fc.weight.npy") + 13 + 20;
  content.replace(data, 8, "\xff\xff\xff\xff\xff\xff\xff\xff");
  expectError(content, "array 'fc.weight' ");
}

TEST_F(NpzTest, ChecksumOfCompressedData) {
  TemporaryFolder folder;
  Messages messages;
  auto table = WeightTable::open(folder.write("m.npz", changeEntry(deflated, 16, 0x55)), {},
                                 messages.engine);
  ASSERT_TRUE(table) << messages.text();
  llvm::Expected<llvm::ArrayRef<char>> bytes = table->bytes(*table->find("fc.weight"));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(llvm::toString(bytes.takeError()), "its compressed data is damaged");
}

TEST_F(NpzTest, OtherMembersAreIgnored) {
  std::string content = stored;
  for (size_t at = 0; (at = content.find("fc.bias.npy", at)) != std::string::npos; ++at)
    content.replace(at, 11, "fc.bias.txt");
  Messages messages;
  std::vector<Weight> weights;
  EXPECT_TRUE(succeeded(readNpz(asBytes(content), "m", weights, messages.engine)));
  EXPECT_EQ(weights.size(), 5u);
  EXPECT_TRUE(messages.has("warning: member 'fc.bias.txt' is not an array and is ignored"));
}

} // namespace
