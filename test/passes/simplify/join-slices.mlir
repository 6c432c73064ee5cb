// RUN: nacre-opt %s --nn-join-slices | FileCheck %s

// CHECK-LABEL: @whole
// CHECK-NEXT: nn.relu %arg0
func.func @whole(%w: tensor<12x8xf32>) -> tensor<12x8xf32> {
  %a = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[4, 0] [3, 8] [1, 1] : tensor<12x8xf32> to tensor<3x8xf32>
  %c = tensor.extract_slice %w[7, 0] [5, 8] [1, 1] : tensor<12x8xf32> to tensor<5x8xf32>
  %d = tensor.concat dim(0) %a, %b, %c : (tensor<4x8xf32>, tensor<3x8xf32>, tensor<5x8xf32>) -> tensor<12x8xf32>
  %e = nn.relu %d : tensor<12x8xf32> -> tensor<12x8xf32>
  return %e : tensor<12x8xf32>
}

// CHECK-LABEL: @part_of_a_dynamic_tensor
// CHECK: %[[S:.*]] = tensor.extract_slice %arg0[0, 2] [%{{.*}}, 4] [1, 1]
// CHECK: tensor.concat dim(1) %[[S]], %arg0
func.func @part_of_a_dynamic_tensor(%x: tensor<?x8xf32>) -> tensor<?x12xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %a = tensor.extract_slice %x[0, 2] [%n, 2] [1, 1] : tensor<?x8xf32> to tensor<?x2xf32>
  %b = tensor.extract_slice %x[0, 4] [%n, 2] [1, 1] : tensor<?x8xf32> to tensor<?x2xf32>
  %d = tensor.concat dim(1) %a, %b, %x : (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x8xf32>) -> tensor<?x12xf32>
  return %d : tensor<?x12xf32>
}

// What must stay: another order, a gap, another tensor, strides.

// CHECK-LABEL: @another_order
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} :
func.func @another_order(%w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %a = tensor.extract_slice %w[4, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %d = tensor.concat dim(0) %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  return %d : tensor<8x8xf32>
}

// CHECK-LABEL: @gap
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} :
func.func @gap(%w: tensor<8x8xf32>) -> tensor<6x8xf32> {
  %a = tensor.extract_slice %w[0, 0] [3, 8] [1, 1] : tensor<8x8xf32> to tensor<3x8xf32>
  %b = tensor.extract_slice %w[4, 0] [3, 8] [1, 1] : tensor<8x8xf32> to tensor<3x8xf32>
  %d = tensor.concat dim(0) %a, %b : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<6x8xf32>
  return %d : tensor<6x8xf32>
}

// CHECK-LABEL: @another_tensor
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} :
func.func @another_tensor(%v: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %a = tensor.extract_slice %v[0, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[4, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %d = tensor.concat dim(0) %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  return %d : tensor<8x8xf32>
}

// CHECK-LABEL: @strided
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} :
func.func @strided(%w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %a = tensor.extract_slice %w[0, 0] [2, 8] [2, 1] : tensor<8x8xf32> to tensor<2x8xf32>
  %b = tensor.extract_slice %w[2, 0] [2, 8] [2, 1] : tensor<8x8xf32> to tensor<2x8xf32>
  %d = tensor.concat dim(0) %a, %b : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// The slices line up along dimension 0 but are put side by side along dimension 1.
// CHECK-LABEL: @other_dimension
// CHECK: tensor.concat dim(1) %{{.*}}, %{{.*}} :
func.func @other_dimension(%w: tensor<8x8xf32>) -> tensor<4x16xf32> {
  %a = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[4, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
  %d = tensor.concat dim(1) %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
  return %d : tensor<4x16xf32>
}

// CHECK-LABEL: @part_is_not_the_whole
// CHECK: tensor.extract_slice
func.func @part_is_not_the_whole(%x: tensor<?x8xf32>, %y: tensor<?x8xf32> {nn.dims = ["S", "8"]}) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %y, %c0 : tensor<?x8xf32>
  %m = arith.minsi %n, %c1 : index
  %a = tensor.extract_slice %y[0, 0] [%m, 8] [1, 1] : tensor<?x8xf32> to tensor<?x8xf32>
  return %a : tensor<?x8xf32>
}
