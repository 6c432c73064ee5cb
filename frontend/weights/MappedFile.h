//===- MappedFile.h - a file as read-only memory ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_MAPPEDFILE_H
#define NACRE_FRONTEND_WEIGHTS_MAPPEDFILE_H

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LogicalResult.h"

#include <memory>
#include <string>

namespace nacre {

/// A regular file mapped into memory for reading; pages are read when touched. The file must not
/// become shorter while it is mapped.
class MappedFile {
public:
  /// On failure adds an error that names `path`, and returns null.
  static std::unique_ptr<MappedFile> open(llvm::StringRef path, DiagnosticEngine &diags);

  llvm::StringRef path() const { return name; }
  llvm::ArrayRef<char> bytes() const {
    return region ? llvm::ArrayRef(region.const_data(), region.size()) : llvm::ArrayRef<char>();
  }

  /// Gives the pages that lie wholly in `part` (of bytes()) back to the system. They can be read
  /// again.
  void release(llvm::ArrayRef<char> part) const;

private:
  std::string name;
  llvm::sys::fs::mapped_file_region region; // none for an empty file
};

/// Reads a small text file whole, at most `limit` bytes.
llvm::FailureOr<std::string> readTextFile(llvm::StringRef path, uint64_t limit,
                                          DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_MAPPEDFILE_H
