// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @shape
func.func @shape(%x: tensor<?x4xf32>, %one: tensor<1x4xf32>, %i: tensor<?x3xi64>, %n: index) {
  // CHECK: nn.reshape %{{.*}}[%{{.*}}, %{{.*}}] : tensor<?x4xf32> -> tensor<?x2x?xf32>
  %0 = nn.reshape %x[%n, %n] : tensor<?x4xf32> -> tensor<?x2x?xf32>
  // CHECK: nn.reshape %{{.*}} : tensor<1x4xf32> -> tensor<2x2xf32>
  %1 = nn.reshape %one : tensor<1x4xf32> -> tensor<2x2xf32>
  // CHECK: nn.broadcast %{{.*}}[%{{.*}}] : tensor<1x4xf32> -> tensor<3x?x4xf32>
  %2 = nn.broadcast %one[%n] : tensor<1x4xf32> -> tensor<3x?x4xf32>
  // CHECK: nn.broadcast %{{.*}} : tensor<1x4xf32> -> tensor<2x4xf32>
  %3 = nn.broadcast %one : tensor<1x4xf32> -> tensor<2x4xf32>
  // CHECK: nn.transpose %{{.*}} [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
  %4 = nn.transpose %x [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
  // CHECK: nn.pad %{{.*}} low [0, 1] high [2, 0] value 0xFF800000 : f32 : tensor<?x4xf32> -> tensor<?x5xf32>
  %5 = nn.pad %x low [0, 1] high [2, 0] value 0xFF800000 : f32 : tensor<?x4xf32> -> tensor<?x5xf32>
  // CHECK: nn.gather %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<?x3xi64> -> tensor<?x3x4xf32>
  %6 = nn.gather %x, %i : tensor<?x4xf32>, tensor<?x3xi64> -> tensor<?x3x4xf32>
  // CHECK: nn.gather %{{.*}}, %{{.*}} {axis = 1 : i64} : tensor<?x4xf32>, tensor<?x3xi64> -> tensor<?x?x3xf32>
  %7 = nn.gather %x, %i {axis = 1 : i64} : tensor<?x4xf32>, tensor<?x3xi64> -> tensor<?x?x3xf32>
  // CHECK: nn.iota[%{{.*}}] : tensor<?xi64>
  %8 = nn.iota[%n] : tensor<?xi64>
  // CHECK: nn.iota : tensor<5xf32>
  %9 = nn.iota : tensor<5xf32>
  return
}
