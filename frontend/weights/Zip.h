//===- Zip.h - the members of a zip archive ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_ZIP_H
#define NACRE_FRONTEND_WEIGHTS_ZIP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nacre {

/// One file in an archive. `data` has been checked to lie within the archive.
struct ZipMember {
  std::string name;
  llvm::ArrayRef<char> data; ///< as stored in the archive
  bool deflated = false;     ///< false: `data` is the file itself
  uint64_t size = 0;         ///< of the file; plausible for deflated data, not proven
  uint32_t checksum = 0;     ///< CRC-32 of the file
};

/// Lists the members of an archive (with or without the 64-bit extensions, one disk, no encryption,
/// stored or deflated). Returns what is wrong, or "".
std::string listZip(llvm::ArrayRef<char> archive, std::vector<ZipMember> &members);

/// Inflates from the start of deflated data until `result` is full. False if the data is damaged or
/// gives fewer bytes.
bool inflateInto(llvm::ArrayRef<char> deflated, llvm::MutableArrayRef<char> result);

/// The CRC-32 that zip uses.
uint32_t zipChecksum(llvm::ArrayRef<char> bytes);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_ZIP_H
