//===- Zip.cpp - the members of a zip archive -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// After PKWARE's APPNOTE.TXT. Names of records and fields are those of its
// section 4.3. Reading goes by the central directory at the end of the archive;
// of local headers only the length is used, since their other fields may be
// empty in archives that were written as a stream.
//
//===----------------------------------------------------------------------===//

#include "frontend/weights/Zip.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

#include <fmt/format.h>
#include <zlib.h>

using namespace nacre;
using llvm::StringRef;
using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::read64le;

namespace {

constexpr uint64_t endRecordBytes = 22, end64LocatorBytes = 20, end64RecordBytes = 56;
constexpr uint64_t centralHeaderBytes = 46, localHeaderBytes = 30;
constexpr uint32_t in64BitField = 0xffffffff;

struct Directory {
  uint64_t offset = 0, size = 0, entries = 0;
};

bool hasSignature(StringRef bytes, const char (&last)[3]) {
  return bytes.size() >= 4 && bytes.starts_with("PK") && bytes[2] == last[0] && bytes[3] == last[1];
}

/// `count` bytes at `offset`, or nothing where the archive does not have them.
StringRef slice(StringRef archive, uint64_t offset, uint64_t count) {
  if (offset > archive.size() || count > archive.size() - offset)
    return {};
  return archive.substr(offset, count);
}

bool findDirectory(StringRef archive, Directory &directory) {
  // The end record is last, but for a comment of at most 64 KiB.
  if (archive.size() < endRecordBytes)
    return false;
  uint64_t last = archive.size() - endRecordBytes;
  uint64_t first = last > 0xffff ? last - 0xffff : 0;
  for (uint64_t at = last + 1; at-- > first;) {
    StringRef end = archive.substr(at);
    if (!hasSignature(end, "\5\6") || read16le(end.data() + 20) != end.size() - endRecordBytes)
      continue;
    directory.entries = read16le(end.data() + 10);
    directory.size = read32le(end.data() + 12);
    directory.offset = read32le(end.data() + 16);
    if (at >= end64LocatorBytes) {
      StringRef locator = archive.substr(at - end64LocatorBytes, end64LocatorBytes);
      if (hasSignature(locator, "\6\7")) {
        StringRef end64 = slice(archive, read64le(locator.data() + 8), end64RecordBytes);
        if (!hasSignature(end64, "\6\6"))
          return false;
        directory.entries = read64le(end64.data() + 32);
        directory.size = read64le(end64.data() + 40);
        directory.offset = read64le(end64.data() + 48);
      }
    }
    return true;
  }
  return false;
}

/// Replaces the fields that say "too large for 32 bits" by those of the 64-bit extra field.
bool applyExtra64(StringRef extra, uint64_t &size, uint64_t &packed, uint64_t &offset) {
  bool wanted = size == in64BitField || packed == in64BitField || offset == in64BitField;
  while (wanted) {
    if (extra.size() < 4)
      return false;
    uint16_t id = read16le(extra.data()), length = read16le(extra.data() + 2);
    extra = extra.drop_front(4);
    if (length > extra.size())
      return false;
    StringRef fields = extra.take_front(length);
    extra = extra.drop_front(length);
    if (id != 1)
      continue;
    for (uint64_t *field : {&size, &packed, &offset}) {
      if (*field != in64BitField)
        continue;
      if (fields.size() < 8)
        return false;
      *field = read64le(fields.data());
      fields = fields.drop_front(8);
    }
    return true;
  }
  return true;
}

/// Reads the entry at the start of `directory` and drops it from there.
std::string readEntry(StringRef archive, StringRef &directory, ZipMember &member) {
  constexpr const char *damaged = "the archive's directory is damaged";
  if (directory.size() < centralHeaderBytes || !hasSignature(directory, "\1\2"))
    return damaged;
  const char *entry = directory.data();
  uint16_t flags = read16le(entry + 8), method = read16le(entry + 10);
  member.checksum = read32le(entry + 16);
  uint64_t packed = read32le(entry + 20), size = read32le(entry + 24);
  uint64_t nameBytes = read16le(entry + 28), extraBytes = read16le(entry + 30);
  uint64_t commentBytes = read16le(entry + 32), offset = read32le(entry + 42);
  if (directory.size() - centralHeaderBytes < nameBytes + extraBytes + commentBytes)
    return damaged;
  member.name = directory.substr(centralHeaderBytes, nameBytes).str();
  StringRef extra = directory.substr(centralHeaderBytes + nameBytes, extraBytes);
  directory = directory.drop_front(centralHeaderBytes + nameBytes + extraBytes + commentBytes);

  auto inMember = [&](StringRef what) {
    return fmt::format("member '{:.200}' {}", member.name, what.str());
  };
  if (!applyExtra64(extra, size, packed, offset))
    return inMember("has damaged sizes");
  if (flags & 1)
    return inMember("is encrypted");
  if (method != 0 && method != 8)
    return inMember(
        fmt::format("is compressed by method {}; only stored and deflated members can be "
                    "read",
                    method));
  StringRef local = slice(archive, offset, localHeaderBytes);
  if (!hasSignature(local, "\3\4"))
    return inMember("is not where the directory says; was the archive cut off?");
  uint64_t begin =
      offset + localHeaderBytes + read16le(local.data() + 26) + read16le(local.data() + 28);
  if (begin > archive.size() || packed > archive.size() - begin)
    return inMember("reaches beyond the end of the archive; was it cut off?");
  member.data = {archive.data() + begin, static_cast<size_t>(packed)};
  member.deflated = method == 8;
  member.size = size;
  if (!member.deflated && size != packed)
    return inMember("is stored, but with two different sizes");
  // Deflate cannot shrink data more than 1032 times.
  if (member.deflated && size / 1032 > packed)
    return inMember(
        fmt::format("claims {} bytes, more than its {} compressed bytes can hold", size, packed));
  return "";
}

} // namespace

