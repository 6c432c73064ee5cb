//===- WeightTableTest.cpp - files and folders of weights -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/WeightTable.h"
#include "WeightTestSupport.h"

#include <fmt/format.h>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace nacre;
using namespace nacre::test;

namespace {

struct WeightTableTest : testing::Test {
  TemporaryFolder folder;
  Messages messages;
  std::unique_ptr<WeightTable> table;

  WeightTable *open(const std::string &path, const std::string &prefix = "") {
    table = WeightTable::open(path, {prefix}, messages.engine);
    return table.get();
  }
  void expectOpens(const std::string &path, const std::string &prefix = "") {
    EXPECT_TRUE(open(path, prefix)) << messages.text();
  }
  void expectError(const std::string &path, llvm::StringRef part, const std::string &prefix = "") {
    EXPECT_FALSE(open(path, prefix));
    EXPECT_TRUE(messages.has(part)) << "wanted: " << part.str() << "\ngot: " << messages.text();
  }
  template <typename T>
  std::vector<T> read(llvm::StringRef name) {
    const Weight *weight = table->find(name);
    EXPECT_TRUE(weight) << name.str();
    llvm::ArrayRef<char> bytes = llvm::cantFail(table->bytes(*weight));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % sizeof(T), 0u);
    std::vector<T> values(bytes.size() / sizeof(T));
    memcpy(values.data(), bytes.data(), bytes.size());
    table->release(*weight);
    return values;
  }

  /// A file with one f32[1] for each name.
  static std::string fileOf(std::initializer_list<const char *> names) {
    std::string header, data;
    for (const char *name : names) {
      header += (header.empty() ? "{\"" : ",\"") + std::string(name) +
                "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" +
                std::to_string(data.size()) + "," + std::to_string(data.size() + 4) + "]}";
      data += bytesOf<float>({static_cast<float>(data.size())});
    }
    return makeSafetensors(header + "}", data);
  }
};

TEST_F(WeightTableTest, OneFile) {
  expectOpens(folder.write("m.safetensors", smallSafetensors()));
  EXPECT_EQ(read<float>("a"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(read<uint16_t>("b"), (std::vector<uint16_t>{0x3c00, 0xc000}));
  EXPECT_EQ(table->find("nothing"), nullptr);
  EXPECT_EQ(table->folder(), llvm::StringRef(folder.path()).rtrim('/'));
}

TEST_F(WeightTableTest, MisalignedTensorsAreCopied) {
  // One byte of header more than alignment wants.
  std::string header = R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})";
  while ((header.size() + 8) % 8 != 1)
    header += ' ';
  expectOpens(folder.write("m.safetensors", makeSafetensors(header, bytesOf<double>({1.5}))));
  EXPECT_EQ(read<double>("a"), std::vector<double>{1.5});
  EXPECT_EQ(read<double>("a"), std::vector<double>{1.5}) << "after release";
}

TEST_F(WeightTableTest, ReleasedPagesCanBeReadAgain) {
  std::string data(1 << 20, '\0');
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<char>(i * 7);
  expectOpens(folder.write(
      "m.safetensors",
      makeSafetensors(R"({"a":{"dtype":"U8","shape":[1048576],"data_offsets":[0,1048576]}})",
                      data)));
  for (int i = 0; i < 2; ++i) {
    std::vector<char> values = read<char>("a");
    EXPECT_TRUE(std::equal(values.begin(), values.end(), data.begin(), data.end()));
  }
}

/// Megabytes of memory that this process has pages of.
long residentMegabytes() {
  std::ifstream file("/proc/self/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE) >> 20;
}

TEST_F(WeightTableTest, OneTensorInMemoryAtATime) {
  // 64 tensors of 4 MB, in a file that is all hole.
  constexpr size_t count = 64, size = 4 << 20;
  std::string header = "{";
  for (size_t i = 0; i < count; ++i)
    header += fmt::format(R"({}"t{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})",
                          i ? "," : "", i, size, i * size, (i + 1) * size);
  std::string path = folder.write("m.safetensors", makeSafetensors(header + "}", ""));
  ASSERT_EQ(truncate(path.c_str(), 8 + header.size() + 1 + count * size), 0);
  expectOpens(path);
  long before = residentMegabytes(), highest = 0;
  ASSERT_GT(before, 0);
  size_t sum = 0;
  for (const Weight &weight : table->weights()) {
    for (char byte : llvm::cantFail(table->bytes(weight)))
      sum += byte;
    highest = std::max(highest, residentMegabytes());
    table->release(weight);
  }
  EXPECT_EQ(sum, 0u);
  EXPECT_LT(highest - before, 32);
}

