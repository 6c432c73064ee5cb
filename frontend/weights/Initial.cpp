//===- Initial.cpp - values of weights that no file holds -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Initial.h"

#include "frontend/weights/Convert.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <random>

using namespace nacre;

namespace {

/// Numbers in [0, 1), the same ones on every machine.
class Uniform {
public:
  explicit Uniform(llvm::StringRef seed) : engine(llvm::xxh3_64bits(seed)) {}
  double next() { return static_cast<double>(engine() >> 11) * 0x1p-53; }

private:
  std::mt19937_64 engine;
};

/// Normally distributed numbers in pairs (Box and Muller 1958).
double nextNormal(Uniform &uniform, std::optional<double> &spare) {
  if (spare)
    return *std::exchange(spare, std::nullopt);
  const double radius = std::sqrt(-2 * std::log(1 - uniform.next()));
  const double angle = 2 * std::numbers::pi * uniform.next();
  spare = radius * std::sin(angle);
  return radius * std::cos(angle);
}

/// Reads "word(number)"; the number is 1 where there is none.
bool readCall(llvm::StringRef text, llvm::StringRef &word, double &number) {
  number = 1;
  word = text.take_while([](char c) { return llvm::isAlpha(c); });
  llvm::StringRef rest = text.drop_front(word.size());
  if (rest.empty())
    return true;
  return rest.consume_front("(") && rest.consume_back(")") && !rest.trim().getAsDouble(number);
}

} // namespace

std::optional<NpyArray> nacre::makeInitial(llvm::StringRef initial, llvm::StringRef path,
                                           StorageType type, llvm::ArrayRef<int64_t> shape) {
  llvm::StringRef word;
  double number;
  std::optional<uint64_t> bytes = tensorBytes(type, shape);
  if (!bytes || !readCall(initial, word, number))
    return std::nullopt;

  Uniform uniform(path);
  std::optional<double> spare;
  std::function<double()> next;
  if (word == "zeros")
    next = [] { return 0.0; };
  else if (word == "ones")
    next = [] { return 1.0; };
  else if (word == "normal")
    next = [&] { return number * nextNormal(uniform, spare); };
  else if (word == "uniform")
    next = [&] { return number * (2 * uniform.next() - 1); };
  else
    return std::nullopt;

  NpyArray array;
  array.type = type;
  array.shape.assign(shape.begin(), shape.end());
  array.data.resize(*bytes);
  for (char *to = array.data.data(), *end = to + *bytes; to != end; to += elementBytes(type))
    storeNumber(type, next(), to);
  return array;
}
