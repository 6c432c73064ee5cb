//===- MovementKernelTest.cpp - compiled operations that move elements -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;
using nacre::interpreter::Tensor;

constexpr const char *allTypes[] = {"f32", "f16", "bf16", "f64", "i64",
                                    "i32", "i16", "i8",   "u8",  "bool"};

static const std::vector<Sizes> matrices = ragged("N", {{"M", 3}}) + ragged("M", {{"N", 5}});
static const std::vector<Sizes> manyRows = {{{"M", 70001}, {"N", 3}}, {{"M", 3}, {"N", 100003}}};

static std::vector<Case> gatherCases() {
  std::vector<Case> cases;
  for (std::string element : allTypes)
    cases.push_back({.name = "rows_" + element,
                     .text = llvm::formatv(R"(
           in data: {0}[9, N]
           in at: i64[M]
           in grid: i32[2, M]
           out a: {0}[M, N]
           out b: {0}[2, M, N]
           %a = nn.gather %data, %at : {0}[9, N], i64[M] -> {0}[M, N]
           %b = nn.gather %data, %grid : {0}[9, N], i32[2, M] -> {0}[2, M, N]
         )",
                                           element),
                     .sizes = element == "f32" ? matrices + manyRows : matrices,
                     .values = {Values::special},
                     .ranges = {{"at", {-9, 8}}, {"grid", {-9, 8}}}});
  for (int axis : {0, 1, 2}) {
    const char *shapes[] = {"[5, 2, B, C]", "[A, 5, 2, C]", "[A, B, 5, 2]"};
    const char *scalars[] = {"[B, C]", "[A, C]", "[A, B]"};
    const char *data[] = {"[7, B, C]", "[A, 7, C]", "[A, B, 7]"};
    cases.push_back({.name = "axis_" + std::to_string(axis),
                     .text = llvm::formatv(R"(
                       in data: f32{1}
                       in at: i32[5, 2]
                       in one: i64[]
                       out a: f32{2}
                       out b: f32{3}
                       %a = nn.gather %data, %at {{axis = {0} : i64} : f32{1}, i32[5, 2] -> f32{2}
                       %b = nn.gather %data, %one {{axis = {0} : i64} : f32{1}, i64[] -> f32{3}
                     )",
                                           axis, data[axis], shapes[axis], scalars[axis]),
                     .sizes = ragged("C", {{"A", 2}, {"B", 3}}) +
                              ragged("B", {{"A", 2}, {"C", 3}}) + ragged("A", {{"B", 2}, {"C", 3}}),
                     .values = {Values::special},
                     .ranges = {{"at", {-7, 6}}, {"one", {-7, 6}}}});
  }
  cases.push_back({.name = "under_arithmetic",
                   .text = R"(
                     in at: i64[B, S]
                     in kinds: i32[B, S]
                     weight table: f32[11, 20]
                     weight narrow: f32[3, 20] stored f16
                     weight brain: f32[16, 20] stored bf16
                     in at2: i64[S]
                     out y: f32[B, S, 20]
                     %0 = nn.gather %table, %at : f32[11, 20], i64[B, S] -> f32[B, S, 20]
                     %1 = nn.gather %narrow, %kinds : f32[3, 20], i32[B, S] -> f32[B, S, 20]
                     %2 = nn.add %0, %1 : f32[B, S, 20], f32[B, S, 20] -> f32[B, S, 20]
                     %3 = nn.gather %brain, %at2 : f32[16, 20], i64[S] -> f32[S, 20]
                     %y = nn.add %2, %3 : f32[B, S, 20], f32[S, 20] -> f32[B, S, 20]
                   )",
                   .sizes = ragged("S", {{"B", 2}}),
                   .values = {Values::normal},
                   .ranges = {{"at", {-11, 10}}, {"kinds", {-3, 2}}, {"at2", {-16, 15}}}});
  // What compiled code does with an index outside: it takes the nearest element, counted from the
  // end where negative. The interpreter reports such an index, so that it sees the clamped one.
  for (const char *element : {"i64", "i32"}) {
    bool wide = element == llvm::StringRef("i64");
    cases.push_back({.name = std::string("outside_") + element,
                     .text = llvm::formatv(R"(
                       in data: f32[7, N]
                       in at: {0}[M]
                       in r: f32[M, N]
                       out a: f32[M, N]
                       out b: f32[M, N]
                       out c: f32[N, M]
                       %a = nn.gather %data, %at : f32[7, N], {0}[M] -> f32[M, N]
                       %b = nn.add %a, %r : f32[M, N], f32[M, N] -> f32[M, N]
                       %t = nn.transpose %data [1, 0] : f32[7, N] -> f32[N, 7]
                       %c = nn.gather %t, %at {{axis = 1 : i64} : f32[N, 7], {0}[M] -> f32[N, M]
                     )",
                                           element),
                     .sizes = {{{"M", 100}, {"N", 5}}, {{"M", 100}, {"N", 17}}},
                     .values = {Values::special},
                     .ranges = {{"at", {wide ? -9e18 : -2.1e9, wide ? 9e18 : 2.1e9}}},
                     .forReference = [](llvm::MutableArrayRef<Tensor> inputs) {
                       Tensor &at = inputs[1];
                       for (int64_t i = 0; i < at.getNumElements(); ++i)
                         at.setInt(i, at.getInt(i) < 0 ? 0 : 6);
                     }});
  }
  return cases;
}

