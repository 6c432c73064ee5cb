//===- Int8KernelTest.cpp - compiled products of bytes ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "dialects/nn/Int8.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace nacre::test;

/// Rows of k numbers; the bytes must be the very same.
static Case rows(int64_t k, std::vector<Sizes> sizes) {
  return {.name = llvm::formatv("rows_{0}", k),
          .text = llvm::formatv(R"(
            in x: f32[M, {0}]
            out q: i8[M, {1}]
            %q = nn.quantize_rows %x : f32[M, {0}] -> i8[M, {1}]
          )",
                                k, nacre::nn::int8RowBytes(k)),
          .sizes = std::move(sizes),
          .specialsEvery = 50};
}

/// A linear layer of [n, k], with a bias and without, and with work after it.
static Case linear(int64_t k, int64_t n, std::vector<Sizes> sizes, int64_t panel = 16) {
  return {.name = llvm::formatv("linear_{0}x{1}", n, k),
          .text = llvm::formatv(R"(
            in x: f32[M, {0}]
            weight w: f32[{1}, {0}]
            weight b: f32[{1}]
            out y: f32[M, {1}]
            out z: f32[M, {1}]
            %q = nn.quantize_rows %x : f32[M, {0}] -> i8[M, {2}]
            %p = nn.pack_int8 %w {{panel = {5} : i64} : f32[{1}, {0}] -> i8[{3}, {4}]
            %y = nn.packed_linear_int8 %q, %p {{outputs = {1} : i64, depth = {0} : i64, panel = {5} : i64} : i8[M, {2}], i8[{3}, {4}] -> f32[M, {1}]
            %l = nn.packed_linear_int8 %q, %p bias %b {{outputs = {1} : i64, depth = {0} : i64, panel = {5} : i64} : i8[M, {2}], i8[{3}, {4}], f32[{1}] -> f32[M, {1}]
            %z = nn.relu %l : f32[M, {1}] -> f32[M, {1}]
            bound:
            %q = nn.quantize_rows %x : f32[M, {0}] -> i8[M, {2}]
            %p = nn.pack_int8 %w {{panel = {5} : i64} : f32[{1}, {0}] -> i8[{3}, {4}]
            %s = nn.packed_linear_int8 %q, %p {{outputs = {1} : i64, depth = {0} : i64, panel = {5} : i64} : i8[M, {2}], i8[{3}, {4}] -> f32[M, {1}]
            %y = nn.abs %s : f32[M, {1}] -> f32[M, {1}]
            %a = nn.abs %b : f32[{1}] -> f32[{1}]
            %z = nn.add %y, %a : f32[M, {1}], f32[{1}] -> f32[M, {1}]
          )",
                                k, n, nacre::nn::int8RowBytes(k), llvm::divideCeil(n, panel),
                                nacre::nn::int8PanelBytes(k, panel), panel),
          .sizes = std::move(sizes),
          .values = {Values::normal},
          .ulps = 3,
          .reason = "the sum, its scales and the bias are rounded one after the other"};
}

static std::vector<Case> cases() {
  std::vector<Sizes> few = {{{"M", 0}}, {{"M", 1}}, {{"M", 7}}, {{"M", 65}}};
  Case infinite = linear(40, 20, {{{"M", 65}}});
  infinite.name = "rows_that_are_not_finite";
  infinite.values = {Values::special};
  infinite.largest = 1e4;
  infinite.specialsEvery = 100;
  infinite.ranges = {{"w", {-1, 1}}, {"b", {-1, 1}}};
  return {rows(5, ragged("M")),
          rows(64, few),
          rows(1, few),
          rows(0, few),
          rows(67, few),
          rows(3, {{{"M", 70001}}}),
          rows(60003, {{{"M", 2}}}),
          linear(20, 17, ragged("M")),
          linear(64, 64, few, 32),
          linear(7, 1, few),
          linear(1, 7, few),
          linear(131, 130, few),
          linear(5000, 20, {{{"M", 1}}, {{"M", 13}}}),
          infinite};
}

static const bool registered = registerCases("Int8", cases());
