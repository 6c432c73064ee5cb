//===- Safetensors.cpp - reading .safetensors files -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Safetensors.h"
#include "frontend/weights/Json.h"
#include "frontend/weights/SafetensorsHeader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Endian.h"

#include <fmt/format.h>

using namespace nacre;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;

namespace {

// Ten thousands of tensors take a few megabytes; whatever is larger is not a header.
constexpr uint64_t maxHeaderBytes = 64 << 20;

// A damaged file would repeat itself for every tensor.
constexpr unsigned maxErrors = 20;

constexpr const char *copyAgain = "copy or download the file again";

/// Checks one entry against the `dataSize` bytes that the file has, and makes it a Weight.
std::string checkEntry(const SafetensorsEntry &entry, uint64_t dataOffset, uint64_t dataSize,
                       Weight &weight) {
  std::optional<StorageType> type = typeFromSafetensors(entry.dtype);
  if (!type)
    return fmt::format("has the type '{}', which is not known; known are F64, F32, F16, BF16, "
                       "F8_E4M3, F8_E5M2, I64, I32, I16, I8, U64, U32, U16, U8 and BOOL",
                       entry.dtype);
  if (entry.end < entry.begin)
    return fmt::format("ends at byte {}, before it begins at {}", entry.end, entry.begin);
  if (entry.end > dataSize)
    return fmt::format("ends at byte {} of the data, but the file has only {} bytes of data; was "
                       "it cut off?",
                       entry.end, dataSize);
  std::optional<uint64_t> bytes = tensorBytes(*type, entry.shape);
  if (!bytes)
    return fmt::format("has a shape beyond all bounds: {}", describeTensor(*type, entry.shape));
  if (*bytes != entry.end - entry.begin)
    return fmt::format("is {} and needs {} bytes, but the header gives it {}",
                       describeTensor(*type, entry.shape), *bytes, entry.end - entry.begin);
  weight.name = entry.name;
  weight.type = *type;
  weight.shape = entry.shape;
  weight.byteSize = *bytes;
  weight.offset = dataOffset + entry.begin;
  return "";
}

/// Two tensors in the same bytes: a sign of a damaged or hostile header.
LogicalResult checkOverlaps(llvm::ArrayRef<Weight> weights, StringRef path,
                            DiagnosticEngine &diags) {
  std::vector<const Weight *> byOffset;
  for (const Weight &weight : weights)
    if (weight.byteSize)
      byOffset.push_back(&weight);
  llvm::sort(byOffset, [](const Weight *a, const Weight *b) { return a->offset < b->offset; });
  for (size_t i = 1; i < byOffset.size(); ++i) {
    const Weight &before = *byOffset[i - 1], &after = *byOffset[i];
    if (before.offset + before.byteSize <= after.offset)
      continue;
    diags
        .errorAt(path,
                 fmt::format("tensors '{}' and '{}' overlap: byte {} of the file belongs to both",
                             before.name, after.name, after.offset))
        .note(copyAgain);
    return failure();
  }
  return success();
}

} // namespace

LogicalResult nacre::readSafetensors(llvm::ArrayRef<char> bytes, StringRef path,
                                     std::vector<Weight> &weights, DiagnosticEngine &diags) {
  auto fail = [&](const std::string &message) {
    diags.errorAt(path, message).note(copyAgain);
    return failure();
  };
  StringRef content(bytes.data(), bytes.size());
  if (content.starts_with("version https://git-lfs"))
    return diags.errorAt(path, "is a Git LFS pointer, not the weights themselves")
               .note("fetch the file with `git lfs pull`"),
           failure();
  constexpr uint64_t lengthBytes = 8;
  if (bytes.size() < lengthBytes)
    return fail(fmt::format("has {} bytes, too few for a safetensors file", bytes.size()));
  uint64_t headerSize = llvm::support::endian::read64le(bytes.data());
  if (headerSize > maxHeaderBytes)
    return fail(fmt::format("its header claims to have {} bytes, more than the {} allowed; is this "
                            "a safetensors file?",
                            headerSize, maxHeaderBytes));
  if (headerSize > bytes.size() - lengthBytes)
    return fail(fmt::format("its header claims to have {} bytes, but only {} follow; was the file "
                            "cut off?",
                            headerSize, bytes.size() - lengthBytes));
  uint64_t dataOffset = lengthBytes + headerSize, dataSize = bytes.size() - dataOffset;

  std::vector<SafetensorsEntry> entries;
  if (std::string error = parseSafetensorsHeader(content.substr(lengthBytes, headerSize), entries);
      !error.empty())
    return fail(error);

  std::vector<Weight> found(entries.size());
  unsigned errors = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    std::string error = checkEntry(entries[i], dataOffset, dataSize, found[i]);
    if (error.empty())
      continue;
    diags.errorAt(path, fmt::format("tensor '{:.200}' {}", entries[i].name, error)).note(copyAgain);
    if (++errors == maxErrors)
      break;
  }
  if (errors || failed(checkOverlaps(found, path, diags)))
    return failure();
  llvm::move(found, std::back_inserter(weights));
  return success();
}

llvm::FailureOr<ShardIndex> nacre::parseShardIndex(StringRef text, StringRef path,
                                                   DiagnosticEngine &diags) {
  std::string error;
  std::optional<nlohmann::json> json = parseJson(text, /*maxDepth=*/4, error);
  if (!json) {
    diags.errorAt(path, error);
    return failure();
  }
  auto map = json->is_object() ? json->find("weight_map") : json->end();
  if (map == json->end() || !map->is_object()) {
    diags.errorAt(path, "has no 'weight_map', the table of tensors and the files they are in");
    return failure();
  }
  ShardIndex index;
  llvm::StringMap<size_t> numbers;
  for (const auto &[name, value] : map->items()) {
    const auto *file = value.get_ptr<const std::string *>();
    if (!file) {
      diags.errorAt(path, fmt::format("'weight_map' gives no file name for '{:.200}'", name));
      return failure();
    }
    // The rule that no file outside the model's folder is opened.
    if (file->empty() || *file == "." || *file == ".." ||
        file->find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
      diags
          .errorAt(path,
                   fmt::format("'{:.200}' is said to be in '{:.200}', which is not the name of "
                               "a file in this folder",
                               name, *file))
          .note("no file outside the model's folder is opened; put all files into one folder and "
                "list them by name alone");
      return failure();
    }
    auto [entry, isNew] = numbers.try_emplace(*file, index.files.size());
    if (isNew)
      index.files.push_back(*file);
    index.tensors.emplace_back(name, entry->second);
  }
  if (index.files.empty()) {
    diags.errorAt(path, "its 'weight_map' lists no tensor");
    return failure();
  }
  return index;
}
