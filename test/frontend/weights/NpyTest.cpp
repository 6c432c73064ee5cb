//===- NpyTest.cpp - NumPy's file of one array ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Npy.h"
#include "WeightTestSupport.h"

using namespace nacre;
using namespace nacre::test;

namespace {

/// An .npy file of version 1 with this dictionary.
std::string makeNpy(llvm::StringRef dict, llvm::StringRef data = "") {
  std::string content("\x93NUMPY\1\0", 8);
  content += bytesOf<uint16_t>({static_cast<uint16_t>(dict.size())});
  return content + dict.str() + data.str();
}

void expectHeaderError(llvm::StringRef content, llvm::StringRef part) {
  NpyHeader header;
  std::string error = parseNpyHeader(asBytes(content), header);
  EXPECT_TRUE(llvm::StringRef(error).contains(part))
      << "wanted: " << part.str() << "\ngot: " << error;
}

void expectDictError(llvm::StringRef dict, llvm::StringRef part) {
  expectHeaderError(makeNpy(dict), part);
}

void expectInputError(llvm::StringRef name, llvm::StringRef part) {
  Messages messages;
  EXPECT_TRUE(failed(readNpy((NACRE_TEST_INPUTS "/" + name).str(), messages.engine)));
  EXPECT_TRUE(messages.has(part)) << messages.text();
}

TEST(NpyTest, ReadsWhatNumPyWrites) {
  Messages messages;
  auto array = readNpy(NACRE_TEST_INPUTS "/array.npy", messages.engine);
  ASSERT_TRUE(succeeded(array)) << messages.text();
  EXPECT_EQ(describeTensor(array->type, array->shape), "f32[2, 3]");
  EXPECT_EQ(std::string(array->data.begin(), array->data.end()),
            bytesOf<float>({0, 1, 2, 3, 4, 5}));
}

TEST(NpyTest, WritesWhatNumPyWrites) {
  TemporaryFolder folder;
  Messages messages;
  std::string data = bytesOf<float>({0, 1, 2, 3, 4, 5});
  ASSERT_TRUE(succeeded(
      writeNpy(folder.path("a.npy"), StorageType::F32, {2, 3}, asBytes(data), messages.engine)))
      << messages.text();
  auto written = llvm::MemoryBuffer::getFile(folder.path("a.npy"));
  ASSERT_TRUE(written);
  EXPECT_EQ((*written)->getBuffer().str(), readInput("array.npy"));
}

TEST(NpyTest, RoundTripsTypesAndRanks) {
  TemporaryFolder folder;
  for (StorageType type : {StorageType::F64, StorageType::F32, StorageType::F16, StorageType::I64,
                           StorageType::I32, StorageType::I16, StorageType::I8, StorageType::U64,
                           StorageType::U32, StorageType::U16, StorageType::U8, StorageType::Bool})
    for (const std::vector<int64_t> &shape :
         std::vector<std::vector<int64_t>>{{}, {3}, {2, 0}, {2, 1, 3}}) {
      Messages messages;
      std::string data(*tensorBytes(type, shape), '\1');
      ASSERT_TRUE(
          succeeded(writeNpy(folder.path("a.npy"), type, shape, asBytes(data), messages.engine)));
      auto array = readNpy(folder.path("a.npy"), messages.engine);
      ASSERT_TRUE(succeeded(array)) << messages.text();
      EXPECT_EQ(array->type, type);
      EXPECT_EQ(llvm::ArrayRef(array->shape), llvm::ArrayRef(shape));
      EXPECT_EQ(std::string(array->data.begin(), array->data.end()), data);
    }
}

TEST(NpyTest, WritesBF16AsFloat32) {
  TemporaryFolder folder;
  Messages messages;
  std::string data = bytesOf<uint16_t>({0x3f80, 0xc040});
  ASSERT_TRUE(succeeded(
      writeNpy(folder.path("a.npy"), StorageType::BF16, {2}, asBytes(data), messages.engine)));
  auto array = readNpy(folder.path("a.npy"), messages.engine);
  ASSERT_TRUE(succeeded(array));
  EXPECT_EQ(array->type, StorageType::F32);
  EXPECT_EQ(std::string(array->data.begin(), array->data.end()), bytesOf<float>({1, -3}));
}

TEST(NpyTest, CannotWrite) {
  Messages messages;
  EXPECT_TRUE(failed(writeNpy("no/such/folder/a.npy", StorageType::F32, {0}, {}, messages.engine)));
  EXPECT_TRUE(messages.has("no/such/folder/a.npy: error: cannot write: ")) << messages.text();
}

TEST(NpyTest, MissingFile) {
  Messages messages;
  EXPECT_TRUE(failed(readNpy("no/such/a.npy", messages.engine)));
  EXPECT_TRUE(messages.has("no/such/a.npy: error: cannot read: ")) << messages.text();
  EXPECT_TRUE(failed(readNpy(NACRE_TEST_INPUTS, messages.engine)));
  EXPECT_TRUE(messages.has("is a folder, not a file")) << messages.text();
}

TEST(NpyTest, WhatNumPyWritesAndWeDoNotRead) {
  expectInputError("fortran.npy", "column by column (Fortran order); save it with");
  expectInputError("big_endian.npy", "is big-endian ('>f4'); save it with array.astype('<f4')");
  expectInputError("objects.npy", "holds Python objects");
  expectInputError("records.npy", "holds records with fields");
}

TEST(NpyTest, BFloat16Extension) {
  expectDictError("{'descr': '<V2', 'fortran_order': False, 'shape': (3,), }", "probably bfloat16");
}

TEST(NpyTest, AcceptsOtherSpellings) {
  NpyHeader header;
  for (const char *dict : {"{\"shape\": (2,3), \"descr\": \"<f4\", \"fortran_order\": False}",
                           "{'descr':'<f4','fortran_order':False,'shape':(2L, 3L)}\n",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }    \n"}) {
    EXPECT_EQ(parseNpyHeader(asBytes(makeNpy(dict)), header), "");
    EXPECT_EQ(describeTensor(header.type, header.shape), "f32[2, 3]");
  }
  EXPECT_EQ(
      parseNpyHeader(asBytes(makeNpy("{'descr': '<i1', 'fortran_order': False, 'shape': (), }")),
                     header),
      "");
  EXPECT_EQ(describeTensor(header.type, header.shape), "i8[]");
}

TEST(NpyTest, Versions) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
  std::string content("\x93NUMPY\2\0", 8);
  content += bytesOf<uint32_t>({static_cast<uint32_t>(dict.size())}) + dict;
  NpyHeader header;
  EXPECT_EQ(parseNpyHeader(asBytes(content), header), "");
  EXPECT_EQ(header.dataOffset, content.size());
  content[6] = 9;
  expectHeaderError(content, "has version 9 of the .npy format");
}

