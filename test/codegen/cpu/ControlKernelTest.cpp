//===- ControlKernelTest.cpp - compiled loops, branches and positions ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

static const std::vector<Sizes> rounds = {{{"B", 2}, {"T", 0}},  {{"B", 1}, {"T", 1}},
                                          {{"B", 3}, {"T", 2}},  {{"B", 1}, {"T", 7}},
                                          {{"B", 17}, {"T", 5}}, {{"B", 0}, {"T", 3}}};
constexpr const char *sums = "each round adds the rounding errors of its products and functions";

static std::vector<Case> scanCases() {
  std::vector<Case> cases;
  for (const char *reverse : {"", "reverse "})
    cases.push_back({.name = std::string("running_sums") + (*reverse ? "_reverse" : ""),
                     .text = llvm::formatv(R"(
      in x: f32[T, B, 9]
      in first: f32[B, 9]
      out last: f32[B, 9]
      out all: f32[T, B, 9]
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %t = tensor.dim %x, %c0 : f32[T, B, 9]
      %b = tensor.dim %x, %c1 : f32[T, B, 9]
      %last, %all = nn.scan (%x : f32[T, B, 9]) axes [0] carry (%first : f32[B, 9]) {0}sizes(%t, %b) -> f32[B, 9], f32[T, B, 9] {{
      ^bb0(%xt: f32[B, 9], %h: f32[B, 9]):
        %0 = nn.add %xt, %h : f32[B, 9], f32[B, 9] -> f32[B, 9]
        nn.yield %0, %0 : f32[B, 9], f32[B, 9]
      }
    )",
                                           reverse),
                     .sizes = rounds,
                     .values = {Values::integers}});
  // What a round sees and yields in all ways: an input twice, one carry in place of another, a
  // value from outside, and slices along dimensions other than the first.
  cases.push_back({.name = "carries_change_places",
                   .text = R"(
      in x: f32[B, T, 5]
      in m: f32[5, B, T]
      in p: f32[B, 5]
      in q: f32[B, 5]
      out a: f32[B, 5]
      out b: f32[B, 5]
      out c: f32[B, 5]
      out s: f32[T, 5, B]
      out u: f32[T, B, 5]
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : f32[B, T, 5]
      %t = tensor.dim %x, %c1 : f32[B, T, 5]
      %a, %b, %c, %s, %u = nn.scan (%x, %m, %x : f32[B, T, 5], f32[5, B, T], f32[B, T, 5]) axes [1, 2, 1] carry (%p, %q, %p : f32[B, 5], f32[B, 5], f32[B, 5]) sizes(%t, %n, %t, %n) -> f32[B, 5], f32[B, 5], f32[B, 5], f32[T, 5, B], f32[T, B, 5] {
      ^bb0(%xt: f32[B, 5], %mt: f32[5, B], %same: f32[B, 5], %f: f32[B, 5], %g: f32[B, 5], %h: f32[B, 5]):
        %0 = nn.transpose %mt [1, 0] : f32[5, B] -> f32[B, 5]
        %1 = nn.add %xt, %0 : f32[B, 5], f32[B, 5] -> f32[B, 5]
        %2 = nn.add %1, %same : f32[B, 5], f32[B, 5] -> f32[B, 5]
        nn.yield %g, %f, %2, %mt, %q : f32[B, 5], f32[B, 5], f32[B, 5], f32[5, B], f32[B, 5]
      }
    )",
                   .sizes = rounds,
                   .values = {Values::integers}});
  cases.push_back({.name = "without_inputs",
                   .text = R"(
      in x: f32[T, 3]
      out y: f32[T, 3]
      out z: f32[3]
      %c0 = arith.constant 0 : index
      %one = arith.constant dense<1.0> : tensor<3xf32>
      %t = tensor.dim %x, %c0 : f32[T, 3]
      %z, %y = nn.scan carry (%one : f32[3]) length(%t) sizes(%t) -> f32[3], f32[T, 3] {
      ^bb0(%h: f32[3]):
        %0 = nn.add %h, %one : f32[3], f32[3] -> f32[3]
        nn.yield %0, %h : f32[3], f32[3]
      }
    )",
                   .sizes = {{{"T", 0}}, {{"T", 1}}, {{"T", 6}}},
                   .values = {Values::integers}});
  cases.push_back({.name = "nested",
                   .text = R"(
      in x: f32[T, B, 6]
      in start: f32[6]
      out last: f32[6]
      out all: f32[T, B, 6]
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %t = tensor.dim %x, %c0 : f32[T, B, 6]
      %b = tensor.dim %x, %c1 : f32[T, B, 6]
      %twice = nn.add %start, %start : f32[6], f32[6] -> f32[6]
      %last, %all = nn.scan (%x : f32[T, B, 6]) axes [0] carry (%twice : f32[6]) sizes(%t, %b) -> f32[6], f32[T, B, 6] {
      ^bb0(%xt: f32[B, 6], %h: f32[6]):
        %inner, %stack = nn.scan (%xt : f32[B, 6]) axes [0] carry (%h : f32[6]) reverse sizes(%b) -> f32[6], f32[B, 6] {
        ^bb1(%xs: f32[6], %g: f32[6]):
          %0 = nn.sub %xs, %g : f32[6], f32[6] -> f32[6]
          %1 = nn.add %0, %start : f32[6], f32[6] -> f32[6]
          nn.yield %1, %0 : f32[6], f32[6]
        }
        nn.yield %inner, %stack : f32[6], f32[B, 6]
      }
    )",
                   .sizes = rounds,
                   .values = {Values::integers}});
  cases.push_back({.name = "lstm",
                   .text = R"(
      in x: f32[B, T, 5]
      in h0: f32[B, 7]
      weight wx: f32[28, 5]
      weight wh: f32[28, 7]
      weight bias: f32[28]
      out y: f32[T, B, 7]
      out h: f32[B, 7]
      out c: f32[B, 7]
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %b = tensor.dim %x, %c0 : f32[B, T, 5]
      %t = tensor.dim %x, %c1 : f32[B, T, 5]
      %h, %c, %y = nn.scan (%x : f32[B, T, 5]) axes [1] carry (%h0, %h0 : f32[B, 7], f32[B, 7]) sizes(%t, %b) -> f32[B, 7], f32[B, 7], f32[T, B, 7] {
      ^bb0(%xt: f32[B, 5], %ht: f32[B, 7], %ct: f32[B, 7]):
        %a0 = nn.linear %xt, %wx bias %bias : f32[B, 5], f32[28, 5], f32[28] -> f32[B, 28]
        %a1 = nn.linear %ht, %wh : f32[B, 7], f32[28, 7] -> f32[B, 28]
        %g = nn.add %a0, %a1 : f32[B, 28], f32[B, 28] -> f32[B, 28]
        %g0 = tensor.extract_slice %g[0, 0] [%b, 7] [1, 1] : f32[B, 28] to f32[B, 7]
        %g1 = tensor.extract_slice %g[0, 7] [%b, 7] [1, 1] : f32[B, 28] to f32[B, 7]
        %g2 = tensor.extract_slice %g[0, 14] [%b, 7] [1, 1] : f32[B, 28] to f32[B, 7]
        %g3 = tensor.extract_slice %g[0, 21] [%b, 7] [1, 1] : f32[B, 28] to f32[B, 7]
        %i = nn.sigmoid %g0 : f32[B, 7] -> f32[B, 7]
        %f = nn.sigmoid %g1 : f32[B, 7] -> f32[B, 7]
        %u = nn.tanh %g2 : f32[B, 7] -> f32[B, 7]
        %o = nn.sigmoid %g3 : f32[B, 7] -> f32[B, 7]
        %fc = nn.mul %f, %ct : f32[B, 7], f32[B, 7] -> f32[B, 7]
        %iu = nn.mul %i, %u : f32[B, 7], f32[B, 7] -> f32[B, 7]
        %cn = nn.add %fc, %iu : f32[B, 7], f32[B, 7] -> f32[B, 7]
        %tc = nn.tanh %cn : f32[B, 7] -> f32[B, 7]
        %hn = nn.mul %o, %tc : f32[B, 7], f32[B, 7] -> f32[B, 7]
        nn.yield %hn, %cn, %hn : f32[B, 7], f32[B, 7], f32[B, 7]
      }
    )",
                   .sizes = rounds,
                   .values = {Values::normal},
                   .ulps = 2000,
                   .reason = sums});
  return cases;
}

