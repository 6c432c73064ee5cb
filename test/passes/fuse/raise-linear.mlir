// RUN: nacre-opt %s --split-input-file --nn-raise-linear | FileCheck %s

ml_program.global private @w(#ml_program.extern<tensor<8x4xf32>>) : tensor<8x4xf32>
ml_program.global private @t(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @b(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// CHECK-LABEL: @plain_product
// CHECK: nn.linear %arg0, %w {input_major}
func.func @plain_product(%x: tensor<?x3x8xf32>) -> tensor<?x3x4xf32> {
  %w = ml_program.global_load_const @w : tensor<8x4xf32>
  %y = nn.matmul %x, %w : tensor<?x3x8xf32>, tensor<8x4xf32> -> tensor<?x3x4xf32>
  return %y : tensor<?x3x4xf32>
}

// CHECK-LABEL: @transposed_by_the_product
// CHECK: nn.linear %arg0, %t : tensor<?x8xf32>, tensor<4x8xf32>
func.func @transposed_by_the_product(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %t = ml_program.global_load_const @t : tensor<4x8xf32>
  %y = nn.matmul %x, %t {transpose_rhs} : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @transposed_by_an_operation
// CHECK-NOT: nn.transpose
// CHECK: nn.linear %arg0, %t bias %b : tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>
// CHECK-NOT: nn.add
func.func @transposed_by_an_operation(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %t = ml_program.global_load_const @t : tensor<4x8xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %w = nn.transpose %t [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %m = nn.matmul %x, %w : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %y = nn.add %m, %b : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @bias_first_and_with_leading_ones
// CHECK: %[[BIAS:.*]] = nn.reshape %{{.*}} -> tensor<4xf32>
// CHECK: nn.linear %arg0, %w bias %[[BIAS]] {input_major}
func.func @bias_first_and_with_leading_ones(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w : tensor<8x4xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %r = nn.reshape %b : tensor<4xf32> -> tensor<1x4xf32>
  %m = nn.linear %x, %w {input_major} : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %y = nn.add %r, %m : tensor<1x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// What must stay.

ml_program.global private @w(#ml_program.extern<tensor<8x4xf32>>) : tensor<8x4xf32>
ml_program.global private @b(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// CHECK-LABEL: @runtime_matrix
// CHECK: nn.matmul
func.func @runtime_matrix(%x: tensor<?x8xf32>, %y: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %z = nn.matmul %x, %y : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// CHECK-LABEL: @product_used_twice
// CHECK: nn.linear
// CHECK-NOT: bias
// CHECK: nn.add
func.func @product_used_twice(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %w = ml_program.global_load_const @w : tensor<8x4xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %m = nn.linear %x, %w {input_major} : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %y = nn.add %m, %b : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %m, %y : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @not_a_vector
// CHECK: nn.linear
// CHECK: nn.add
func.func @not_a_vector(%x: tensor<4x8xf32>, %c: tensor<4x1xf32>) -> tensor<4x4xf32> {
  %w = ml_program.global_load_const @w : tensor<8x4xf32>
  %m = nn.linear %x, %w {input_major} : tensor<4x8xf32>, tensor<8x4xf32> -> tensor<4x4xf32>
  %y = nn.add %m, %c : tensor<4x4xf32>, tensor<4x1xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
