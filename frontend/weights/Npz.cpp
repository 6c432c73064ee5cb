//===- Npz.cpp - NumPy's archive of arrays ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Npz.h"
#include "frontend/weights/Npy.h"
#include "frontend/weights/Zip.h"

#include <fmt/format.h>

using namespace nacre;
using llvm::failure;
using llvm::StringRef;

/// Makes one member a Weight. Returns what is wrong, or "".
static std::string readMember(llvm::ArrayRef<char> archive, const ZipMember &member,
                              Weight &weight) {
  llvm::ArrayRef<char> start = member.data;
  std::vector<char> inflated;
  if (member.deflated) {
    inflated.resize(std::min(member.size, maxNpyHeaderBytes));
    if (!inflateInto(member.data, inflated))
      return "has damaged compressed data; write the file again with numpy.savez";
    start = inflated;
  }
  NpyHeader header;
  if (std::string error = parseNpyHeader(start, header); !error.empty())
    return error;
  if (header.byteSize > member.size - header.dataOffset)
    return fmt::format("is {} and needs {} bytes, but has {}; was it cut off?",
                       describeTensor(header.type, header.shape), header.byteSize,
                       member.size - header.dataOffset);
  weight.type = header.type;
  weight.shape = header.shape;
  weight.byteSize = header.byteSize;
  weight.offset = static_cast<uint64_t>(member.data.data() - archive.data());
  weight.checksum = member.checksum;
  if (member.deflated) {
    weight.packedSize = member.data.size();
    weight.skip = header.dataOffset;
    weight.unpackedSize = member.size;
  } else {
    weight.offset += header.dataOffset;
  }
  return "";
}

llvm::LogicalResult nacre::readNpz(llvm::ArrayRef<char> bytes, StringRef path,
                                   std::vector<Weight> &weights, DiagnosticEngine &diags) {
  std::vector<ZipMember> members;
  if (std::string error = listZip(bytes, members); !error.empty()) {
    diags.errorAt(path, error).note("write the file again with numpy.savez");
    return failure();
  }
  constexpr unsigned maxErrors = 20;
  unsigned errors = 0;
  for (const ZipMember &member : members) {
    StringRef name = member.name;
    if (!name.consume_back(".npy")) {
      diags.warningAt(path,
                      fmt::format("member '{:.200}' is not an array and is ignored", member.name));
      continue;
    }
    Weight weight;
    weight.name = name.str();
    std::string error = readMember(bytes, member, weight);
    if (error.empty()) {
      weights.push_back(std::move(weight));
      continue;
    }
    diags.errorAt(path, fmt::format("array '{:.200}' {}", weight.name, error));
    if (++errors == maxErrors)
      break;
  }
  return llvm::success(errors == 0);
}
