//===- WeightTestSupport.h - files made and messages seen by tests -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <string>

namespace nacre::test {

/// A folder that lives as long as the object.
class TemporaryFolder {
public:
  TemporaryFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("nacre-weights", folder)); }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(folder); }

  std::string path(llvm::StringRef name = "") const {
    llvm::SmallString<256> result(folder);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  /// Writes a file and returns its path.
  std::string write(llvm::StringRef name, llvm::StringRef content) const {
    // Some file systems wait for the disk when a file is cut to be written again.
    llvm::sys::fs::remove(path(name));
    std::error_code error;
    llvm::raw_fd_ostream(path(name), error) << content;
    EXPECT_FALSE(error) << error.message();
    return path(name);
  }

private:
  llvm::SmallString<128> folder;
};

/// An engine whose diagnostics can be asked for as text.
struct Messages {
  SourceMap sources;
  DiagnosticEngine engine{sources};

  std::string text() const {
    std::string result;
    llvm::raw_string_ostream out(result);
    renderDiagnostics(out, engine);
    return result;
  }
  bool has(llvm::StringRef part) const { return llvm::StringRef(text()).contains(part); }
};

inline llvm::ArrayRef<char> asBytes(llvm::StringRef text) { return {text.data(), text.size()}; }

template <typename T>
std::string bytesOf(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(T));
}

/// A .safetensors file with this header.
inline std::string makeSafetensors(llvm::StringRef header, llvm::StringRef data) {
  char length[8];
  llvm::support::endian::write64le(length, header.size());
  return std::string(length, 8) + header.str() + data.str();
}

/// A small valid file: a: f32[2, 2], b: f16[2], c: i64[].
inline std::string smallSafetensors() {
  return makeSafetensors(R"({"__metadata__":{"format":"pt"},)"
                         R"("a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                         R"("b":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},)"
                         R"("c":{"dtype":"I64","shape":[],"data_offsets":[20,28]}})",
                         bytesOf<float>({1, 2, 3, 4}) + bytesOf<uint16_t>({0x3c00, 0xc000}) +
                             bytesOf<int64_t>({7}));
}

inline std::string readInput(llvm::StringRef name) {
  auto buffer = llvm::MemoryBuffer::getFile(std::string(NACRE_TEST_INPUTS "/") + name.str());
  EXPECT_TRUE(buffer) << name.str();
  return buffer ? (*buffer)->getBuffer().str() : "";
}

} // namespace nacre::test
