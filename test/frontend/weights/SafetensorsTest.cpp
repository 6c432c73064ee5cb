//===- SafetensorsTest.cpp - what a .safetensors file may and may not say -===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Safetensors.h"
#include "WeightTestSupport.h"

using namespace nacre;
using namespace nacre::test;

namespace {

std::vector<Weight> expectRead(llvm::StringRef content) {
  Messages messages;
  std::vector<Weight> weights;
  EXPECT_TRUE(
      succeeded(readSafetensors(asBytes(content), "m.safetensors", weights, messages.engine)))
      << messages.text();
  return weights;
}

void expectError(llvm::StringRef content, llvm::StringRef part) {
  Messages messages;
  std::vector<Weight> weights;
  EXPECT_TRUE(failed(readSafetensors(asBytes(content), "m.safetensors", weights, messages.engine)));
  EXPECT_TRUE(messages.has("m.safetensors: error: ")) << messages.text();
  EXPECT_TRUE(messages.has(part)) << "wanted: " << part.str() << "\ngot: " << messages.text();
  EXPECT_TRUE(weights.empty());
}

/// An error for a header in front of 16 bytes of data.
void expectHeaderError(llvm::StringRef header, llvm::StringRef part) {
  expectError(makeSafetensors(header, std::string(16, 'x')), part);
}

/// The same for one tensor 't' with these fields.
void expectTensorError(llvm::StringRef fields, llvm::StringRef part) {
  expectHeaderError(("{\"t\":{" + fields + "}}").str(), part);
}

TEST(SafetensorsTest, ReadsTensors) {
  std::vector<Weight> weights = expectRead(smallSafetensors());
  ASSERT_EQ(weights.size(), 3u);
  EXPECT_EQ(weights[0].name, "a");
  EXPECT_EQ(weights[0].describe(), "f32[2, 2]");
  EXPECT_EQ(weights[1].describe(), "f16[2]");
  EXPECT_EQ(weights[2].describe(), "i64[]");
  EXPECT_EQ(weights[1].offset, weights[0].offset + 16);
}

TEST(SafetensorsTest, ReadsEveryType) {
  for (auto [word, bytes] : {std::pair("F64", 8),
                             {"F32", 4},
                             {"F16", 2},
                             {"BF16", 2},
                             {"F8_E4M3", 1},
                             {"F8_E5M2", 1},
                             {"I64", 8},
                             {"I32", 4},
                             {"I16", 2},
                             {"I8", 1},
                             {"U64", 8},
                             {"U32", 4},
                             {"U16", 2},
                             {"U8", 1},
                             {"BOOL", 1}}) {
    std::string header = "{\"t\":{\"dtype\":\"" + std::string(word) +
                         "\",\"shape\":[1],\"data_offsets\":[0," + std::to_string(bytes) + "]}}";
    std::vector<Weight> weights = expectRead(makeSafetensors(header, std::string(bytes, '\0')));
    ASSERT_EQ(weights.size(), 1u) << word;
    EXPECT_EQ(weights[0].byteSize, unsigned(bytes)) << word;
  }
}

TEST(SafetensorsTest, ReadsWhatTheLibraryWrites) {
  std::vector<Weight> weights = expectRead(readInput("numpy.safetensors"));
  EXPECT_EQ(weights.size(), 6u);
}

TEST(SafetensorsTest, AcceptsEmptyTensorsAndNone) {
  EXPECT_TRUE(expectRead(makeSafetensors("{}", "")).empty());
  // Two empty tensors at one place do not overlap.
  auto weights = expectRead(makeSafetensors(
      R"({"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]},)"
      R"("b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
      ""));
  EXPECT_EQ(weights.size(), 2u);
}

TEST(SafetensorsTest, TooShort) { expectError("1234567", "has 7 bytes, too few"); }

TEST(SafetensorsTest, EmptyFile) { expectError("", "has 0 bytes, too few"); }

TEST(SafetensorsTest, GitLfsPointer) {
  expectError("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull");
}