TEST(NpyTest, BrokenHeaders) {
  expectHeaderError("", "is not an .npy file");
  expectHeaderError("PK\3\4", "is not an .npy file");
  expectHeaderError("\x93NUMPY", "is cut off within its header");
  expectHeaderError(llvm::StringRef("\x93NUMPY\1\0\xff", 9), "is cut off within its header");
  expectHeaderError(llvm::StringRef("\x93NUMPY\2\0\xff\xff\xff\xff", 12),
                    "claims to have 4294967295 bytes");
  std::string whole = makeNpy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }");
  expectHeaderError(llvm::StringRef(whole).drop_back(1), "is cut off within its header");
}

TEST(NpyTest, BrokenDictionaries) {
  expectDictError("", "expected '{'");
  expectDictError("{", "expected 'key':");
  expectDictError("{}", "lacks 'descr', 'fortran_order' or 'shape'");
  expectDictError("{'descr' '<f4'}", "expected 'key':");
  expectDictError("{'descr: '<f4'}", "expected 'key':");
  expectDictError("{'descr': '<f4' 'shape': ()}", "expected ',' or '}'");
  expectDictError("{'descr': 5}", "expected a type");
  expectDictError("{'descr': '<f3'}", "has the element type '<f3', which is not known");
  expectDictError("{'descr': ''}", "has the element type ''");
  expectDictError("{'descr': '<f4', 'descr': '<f4'}", "has the key 'descr' where none is expected");
  expectDictError("{'unknown': 1}", "has the key 'unknown'");
  expectDictError("{'fortran_order': 0}", "expected True or False");
  expectDictError("{'shape': 5}", "expected '('");
  expectDictError("{'shape': (-5,)}", "expected a size");
  expectDictError("{'shape': (,)}", "expected a size");
  expectDictError("{'shape': (1 2)}", "expected ',' or ')'");
  expectDictError("{'shape': (99999999999999999999,)}", "expected a size");
  expectDictError("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", "expected the end");
  expectDictError("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
                  "beyond all bounds");
}

TEST(NpyTest, DataCutOff) {
  TemporaryFolder folder;
  Messages messages;
  std::string content = readInput("array.npy");
  std::string path = folder.write("a.npy", llvm::StringRef(content).drop_back(1));
  EXPECT_TRUE(failed(readNpy(path, messages.engine)));
  EXPECT_TRUE(messages.has("is f32[2, 3] and needs 24 bytes of data, but has 23"))
      << messages.text();
}

} // namespace