TEST_F(WeightTableTest, KindIsFoundByContent) {
  expectOpens(folder.write("weights", smallSafetensors()));
  expectOpens(folder.write("arrays", readInput("stored.npz")));
}

TEST_F(WeightTableTest, Folder) {
  folder.write("config.json", "{}");
  folder.write("model.safetensors", smallSafetensors());
  folder.write("other.safetensors", "not opened");
  expectOpens(folder.path());
  EXPECT_EQ(table->folder(), folder.path());
}

TEST_F(WeightTableTest, FolderWithOneFileOfAnyName) {
  folder.write("digits.npz", readInput("stored.npz"));
  expectOpens(folder.path());
}

TEST_F(WeightTableTest, FolderWithShards) {
  folder.write("model-00001-of-00002.safetensors", fileOf({"a", "b"}));
  folder.write("model-00002-of-00002.safetensors", fileOf({"c"}));
  folder.write(
      "model.safetensors.index.json",
      R"({"weight_map":{"a":"model-00001-of-00002.safetensors",)"
      R"("b":"model-00001-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}})");
  expectOpens(folder.path());
  EXPECT_EQ(table->weights().size(), 3u);
  EXPECT_EQ(read<float>("b"), std::vector<float>{4});
  EXPECT_EQ(read<float>("c"), std::vector<float>{0});
  EXPECT_TRUE(table->fileOf(*table->find("c")).ends_with("model-00002-of-00002.safetensors"));
  expectOpens(folder.path("model.safetensors.index.json"));
}

TEST_F(WeightTableTest, ShardMissing) {
  folder.write("x", fileOf({"a"}));
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"x","b":"y"}})");
  expectError(folder.path(), "y: error: cannot read");
}

TEST_F(WeightTableTest, ShardLacksItsTensor) {
  folder.write("x", fileOf({"a"}));
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"x","b":"x"}})");
  expectError(folder.path(), "'b' is said to be in 'x', but is not there");
}

TEST_F(WeightTableTest, TensorInTwoShards) {
  folder.write("x", fileOf({"a", "b"}));
  folder.write("y", fileOf({"b"}));
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"x","b":"y"}})");
  expectError(folder.path(), "'b' is said to be in 'y', but is not there");
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"x","b":"x","c":"y"}})");
  folder.write("y", fileOf({"b", "c"}));
  expectError(folder.path(), "there are two weights 'b'");
}

TEST_F(WeightTableTest, AmbiguousFolder) {
  folder.write("a.safetensors", smallSafetensors());
  folder.write("b.safetensors", smallSafetensors());
  expectError(folder.path(),
              "holds 2 files that could be the weights: a.safetensors, b.safetensors");
}

TEST_F(WeightTableTest, EmptyFolder) {
  expectError(folder.path(), "holds no .safetensors and no .npz file");
}

TEST_F(WeightTableTest, PyTorchFiles) {
  folder.write("pytorch_model.bin", "PK");
  expectError(folder.path(), "'pytorch_model.bin' is a PyTorch file");
  expectError(folder.path("pytorch_model.bin"), "and is not opened");
}

TEST_F(WeightTableTest, MissingFile) {
  expectError("no/such/file", "no/such/file: error: cannot read");
}

TEST_F(WeightTableTest, UnknownKind) {
  expectError(folder.write("notes.txt", "some text of a user"),
              "is neither a .safetensors nor an .npz file");
  expectError(folder.write("empty", ""), "is neither a .safetensors nor an .npz file");
}

TEST_F(WeightTableTest, PipeDoesNotBlock) {
  ASSERT_EQ(mkfifo(folder.path("pipe.safetensors").c_str(), 0600), 0);
  expectError(folder.path("pipe.safetensors"), "is not a regular file");
}

TEST_F(WeightTableTest, Prefix) {
  std::string path = folder.write("m.safetensors", fileOf({"bert.a", "bert.b.c", "cls", "bertha"}));
  for (const char *prefix : {"bert", "bert."}) {
    expectOpens(path, prefix);
    EXPECT_TRUE(table->find("a"));
    EXPECT_TRUE(table->find("b.c"));
    EXPECT_TRUE(table->find("cls"));
    EXPECT_TRUE(table->find("bertha"));
    EXPECT_FALSE(table->find("bert.a"));
  }
}

TEST_F(WeightTableTest, PrefixOfNothing) {
  expectError(folder.write("m.safetensors", fileOf({"bert.a"})),
              "no weight's name starts with 'gpt.', the prefix asked for", "gpt");
  EXPECT_TRUE(messages.has("'bert.a'"));
}

TEST_F(WeightTableTest, PrefixMakesNamesCollide) {
  expectError(folder.write("m.safetensors", fileOf({"bert.a", "a"})), "there are two weights 'a'",
              "bert");
}

} // namespace
