//===- HfConfigTest.cpp - the values of a config.json ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/HfConfig.h"
#include "WeightTestSupport.h"

using namespace nacre;
using namespace nacre::test;

namespace {

void expectError(llvm::StringRef json, llvm::StringRef part) {
  Messages messages;
  EXPECT_TRUE(failed(HfConfig::parse(json, "config.json", messages.engine)));
  EXPECT_TRUE(messages.has("config.json: error: ")) << messages.text();
  EXPECT_TRUE(messages.has(part)) << messages.text();
}

TEST(HfConfigTest, Values) {
  Messages messages;
  auto config =
      HfConfig::parse(R"({"n_layer": 12, "eps": 1e-5, "rope": {"factor": 2.0}, "n_inner": null})",
                      "config.json", messages.engine);
  ASSERT_TRUE(succeeded(config)) << messages.text();
  EXPECT_EQ(config->path(), "config.json");
  EXPECT_EQ(config->json()["n_layer"], 12);
  EXPECT_EQ(config->json()["eps"], 1e-5);
  EXPECT_TRUE(config->json()["rope"]["factor"].is_number_float());
  EXPECT_TRUE(config->json()["n_inner"].is_null());
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
    EXPECT_EQ(config->json()["n_layer"], 2);
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
