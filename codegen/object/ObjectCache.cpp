//===- ObjectCache.cpp - object code that was made before ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/ObjectCache.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <unistd.h>

using namespace nacre::object;

/// An entry is an object and the hash of it, which ends the file.
static constexpr size_t hashSize = 32;
static constexpr uint64_t largestSize = 512 << 20;

static std::array<uint8_t, hashSize> hashOf(llvm::StringRef bytes) {
  return llvm::BLAKE3::hash<hashSize>(llvm::arrayRefFromStringRef(bytes));
}

/// Changes when the compiler does: its file's size and time, and the version of LLVM, which may be
/// a library of its own.
static std::string compilerIdentity() {
  static const char here = 0;
  std::string path = llvm::sys::fs::getMainExecutable("nacre", const_cast<char *>(&here));
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status))
    return "";
  return std::to_string(status.getSize()) + "," +
         std::to_string(status.getLastModificationTime().time_since_epoch().count()) + "," +
         std::to_string(status.getUniqueID().getFile()) + "," LLVM_VERSION_STRING;
}

ObjectCache::Key ObjectCache::keyOf(llvm::StringRef text) {
  llvm::BLAKE3 hash;
  hash.update(compilerIdentity());
  hash.update(llvm::StringRef("\0", 1));
  hash.update(text);
  Key key;
  llvm::copy(hash.final<hashSize>(), key.begin());
  return key;
}

std::string ObjectCache::pathOf(const Key &key) const {
  llvm::SmallString<128> path(folder);
  // LLVM's pruning looks at files of this prefix.
  llvm::sys::path::append(path, "llvmcache-" + llvm::toHex(key, /*LowerCase=*/true));
  return std::string(path);
}

std::optional<llvm::SmallString<0>> ObjectCache::find(const Key &key) const {
  const std::string path = pathOf(key);
  auto file = llvm::sys::fs::openNativeFileForRead(path, llvm::sys::fs::OF_UpdateAtime);
  if (!file) {
    llvm::consumeError(file.takeError());
    return std::nullopt;
  }
  auto content = llvm::MemoryBuffer::getOpenFile(*file, path, /*FileSize=*/-1,
                                                 /*RequiresNullTerminator=*/false);
  llvm::sys::fs::closeFile(*file);
  if (!content)
    return std::nullopt;
  llvm::StringRef bytes = (*content)->getBuffer();
  if (bytes.size() > hashSize) {
    llvm::StringRef object = bytes.drop_back(hashSize);
    if (llvm::toStringRef(hashOf(object)) == bytes.take_back(hashSize))
      return llvm::SmallString<0>(object);
  }
  llvm::sys::fs::remove(path);
  return std::nullopt;
}

void ObjectCache::keep(const Key &key, llvm::StringRef object) const {
  if (llvm::sys::fs::create_directories(folder))
    return;
  const std::string path = pathOf(key), temporary = path + "." + std::to_string(::getpid());
  std::error_code code;
  llvm::raw_fd_ostream out(temporary, code);
  if (code)
    return;
  out << object << llvm::toStringRef(hashOf(object));
  out.close();
  if (out.has_error() || llvm::sys::fs::rename(temporary, path)) {
    out.clear_error();
    llvm::sys::fs::remove(temporary);
    return;
  }
  llvm::CachePruningPolicy policy;
  policy.Expiration = std::chrono::hours(24 * 90);
  policy.MaxSizeBytes = largestSize;
  llvm::pruneCache(folder, policy);
}
