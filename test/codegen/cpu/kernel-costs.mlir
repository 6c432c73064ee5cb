// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 | FileCheck %s

// What each call computes and moves, as formulas of the dimension variables.

ml_program.global private @p(#ml_program.extern<tensor<3x64x16xf32>>) : tensor<3x64x16xf32>
ml_program.global private @bias(#ml_program.extern<tensor<40xf32>>) : tensor<40xf32>
ml_program.global private @table(#ml_program.extern<tensor<1000x64xf32>>) : tensor<1000x64xf32>
ml_program.global private @window(#ml_program.extern<tensor<1x1x36x16xf32>>) : tensor<1x1x36x16xf32>

// 40 outputs of 64 multiply-adds, a bias and a relu: 40 * (2 * 64 + 1) + 40 = 5200. The panels hold 48 outputs:
// 4 * (3 * 64 * 16 + 40) = 12448 bytes.
// CHECK-LABEL: func.func private @linear(
// CHECK: call @packed_linear_relu_0
// CHECK-SAME: nn.kernel = {flops = {{\[}}[5200, {B = 1 : i64}]], name = "packed_linear_relu_0", ops = ["packed_linear", "relu"],
// CHECK-SAME: read = {{\[}}[256, {B = 1 : i64}], [12448, {}]], weights = {{\[}}[12448, {}]],
// CHECK-SAME: written = {{\[}}[160, {B = 1 : i64}]]}, nn.line = "kernel-costs.mlir:{{[0-9]+}}"
func.func @linear(%x: tensor<?x64xf32> {nn.name = "x", nn.dims = ["B", "64"]}) -> tensor<?x40xf32> attributes {nn.entry} {
  %p = ml_program.global_load_const @p : tensor<3x64x16xf32>
  %bias = ml_program.global_load_const @bias : tensor<40xf32>
  %0 = nn.packed_linear %x, %p bias %bias {outputs = 40} : tensor<?x64xf32>, tensor<3x64x16xf32>, tensor<40xf32> -> tensor<?x40xf32>
  %1 = nn.relu %0 : tensor<?x40xf32> -> tensor<?x40xf32>
  return %1 : tensor<?x40xf32>
}

// A gather reads the rows that it takes, not the table: 8 bytes of index and 4 * 64 of a row, each B * S times.
// CHECK-LABEL: func.func private @look_up(
// CHECK: nn.kernel = {flops = [], name = "gather_{{[0-9]+}}", ops = ["gather"],
// CHECK-SAME: read = {{\[}}[264, {B = 1 : i64, S = 1 : i64}]], weights = {{\[}}[256, {B = 1 : i64, S = 1 : i64}]],
// CHECK-SAME: written = {{\[}}[256, {B = 1 : i64, S = 1 : i64}]]}
// CHECK-SAME: nn.part = "embedding"
func.func @look_up(%ids: tensor<?x?xi64> {nn.name = "ids", nn.dims = ["B", "S"]}) -> tensor<?x?x64xf32> attributes {nn.entry} {
  %table = ml_program.global_load_const @table : tensor<1000x64xf32>
  %0 = nn.gather %table, %ids : tensor<1000x64xf32>, tensor<?x?xi64> -> tensor<?x?x64xf32> loc("embedding")
  return %0 : tensor<?x?x64xf32>
}

// A slice reads what it keeps: 8 of 64 columns.
// CHECK-LABEL: func.func private @slice(
// CHECK: nn.kernel = {flops = {{\[}}[8, {B = 1 : i64}]]
// CHECK-SAME: ops = ["neg"], read = {{\[}}[32, {B = 1 : i64}]], weights = [],
func.func @slice(%x: tensor<?x64xf32> {nn.name = "x", nn.dims = ["B", "64"]}) -> tensor<?x8xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x64xf32>
  %0 = tensor.extract_slice %x[0, 8] [%b, 8] [1, 1] : tensor<?x64xf32> to tensor<?x8xf32>
  %1 = nn.neg %0 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// A causal mask hides S * (S - 1) / 2 of the S * S scores of each of the 2 heads; a score costs 2 * (16 + 16) + 5.
// 2 * 69 / 2 = 69 for S * S and for S.
// CHECK-LABEL: func.func private @attention(
// CHECK: nn.kernel = {flops = {{\[}}[69, {S = 2 : i64}], [69, {S = 1 : i64}]]
// CHECK-SAME: read = {{\[}}[384, {S = 1 : i64}]]
func.func @attention(%q: tensor<1x2x?x16xf32> {nn.name = "q", nn.dims = ["1", "2", "S", "16"]},
                     %k: tensor<1x2x?x16xf32> {nn.name = "k", nn.dims = ["1", "2", "S", "16"]},
                     %v: tensor<1x2x?x16xf32> {nn.name = "v", nn.dims = ["1", "2", "S", "16"]})
    -> tensor<1x2x?x16xf32> attributes {nn.entry} {
  %0 = nn.attention %q, %k, %v {causal} : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %0 : tensor<1x2x?x16xf32>
}

// Sizes that are no polynomials: max(0, (H + 1) floordiv 2 - 1) rows of 4 columns of 8 channels, each 2 * 36.
// CHECK-LABEL: func.func private @strided(
// CHECK: nn.kernel = {flops = {{\[}}[2304, {}, ["max", [],
// CHECK-SAME: {{\[}}[1, {}, ["floordiv", {{\[}}[1, {H = 1 : i64}], [1, {}]], {{\[}}[2, {}]], 1]], [-1, {}]], 1]]], name
func.func @strided(%x: tensor<1x?x9x4xf32> {nn.name = "x", nn.dims = ["1", "H", "9", "4"]}) -> tensor<1x?x4x8xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @window : tensor<1x1x36x16xf32>
  %0 = nn.packed_conv %x, %w kernel [3, 3] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] {outputs = 8} : tensor<1x?x9x4xf32>, tensor<1x1x36x16xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

// 16 products for 4 elements of the result: 8 for each and channel, with the sums.
// CHECK-LABEL: func.func private @winograd(
// CHECK: nn.kernel = {flops = {{\[}}[458752, {B = 1 : i64}]], name
func.func @winograd(%x: tensor<?x16x14x32xf32> {nn.name = "x", nn.dims = ["B", "16", "14", "32"]}) -> tensor<?x16x14x8xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @tiles : tensor<16x1x32x16xf32>
  %0 = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 8} : tensor<?x16x14x32xf32>, tensor<16x1x32x16xf32> -> tensor<?x16x14x8xf32>
  return %0 : tensor<?x16x14x8xf32>
}
ml_program.global private @tiles(#ml_program.extern<tensor<16x1x32x16xf32>>) : tensor<16x1x32x16xf32>

// Products of two bf16 operands, added up in f32, have a peak of their own.
// CHECK-LABEL: func.func private @narrow(
// CHECK: nn.kernel = {arithmetic = "bf16", flops
// CHECK-SAME: weights = {{\[}}[6144, {}]]
ml_program.global private @narrow_p(#ml_program.extern<tensor<3x64x16xbf16>>) : tensor<3x64x16xbf16>
func.func @narrow(%x: tensor<?x64xbf16> {nn.name = "x", nn.dims = ["B", "64"]}) -> tensor<?x48xbf16> attributes {nn.entry} {
  %p = ml_program.global_load_const @narrow_p : tensor<3x64x16xbf16>
  %0 = nn.packed_linear %x, %p {outputs = 48} : tensor<?x64xbf16>, tensor<3x64x16xbf16> -> tensor<?x48xbf16>
  return %0 : tensor<?x48xbf16>
}