TEST(SafetensorsTest, AbsurdHeaderLength) {
  expectError(std::string(8, '\xff') + "{}", "claims to have 18446744073709551615 bytes");
  expectError(std::string("\0\0\0\x10\0\0\0\0{}", 10), "more than the 67108864 allowed");
}

TEST(SafetensorsTest, HeaderCutOff) {
  std::string content = smallSafetensors();
  expectError(llvm::StringRef(content).take_front(40), "but only 32 follow; was the file cut off?");
}

TEST(SafetensorsTest, DataCutOff) {
  std::string content = smallSafetensors();
  expectError(llvm::StringRef(content).drop_back(1),
              "tensor 'c' ends at byte 28 of the data, but the file has only 27");
}

TEST(SafetensorsTest, NotJson) {
  expectHeaderError("{\"t\":", "the header is not valid JSON at its end: it is cut off");
  expectHeaderError("{\n]", "the header is not valid JSON at line 2, column 1: unexpected ']'");
  expectHeaderError("", "the header is not valid JSON");
  expectHeaderError("{\"\xff\xfe\":1}", "the header is not valid JSON");
  expectHeaderError("{}{}", "the header is not valid JSON");
}

TEST(SafetensorsTest, NotAnObject) {
  expectHeaderError("[]", "the header is a list, not an object");
  expectHeaderError("5", "the header is a number, not an object");
  expectHeaderError("null", "the header is null, not an object");
}

TEST(SafetensorsTest, DeepNesting) {
  expectHeaderError(std::string(1 << 20, '['), "the header is a list");
  expectTensorError("\"shape\":" + std::string(1 << 20, '['), "tensor 't' has a list");
  expectTensorError("\"dtype\":{\"dtype\":{}}", "tensor 't' has an object");
}

TEST(SafetensorsTest, TensorNotAnObject) {
  expectHeaderError("{\"t\":[]}", "tensor 't' has a list where a header has none");
  expectHeaderError("{\"t\":null}", "tensor 't' has null");
  expectHeaderError("{\"t\":true}", "tensor 't' has true or false");
}

TEST(SafetensorsTest, BadMetadata) {
  expectHeaderError("{\"__metadata__\":{\"a\":1}}", "'__metadata__' has a number");
  expectHeaderError("{\"__metadata__\":{\"a\":{}}}", "'__metadata__' has an object");
  expectHeaderError("{\"__metadata__\":[]}", "'__metadata__' has a list");
}

TEST(SafetensorsTest, DuplicateName) {
  std::string one = R"("t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  expectHeaderError("{" + one + "," + one + "}", "tensor 't' stands there twice");
}

TEST(SafetensorsTest, DuplicateField) {
  expectTensorError(R"("dtype":"F32","dtype":"F16")", "tensor 't' has its field 'dtype' twice");
}

TEST(SafetensorsTest, MissingField) {
  expectTensorError(R"("dtype":"F32","shape":[4])", "tensor 't' lacks");
  expectTensorError("", "tensor 't' lacks");
}

TEST(SafetensorsTest, UnknownField) {
  expectTensorError(R"("offset":3)", "tensor 't' has a field 'offset'");
}

TEST(SafetensorsTest, UnknownType) {
  expectTensorError(R"("dtype":"F31","shape":[4],"data_offsets":[0,16])",
                    "tensor 't' has the type 'F31', which is not known");
  expectTensorError("\"dtype\":\"" + std::string(100, 'F') + "\"", "too long for any type");
}

TEST(SafetensorsTest, WrongKinds) {
  expectTensorError(R"("dtype":5)", "tensor 't' has a number");
  expectTensorError(R"("dtype":["F32"])", "tensor 't' has a list");
  expectTensorError(R"("shape":4)", "tensor 't' has a number");
  expectTensorError(R"("shape":["4"])", "tensor 't' has a text");
  expectTensorError(R"("shape":[4.5])", "tensor 't' has the number 4.5");
  expectTensorError(R"("shape":[1e99])", "tensor 't' has the number 1e99");
  expectTensorError(R"("shape":[-4])", "tensor 't' -4 in 'shape' is negative");
  expectTensorError(R"("data_offsets":[-1,3])", "-1 in 'data_offsets' is negative");
  expectTensorError(R"("data_offsets":[0])", "must be two numbers");
  expectTensorError(R"("data_offsets":[0,1,2])", "must be two numbers");
  expectTensorError(R"("data_offsets":[])", "must be two numbers");
}

