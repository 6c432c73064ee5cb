// RUN: nacre-opt %s --nn-raise-rms-norm | FileCheck %s

ml_program.global private @w(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>

// CHECK-LABEL: @with_scale
// CHECK: %[[Y:.*]] = nn.rms_norm %arg0 scale %w : tensor<8xf32> {epsilon = {{.*}}E-7 : f64}
// CHECK-NEXT: return %[[Y]]
func.func @with_scale(%x: tensor<?x?x8xf32> {nn.dims = ["B", "S", "8"]}) -> tensor<?x?x8xf32> {
  %w = ml_program.global_load_const @w : tensor<8xf32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %q = nn.pow %x, %two : tensor<?x?x8xf32>, tensor<f32> -> tensor<?x?x8xf32>
  %v = nn.reduce mean %q [2] {keep_dims} : tensor<?x?x8xf32> -> tensor<?x?x1xf32>
  %e = nn.add %v, %eps : tensor<?x?x1xf32>, tensor<f32> -> tensor<?x?x1xf32>
  %r = nn.rsqrt %e : tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  %n = nn.mul %x, %r : tensor<?x?x8xf32>, tensor<?x?x1xf32> -> tensor<?x?x8xf32>
  %y = nn.mul %w, %n : tensor<8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: @division
// CHECK: nn.rms_norm %arg0 {epsilon
func.func @division(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %q = nn.mul %x, %x : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %v = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.sqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.div %x, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// The norm needs the mean of squares, not their sum.
// CHECK-LABEL: @sum_of_squares
// CHECK-NOT: nn.rms_norm
func.func @sum_of_squares(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %q = nn.mul %x, %x : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %v = nn.reduce sum %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.mul %x, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// CHECK-LABEL: @two_dimensions
// CHECK-NOT: nn.rms_norm
func.func @two_dimensions(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %q = nn.mul %x, %x : tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  %v = nn.reduce mean %q [1, 2] {keep_dims} : tensor<?x4x8xf32> -> tensor<?x1x1xf32>
  %e = nn.add %v, %eps : tensor<?x1x1xf32>, tensor<f32> -> tensor<?x1x1xf32>
  %r = nn.rsqrt %e : tensor<?x1x1xf32> -> tensor<?x1x1xf32>
  %n = nn.mul %x, %r : tensor<?x4x8xf32>, tensor<?x1x1xf32> -> tensor<?x4x8xf32>
  return %n : tensor<?x4x8xf32>
}

// CHECK-LABEL: @epsilon_per_row
// CHECK-NOT: nn.rms_norm
func.func @epsilon_per_row(%x: tensor<4x8xf32>, %absolute: tensor<4x1xf32>) -> tensor<4x8xf32> {
  %eps = nn.abs %absolute : tensor<4x1xf32> -> tensor<4x1xf32>
  %q = nn.mul %x, %x : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %v = nn.reduce mean %q [1] {keep_dims} : tensor<4x8xf32> -> tensor<4x1xf32>
  %e = nn.add %v, %eps : tensor<4x1xf32>, tensor<4x1xf32> -> tensor<4x1xf32>
  %r = nn.rsqrt %e : tensor<4x1xf32> -> tensor<4x1xf32>
  %n = nn.mul %x, %r : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  return %n : tensor<4x8xf32>
}

// CHECK-LABEL: @scale_of_a_norm_used_twice
// CHECK: %[[N:.*]] = nn.rms_norm %arg0 {
// CHECK: nn.mul %[[N]], %arg1
func.func @scale_of_a_norm_used_twice(%x: tensor<?x8xf32>, %w: tensor<8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %n = nn.rms_norm %x {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.mul %n, %w : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %n, %y : tensor<?x8xf32>, tensor<?x8xf32>
}
