//===- Table.cpp - columns of text ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Table.h"

#include "llvm/Support/Unicode.h"

#include <fmt/format.h>

using namespace nacre::tool;

/// Columns on a terminal; names may be Chinese.
static unsigned widthOf(llvm::StringRef text) {
  int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width < 0 ? static_cast<unsigned>(text.size()) : static_cast<unsigned>(width);
}

void Table::addHeader(std::vector<std::string> cells) {
  rows.insert(rows.begin(), std::move(cells));
  hasHeader = true;
}

void Table::print(llvm::raw_ostream &out, unsigned indent) const {
  std::vector<unsigned> widths(columns.size());
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], widthOf(row[i]));

  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < rows[r].size(); ++i) {
      const std::string &cell = rows[r][i];
      const std::string padding(widths[i] - widthOf(cell), ' ');
      line += columns[i] == Align::Left ? cell + padding : padding + cell;
      line += "  ";
    }
    out << llvm::StringRef(line).rtrim() << '\n';
    if (r == 0 && hasHeader) {
      line.assign(indent, ' ');
      for (unsigned width : widths)
        line += std::string(width, '-') + "  ";
      out << llvm::StringRef(line).rtrim() << '\n';
    }
  }
}

std::string nacre::tool::withCommas(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

/// `number` scaled by thousands until it is below 1000, with the unit of that step.
static std::string scaled(double number, llvm::ArrayRef<const char *> units) {
  size_t step = 0;
  while (number >= 999.5 && step + 1 < units.size()) {
    number /= 1000;
    ++step;
  }
  if (step == 0 || number >= 99.95)
    return fmt::format("{:.0f}{}", number, units[step]);
  return fmt::format("{:.1f}{}", number, units[step]);
}

std::string nacre::tool::inBytes(uint64_t bytes) {
  return scaled(static_cast<double>(bytes), {" B", " kB", " MB", " GB", " TB"});
}

std::string nacre::tool::inUnits(double number) {
  return scaled(number, {"", " k", " M", " G", " T", " P"});
}

std::string nacre::tool::inSeconds(double seconds) {
  if (seconds >= 1)
    return fmt::format("{:.2f} s", seconds);
  return scaled(seconds * 1e9, {" ns", " us", " ms"});
}
