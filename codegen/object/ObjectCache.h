//===- ObjectCache.h - object code that was made before ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_OBJECTCACHE_H
#define NACRE_CODEGEN_OBJECT_OBJECTCACHE_H

#include "codegen/object/ArtifactData.h"

#include "llvm/ADT/SmallString.h"

#include <optional>
#include <string>

namespace nacre::object {

/// A folder of object files, each under the hash of all that it was made from. Several compilers
/// may use it at once. Its size is bounded: what was not used for longest goes first.
class ObjectCache {
public:
  /// 32 bytes of BLAKE3.
  using Key = BuildId;

  explicit ObjectCache(llvm::StringRef folder) : folder(folder) {}

  /// The hash of a text and of the compiler that runs.
  static Key keyOf(llvm::StringRef text);

  /// What was kept under a key. An entry that is cut off or damaged is removed.
  std::optional<llvm::SmallString<0>> find(const Key &key) const;
  /// Keeps an object. One that cannot be written is not kept, which is no fault.
  void keep(const Key &key, llvm::StringRef object) const;

private:
  std::string pathOf(const Key &key) const;

  std::string folder;
};

} // namespace nacre::object

#endif