static std::vector<Case> branchCases() {
  std::vector<Case> cases;
  cases.push_back({.name = "halves_until_small",
                   .text = R"(
      in x: f32[B]
      in limit: f32[]
      out y: f32[B]
      out n: i64[]
      %none = arith.constant dense<0> : tensor<i64>
      %one = arith.constant dense<1> : tensor<i64>
      %half = arith.constant dense<0.5> : tensor<f32>
      %s0 = nn.abs %x : f32[B] -> f32[B]
      %m0 = nn.reduce sum %s0 [0] : f32[B] -> f32[]
      %go = nn.compare gt %m0, %limit : f32[], f32[] -> bool[]
      %y, %n = nn.while %go (%x, %none : f32[B], i64[]) -> f32[B], i64[] {
      ^bb0(%v: f32[B], %count: i64[]):
        %0 = nn.mul %v, %half : f32[B], f32[] -> f32[B]
        %1 = nn.add %count, %one : i64[], i64[] -> i64[]
        %2 = nn.abs %0 : f32[B] -> f32[B]
        %3 = nn.reduce sum %2 [0] : f32[B] -> f32[]
        %4 = nn.compare gt %3, %limit : f32[], f32[] -> bool[]
        nn.yield %4, %0, %1 : bool[], f32[B], i64[]
      }
    )",
                   .sizes = {{{"B", 0}}, {{"B", 1}}, {{"B", 20}}, {{"B", 2000}}},
                   .values = {Values::normal},
                   .ranges = {{"limit", {0.5, 0.75}}}});
  cases.push_back({.name = "either",
                   .text = R"(
      in c: bool[]
      in x: f32[B, 3]
      out y: f32[B, 3]
      out z: f32[B, 3]
      out w: f32[3, B]
      %c0 = arith.constant 0 : index
      %b = tensor.dim %x, %c0 : f32[B, 3]
      %y, %z, %w = nn.if %c sizes(%b, %b, %b) -> f32[B, 3], f32[B, 3], f32[3, B] {
        %0 = nn.add %x, %x : f32[B, 3], f32[B, 3] -> f32[B, 3]
        %1 = nn.transpose %0 [1, 0] : f32[B, 3] -> f32[3, B]
        nn.yield %0, %0, %1 : f32[B, 3], f32[B, 3], f32[3, B]
      } else {
        %0 = nn.reshape %x[%b] : f32[B, 3] -> f32[3, B]
        %1 = nn.neg %x : f32[B, 3] -> f32[B, 3]
        nn.yield %x, %1, %0 : f32[B, 3], f32[B, 3], f32[3, B]
      }
    )",
                   .sizes = {{{"B", 0}}, {{"B", 1}}, {{"B", 7}}, {{"B", 40}}},
                   .values = {Values::special, Values::integers}});
  // As the front end writes a `break` in the middle of a round.
  cases.push_back({.name = "break_in_a_scan_of_whiles",
                   .text = R"(
      in x: i64[T]
      out y: i64[T]
      out total: i64[]
      %c0 = arith.constant 0 : index
      %t = tensor.dim %x, %c0 : i64[T]
      %none = arith.constant dense<0> : tensor<i64>
      %one = arith.constant dense<1> : tensor<i64>
      %three = arith.constant dense<3> : tensor<i64>
      %yes = arith.constant dense<true> : tensor<i1>
      %no = arith.constant dense<false> : tensor<i1>
      %total, %y = nn.scan (%x : i64[T]) axes [0] carry (%none : i64[]) sizes(%t) -> i64[], i64[T] {
      ^bb0(%xt: i64[], %sum: i64[]):
        %left, %steps = nn.while %yes (%xt, %none : i64[], i64[]) -> i64[], i64[] {
        ^bb1(%v: i64[], %k: i64[]):
          %stop = nn.compare le %v, %none : i64[], i64[] -> bool[]
          %go, %vn, %kn = nn.if %stop -> bool[], i64[], i64[] {
            nn.yield %no, %v, %k : bool[], i64[], i64[]
          } else {
            %0 = nn.sub %v, %three : i64[], i64[] -> i64[]
            %1 = nn.add %k, %one : i64[], i64[] -> i64[]
            nn.yield %yes, %0, %1 : bool[], i64[], i64[]
          }
          nn.yield %go, %vn, %kn : bool[], i64[], i64[]
        }
        %next = nn.add %sum, %left : i64[], i64[] -> i64[]
        nn.yield %next, %steps : i64[], i64[]
      }
    )",
                   .sizes = {{{"T", 0}}, {{"T", 1}}, {{"T", 12}}},
                   .values = {Values::integers},
                   .ranges = {{"x", {-5, 40}}}});
  return cases;
}