static std::vector<Case> moveCases() {
  std::vector<Case> cases;
  std::vector<std::string> types(std::begin(allTypes), std::end(allTypes));
  types.insert(types.end(), {"i4", "f8e4m3"});
  for (const std::string &element : types) {
    std::string padding = element == "bool"     ? "true"
                          : element == "u8"     ? "200 : ui8"
                          : element[0] == 'i'   ? "-3 : " + element
                          : element == "bf16"   ? "-1.5 : bf16"
                          : element == "f8e4m3" ? "-1.5 : f8E4M3FN"
                                                : "-0.0 : " + element;
    cases.push_back({.name = element,
                     .text = llvm::formatv(R"(
           in x: {0}[M, N]
           in y: {0}[M, 4]
           in z: {0}[3, N]
           in cube: {0}[3, M, N]
           out joined: {0}[M, P]
           out stacked: {0}[Q, N]
           out padded: {0}[R, S]
           out turned: {0}[N, M]
           out swapped: {0}[M, 3, N]
           out rolled: {0}[N, 3, M]
           out sliced: {0}[M, 2]
           out stepped: {0}[2, N]
           out flat: {0}[T]
           %c0 = arith.constant 0 : index
           %c1 = arith.constant 1 : index
           %m = tensor.dim %x, %c0 : {0}[M, N]
           %n = tensor.dim %x, %c1 : {0}[M, N]
           %mn = arith.muli %m, %n : index
           %joined = tensor.concat dim(1) %x, %y, %x : ({0}[M, N], {0}[M, 4], {0}[M, N]) -> {0}[M, P]
           %stacked = tensor.concat dim(0) %z, %x : ({0}[3, N], {0}[M, N]) -> {0}[Q, N]
           %padded = nn.pad %x low [2, 1] high [0, 17] value {1} : {0}[M, N] -> {0}[R, S]
           %turned = nn.transpose %x [1, 0] : {0}[M, N] -> {0}[N, M]
           %swapped = nn.transpose %cube [1, 0, 2] : {0}[3, M, N] -> {0}[M, 3, N]
           %rolled = nn.transpose %cube [2, 0, 1] : {0}[3, M, N] -> {0}[N, 3, M]
           %sliced = tensor.extract_slice %y[0, 1] [%m, 2] [1, 2] : {0}[M, 4] to {0}[M, 2]
           %stepped = tensor.extract_slice %z[0, 0] [2, %n] [2, 1] : {0}[3, N] to {0}[2, N]
           %flat = nn.reshape %x[%mn] : {0}[M, N] -> {0}[T]
         )",
                                           element, padding),
                     .sizes = matrices,
                     .values = {Values::special}});
  }
  cases.push_back({.name = "many_rows_or_columns",
                   .text = R"(
                     in x: f32[M, N]
                     out joined: f32[M, P]
                     out turned: f32[N, M]
                     %joined = tensor.concat dim(1) %x, %x : (f32[M, N], f32[M, N]) -> f32[M, P]
                     %turned = nn.transpose %x [1, 0] : f32[M, N] -> f32[N, M]
                   )",
                   .sizes = manyRows,
                   .values = {Values::normal}});
  cases.push_back({.name = "padded_everywhere",
                   .text = R"(
                     in x: f32[A, B, C]
                     out y: f32[D, E, F]
                     out z: f32[G]
                     out e: f32[D, E, F]
                     in v: f32[C]
                     %y = nn.pad %x low [1, 0, 3] high [2, 1, 0] value 0xFF800000 : f32 : f32[A, B, C] -> f32[D, E, F]
                     %z = nn.pad %v low [16] high [1] value 2.5 : f32 : f32[C] -> f32[G]
                     %e = nn.exp %y : f32[D, E, F] -> f32[D, E, F]
                   )",
                   .sizes = ragged("C", {{"A", 2}, {"B", 3}}) + ragged("B", {{"A", 2}, {"C", 3}}) +
                            ragged("A", {{"B", 2}, {"C", 3}}),
                   .ulps = 2,
                   .reason = "exp's polynomial"});
  cases.push_back({.name = "results_and_arguments",
                   .text = R"(
                     in x: f32[M, N]
                     weight w: f32[5]
                     out a: f32[M, N]
                     out b: f32[M, N]
                     out c: f32[5]
                     out d: f32[M, 1, N]
                     out e: f32[M, N]
                     %c0 = arith.constant 0 : index
                     %c1 = arith.constant 1 : index
                     %m = tensor.dim %x, %c0 : f32[M, N]
                     %n = tensor.dim %x, %c1 : f32[M, N]
                     %zero = arith.constant dense<0.0> : tensor<f32>
                     %a = nn.neg %x : f32[M, N] -> f32[M, N]
                     %b = nn.neg %a : f32[M, N] -> f32[M, N]
                     %c = nn.neg %w : f32[5] -> f32[5]
                     %d = nn.reshape %x[%m, %n] : f32[M, N] -> f32[M, 1, N]
                     %e = nn.broadcast %zero[%m, %n] : f32[] -> f32[M, N]
                   )",
                   .sizes = matrices,
                   .values = {Values::special}});
  // Sizes of the call as numbers.
  cases.push_back({.name = "sizes",
                   .text = R"(
                     in x: f32[M, N]
                     out a: i64[]
                     out b: f32[]
                     out c: f32[M, N]
                     %c0 = arith.constant 0 : index
                     %m = tensor.dim %x, %c0 : f32[M, N]
                     %k = arith.index_cast %m : index to i64
                     %a = tensor.splat %k : i64[]
                     %b = nn.cast %a : i64[] -> f32[]
                     %c = nn.div %x, %b : f32[M, N], f32[] -> f32[M, N]
                   )",
                   .sizes = matrices,
                   .values = {Values::special}});
  for (std::string element : {"f32", "f16", "bf16", "f64", "i64", "i32", "i16", "i8", "u8"})
    cases.push_back({.name = "iota_" + element,
                     .text = llvm::formatv(R"(
                       in x: f32[N]
                       out y: {0}[N]
                       out z: {0}[7]
                       %c0 = arith.constant 0 : index
                       %n = tensor.dim %x, %c0 : f32[N]
                       %y = nn.iota[%n] : {0}[N]
                       %z = nn.iota : {0}[7]
                     )",
                                           element),
                     .sizes = ragged("N") + std::vector<Sizes>{{{"N", 3001}}},
                     .values = {Values::normal}});
  return cases;
}

