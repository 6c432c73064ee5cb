//===- MappedFile.cpp - a file as read-only memory --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/MappedFile.h"

#include "llvm/Support/Process.h"

#include <sys/mman.h>

using namespace nacre;
namespace fs = llvm::sys::fs;

std::unique_ptr<MappedFile> MappedFile::open(llvm::StringRef path, DiagnosticEngine &diags) {
  // Before opening: a pipe would wait for a writer.
  fs::file_status status;
  if (std::error_code error = fs::status(path, status)) {
    diags.errorAt(path, "cannot read: " + error.message());
    return nullptr;
  }
  if (!fs::is_regular_file(status)) {
    diags.errorAt(path,
                  fs::is_directory(status) ? "is a folder, not a file" : "is not a regular file");
    return nullptr;
  }
  auto file = std::make_unique<MappedFile>();
  file->name = path.str();
  llvm::Expected<fs::file_t> handle = fs::openNativeFileForRead(path);
  if (!handle) {
    diags.errorAt(path, "cannot read: " + llvm::toString(handle.takeError()));
    return nullptr;
  }
  std::error_code error = fs::status(*handle, status);
  if (!error && status.getSize())
    file->region = fs::mapped_file_region(*handle, fs::mapped_file_region::readonly,
                                          status.getSize(), 0, error);
  fs::closeFile(*handle);
  if (error) {
    diags.errorAt(path, "cannot map into memory: " + error.message());
    return nullptr;
  }
  return file;
}

void MappedFile::release(llvm::ArrayRef<char> part) const {
  uintptr_t page = llvm::sys::Process::getPageSizeEstimate();
  auto begin = reinterpret_cast<uintptr_t>(part.data());
  uintptr_t first = (begin + page - 1) / page * page;
  uintptr_t last = (begin + part.size()) / page * page;
  if (first < last)
    ::madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
}

llvm::FailureOr<std::string> nacre::readTextFile(llvm::StringRef path, uint64_t limit,
                                                 DiagnosticEngine &diags) {
  std::unique_ptr<MappedFile> file = MappedFile::open(path, diags);
  if (!file)
    return llvm::failure();
  if (file->bytes().size() > limit) {
    diags.errorAt(path, "has " + llvm::Twine(file->bytes().size()) + " bytes, more than the " +
                            llvm::Twine(limit) + " that such a file may have");
    return llvm::failure();
  }
  return std::string(file->bytes().begin(), file->bytes().end());
}
