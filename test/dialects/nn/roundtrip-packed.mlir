// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @winograd
func.func @winograd(%x: tensor<?x8x9x4xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>) {
  // CHECK: nn.winograd_weight %{{[^ ]*}} : tensor<6x4x3x3xf32> -> tensor<16x6x4xf32>
  %0 = nn.winograd_weight %w : tensor<6x4x3x3xf32> -> tensor<16x6x4xf32>
  %1 = nn.pack %0 {panel = 4 : i64} : tensor<16x6x4xf32> -> tensor<16x2x4x4xf32>
  // CHECK: nn.winograd_conv %{{[^ ]*}}, %{{[^ ]*}} padding [1, 0, 0, 1] {outputs = 6 : i64} : tensor<?x8x9x4xf32>, tensor<16x2x4x4xf32> -> tensor<?x7x8x6xf32>
  %2 = nn.winograd_conv %x, %1 padding [1, 0, 0, 1] {outputs = 6 : i64} : tensor<?x8x9x4xf32>, tensor<16x2x4x4xf32> -> tensor<?x7x8x6xf32>
  // CHECK: nn.winograd_conv %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} padding [1, 1, 1, 1]
  %3 = nn.winograd_conv %x, %1 bias %b padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x9x4xf32>, tensor<16x2x4x4xf32>, tensor<6xf32> -> tensor<?x8x9x6xf32>
  return
}

// CHECK-LABEL: @packed
func.func @packed(%x: tensor<?x5xf32>, %w: tensor<7x5xbf16>, %b: tensor<7xf32>,
                  %v: tensor<7x5xf32>, %image: tensor<?x8x8x4xf32>, %taps: tensor<2x3x12xf32>,
                  %line: tensor<?x9x7xf32>, %filters: tensor<5x7xbf16>) {
  // CHECK: nn.pack %{{[^ ]*}} {panel = 4 : i64} : tensor<7x5xbf16> -> tensor<2x5x4xbf16>
  %0 = nn.pack %w {panel = 4 : i64} : tensor<7x5xbf16> -> tensor<2x5x4xbf16>
  // CHECK: nn.packed_linear %{{[^ ]*}}, %{{[^ ]*}} {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xbf16> -> tensor<?x7xf32>
  %1 = nn.packed_linear %x, %0 {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xbf16> -> tensor<?x7xf32>
  // CHECK: nn.packed_linear %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xbf16>, tensor<7xf32> -> tensor<?x7xf32>
  %2 = nn.packed_linear %x, %0 bias %b {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xbf16>, tensor<7xf32> -> tensor<?x7xf32>
  %3 = nn.pack %taps {panel = 2 : i64} : tensor<2x3x12xf32> -> tensor<2x2x12x2xf32>
  // CHECK: nn.packed_conv %{{[^ ]*}}, %{{[^ ]*}} kernel [3, 2] strides [1, 2] padding [1, 0, 0, 2] dilations [1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x7x5x6xf32>
  %4 = nn.packed_conv %image, %3 kernel [3, 2] strides [1, 2] padding [1, 0, 0, 2] dilations [1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x7x5x6xf32>
  // CHECK: nn.depthwise_conv %{{[^ ]*}}, %{{[^ ]*}} kernel [5] strides [2] padding [1, 2] dilations [1] {groups = 7 : i64} : tensor<?x9x7xf32>, tensor<5x7xbf16> -> tensor<?x4x7xf32>
  %d = nn.depthwise_conv %line, %filters kernel [5] strides [2] padding [1, 2] dilations [1] {groups = 7 : i64} : tensor<?x9x7xf32>, tensor<5x7xbf16> -> tensor<?x4x7xf32>
  // CHECK: nn.quantize_rows %{{[^ ]*}} : tensor<?x5xf32> -> tensor<?x16xi8>
  %5 = nn.quantize_rows %x : tensor<?x5xf32> -> tensor<?x16xi8>
  // CHECK: nn.pack_int8 %{{[^ ]*}} {panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x64xi8>
  %6 = nn.pack_int8 %v {panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x64xi8>
  // CHECK: nn.packed_linear_int8 %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} {depth = 5 : i64, outputs = 7 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<2x64xi8>, tensor<7xf32> -> tensor<?x7xf32>
  %7 = nn.packed_linear_int8 %5, %6 bias %b {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<2x64xi8>, tensor<7xf32> -> tensor<?x7xf32>
  // CHECK: nn.pack_groups %{{[^ ]*}} {bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x24xi8>
  %8 = nn.pack_groups %v {bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x24xi8>
  // CHECK: nn.packed_linear_groups %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} {bits = 4 : i64, group_size = 8 : i64, outputs = 7 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8>, tensor<7xf32> -> tensor<?x7xf32>
  %9 = nn.packed_linear_groups %x, %8 bias %b {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8>, tensor<7xf32> -> tensor<?x7xf32>
  return
}
