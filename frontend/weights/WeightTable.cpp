//===- WeightTable.cpp - the weights that files hold ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/WeightTable.h"
#include "frontend/weights/Npz.h"
#include "frontend/weights/Safetensors.h"
#include "frontend/weights/Zip.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <new>
#include <tuple>

using namespace nacre;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static constexpr const char *indexName = "model.safetensors.index.json";
static constexpr uint64_t maxIndexBytes = 32 << 20;

static std::string join(StringRef folder, StringRef file) {
  llvm::SmallString<256> result(folder);
  path::append(result, file);
  return result.str().str();
}

std::unique_ptr<WeightTable> WeightTable::open(StringRef path, const WeightOptions &options,
                                               DiagnosticEngine &diags) {
  std::unique_ptr<WeightTable> table(new WeightTable);
  table->name = path.str();
  if (failed(table->read(path, diags)) || failed(table->stripPrefix(options.prefix, diags)) ||
      failed(table->index(diags)))
    return nullptr;
  return table;
}

LogicalResult WeightTable::read(StringRef path, DiagnosticEngine &diags) {
  if (fs::is_directory(path)) {
    directory = path.str();
    return readFolder(path, diags);
  }
  directory = path::parent_path(path).str();
  return path.ends_with(".index.json") ? readSharded(path, diags) : readFile(path, diags);
}

/// Names of the regular files in a folder, sorted.
static llvm::FailureOr<std::vector<std::string>> listFolder(StringRef folder,
                                                            DiagnosticEngine &diags) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(path::filename(at->path()).str());
  if (error) {
    diags.errorAt(folder, "cannot read the folder: " + error.message());
    return failure();
  }
  llvm::sort(names);
  return names;
}

