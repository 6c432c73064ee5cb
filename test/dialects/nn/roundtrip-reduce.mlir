// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @reduce
func.func @reduce(%x: tensor<?x2x3xf32>, %i: tensor<?x3xi64>) {
  // CHECK: nn.reduce sum %{{.*}} [0, 2] : tensor<?x2x3xf32> -> tensor<2xf32>
  %0 = nn.reduce sum %x [0, 2] : tensor<?x2x3xf32> -> tensor<2xf32>
  // CHECK: nn.reduce mean %{{.*}} [1] {keep_dims} : tensor<?x2x3xf32> -> tensor<?x1x3xf32>
  %1 = nn.reduce mean %x [1] {keep_dims} : tensor<?x2x3xf32> -> tensor<?x1x3xf32>
  // CHECK: nn.reduce max %{{.*}} [1] : tensor<?x3xi64> -> tensor<?xi64>
  %2 = nn.reduce max %i [1] : tensor<?x3xi64> -> tensor<?xi64>
  // CHECK: nn.reduce min
  %3 = nn.reduce min %i [1] : tensor<?x3xi64> -> tensor<?xi64>
  // CHECK: nn.reduce prod %{{.*}} [] : tensor<?x3xi64> -> tensor<?x3xi64>
  %4 = nn.reduce prod %i [] : tensor<?x3xi64> -> tensor<?x3xi64>
  // CHECK: nn.softmax %{{.*}} {axis = 2 : i64} : tensor<?x2x3xf32> -> tensor<?x2x3xf32>
  %5 = nn.softmax %x {axis = 2 : i64} : tensor<?x2x3xf32> -> tensor<?x2x3xf32>
  return
}

// CHECK-LABEL: @norms
func.func @norms(%x: tensor<?x4x3xf32>, %c: tensor<4xf32>, %l: tensor<3xf32>, %lb: tensor<4x3xf32>) {
  // CHECK: nn.layer_norm %{{[^ ]*}} {epsilon = 1.000000e-05 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  %0 = nn.layer_norm %x {epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.layer_norm %{{[^ ]*}} scale %{{[^ ]*}} : tensor<3xf32> {epsilon
  %1 = nn.layer_norm %x scale %l : tensor<3xf32> {epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.layer_norm %{{[^ ]*}} bias %{{[^ ]*}} : tensor<4x3xf32> {epsilon = 1.000000e-05 : f64, normalized_dims = 2 : i64} : tensor
  %2 = nn.layer_norm %x bias %lb : tensor<4x3xf32> {epsilon = 1.0e-5 : f64, normalized_dims = 2 : i64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.layer_norm %{{[^ ]*}} scale %{{[^ ]*}} : tensor<3xf32> bias %{{[^ ]*}} : tensor<3xf32> {epsilon
  %3 = nn.layer_norm %x scale %l : tensor<3xf32> bias %l : tensor<3xf32> {epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.rms_norm %{{[^ ]*}} {epsilon = 0.000000e+00 : f64} : tensor
  %4 = nn.rms_norm %x {epsilon = 0.0 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.rms_norm %{{[^ ]*}} scale %{{[^ ]*}} : tensor<3xf32> {epsilon
  %5 = nn.rms_norm %x scale %l : tensor<3xf32> {epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.batch_norm %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} {epsilon = 1.000000e-05 : f64} : tensor<?x4x3xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x3xf32>
  %6 = nn.batch_norm %x, %c, %c {epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.batch_norm %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} scale %{{[^ ]*}} : tensor<3xf32> bias %{{[^ ]*}} : tensor<3xf32> {axis = 2 : i64, epsilon = 1.000000e-05 : f64} : tensor
  %7 = nn.batch_norm %x, %l, %l scale %l : tensor<3xf32> bias %l : tensor<3xf32> {axis = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<?x4x3xf32>
  // CHECK: nn.group_norm %{{[^ ]*}} scale %{{[^ ]*}} : tensor<4xf32> bias %{{[^ ]*}} : tensor<4xf32> {epsilon = 1.000000e-05 : f64, groups = 2 : i64} : tensor
  %8 = nn.group_norm %x scale %c : tensor<4xf32> bias %c : tensor<4xf32> {groups = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<?x4x3xf32> -> tensor<?x4x3xf32>
  return
}

// CHECK-LABEL: @pool
func.func @pool(%x: tensor<?x4x9x?xf32>, %y: tensor<1x9x9x4xf32>) {
  // CHECK: nn.pool max %{{.*}} kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x4x9x?xf32> -> tensor<?x4x5x?xf32>
  %0 = nn.pool max %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x4x9x?xf32> -> tensor<?x4x5x?xf32>
  // CHECK: nn.pool average %{{.*}} kernel [2, 2] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] {ceil_mode, count_include_pad, layout = #nn<conv_layout channels_last>} : tensor<1x9x9x4xf32> -> tensor<1x5x5x4xf32>
  %1 = nn.pool average %y kernel [2, 2] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] {ceil_mode, count_include_pad, layout = #nn<conv_layout channels_last>} : tensor<1x9x9x4xf32> -> tensor<1x5x5x4xf32>
  return
}
