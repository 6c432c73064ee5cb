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

#include <condition_variable>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace nacre;
using namespace nacre::object;

static llvm::ArrayRef<uint8_t> bytes(llvm::ArrayRef<char> data) {
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

namespace {

/// Writes and hashes tensors in the order in which they come, on a thread of its own.
class TensorWriter {
public:
  TensorWriter(llvm::raw_fd_ostream &out, llvm::BLAKE3 &hash)
      : out(out), hash(hash), thread([this] { work(); }) {}
  ~TensorWriter() { finish(); }

  /// Takes a tensor that stands at `start` in the data, as soon as the one before is written.
  void add(interpreter::Tensor tensor, uint64_t start) {
    wait();
    std::lock_guard<std::mutex> lock(mutex);
    next = {std::move(tensor), start};
    changed.notify_all();
  }
  /// Returns when all that was added is written.
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [this] { return !next; });
  }
  void finish() {
    if (!thread.joinable())
      return;
    wait();
    {
      std::lock_guard<std::mutex> lock(mutex);
      closing = true;
    }
    changed.notify_all();
    thread.join();
  }

  uint64_t written = 0; ///< bytes of data; after `wait`

private:
  struct Item {
    interpreter::Tensor tensor;
    uint64_t start;
  };

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return next || closing; });
      if (!next)
        return;
      // Nobody touches the item before it is gone.
      lock.unlock();
      auto data = next->tensor.getBytes();
      out.write_zeros(next->start - written);
      out.write(data.data(), data.size());
      hash.update(bytes(data));
      lock.lock();
      written = next->start + data.size();
      next.reset();
      changed.notify_all();
    }
  }

  llvm::raw_fd_ostream &out;
  llvm::BLAKE3 &hash;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Item> next;
  bool closing = false;
  std::thread thread;
};

} // namespace

// A tensor of at most this size may wait to be written while the next one is built; more than one
// of the largest ones is too much memory.
static constexpr size_t smallTensor = 32 << 20;

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
  out.SetBufferSize(1 << 20);
  uint64_t total = module->getAttrOfType<IntegerAttr>("nn.weights_size").getInt();
  out.write_zeros(NACRE_WEIGHTS_HEADER_SIZE);
  llvm::BLAKE3 hash;
  hash.update(seed);

  WeightBuilder builder(module, std::move(source));
  nlohmann::json contents = nlohmann::json::array();
  TensorWriter writer(out, hash);
  std::vector<std::string> inUse;
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    auto offset = global->getAttrOfType<IntegerAttr>("nn.offset");
    if (!offset)
      continue;
    FailureOr<interpreter::Tensor> tensor = builder.build(global);
    if (failed(tensor))
      return failure();
    uint64_t start = offset.getInt(), size = tensor->getBytes().size();
    contents.push_back({{"name", global.getSymName().str()},
                        {"type", spellElement(getElementTypeOrSelf(global.getType()))},
                        {"shape", cast<RankedTensorType>(global.getType()).getShape().vec()},
                        {"offset", start},
                        {"bytes", size}});
    writer.wait();
    builder.release(inUse);
    inUse = builder.takeHeld();
    writer.add(std::move(*tensor), start);
    if (size > smallTensor) {
      writer.wait();
      builder.release(std::exchange(inUse, {}));
    }
    progress(start + size, total);
  }
  writer.finish();
  builder.release(inUse);
  out.write_zeros(total - writer.written);
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

FailureOr<BuildId> object::hashOfInputs(ModuleOp module, WeightSource source, StringRef seed) {
  llvm::BLAKE3 hash;
  hash.update(seed);
  if (failed(WeightBuilder(module, std::move(source)).hashSources(hash)))
    return failure();
  BuildId id;
  llvm::copy(hash.final<32>(), id.begin());
  return id;
}

namespace {

/// A file that is read here and there.
class FileReader {
public:
  explicit FileReader(StringRef path) {
    if (auto opened = llvm::sys::fs::openNativeFileForRead(path))
      file = *opened;
    else
      llvm::consumeError(opened.takeError());
  }
  ~FileReader() {
    if (file)
      llvm::sys::fs::closeFile(*file);
  }
  FileReader(const FileReader &) = delete;

  uint64_t size() const {
    llvm::sys::fs::file_status status;
    return file && !llvm::sys::fs::status(*file, status) ? status.getSize() : 0;
  }
  bool read(uint64_t offset, MutableArrayRef<char> to) const {
    while (file && !to.empty()) {
      auto got = llvm::sys::fs::readNativeFileSlice(*file, to, offset);
      if (!got) {
        llvm::consumeError(got.takeError());
        return false;
      }
      if (*got == 0)
        return false;
      offset += *got;
      to = to.drop_front(*got);
    }
    return file.has_value();
  }

private:
  std::optional<llvm::sys::fs::file_t> file;
};

} // namespace

bool object::isWeightsFile(StringRef path, ModuleOp module, StringRef seed, const BuildId &id) {
  FileReader file(path);
  nacre_weights_header header;
  uint64_t total = module->getAttrOfType<IntegerAttr>("nn.weights_size").getInt();
  if (!file.read(0, {reinterpret_cast<char *>(&header), sizeof(header)}) ||
      memcmp(header.magic, NACRE_WEIGHTS_MAGIC, sizeof(header.magic)) != 0 ||
      memcmp(header.build_id, id.data(), id.size()) != 0 ||
      header.version != NACRE_WEIGHTS_VERSION || header.header_size != NACRE_WEIGHTS_HEADER_SIZE ||
      header.data_offset != NACRE_WEIGHTS_HEADER_SIZE || header.data_size != total ||
      header.contents_offset != header.data_offset + total || header.contents_size > (64 << 20) ||
      header.file_size != header.contents_offset + header.contents_size ||
      header.file_size != file.size())
    return false;
  llvm::BLAKE3 hash;
  hash.update(seed);
  std::vector<char> buffer(4 << 20);
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    auto offset = global->getAttrOfType<IntegerAttr>("nn.offset");
    if (!offset)
      continue;
    auto type = cast<RankedTensorType>(global.getType());
    uint64_t at = header.data_offset + offset.getInt();
    uint64_t end = at + type.getNumElements() * *interpreter::elementBytes(type.getElementType());
    while (at < end) {
      MutableArrayRef<char> part(buffer.data(), std::min<uint64_t>(buffer.size(), end - at));
      if (!file.read(at, part))
        return false;
      hash.update(bytes(part));
      at += part.size();
    }
  }
  return llvm::equal(hash.final<32>(), id);
}
