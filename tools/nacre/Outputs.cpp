//===- Outputs.cpp - what `nacre run` shows and writes --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Outputs.h"

#include "frontend/weights/Convert.h"
#include "tools/nacre/Table.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace nacre;
using namespace nacre::tool;

namespace {

constexpr size_t shownValues = 5;

/// One row's worth of an array.
struct Statistics {
  double least = 0, greatest = 0, sum = 0;
  uint64_t count = 0; ///< of the numbers; NaN is none
  uint64_t nans = 0;
  std::vector<double> first;

  void add(double value) {
    if (first.size() < shownValues)
      first.push_back(value);
    if (std::isnan(value)) {
      ++nans;
      return;
    }
    least = count == 0 ? value : std::min(least, value);
    greatest = count == 0 ? value : std::max(greatest, value);
    sum += value;
    ++count;
  }
};

template <typename T>
T elementAt(const NpyArray &array, uint64_t i) {
  T value;
  std::memcpy(&value, array.data.data() + i * sizeof(T), sizeof(T));
  return value;
}

Statistics statisticsOf(const NpyArray &array) {
  Statistics statistics;
  const unsigned bytes = elementBytes(array.type);
  const uint64_t count = array.data.size() / bytes;
  for (uint64_t i = 0; i < count; ++i) {
    // Only these two have values that f32 would round.
    if (array.type == StorageType::F64) {
      statistics.add(elementAt<double>(array, i));
    } else if (array.type == StorageType::I64) {
      statistics.add(static_cast<double>(elementAt<int64_t>(array, i)));
    } else {
      float value = 0;
      convertToF32(array.type, llvm::ArrayRef(array.data).slice(i * bytes, bytes), value);
      statistics.add(value);
    }
  }
  return statistics;
}

std::string show(double value) { return fmt::format("{:.6g}", value); }

} // namespace

void nacre::tool::printOutputs(llvm::raw_ostream &out, llvm::ArrayRef<Port> ports,
                               llvm::ArrayRef<NpyArray> arrays) {
  Table table({Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Left});
  table.addHeader({"output", "type", "min", "max", "mean", "first values"});
  for (auto [port, array] : llvm::zip_equal(ports, arrays)) {
    Statistics statistics = statisticsOf(array);
    std::string first;
    for (double value : statistics.first)
      first += (first.empty() ? "" : " ") + show(value);
    if (statistics.count + statistics.nans > statistics.first.size())
      first += " ...";
    if (statistics.nans > 0)
      first += fmt::format("  ({} NaN)", statistics.nans);
    const bool any = statistics.count > 0;
    table.addRow({port.name, describeTensor(array.type, array.shape),
                  any ? show(statistics.least) : "-", any ? show(statistics.greatest) : "-",
                  any ? show(statistics.sum / static_cast<double>(statistics.count)) : "-", first});
  }
  table.print(out);
}

/// The first `length` places along an axis.
static NpyArray firstOf(const NpyArray &array, unsigned axis, int64_t length) {
  NpyArray result;
  result.type = array.type;
  result.shape = array.shape;
  result.shape[axis] = length;
  int64_t outer = 1, inner = elementBytes(array.type);
  for (auto [i, size] : llvm::enumerate(array.shape))
    (i < axis ? outer : inner) *= i == axis ? 1 : size;
  for (int64_t i = 0; i < outer; ++i) {
    const char *from = array.data.data() + i * array.shape[axis] * inner;
    result.data.insert(result.data.end(), from, from + length * inner);
  }
  return result;
}

std::vector<NpyArray> nacre::tool::trimOutputs(llvm::ArrayRef<Port> ports,
                                               llvm::ArrayRef<NpyArray> arrays) {
  std::vector<NpyArray> results;
  for (auto [port, array] : llvm::zip_equal(ports, arrays)) {
    if (!port.lengthAxis) {
      results.push_back(array);
      continue;
    }
    const int64_t length = elementAt<int64_t>(arrays[port.lengthOutput], 0);
    results.push_back(firstOf(array, *port.lengthAxis,
                              std::clamp<int64_t>(length, 0, array.shape[*port.lengthAxis])));
  }
  return results;
}

void nacre::tool::printTimes(llvm::raw_ostream &out, std::vector<double> seconds) {
  llvm::sort(seconds);
  out << seconds.size() << " runs: fastest " << inSeconds(seconds.front()) << ", median "
      << inSeconds(seconds[seconds.size() / 2]) << ", slowest " << inSeconds(seconds.back())
      << '\n';
}

bool nacre::tool::writeOutputs(llvm::StringRef folder, llvm::ArrayRef<Port> ports,
                               llvm::ArrayRef<NpyArray> arrays, DiagnosticEngine &diags) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
    diags.errorAt("--output-dir", "cannot make the folder '" + folder + "': " + error.message())
        .note("name a folder that can be written to");
    return false;
  }
  for (auto [port, array] : llvm::zip_equal(ports, arrays)) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, port.name + ".npy");
    if (failed(writeNpy(path, array.type, array.shape, array.data, diags)))
      return false;
  }
  return true;
}
