//===- Npy.cpp - NumPy's file of one array ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Npy.h"
#include "frontend/weights/Convert.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace nacre;
using llvm::failure;
using llvm::StringRef;

namespace {

constexpr StringRef magic("\x93NUMPY", 6);
constexpr size_t maxRank = 32;

/// Reads the dictionary in an .npy header, the little of Python's syntax that NumPy writes:
/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderText {
public:
  explicit HeaderText(StringRef text) : text(text) {}

  std::string parse(NpyHeader &header) {
    if (!take("{"))
      return malformed("'{'");
    bool hasDescr = false, hasOrder = false, hasShape = false;
    while (!take("}")) {
      StringRef key;
      if (!takeText(key) || !take(":"))
        return malformed("'key':");
      std::string error;
      if (key == "descr" && !hasDescr) {
        hasDescr = true;
        error = parseDescr(header.type);
      } else if (key == "fortran_order" && !hasOrder) {
        hasOrder = true;
        error = parseOrder();
      } else if (key == "shape" && !hasShape) {
        hasShape = true;
        error = parseShape(header.shape);
      } else {
        return fmt::format("its header has the key '{}' where none is expected", shorten(key));
      }
      if (!error.empty())
        return error;
      if (!take(",") && !skipSpaces().starts_with("}"))
        return malformed("',' or '}'");
    }
    if (!skipSpaces().empty())
      return malformed("the end");
    if (!hasDescr || !hasOrder || !hasShape)
      return "its header lacks 'descr', 'fortran_order' or 'shape'";
    return "";
  }

private:
  StringRef skipSpaces() { return text = text.ltrim(" \t\r\n"); }

  bool take(StringRef token) {
    skipSpaces();
    return text.consume_front(token);
  }

  bool takeText(StringRef &value) {
    skipSpaces();
    if (text.empty() || (text[0] != '\'' && text[0] != '"'))
      return false;
    size_t end = text.find(text[0], 1);
    if (end == StringRef::npos)
      return false;
    value = text.slice(1, end);
    text = text.drop_front(end + 1);
    return true;
  }

  static std::string shorten(StringRef value) { return value.take_front(40).str(); }

  std::string malformed(StringRef wanted) {
    return fmt::format("its header is not what NumPy writes: expected {} before '{}'", wanted.str(),
                       shorten(text));
  }

  std::string parseDescr(StorageType &type) {
    StringRef descr;
    if (skipSpaces().starts_with("["))
      return "holds records with fields; save each field as an array of its own";
    if (!takeText(descr))
      return malformed("a type");
    if (std::optional<StorageType> known = typeFromNpy(descr)) {
      type = *known;
      return "";
    }
    if (descr.starts_with(">"))
      return fmt::format("is big-endian ('{}'); save it with array.astype('<{}')", shorten(descr),
                         shorten(descr.drop_front()));
    if (descr == "|O" || descr == "O")
      return "holds Python objects, not numbers; save it with a dtype such as float32";
    if (descr == "|V2" || descr == "<V2")
      return "holds 2-byte values of a type that NumPy does not know, probably bfloat16; save it "
             "with array.astype('float32')";
    return fmt::format(
        "has the element type '{}', which is not known; save it with a dtype such as "
        "float32 or int64",
        shorten(descr));
  }

  std::string parseOrder() {
    if (take("False"))
      return "";
    if (take("True"))
      return "is stored column by column (Fortran order); save it with numpy.ascontiguousarray";
    return malformed("True or False");
  }

  std::string parseShape(llvm::SmallVectorImpl<int64_t> &shape) {
    if (!take("("))
      return malformed("'('");
    while (!take(")")) {
      int64_t size;
      if (skipSpaces().empty() || !llvm::isDigit(text[0]) || text.consumeInteger(10, size))
        return malformed("a size of 63 bits");
      text.consume_front("L"); // Python 2 wrote 3L
      if (shape.size() == maxRank)
        return fmt::format("has more than {} dimensions", maxRank);
      shape.push_back(size);
      if (!take(",") && !skipSpaces().starts_with(")"))
        return malformed("',' or ')'");
    }
    return "";
  }

  StringRef text;
};

std::string makeHeader(StringRef descr, llvm::ArrayRef<int64_t> shape) {
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 descr.str(), fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // The data starts at a multiple of 64 bytes.
  constexpr size_t fixed = 10;
  dict.append(63 - (fixed + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header(magic);
  header += {1, 0};
  char length[2];
  llvm::support::endian::write16le(length, static_cast<uint16_t>(dict.size()));
  header.append(length, 2);
  return header + dict;
}

/// Writes both parts to a new file beside `path`, then gives it that name.
llvm::Error writeReplacing(StringRef path, StringRef header, llvm::ArrayRef<char> data) {
  llvm::Expected<llvm::sys::fs::TempFile> file =
      llvm::sys::fs::TempFile::create(path + ".%%%%%%.tmp", 0666);
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  out << header << StringRef(data.data(), data.size());
  out.flush();
  if (std::error_code error = out.error()) {
    out.clear_error();
    return llvm::joinErrors(llvm::errorCodeToError(error), file->discard());
  }
  return file->keep(path);
}

} // namespace

std::string nacre::parseNpyHeader(llvm::ArrayRef<char> bytes, NpyHeader &header) {
  StringRef content(bytes.data(), bytes.size());
  if (!content.starts_with(magic))
    return "is not an .npy file: its first bytes are wrong; write it with numpy.save";
  if (content.size() < 8)
    return "is cut off within its header";
  unsigned version = static_cast<unsigned char>(content[6]);
  if (version < 1 || version > 3)
    return fmt::format("has version {} of the .npy format; versions 1 to 3 are known", version);
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (content.size() < 8 + lengthBytes)
    return "is cut off within its header";
  uint64_t length = version == 1 ? llvm::support::endian::read16le(content.data() + 8)
                                 : llvm::support::endian::read32le(content.data() + 8);
  header.dataOffset = 8 + lengthBytes + length;
  if (header.dataOffset > maxNpyHeaderBytes)
    return fmt::format("its header claims to have {} bytes, more than the {} allowed", length,
                       maxNpyHeaderBytes);
  if (content.size() < header.dataOffset)
    return "is cut off within its header";
  header.shape.clear();
  if (std::string error = HeaderText(content.substr(8 + lengthBytes, length)).parse(header);
      !error.empty())
    return error;
  std::optional<uint64_t> size = tensorBytes(header.type, header.shape);
  if (!size)
    return fmt::format("has a shape beyond all bounds: {}",
                       describeTensor(header.type, header.shape));
  header.byteSize = *size;
  return "";
}

llvm::FailureOr<NpyArray> nacre::readNpy(StringRef path, DiagnosticEngine &diags) {
  std::unique_ptr<MappedFile> file = MappedFile::open(path, diags);
  if (!file)
    return failure();
  NpyHeader header;
  std::string error = parseNpyHeader(file->bytes(), header);
  if (error.empty() && file->bytes().size() - header.dataOffset < header.byteSize)
    error = fmt::format("is {} and needs {} bytes of data, but has {}; was it cut off?",
                        describeTensor(header.type, header.shape), header.byteSize,
                        file->bytes().size() - header.dataOffset);
  if (!error.empty()) {
    diags.errorAt(path, error);
    return failure();
  }
  llvm::ArrayRef<char> data = file->bytes().slice(header.dataOffset, header.byteSize);
  return NpyArray{header.type, std::move(header.shape),
                  std::vector<char>(data.begin(), data.end())};
}

llvm::LogicalResult nacre::writeNpy(StringRef path, StorageType type, llvm::ArrayRef<int64_t> shape,
                                    llvm::ArrayRef<char> data, DiagnosticEngine &diags) {
  std::vector<float> widened;
  if (npyName(type).empty()) {
    widened.resize(data.size() / elementBytes(type));
    convertToF32(type, data, widened);
    type = StorageType::F32;
    data = {reinterpret_cast<const char *>(widened.data()), widened.size() * sizeof(float)};
  }
  if (llvm::Error error = writeReplacing(path, makeHeader(npyName(type), shape), data)) {
    diags.errorAt(path, "cannot write: " + llvm::toString(std::move(error)));
    return failure();
  }
  return llvm::success();
}