TEST(SafetensorsTest, OffsetsBackwards) {
  expectTensorError(R"("dtype":"F32","shape":[1],"data_offsets":[8,4])",
                    "tensor 't' ends at byte 4, before it begins at 8");
}

TEST(SafetensorsTest, OffsetsOutOfRange) {
  expectTensorError(R"("dtype":"F32","shape":[2],"data_offsets":[12,20])",
                    "ends at byte 20 of the data, but the file has only 16");
  expectTensorError(R"("dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615])",
                    "ends at byte 18446744073709551615");
}

TEST(SafetensorsTest, SizeDoesNotFitTheShape) {
  expectTensorError(R"("dtype":"F32","shape":[3],"data_offsets":[0,16])",
                    "tensor 't' is f32[3] and needs 12 bytes, but the header gives it 16");
}

TEST(SafetensorsTest, ShapeOverflows) {
  expectTensorError(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16])",
                    "tensor 't' has a shape beyond all bounds");
  expectTensorError(R"("dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4])",
                    "beyond all bounds");
  expectTensorError(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4])",
                    "beyond all bounds");
  expectTensorError(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1])",
                    "more than 16 dimensions");
}

TEST(SafetensorsTest, Overlap) {
  expectHeaderError(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                    R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                    "tensors 'a' and 'b' overlap");
}

TEST(SafetensorsTest, AllErrorsAtOnceButNotThousands) {
  std::string header = "{";
  for (int i = 0; i < 1000; ++i)
    header += (i ? ",\"t" : "\"t") + std::to_string(i) +
              R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,8]})";
  Messages messages;
  std::vector<Weight> weights;
  EXPECT_TRUE(failed(readSafetensors(asBytes(makeSafetensors(header + "}", std::string(16, 'x'))),
                                     "m", weights, messages.engine)));
  EXPECT_EQ(messages.engine.errorCount(), 20u);
}

//===- The index of a model in several files -------------------------------===//

void expectIndexError(llvm::StringRef json, llvm::StringRef part) {
  Messages messages;
  EXPECT_TRUE(failed(parseShardIndex(json, "i.json", messages.engine)));
  EXPECT_TRUE(messages.has("i.json: error: ")) << messages.text();
  EXPECT_TRUE(messages.has(part)) << "wanted: " << part.str() << "\ngot: " << messages.text();
}

void expectFileRefused(llvm::StringRef file) {
  expectIndexError(("{\"weight_map\":{\"t\":\"" + file + "\"}}").str(),
                   "which is not the name of a file in this folder");
}

TEST(ShardIndexTest, Reads) {
  Messages messages;
  auto index =
      parseShardIndex(R"({"metadata":{"total_size":3},"weight_map":{"a":"x","b":"y","c":"x"}})",
                      "i.json", messages.engine);
  ASSERT_TRUE(succeeded(index)) << messages.text();
  EXPECT_EQ(index->files, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(index->tensors.size(), 3u);
}

TEST(ShardIndexTest, NoFileOutsideTheFolder) {
  for (const char *file : {"../x", "/etc/passwd", "..", ".", "", "a/../../x", "sub/x", "..\\\\x",
                           "x\\u0000.safetensors"})
    expectFileRefused(file);
}

TEST(ShardIndexTest, BadForm) {
  expectIndexError("{", "is not valid JSON at its end");
  expectIndexError("", "is not valid JSON");
  expectIndexError("[]", "has no 'weight_map'");
  expectIndexError("{}", "has no 'weight_map'");
  expectIndexError(R"({"weight_map":[]})", "has no 'weight_map'");
  expectIndexError(R"({"weight_map":{}})", "lists no tensor");
  expectIndexError(R"({"weight_map":{"a":5}})", "gives no file name for 'a'");
  expectIndexError(std::string(1 << 20, '['), "nests objects and lists deeper than 4 levels");
}

} // namespace
