//===- BindingTest.cpp - a model's weights and the files' -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Binding.h"
#include "WeightTestSupport.h"

using namespace nacre;
using namespace nacre::test;

namespace {

struct BindingTest : testing::Test {
  TemporaryFolder folder;
  Messages messages;
  std::unique_ptr<WeightTable> table;
  std::vector<WantedWeight> wanted;

  /// Opens a file with these tensors: name, type and shape as in the header.
  void
  open(std::initializer_list<std::tuple<const char *, const char *, const char *, int>> tensors) {
    std::string header = "{";
    size_t end = 0;
    for (auto [name, type, shape, bytes] : tensors) {
      header += (header.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":{\"dtype\":\"" + type +
                "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(end) + "," +
                std::to_string(end + bytes) + "]}";
      end += bytes;
    }
    table = WeightTable::open(
        folder.write("m.safetensors", makeSafetensors(header + "}", std::string(end, '\0'))), {},
        messages.engine);
    ASSERT_TRUE(table) << messages.text();
  }
  WantedWeight &want(const char *path, std::initializer_list<int64_t> shape,
                     StorageType type = StorageType::F32) {
    WantedWeight &weight = wanted.emplace_back();
    weight.path = path;
    weight.shape = shape;
    weight.type = type;
    return weight;
  }
  auto bind() { return bindWeights(wanted, *table, messages.engine); }
  void expectMessage(llvm::StringRef part) {
    EXPECT_TRUE(messages.has(part)) << "wanted: " << part.str() << "\ngot: " << messages.text();
  }
};

TEST_F(BindingTest, BindsByPathAndAlias) {
  open({{"a", "F32", "2", 8}, {"old.b", "F32", "1", 4}});
  want("b", {1}).nameInFile = "old.b";
  want("a", {2});
  want("tied", {2}).nameInFile = "a";
  auto found = bind();
  ASSERT_TRUE(succeeded(found)) << messages.text();
  EXPECT_EQ((*found)[0]->name, "old.b");
  EXPECT_EQ((*found)[1]->name, "a");
  EXPECT_EQ((*found)[2]->name, "a");
  EXPECT_EQ(messages.text(), "");
}

TEST_F(BindingTest, StoredFloatsForF32) {
  open({{"a", "F16", "1", 2}, {"b", "BF16", "1", 2}, {"c", "F64", "1", 8}});
  for (const char *name : {"a", "b", "c"})
    want(name, {1});
  auto found = bind();
  ASSERT_TRUE(succeeded(found)) << messages.text();
  EXPECT_EQ((*found)[1]->type, StorageType::BF16) << "the stored type is kept";
}

TEST_F(BindingTest, OtherTypesMustAgree) {
  open({{"a", "F32", "1", 4}, {"b", "I64", "1", 8}, {"c", "F8_E4M3", "1", 1}});
  want("a", {1}, StorageType::F16);
  want("b", {1});
  want("c", {1});
  EXPECT_TRUE(failed(bind()));
  EXPECT_EQ(messages.engine.errorCount(), 3u);
  expectMessage("weight 'a' is f16[1] in the model, but f32[1] in ");
  expectMessage("declare the weight f32, or convert the file");
  expectMessage("weight 'b' is f32[1] in the model, but i64[1] in ");
  expectMessage("may be stored as f16, bf16, f32 or f64");
}

TEST_F(BindingTest, MissingNamesTheNearestUnused) {
  open({{"h.0.attn.weight", "F32", "1", 4}, {"h.1.atn.weight", "F16", "3", 6}});
  want("h.0.attn.weight", {1});
  want("h.1.attn.weight", {3});
  EXPECT_TRUE(failed(bind()));
  expectMessage("weight 'h.1.attn.weight', f32[3], is not in ");
  // 'h.0.attn.weight' is as near, but is in use.
  expectMessage("the nearest name in the file is 'h.1.atn.weight', f16[3]");
}

TEST_F(BindingTest, MissingForWantOfAPrefix) {
  open({{"transformer.a.weight", "F32", "1", 4}});
  want("a.weight", {1});
  EXPECT_TRUE(failed(bind()));
  expectMessage("compile with --prefix=transformer");
}

TEST_F(BindingTest, MissingNamesItsAlias) {
  open({{"a", "F32", "1", 4}});
  want("path", {1}).nameInFile = "name";
  EXPECT_TRUE(failed(bind()));
  expectMessage("weight 'path' (as \"name\"), f32[1], is not in ");
}

TEST_F(BindingTest, MissingWithInitializer) {
  open({{"a", "F32", "1", 4}});
  want("a", {1});
  want("b", {1}).hasInitializer = true;
  auto found = bind();
  ASSERT_TRUE(succeeded(found)) << messages.text();
  EXPECT_EQ((*found)[1], nullptr);
}

TEST_F(BindingTest, EmptyFile) {
  open({});
  want("a", {1});
  EXPECT_TRUE(failed(bind()));
  expectMessage("the file has no weights at all");
}

TEST_F(BindingTest, WrongShape) {
  open({{"a", "F32", "2,3", 24}, {"b", "F32", "2,3", 24}, {"c", "F32", "", 4}});
  want("a", {3, 2});
  want("b", {6});
  want("c", {1});
  EXPECT_TRUE(failed(bind()));
  EXPECT_EQ(messages.engine.errorCount(), 3u);
  expectMessage("weight 'a' is f32[3, 2] in the model, but f32[2, 3] in ");
  expectMessage("the file holds its transpose");
  expectMessage("weight 'b' is f32[6] in the model, but f32[2, 3] in ");
  expectMessage("weight 'c' is f32[1] in the model, but f32[] in ");
}

TEST_F(BindingTest, PlaceOfTheDeclaration) {
  open({{"b", "F32", "1", 4}});
  FileId file = messages.sources.addFile("m.ncr", "weight a: f32[1]\n");
  want("a", {1}).declared = {file, 7, 8};
  EXPECT_TRUE(failed(bind()));
  expectMessage("m.ncr:1:8: error: weight 'a'");
}

TEST_F(BindingTest, TwentyAndTheRest) {
  open({{"a", "F32", "1", 4}});
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i)
    names.push_back("missing." + std::to_string(i));
  for (const std::string &name : names)
    want(name.c_str(), {1});
  EXPECT_TRUE(failed(bind()));
  EXPECT_EQ(messages.engine.errorCount(), 21u);
  EXPECT_EQ(messages.engine.diagnostics().back().message,
            "and 30 more weights are missing or do not fit");
}

TEST_F(BindingTest, ExtrasAreOneWarning) {
  open({{"a", "F32", "1", 4},
        {"x1", "F32", "1", 4},
        {"x2", "F32", "1", 4},
        {"x3", "F32", "1", 4},
        {"x4", "F32", "1", 4},
        {"x5", "F32", "1", 4},
        {"x6", "F32", "1", 4}});
  want("a", {1});
  EXPECT_TRUE(succeeded(bind()));
  EXPECT_EQ(messages.engine.warningCount(), 1u);
  expectMessage("warning: the model does not use 6 of the 7 weights: 'x1', 'x2', 'x3', 'x4', 'x5' "
                "and 1 more");
}

} // namespace
