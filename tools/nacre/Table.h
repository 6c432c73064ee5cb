//===- Table.h - columns of text --------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_TABLE_H
#define NACRE_TOOLS_NACRE_TABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace nacre::tool {

enum class Align { Left, Right };

/// Text in aligned columns, two blanks apart, each as wide as its widest cell.
class Table {
public:
  explicit Table(std::vector<Align> columns) : columns(std::move(columns)) {}

  /// A row; cells that are left out are empty.
  void addRow(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }
  /// A first row, and a rule under it.
  void addHeader(std::vector<std::string> cells);
  void print(llvm::raw_ostream &out, unsigned indent = 0) const;

private:
  std::vector<Align> columns;
  std::vector<std::vector<std::string>> rows;
  bool hasHeader = false;
};

/// 1234567 as "1,234,567".
std::string withCommas(uint64_t number);
/// "512 B", "9.6 kB", "1.2 MB", "3.4 GB", in powers of 1000.
std::string inBytes(uint64_t bytes);
/// "850", "1.2 k", "3.4 M", "5.6 G", "7.8 T".
std::string inUnits(double number);
/// "850 ns", "12.3 us", "4.56 ms", "1.23 s".
std::string inSeconds(double seconds);

} // namespace nacre::tool

#endif