std::string nacre::listZip(llvm::ArrayRef<char> bytes, std::vector<ZipMember> &members) {
  StringRef archive(bytes.data(), bytes.size());
  Directory where;
  if (!findDirectory(archive, where))
    return "is not a complete zip archive: its directory at the end is missing; was it cut off?";
  if (where.offset > archive.size() || where.size > archive.size() - where.offset ||
      where.entries > where.size / centralHeaderBytes)
    return "the archive's directory lies beyond its end; was it cut off?";
  StringRef directory = archive.substr(where.offset, where.size);
  for (uint64_t i = 0; i < where.entries; ++i)
    if (std::string error = readEntry(archive, directory, members.emplace_back()); !error.empty())
      return error;

  std::vector<const ZipMember *> byOffset;
  for (const ZipMember &member : members)
    if (!member.data.empty())
      byOffset.push_back(&member);
  llvm::sort(byOffset, [](const ZipMember *a, const ZipMember *b) {
    return a->data.data() < b->data.data();
  });
  for (size_t i = 1; i < byOffset.size(); ++i)
    if (byOffset[i - 1]->data.end() > byOffset[i]->data.begin())
      return fmt::format("members '{:.200}' and '{:.200}' overlap", byOffset[i - 1]->name,
                         byOffset[i]->name);
  return "";
}

bool nacre::inflateInto(llvm::ArrayRef<char> deflated, llvm::MutableArrayRef<char> result) {
  z_stream stream = {};
  constexpr int rawDeflate = -MAX_WBITS;
  if (inflateInit2(&stream, rawDeflate) != Z_OK)
    return false;
  // zlib counts in 32 bits.
  constexpr size_t piece = 1u << 30;
  int status = Z_OK;
  while (status == Z_OK && !result.empty()) {
    uInt in = static_cast<uInt>(std::min(deflated.size(), piece));
    uInt out = static_cast<uInt>(std::min(result.size(), piece));
    // zlib's interface predates const; it does not write there.
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(deflated.data()));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef *>(result.data());
    stream.avail_out = out;
    status = inflate(&stream, Z_NO_FLUSH);
    deflated = deflated.drop_front(in - stream.avail_in);
    result = result.drop_front(out - stream.avail_out);
  }
  inflateEnd(&stream);
  return result.empty();
}

uint32_t nacre::zipChecksum(llvm::ArrayRef<char> bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}