static std::vector<Case> positionCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "bf16", "i64", "bool"})
    cases.push_back({.name = "slice_and_insert_" + element,
                     .text = llvm::formatv(R"(
      in x: {0}[B, 20, 9]
      in v: {0}[B, 4, 9]
      in p: i64[]
      in q: i32[]
      out part: {0}[B, 3, 2]
      out all: {0}[B, 20, 9]
      out turned: {0}[4, B, 9]
      %c0 = arith.constant 0 : index
      %b = tensor.dim %x, %c0 : {0}[B, 20, 9]
      %part = nn.slice %x[%p, %q] axes [1, 2] sizes(%b) : {0}[B, 20, 9], i64[], i32[] -> {0}[B, 3, 2]
      %all = nn.insert %v into %x[%p] axes [1] : {0}[B, 4, 9], {0}[B, 20, 9], i64[] -> {0}[B, 20, 9]
      %again = nn.slice %all[%p] axes [1] sizes(%b) : {0}[B, 20, 9], i64[] -> {0}[B, 4, 9]
      %turned = nn.transpose %again [1, 0, 2] : {0}[B, 4, 9] -> {0}[4, B, 9]
    )",
                                           element),
                     .sizes = ragged("B"),
                     .values = {Values::special},
                     .ranges = {{"p", {0, 16}}, {"q", {0, 7}}}});
  cases.push_back({.name = "slice_of_a_size",
                   .text = R"(
      in table: f32[30, 8]
      in x: f32[S, 8]
      in p: i64[]
      out y: f32[S, 8]
      out z: f32[30, 8]
      %c0 = arith.constant 0 : index
      %s = tensor.dim %x, %c0 : f32[S, 8]
      %rows = nn.slice %table[%p] axes [0] sizes(%s) : f32[30, 8], i64[] -> f32[S, 8]
      %y = nn.add %x, %rows : f32[S, 8], f32[S, 8] -> f32[S, 8]
      %z = nn.insert %y into %table[%p] axes [0] : f32[S, 8], f32[30, 8], i64[] -> f32[30, 8]
    )",
                   .sizes = {{{"S", 0}}, {{"S", 1}}, {{"S", 13}}, {{"S", 20}}},
                   .values = {Values::normal},
                   .refused = {{{"S", 31}}},
                   .ranges = {{"p", {0, 10}}}});
  return cases;
}