LogicalResult WeightTable::readFolder(StringRef folder, DiagnosticEngine &diags) {
  llvm::FailureOr<std::vector<std::string>> names = listFolder(folder, diags);
  if (failed(names))
    return failure();
  // What Hugging Face's tools look for, in their order; then whatever is unambiguous.
  if (llvm::is_contained(*names, "model.safetensors"))
    return readFile(join(folder, "model.safetensors"), diags);
  if (llvm::is_contained(*names, indexName))
    return readSharded(join(folder, indexName), diags);
  for (StringRef extension : {".safetensors.index.json", ".safetensors", ".npz"}) {
    std::vector<StringRef> matches;
    for (StringRef name : *names)
      if (name.ends_with(extension))
        matches.push_back(name);
    if (matches.size() == 1)
      return read(join(folder, matches.front()), diags);
    if (matches.size() > 1) {
      std::vector<std::string> shown(matches.begin(),
                                     matches.begin() + std::min<size_t>(matches.size(), 5));
      diags
          .errorAt(folder, fmt::format("holds {} files that could be the weights: {}{}",
                                       matches.size(), fmt::join(shown, ", "),
                                       matches.size() > shown.size() ? ", ..." : ""))
          .note(
              fmt::format("name the file itself, or add '{}' if they belong together", indexName));
      return failure();
    }
  }
  Diagnostic &error = diags.errorAt(folder, "holds no .safetensors and no .npz file");
  for (StringRef name : *names)
    if (name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth"))
      error.note(fmt::format("'{}' is a PyTorch file, which is a program rather than data; save it "
                             "as safetensors: safetensors.torch.save_file(torch.load(...), "
                             "\"model.safetensors\")",
                             name.str()));
  return failure();
}

LogicalResult WeightTable::readSharded(StringRef indexPath, DiagnosticEngine &diags) {
  llvm::FailureOr<std::string> text = readTextFile(indexPath, maxIndexBytes, diags);
  if (failed(text))
    return failure();
  llvm::FailureOr<ShardIndex> index = parseShardIndex(*text, indexPath, diags);
  if (failed(index))
    return failure();
  bool allRead = true;
  for (const std::string &file : index->files)
    allRead &= succeeded(readFile(join(directory, file), diags));
  if (!allRead)
    return failure();

  llvm::StringMap<unsigned> fileOfTensor;
  for (const Weight &weight : table)
    fileOfTensor.try_emplace(weight.name, weight.file);
  constexpr unsigned maxErrors = 20;
  unsigned errors = 0;
  for (const auto &[tensor, file] : index->tensors) {
    auto found = fileOfTensor.find(tensor);
    if (found != fileOfTensor.end() && found->second == file)
      continue;
    diags
        .errorAt(indexPath, fmt::format("'{:.200}' is said to be in '{}', but is not there", tensor,
                                        index->files[file]))
        .note("index and files belong to different versions of the model; download both again");
    if (++errors == maxErrors)
      break;
  }
  return success(errors == 0);
}

LogicalResult WeightTable::readFile(StringRef path, DiagnosticEngine &diags) {
  // What a name promises decides, so that a damaged file is called damaged and not unknown.
  bool isZip = path.ends_with(".npz"), isSafetensors = path.ends_with(".safetensors");
  for (StringRef extension : {".bin", ".pt", ".pth", ".ckpt"})
    if (path.ends_with(extension)) {
      diags
          .errorAt(path,
                   "is a PyTorch file, which is a program rather than data, and is not opened")
          .note("save it as safetensors: safetensors.torch.save_file(torch.load(...), "
                "\"model.safetensors\")");
      return failure();
    }
  std::unique_ptr<MappedFile> file = MappedFile::open(path, diags);
  if (!file)
    return failure();
  llvm::ArrayRef<char> bytes = file->bytes();
  if (!isZip && !isSafetensors) {
    StringRef content(bytes.data(), bytes.size());
    isZip = content.starts_with("PK\3\4");
    isSafetensors = content.size() > 9 && content[8] == '{';
    if (!isZip && !isSafetensors) {
      diags.errorAt(path, "is neither a .safetensors nor an .npz file")
          .note(
              "--weights takes one of these, a model.safetensors.index.json, or a folder with one "
              "of them");
      return failure();
    }
  }
  size_t first = table.size();
  if (failed(isZip ? readNpz(bytes, path, table, diags)
                   : readSafetensors(bytes, path, table, diags)))
    return failure();
  for (Weight &weight : llvm::MutableArrayRef(table).drop_front(first))
    weight.file = static_cast<unsigned>(files.size());
  files.push_back(std::move(file));
  return success();
}

LogicalResult WeightTable::stripPrefix(StringRef prefix, DiagnosticEngine &diags) {
  prefix = prefix.rtrim('.');
  if (prefix.empty())
    return success();
  bool any = false;
  for (Weight &weight : table) {
    StringRef rest = weight.name;
    if (!rest.consume_front(prefix) || !rest.consume_front(".") || rest.empty())
      continue;
    weight.name = rest.str();
    any = true;
  }
  if (any)
    return success();
  Diagnostic &error = diags.errorAt(
      name, fmt::format("no weight's name starts with '{}.', the prefix asked for", prefix.str()));
  if (!table.empty())
    error.note(fmt::format("the first name there is '{:.200}'", table.front().name));
  return failure();
}

LogicalResult WeightTable::index(DiagnosticEngine &diags) {
  llvm::sort(table, [](const Weight &a, const Weight &b) {
    return std::tie(a.name, a.file, a.offset) < std::tie(b.name, b.file, b.offset);
  });
  bool unique = true;
  for (size_t i = 0; i < table.size(); ++i) {
    auto [entry, isNew] = byName.try_emplace(table[i].name, i);
    if (isNew)
      continue;
    Diagnostic &error = diags.errorAt(
        fileOf(table[i]), fmt::format("there are two weights '{:.200}'", table[i].name));
    if (table[i].file != table[entry->second].file)
      error.note("the other is in " + fileOf(table[entry->second]));
    unique = false;
    break;
  }
  return success(unique);
}

const Weight *WeightTable::find(StringRef name) const {
  auto found = byName.find(name);
  return found == byName.end() ? nullptr : &table[found->second];
}

llvm::Expected<llvm::ArrayRef<char>> WeightTable::bytes(const Weight &weight) {
  llvm::ArrayRef<char> content = files[weight.file]->bytes();
  if (!weight.byteSize)
    return llvm::ArrayRef<char>();
  if (!weight.packedSize) {
    llvm::ArrayRef<char> elements = content.slice(weight.offset, weight.byteSize);
    if (reinterpret_cast<uintptr_t>(elements.data()) % elementBytes(weight.type) == 0)
      return elements;
  }
  {
    std::lock_guard<std::mutex> lock(copiesLock);
    auto found = copies.find(&weight);
    if (found != copies.end())
      return llvm::ArrayRef<char>(found->second.get(), weight.byteSize);
  }
  uint64_t size = weight.packedSize ? weight.unpackedSize : weight.byteSize;
  std::unique_ptr<char[]> copy(new (std::nothrow) char[size]);
  if (!copy)
    return llvm::createStringError(fmt::format("it needs {} bytes of memory", size));
  if (weight.packedSize) {
    llvm::ArrayRef<char> packed = content.slice(weight.offset, weight.packedSize);
    llvm::MutableArrayRef<char> whole(copy.get(), size);
    bool inflated = inflateInto(packed, whole);
    files[weight.file]->release(packed);
    if (!inflated || zipChecksum(whole) != weight.checksum)
      return llvm::createStringError("its compressed data is damaged");
    memmove(copy.get(), copy.get() + weight.skip, weight.byteSize);
  } else {
    memcpy(copy.get(), content.data() + weight.offset, weight.byteSize);
  }
  std::lock_guard<std::mutex> lock(copiesLock);
  auto [entry, isNew] = copies.try_emplace(&weight, std::move(copy));
  return llvm::ArrayRef<char>(entry->second.get(), weight.byteSize);
}

void WeightTable::release(const Weight &weight) {
  {
    std::lock_guard<std::mutex> lock(copiesLock);
    copies.erase(&weight);
  }
  if (!weight.packedSize)
    files[weight.file]->release(files[weight.file]->bytes().slice(weight.offset, weight.byteSize));
}
