// RUN: nacre-opt %s --split-input-file --nn-raise-layer-norm | FileCheck %s
// RUN: nacre-opt %s --split-input-file --nn-raise-layer-norm --remark-format=emitRemark --remarks-filter=nn-raise-layer-norm -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

// REMARK: remark: [Passed] raised | Category:nn-raise-layer-norm

ml_program.global private @w(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>
ml_program.global private @b(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>

// CHECK-LABEL: @rsqrt_form
// CHECK: %[[Y:.*]] = nn.layer_norm %arg0 scale %w : tensor<8xf32> bias %b : tensor<8xf32> {epsilon = 9.99{{.*}}E-6 : f64}
// CHECK-NEXT: return %[[Y]]
func.func @rsqrt_form(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = ml_program.global_load_const @w : tensor<8xf32>
  %b = ml_program.global_load_const @b : tensor<8xf32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %d = nn.sub %x, %m : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  %q = nn.mul %d, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %v = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.mul %d, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  %s = nn.mul %n, %w : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %y = nn.add %s, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The way ONNX exporters write it: a power, a root and a division, epsilon on the left.
// CHECK-LABEL: @division_by_root
// CHECK: nn.layer_norm %arg0 scale
// CHECK-NOT: nn.div
func.func @division_by_root(%x: tensor<?x?x8xf32> {nn.dims = ["B", "S", "8"]}) -> tensor<?x?x8xf32> {
  %w = ml_program.global_load_const @w : tensor<8xf32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-12> : tensor<1xf32>
  %m = nn.reduce mean %x [2] {keep_dims} : tensor<?x?x8xf32> -> tensor<?x?x1xf32>
  %d = nn.sub %x, %m : tensor<?x?x8xf32>, tensor<?x?x1xf32> -> tensor<?x?x8xf32>
  %q = nn.pow %d, %two : tensor<?x?x8xf32>, tensor<f32> -> tensor<?x?x8xf32>
  %v = nn.reduce mean %q [2] {keep_dims} : tensor<?x?x8xf32> -> tensor<?x?x1xf32>
  %e = nn.add %eps, %v : tensor<1xf32>, tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  %r = nn.sqrt %e : tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  %n = nn.div %d, %r : tensor<?x?x8xf32>, tensor<?x?x1xf32> -> tensor<?x?x8xf32>
  %y = nn.mul %w, %n : tensor<8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Means as sums, the reduced dimension put back by a reshape, explicit broadcasts.
// CHECK-LABEL: @sums_reshapes_and_broadcasts
// CHECK: nn.layer_norm %arg0
// CHECK-NOT: nn.sub
func.func @sums_reshapes_and_broadcasts(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant dense<1.0> : tensor<f32>
  %n8 = arith.constant dense<8.0> : tensor<f32>
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %s = nn.reduce sum %x [1] : tensor<?x8xf32> -> tensor<?xf32>
  %s1 = nn.reshape %s [%n] : tensor<?xf32> -> tensor<?x1xf32>
  %m = nn.div %s1, %n8 : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %mb = nn.broadcast %m [%n] : tensor<?x1xf32> -> tensor<?x8xf32>
  %d = nn.sub %x, %mb : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %q = nn.mul %d, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %t = nn.reduce sum %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %v = nn.mul %eighth, %t : tensor<f32>, tensor<?x1xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.sqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %i = nn.div %one, %r : tensor<f32>, tensor<?x1xf32> -> tensor<?x1xf32>
  %ib = nn.broadcast %i [%n] : tensor<?x1xf32> -> tensor<?x8xf32>
  %y = nn.mul %ib, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: @two_dimensions
// CHECK: nn.layer_norm %arg0 {{.*}}normalized_dims = 2
func.func @two_dimensions(%x: tensor<?x4x6xf32>) -> tensor<?x4x6xf32> {
  %half = arith.constant dense<-0.5> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [1, 2] {keep_dims} : tensor<?x4x6xf32> -> tensor<?x1x1xf32>
  %d = nn.sub %x, %m : tensor<?x4x6xf32>, tensor<?x1x1xf32> -> tensor<?x4x6xf32>
  %q = nn.mul %d, %d : tensor<?x4x6xf32>, tensor<?x4x6xf32> -> tensor<?x4x6xf32>
  %v = nn.reduce mean %q [1, 2] {keep_dims} : tensor<?x4x6xf32> -> tensor<?x1x1xf32>
  %e = nn.add %v, %eps : tensor<?x1x1xf32>, tensor<f32> -> tensor<?x1x1xf32>
  %r = nn.pow %e, %half : tensor<?x1x1xf32>, tensor<f32> -> tensor<?x1x1xf32>
  %n = nn.mul %d, %r : tensor<?x4x6xf32>, tensor<?x1x1xf32> -> tensor<?x4x6xf32>
  return %n : tensor<?x4x6xf32>
}

// -----

// What must stay.

// CHECK-LABEL: @other_axis
// CHECK-NOT: nn.layer_norm
func.func @other_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [0] {keep_dims} : tensor<4x8xf32> -> tensor<1x8xf32>
  %d = nn.sub %x, %m : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  %q = nn.mul %d, %d : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %v = nn.reduce mean %q [0] {keep_dims} : tensor<4x8xf32> -> tensor<1x8xf32>
  %e = nn.add %v, %eps : tensor<1x8xf32>, tensor<f32> -> tensor<1x8xf32>
  %r = nn.rsqrt %e : tensor<1x8xf32> -> tensor<1x8xf32>
  %n = nn.mul %d, %r : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  return %n : tensor<4x8xf32>
}

// Without the kept dimension the mean of a square matrix lines up with the other axis.
// CHECK-LABEL: @mean_along_the_wrong_side
// CHECK-NOT: nn.layer_norm
func.func @mean_along_the_wrong_side(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [1] : tensor<8x8xf32> -> tensor<8xf32>
  %d = nn.sub %x, %m : tensor<8x8xf32>, tensor<8xf32> -> tensor<8x8xf32>
  %q = nn.mul %d, %d : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %v = nn.reduce mean %q [1] {keep_dims} : tensor<8x8xf32> -> tensor<8x1xf32>
  %e = nn.add %v, %eps : tensor<8x1xf32>, tensor<f32> -> tensor<8x1xf32>
  %r = nn.rsqrt %e : tensor<8x1xf32> -> tensor<8x1xf32>
  %n = nn.mul %d, %r : tensor<8x8xf32>, tensor<8x1xf32> -> tensor<8x8xf32>
  return %n : tensor<8x8xf32>
}

// CHECK-LABEL: @another_value_divided
// CHECK-NOT: nn.layer_norm
func.func @another_value_divided(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %d = nn.sub %x, %m : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  %q = nn.mul %d, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %v = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.mul %x, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// E[x^2] - E[x]^2 loses digits that the norm keeps.
// CHECK-LABEL: @variance_by_difference
// CHECK-NOT: nn.layer_norm
func.func @variance_by_difference(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %d = nn.sub %x, %m : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  %q = nn.mul %x, %x : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %mq = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %mm = nn.mul %m, %m : tensor<?x1xf32>, tensor<?x1xf32> -> tensor<?x1xf32>
  %v = nn.sub %mq, %mm : tensor<?x1xf32>, tensor<?x1xf32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.mul %d, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// CHECK-LABEL: @sum_divided_by_another_number
// CHECK-NOT: nn.layer_norm
func.func @sum_divided_by_another_number(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %seven = arith.constant dense<7.0> : tensor<f32>
  %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %d = nn.sub %x, %m : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  %q = nn.mul %d, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %s = nn.reduce sum %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
  %v = nn.div %s, %seven : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
  %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
  %n = nn.mul %d, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// A scale after the bias, or per row, is not the norm's.
// CHECK-LABEL: @affine_that_is_none
// CHECK: %[[N:.*]] = nn.layer_norm %arg0 bias %arg1
// CHECK: %[[S:.*]] = nn.mul %[[N]], %arg1
// CHECK: nn.mul %[[S]], %arg2
func.func @affine_that_is_none(%x: tensor<8x8xf32>, %b: tensor<8xf32>, %rows: tensor<8x1xf32>) -> tensor<8x8xf32> {
  %n = nn.layer_norm %x {epsilon = 1.0e-5 : f64} : tensor<8x8xf32> -> tensor<8x8xf32>
  %a = nn.add %n, %b : tensor<8x8xf32>, tensor<8xf32> -> tensor<8x8xf32>
  %s = nn.mul %a, %b : tensor<8x8xf32>, tensor<8xf32> -> tensor<8x8xf32>
  %t = nn.mul %s, %rows : tensor<8x8xf32>, tensor<8x1xf32> -> tensor<8x8xf32>
  return %t : tensor<8x8xf32>
}