static std::vector<Case> stateCases() {
  std::vector<Case> cases;
  // An update in place, older values read after newer ones are stored, a value stored over itself.
  cases.push_back({.name = "every_order",
                   .text = R"(
      in x: f32[B, 2, 3]
      in p: i64[]
      state s: f32[B, 5, 3]
      out sum: f32[B, 5, 3]
      out now: f32[B, 5, 3]
      out last: f32[B, 5, 3]
      out turned: f32[3, 5, B]
      %c0 = arith.constant 0 : index
      %b = tensor.dim %x, %c0 : f32[B, 2, 3]
      %old = nn.state_load @s [%b] : f32[B, 5, 3]
      %new = nn.insert %x into %old[%p] axes [1] : f32[B, 2, 3], f32[B, 5, 3], i64[] -> f32[B, 5, 3]
      nn.state_store %new, @s : f32[B, 5, 3]
      %now = nn.state_load @s [%b] : f32[B, 5, 3]
      %sum = nn.add %old, %now : f32[B, 5, 3], f32[B, 5, 3] -> f32[B, 5, 3]
      %twice = nn.add %now, %new : f32[B, 5, 3], f32[B, 5, 3] -> f32[B, 5, 3]
      nn.state_store %twice, @s : f32[B, 5, 3]
      %last = nn.sub %now, %sum : f32[B, 5, 3], f32[B, 5, 3] -> f32[B, 5, 3]
      %third = nn.insert %x into %twice[%p] axes [1] : f32[B, 2, 3], f32[B, 5, 3], i64[] -> f32[B, 5, 3]
      nn.state_store %third, @s : f32[B, 5, 3]
      %turned = nn.transpose %twice [2, 1, 0] : f32[B, 5, 3] -> f32[3, 5, B]
    )",
                   .sizes = {{{"B", 0}}, {{"B", 1}}, {{"B", 7}}, {{"B", 40}}},
                   .calls = 3,
                   .values = {Values::integers},
                   .ranges = {{"p", {0, 3}}}});
  // A state that a loop updates and reads, beside what was loaded before the loop.
  cases.push_back({.name = "in_a_loop",
                   .text = R"(
      in x: f32[T, 4]
      in flip: bool[]
      state s: f32[6, 4]
      state k: i64[]
      out all: f32[T, 6, 4]
      out rest: f32[6, 4]
      out count: i64[]
      %c0 = arith.constant 0 : index
      %one = arith.constant dense<1> : tensor<i64>
      %t = tensor.dim %x, %c0 : f32[T, 4]
      %before = nn.state_load @s : f32[6, 4]
      %all = nn.scan (%x : f32[T, 4]) axes [0] sizes(%t) -> f32[T, 6, 4] {
      ^bb0(%xt: f32[4]):
        %row = nn.reshape %xt : f32[4] -> f32[1, 4]
        %at = nn.state_load @k : i64[]
        %old = nn.state_load @s : f32[6, 4]
        %new = nn.insert %row into %old[%at] axes [0] : f32[1, 4], f32[6, 4], i64[] -> f32[6, 4]
        nn.state_store %new, @s : f32[6, 4]
        %next = nn.add %at, %one : i64[], i64[] -> i64[]
        nn.state_store %next, @k : i64[]
        %y = nn.add %before, %new : f32[6, 4], f32[6, 4] -> f32[6, 4]
        nn.yield %y : f32[6, 4]
      }
      %rest = nn.if %flip -> f32[6, 4] {
        %a = nn.state_load @s : f32[6, 4]
        %b = nn.neg %a : f32[6, 4] -> f32[6, 4]
        nn.state_store %b, @s : f32[6, 4]
        nn.yield %a : f32[6, 4]
      } else {
        nn.yield %before : f32[6, 4]
      }
      %count = nn.state_load @k : i64[]
    )",
                   .sizes = {{{"T", 0}}, {{"T", 1}}, {{"T", 3}}},
                   .calls = 2,
                   .values = {Values::integers}});
  cases.push_back({.name = "recurrence",
                   .text = R"(
      in x: f32[B, 8]
      weight w: f32[8, 8]
      state h: f32[B, 8]
      out y: f32[B, 8]
      %c0 = arith.constant 0 : index
      %b = tensor.dim %x, %c0 : f32[B, 8]
      %old = nn.state_load @h [%b] : f32[B, 8]
      %0 = nn.linear %old, %w : f32[B, 8], f32[8, 8] -> f32[B, 8]
      %1 = nn.add %0, %x : f32[B, 8], f32[B, 8] -> f32[B, 8]
      %y = nn.tanh %1 : f32[B, 8] -> f32[B, 8]
      nn.state_store %y, @h : f32[B, 8]
    )",
                   .sizes = {{{"B", 1}}, {{"B", 19}}},
                   .calls = 4,
                   .values = {Values::normal},
                   .ulps = 2000,
                   .reason = sums});
  return cases;
}

static const bool registered =
    registerCases("Scan", scanCases()) && registerCases("Branch", branchCases()) &&
    registerCases("Position", positionCases()) && registerCases("State", stateCases());
