//===- WeightsFile.cpp - writing a .weights file ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/WeightsFile.h"

#include "codegen/object/Signature.h"
#include "runtime/include/nacre/artifact.h"
#include "runtime/include/nacre/weights_format.h"

#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json.hpp>

using namespace mlir;
using namespace nacre;
using namespace nacre::object;

static llvm::ArrayRef<uint8_t> bytes(llvm::ArrayRef<char> data) {
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

FailureOr<BuildId> object::writeWeightsFile(ModuleOp module, WeightSource source, StringRef path,
                                            StringRef seed,
                                            llvm::function_ref<void(uint64_t, uint64_t)> progress,
                                            std::string &error) {
  std::error_code code;
  llvm::raw_fd_ostream out(path, code);
  if (code) {
    error = ("cannot write '" + path + "': " + code.message()).str();
    return failure();
  }
  uint64_t total = module->getAttrOfType<IntegerAttr>("nn.weights_size").getInt();
  out.write_zeros(NACRE_WEIGHTS_HEADER_SIZE);
  llvm::BLAKE3 hash;
  hash.update(seed);

  WeightBuilder builder(module, std::move(source));
  nlohmann::json contents = nlohmann::json::array();
  uint64_t written = 0;
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    auto offset = global->getAttrOfType<IntegerAttr>("nn.offset");
    if (!offset)
      continue;
    FailureOr<interpreter::Tensor> tensor = builder.build(global);
    if (failed(tensor))
      return failure();
    uint64_t start = offset.getInt();
    out.write_zeros(start - written);
    auto data = tensor->getBytes();
    out.write(data.data(), data.size());
    hash.update(bytes(data));
    written = start + data.size();
    contents.push_back({{"name", global.getSymName().str()},
                        {"type", spellElement(getElementTypeOrSelf(global.getType()))},
                        {"shape", cast<RankedTensorType>(global.getType()).getShape().vec()},
                        {"offset", start},
                        {"bytes", data.size()}});
    *tensor = {};
    builder.release();
    progress(written, total);
  }
  out.write_zeros(total - written);
  std::string table = nlohmann::json({{"tensors", contents}}).dump(1);
  out << table;

  nacre_weights_header header = {};
  memcpy(header.magic, NACRE_WEIGHTS_MAGIC, sizeof(header.magic));
  header.version = NACRE_WEIGHTS_VERSION;
  header.header_size = NACRE_WEIGHTS_HEADER_SIZE;
  auto digest = hash.final<32>();
  BuildId id;
  llvm::copy(digest, id.begin());
  memcpy(header.build_id, id.data(), id.size());
  header.data_offset = NACRE_WEIGHTS_HEADER_SIZE;
  header.data_size = total;
  header.contents_offset = header.data_offset + total;
  header.contents_size = table.size();
  header.file_size = header.contents_offset + header.contents_size;
  out.seek(0);
  out.write(reinterpret_cast<const char *>(&header), sizeof(header));
  out.close();
  if (out.has_error()) {
    error = ("cannot write '" + path + "': " + out.error().message()).str();
    out.clear_error();
    return failure();
  }
  return id;
}