/// The angle is a product of a rounded frequency, so that its error grows with the position.
static std::vector<Case> rotaryCases() {
  std::vector<Case> cases;
  int number = 0;
  for (const char *style : {"half", "interleaved"})
    for (const char *extra : {"", ", dim = 6 : i64", ", base = 500000.0 : f64"})
      for (bool batched : {false, true}) {
        std::string positions = batched ? "i64[B, S]" : "i32[S]";
        for (std::string element : {"f32", "f16", "f64"}) {
          if (element != "f32" && (batched || *extra))
            continue;
          cases.push_back(
              {.name = llvm::formatv("{0}_{1}_{2}", style, element, number++),
               .text = llvm::formatv(R"(
                 in x: {0}[B, 2, S, 10]
                 in at: {1}
                 out y: {0}[B, 2, S, 10]
                 %y = nn.rotary %x, %at {{style = #nn<rotary_style {2}>{3}} : {0}[B, 2, S, 10], {1} -> {0}[B, 2, S, 10]
                 bound:
                 %a = nn.abs %x : {0}[B, 2, S, 10] -> {0}[B, 2, S, 10]
                 %s = nn.reduce sum %a [3] {{keep_dims} : {0}[B, 2, S, 10] -> {0}[B, 2, S, 1]
                 %c = arith.constant dense<0.0> : tensor<{0}>
                 %z = nn.mul %x, %c : {0}[B, 2, S, 10], {0}[] -> {0}[B, 2, S, 10]
                 %y = nn.add %z, %s : {0}[B, 2, S, 10], {0}[B, 2, S, 1] -> {0}[B, 2, S, 10]
               )",
                                     element, positions, style, extra),
               .sizes = ragged("S", {{"B", 2}}),
               .values = {Values::normal},
               .ulps = 500,
               .reason =
                   "positions of 3000 times frequencies below 0.16: these round, and the product",
               .ranges = {{"at", {0, 3000}}}});
        }
      }
  return cases;
}

static const bool registered = registerCases("Gather", gatherCases()) &&
                               registerCases("Move", moveCases()) &&
                               registerCases("Rotary", rotaryCases());
