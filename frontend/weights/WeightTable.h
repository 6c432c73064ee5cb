//===- WeightTable.h - the weights that files hold --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files are mapped, not read: opening a table costs the headers, and a tensor
// costs memory only from `bytes` to `release`. A caller that works on one
// tensor at a time needs the memory of one tensor, whatever the model's size.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_WEIGHTS_WEIGHTTABLE_H
#define NACRE_FRONTEND_WEIGHTS_WEIGHTTABLE_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/weights/MappedFile.h"
#include "frontend/weights/StorageType.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace nacre {

/// One tensor of a file. Everything here has been checked against the file: the data lies within
/// it and has as many bytes as type and shape say.
struct Weight {
  std::string name;                    ///< as the file says it, without the prefix of WeightOptions
  StorageType type = StorageType::F32; ///< as stored
  llvm::SmallVector<int64_t, 4> shape;
  uint64_t byteSize = 0; ///< of the elements

  // Where the elements are. For compressed ones (packedSize > 0), `offset` is that of the
  // compressed stream, and the elements start `skip` bytes into what it inflates to.
  unsigned file = 0; ///< number of the table's file
  uint64_t offset = 0;
  uint64_t packedSize = 0, unpackedSize = 0, skip = 0;
  uint32_t checksum = 0; ///< CRC-32 of the inflated stream

  std::string describe() const { return describeTensor(type, shape); }
};

struct WeightOptions {
  /// Names that start with it lose it: with "bert", "bert.embeddings.x" is found as "embeddings.x".
  /// A closing dot may be left out. Empty: no prefix.
  std::string prefix;
};

/// The tensors of one file, or of all files of one model, by name.
class WeightTable {
public:
  /// Opens a .safetensors or .npz file, a model.safetensors.index.json with the files it lists, or
  /// a folder that has one of these. No file outside that folder is opened. On failure adds errors
  /// and returns null.
  static std::unique_ptr<WeightTable> open(llvm::StringRef path, const WeightOptions &options,
                                           DiagnosticEngine &diags);

  /// What was given to `open`, for messages.
  llvm::StringRef path() const { return name; }
  /// The folder that holds the files, where config.json may lie too.
  llvm::StringRef folder() const { return directory; }

  /// All tensors, sorted by name.
  llvm::ArrayRef<Weight> weights() const { return table; }
  /// The tensor of that name, or null.
  const Weight *find(llvm::StringRef name) const;
  /// The file that a tensor is in, for messages.
  llvm::StringRef fileOf(const Weight &weight) const { return files[weight.file]->path(); }

  /// The elements, row-major and little-endian, aligned to their size. They stay until `release`.
  /// Fails on compressed data that is damaged; the error names neither file nor tensor. Different
  /// tensors may be asked for at once by different threads.
  llvm::Expected<llvm::ArrayRef<char>> bytes(const Weight &weight);
  /// Frees the memory that `bytes` took; the array it returned must not be used any more.
  void release(const Weight &weight);

private:
  WeightTable() = default;
  llvm::LogicalResult read(llvm::StringRef path, DiagnosticEngine &diags);
  llvm::LogicalResult readFolder(llvm::StringRef path, DiagnosticEngine &diags);
  llvm::LogicalResult readSharded(llvm::StringRef indexPath, DiagnosticEngine &diags);
  llvm::LogicalResult readFile(llvm::StringRef path, DiagnosticEngine &diags);
  llvm::LogicalResult stripPrefix(llvm::StringRef prefix, DiagnosticEngine &diags);
  llvm::LogicalResult index(DiagnosticEngine &diags);

  std::string name, directory;
  std::vector<std::unique_ptr<MappedFile>> files;
  std::vector<Weight> table;
  llvm::StringMap<size_t> byName;
  /// Copies of tensors that could not be used where they lie: compressed or misaligned ones.
  /// Aligned as what `new` returns is.
  llvm::DenseMap<const Weight *, std::unique_ptr<char[]>> copies;
  std::mutex copiesLock;
};

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_WEIGHTTABLE_H
