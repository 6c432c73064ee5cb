//===- GroupsKernelTest.cpp - compiled products of weights in groups -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "dialects/nn/GroupedWeights.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace nacre::test;

/// A linear layer of [n, k], with a bias and without, and with work after it.
static Case linear(int64_t bits, int64_t group, int64_t k, int64_t n, std::vector<Sizes> sizes,
                   int64_t panel = 16) {
  nacre::nn::GroupLayout layout{k, bits, group, panel};
  std::string how = llvm::formatv("bits = {0} : i64, group_size = {1} : i64, panel = {2} : i64",
                                  bits, group, panel);
  return {.name = llvm::formatv("groups_{0}x{1}_of_{2}_in_{3}_bits", n, k, group, bits),
          .text = llvm::formatv(R"(
            in x: f32[M, {0}]
            weight w: f32[{1}, {0}]
            weight b: f32[{1}]
            out y: f32[M, {1}]
            out z: f32[M, {1}]
            %p = nn.pack_groups %w {{{2}} : f32[{1}, {0}] -> i8[{3}, {4}]
            %y = nn.packed_linear_groups %x, %p {{outputs = {1} : i64, {2}} : f32[M, {0}], i8[{3}, {4}] -> f32[M, {1}]
            %l = nn.packed_linear_groups %x, %p bias %b {{outputs = {1} : i64, {2}} : f32[M, {0}], i8[{3}, {4}], f32[{1}] -> f32[M, {1}]
            %z = nn.relu %l : f32[M, {1}] -> f32[M, {1}]
            bound:
            %p = nn.pack_groups %w {{{2}} : f32[{1}, {0}] -> i8[{3}, {4}]
            %m = nn.abs %x : f32[M, {0}] -> f32[M, {0}]
            %v = nn.abs %w : f32[{1}, {0}] -> f32[{1}, {0}]
            %y = nn.linear %m, %v : f32[M, {0}], f32[{1}, {0}] -> f32[M, {1}]
            %a = nn.abs %b : f32[{1}] -> f32[{1}]
            %z = nn.add %y, %a : f32[M, {1}], f32[{1}] -> f32[M, {1}]
          )",
                                k, n, how, llvm::divideCeil(n, panel), layout.panelBytes()),
          .sizes = std::move(sizes),
          .values = {Values::normal},
          .ulps = 0.5 * static_cast<double>(k) + 3,
          .reason = "a sum of k products, which are rounded one after the other"};
}

static std::vector<Case> cases() {
  std::vector<Sizes> few = {{{"M", 0}}, {{"M", 1}}, {{"M", 2}}, {{"M", 7}}};
  // Groups, octets and panels that end early, several slices, and a group longer than all.
  return {linear(4, 32, 64, 64, few, 64),
          linear(8, 32, 45, 17, few),
          linear(4, 8, 131, 130, {{{"M", 1}}, {{"M", 3}}}, 32),
          linear(4, 128, 100, 33, {{{"M", 2}}, {{"M", 7}}}),
          linear(8, 8, 3, 1, {{{"M", 1}}, {{"M", 7}}}),
          linear(4, 32, 0, 5, few),
          linear(8, 4096, 1003, 20, {{{"M", 1}}, {{"M", 160}}})};
}

static const bool registered = registerCases("Groups", cases());
