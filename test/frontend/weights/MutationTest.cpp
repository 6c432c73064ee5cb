//===- MutationTest.cpp - readers on files with random damage -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fuzz targets in test/fuzz search further; this runs in every test run,
// and under the sanitizers finds reads outside the file.
//
//===----------------------------------------------------------------------===//

#include "WeightTestSupport.h"
#include "frontend/weights/HfConfig.h"
#include "frontend/weights/WeightTable.h"

#include <random>

using namespace nacre;
using namespace nacre::test;

namespace {

/// Some bytes changed, removed, repeated or overwritten by telling values.
std::string damage(std::string content, std::mt19937 &random) {
  static const std::string pieces[] = {std::string(4, '\xff'),
                                       std::string(8, '\0'),
                                       "-1",
                                       "99999999999999999999",
                                       "[",
                                       "}",
                                       "\"",
                                       "PK\5\6",
                                       "18446744073709551615"};
  auto below = [&](size_t limit) {
    return static_cast<size_t>(random() % std::max<size_t>(limit, 1));
  };
  for (size_t count = 1 + below(4); count-- && !content.empty();) {
    size_t at = below(content.size());
    switch (below(5)) {
    case 0:
      content[at] = static_cast<char>(random());
      break;
    case 1:
      content[at] ^= static_cast<char>(1 << below(8));
      break;
    case 2:
      content.erase(at, below(20));
      break;
    case 3:
      content.insert(at, content.substr(below(content.size()), below(40)));
      break;
    case 4: {
      const std::string &piece = pieces[below(std::size(pieces))];
      content.replace(at, std::min(piece.size(), content.size() - at), piece);
      break;
    }
    }
  }
  return content;
}

/// Opens damaged copies of a file and reads whatever is accepted.
void mutate(const std::string &content, llvm::StringRef extension, int rounds) {
  std::mt19937 random(42);
  TemporaryFolder folder;
  unsigned sum = 0;
  for (int i = 0; i < rounds; ++i) {
    Messages messages;
    std::string path = folder.write(("m" + extension).str(), damage(content, random));
    auto table = WeightTable::open(path, {}, messages.engine);
    EXPECT_EQ(table == nullptr, messages.engine.hasErrors()) << messages.text();
    if (!table)
      continue;
    for (const Weight &weight : table->weights()) {
      llvm::Expected<llvm::ArrayRef<char>> bytes = table->bytes(weight);
      if (!bytes) {
        llvm::consumeError(bytes.takeError());
        continue;
      }
      EXPECT_EQ(bytes->size(), *tensorBytes(weight.type, weight.shape));
      for (char byte : *bytes)
        sum += byte;
      table->release(weight);
    }
  }
  testing::Test::RecordProperty("sum", static_cast<int>(sum));
}

TEST(MutationTest, Safetensors) { mutate(smallSafetensors(), ".safetensors", 2000); }
TEST(MutationTest, StoredNpz) { mutate(readInput("stored.npz"), ".npz", 1000); }
TEST(MutationTest, DeflatedNpz) { mutate(readInput("deflated.npz"), ".npz", 1000); }

TEST(MutationTest, Config) {
  std::mt19937 random(42);
  const std::string config =
      R"({"n_layer": 12, "eps": 1e-5, "act": "gelu", "rope": {"type": "x", "f": [1, 2]}, "n": null})";
  for (int i = 0; i < 2000; ++i) {
    Messages messages;
    auto parsed = HfConfig::parse(damage(config, random), "c", messages.engine);
    EXPECT_EQ(failed(parsed), messages.engine.hasErrors());
    if (succeeded(parsed))
      EXPECT_TRUE(parsed->json().is_object());
  }
}

} // namespace
