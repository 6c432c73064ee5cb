//===- HfConfigTest.cpp - the values of a config.json ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/HfConfig.h"
#include "WeightTestSupport.h"

using namespace nacre;
using namespace nacre::test;

namespace {

HfConfig parse(llvm::StringRef json) {
  Messages messages;
  auto config = HfConfig::parse(json, "config.json", messages.engine);
  EXPECT_TRUE(succeeded(config)) << messages.text();
  return succeeded(config) ? *config : HfConfig();
}

void expectError(llvm::StringRef json, llvm::StringRef part) {
  Messages messages;
  EXPECT_TRUE(failed(HfConfig::parse(json, "config.json", messages.engine)));
  EXPECT_TRUE(messages.has("config.json: error: ")) << messages.text();
  EXPECT_TRUE(messages.has(part)) << messages.text();
}

TEST(HfConfigTest, Values) {
  HfConfig config = parse(R"({"int": 12, "negative": -3, "float": 1e-5, "whole": 2.0, "bool": true,
                              "text": "gelu", "list": [1, 2.5, "a", [true]],
                              "huge": 18446744073709551615})");
  EXPECT_EQ(*config.find("int")->get<int64_t>(), 12);
  EXPECT_EQ(*config.find("negative")->get<int64_t>(), -3);
  EXPECT_EQ(*config.find("float")->get<double>(), 1e-5);
  EXPECT_EQ(*config.find("whole")->get<double>(), 2.0);
  EXPECT_EQ(*config.find("bool")->get<bool>(), true);
  EXPECT_EQ(*config.find("text")->get<std::string>(), "gelu");
  const auto list = config.find("list");
  ASSERT_EQ(list->get<ConfigList>()->size(), 4u);
  EXPECT_EQ(*(*list->get<ConfigList>())[1].get<double>(), 2.5);
  EXPECT_EQ(*config.find("huge")->get<double>(), 18446744073709551615.0);
  EXPECT_EQ(config.find("text")->get<int64_t>(), nullptr);
  EXPECT_EQ(config.find("text")->kind(), "a text");
  EXPECT_EQ(config.find("int")->kind(), "an integer");
}

TEST(HfConfigTest, AbsentAndNullAreOne) {
  HfConfig config = parse(R"({"n_inner": null})");
  EXPECT_FALSE(config.find("n_inner"));
  EXPECT_FALSE(config.find("nothing"));
  EXPECT_FALSE(config.find(""));
  EXPECT_FALSE(config.find("."));
}

TEST(HfConfigTest, MembersOfObjects) {
  HfConfig config =
      parse(R"({"rope": {"type": "linear", "deep": {"x": 3}}, "a.b": 1, "a": {"b": 2}})");
  EXPECT_EQ(*config.find("rope.type")->get<std::string>(), "linear");
  EXPECT_EQ(*config.find("rope.deep.x")->get<int64_t>(), 3);
  EXPECT_EQ(config.find("rope")->kind(), "an object");
  EXPECT_EQ(*config.find("a.b")->get<int64_t>(), 1);
  EXPECT_FALSE(config.find("rope.type.x"));
  EXPECT_EQ(config.keys(), (std::vector<std::string>{"a", "a.b", "a.b", "rope", "rope.deep",
                                                     "rope.deep.x", "rope.type"}));
}

TEST(HfConfigTest, Broken) {
  expectError("", "is not valid JSON at its end: it is cut off");
  expectError("{\"a\": 1", "is not valid JSON");
  expectError("{\"a\": 1e999}", "is not valid JSON");
  expectError("[1]", "not an object of keys and values");
  expectError(std::string(1 << 20, '['), "deeper than 32 levels");
  expectError("{\"a\":\"\xff\"}", "is not valid JSON");
}

TEST(HfConfigTest, FolderAndFile) {
  TemporaryFolder folder;
  EXPECT_FALSE(HfConfig::isIn(folder.path()));
  Messages messages;
  EXPECT_TRUE(failed(HfConfig::load(folder.path(), messages.engine)));
  EXPECT_TRUE(messages.has("config.json: error: cannot read")) << messages.text();
  folder.write("config.json", R"({"n_layer": 2})");
  EXPECT_TRUE(HfConfig::isIn(folder.path()));
  for (const std::string &path : {folder.path(), folder.path("config.json")}) {
    auto config = HfConfig::load(path, messages.engine);
    ASSERT_TRUE(succeeded(config)) << messages.text();
    EXPECT_EQ(*config->find("n_layer")->get<int64_t>(), 2);
    EXPECT_EQ(config->path(), folder.path("config.json"));
  }
}

TEST(HfConfigTest, TooLarge) {
  TemporaryFolder folder;
  Messages messages;
  folder.write("config.json", std::string((16 << 20) + 1, ' '));
  EXPECT_TRUE(failed(HfConfig::load(folder.path(), messages.engine)));
  EXPECT_TRUE(messages.has("more than the 16777216 that such a file may have")) << messages.text();
}

} // namespace
