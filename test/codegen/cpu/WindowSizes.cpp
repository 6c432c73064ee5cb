//===- WindowSizes.cpp - images that a window fits into --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/WindowSizes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace nacre::test;
using llvm::StringRef;

static llvm::SmallVector<StringRef> split(StringRef list) {
  llvm::SmallVector<StringRef> words;
  list.split(words, ", ");
  return words;
}

static std::vector<int64_t> numbers(StringRef list) {
  std::vector<int64_t> result;
  for (StringRef word : split(list))
    result.push_back(std::stoll(word.str()));
  return result;
}

void nacre::test::refuseSmallImages(Case &one, StringRef spatial, const WindowShape &window) {
  std::vector<int64_t> kernel = numbers(window.kernel), padding = numbers(window.padding),
                       dilations = numbers(window.dilations);
  auto fits = [&](const Sizes &sizes) {
    for (auto [i, name] : llvm::enumerate(split(spatial))) {
      auto size = sizes.find(name.str());
      int64_t reach = dilations[i] * (kernel[i] - 1) + 1;
      if (size != sizes.end() && size->second + padding[2 * i] + padding[2 * i + 1] < reach)
        return false;
    }
    return true;
  };
  auto refused = std::stable_partition(one.sizes.begin(), one.sizes.end(), fits);
  one.refused.assign(refused, one.sizes.end());
  one.sizes.erase(refused, one.sizes.end());
}
