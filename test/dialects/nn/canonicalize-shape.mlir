// RUN: nacre-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: @reshape_of_reshape
// CHECK-SAME: %[[X:.*]]: tensor<?x6xf32>, %[[N:.*]]: index, %[[M:.*]]: index
// CHECK-NEXT: nn.reshape %[[X]][%[[M]]] : tensor<?x6xf32> -> tensor<?x2xf32>
func.func @reshape_of_reshape(%x: tensor<?x6xf32>, %n: index, %m: index) -> tensor<?x2xf32> {
  %0 = nn.reshape %x[%n] : tensor<?x6xf32> -> tensor<?xf32>
  %1 = nn.reshape %0[%m] : tensor<?xf32> -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// CHECK-LABEL: @identity_reshape
// CHECK-SAME: %[[X:.*]]: tensor<?x6xf32>, %[[Y:.*]]: tensor<?x?xf32>
// CHECK-NEXT: return %[[X]], %[[Y]]
func.func @identity_reshape(%x: tensor<?x6xf32>, %y: tensor<?x?xf32>, %n: index) -> (tensor<?x6xf32>, tensor<?x?xf32>) {
  %0 = nn.reshape %x[%n] : tensor<?x6xf32> -> tensor<?x6xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d0 = tensor.dim %y, %c0 : tensor<?x?xf32>
  %d1 = tensor.dim %y, %c1 : tensor<?x?xf32>
  %1 = nn.reshape %y[%d0, %d1] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %0, %1 : tensor<?x6xf32>, tensor<?x?xf32>
}

// Two dynamic sizes may be exchanged.
// CHECK-LABEL: @not_an_identity_reshape
// CHECK: nn.reshape
func.func @not_an_identity_reshape(%y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d0 = tensor.dim %y, %c0 : tensor<?x?xf32>
  %d1 = tensor.dim %y, %c1 : tensor<?x?xf32>
  %1 = nn.reshape %y[%d1, %d0] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// CHECK-LABEL: @constants
// CHECK-DAG: arith.constant dense<{{\[}}[1.000000e+00], [2.000000e+00]]> : tensor<2x1xf32>
// CHECK-DAG: arith.constant dense<3.000000e+00> : tensor<4x2xf32>
// CHECK-DAG: arith.constant dense<3.000000e+00> : tensor<2x1xf32>
// CHECK-NOT: nn.
func.func @constants() -> (tensor<2x1xf32>, tensor<4x2xf32>, tensor<2x1xf32>) {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = arith.constant dense<3.0> : tensor<1x2xf32>
  %0 = nn.reshape %a : tensor<2xf32> -> tensor<2x1xf32>
  %1 = nn.broadcast %b : tensor<1x2xf32> -> tensor<4x2xf32>
  %2 = nn.transpose %b [1, 0] : tensor<1x2xf32> -> tensor<2x1xf32>
  return %0, %1, %2 : tensor<2x1xf32>, tensor<4x2xf32>, tensor<2x1xf32>
}

// CHECK-LABEL: @identity_broadcast_and_pad
// CHECK-SAME: %[[X:.*]]: tensor<?x1xf32>
// CHECK-NEXT: return %[[X]], %[[X]]
func.func @identity_broadcast_and_pad(%x: tensor<?x1xf32>, %n: index) -> (tensor<?x1xf32>, tensor<?x1xf32>) {
  %0 = nn.broadcast %x[%n] : tensor<?x1xf32> -> tensor<?x1xf32>
  %1 = nn.pad %x low [0, 0] high [0, 0] value 0.0 : f32 : tensor<?x1xf32> -> tensor<?x1xf32>
  return %0, %1 : tensor<?x1xf32>, tensor<?x1xf32>
}

// CHECK-LABEL: @transpose_of_transpose
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: %[[T:.*]] = nn.transpose %[[X]] [1, 0, 2] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
// CHECK-NEXT: return %[[T]], %[[X]]
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> (tensor<3x2x4xf32>, tensor<2x3x4xf32>) {
  // x[a, b, c] is 0[c, a, b], which is 1[b, a, c].
  %0 = nn.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %1 = nn.transpose %0 [2, 1, 0] : tensor<4x2x3xf32> -> tensor<3x2x4xf32>
  %2 = nn.transpose %0 [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  return %1, %2 : tensor<3x2x4xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: @matmul_takes_transpose
// CHECK-SAME: %[[X:.*]]: tensor<?x2x5x4xf32>, %[[Y:.*]]: tensor<?x2x6x4xf32>, %[[Z:.*]]: tensor<?x6x2x4xf32>
// CHECK-DAG: nn.matmul %[[X]], %[[Y]] {transpose_rhs}
// CHECK-DAG: %[[T:.*]] = nn.transpose %[[Z]] [0, 2, 1, 3]
// CHECK-DAG: nn.matmul %[[X]], %[[T]] {transpose_rhs}
func.func @matmul_takes_transpose(%x: tensor<?x2x5x4xf32>, %y: tensor<?x2x6x4xf32>, %z: tensor<?x6x2x4xf32>)
    -> (tensor<?x2x5x6xf32>, tensor<?x2x5x6xf32>) {
  %0 = nn.transpose %y [0, 1, 3, 2] : tensor<?x2x6x4xf32> -> tensor<?x2x4x6xf32>
  %1 = nn.matmul %x, %0 : tensor<?x2x5x4xf32>, tensor<?x2x4x6xf32> -> tensor<?x2x5x6xf32>
  // What is left of the transpose keeps the last dimension in place.
  %2 = nn.transpose %z [0, 2, 3, 1] : tensor<?x6x2x4xf32> -> tensor<?x2x4x6xf32>
  %3 = nn.matmul %x, %2 : tensor<?x2x5x4xf32>, tensor<?x2x4x6xf32> -> tensor<?x2x5x6xf32>
  return %1, %3 : tensor<?x2x5x6xf32>, tensor<?x2x5x6xf32>
}

// CHECK-LABEL: @matmul_leaves_transpose
// CHECK: nn.transpose %{{.*}} [0, 2, 1, 3]
// CHECK: nn.matmul %{{[^ ]*}}, %{{[^ ]*}} : tensor
func.func @matmul_leaves_transpose(%x: tensor<?x2x5x4xf32>, %z: tensor<?x4x2x6xf32>) -> tensor<?x2x5x6xf32> {
  %0 = nn.transpose %z [0, 2, 1, 3] : tensor<?x4x2x6xf32> -> tensor<?x2x4x6xf32>
  %1 = nn.matmul %x, %0 : tensor<?x2x5x4xf32>, tensor<?x2x4x6xf32> -> tensor<?x2x5x6xf32>
  return %1 : tensor<?x2x5x6xf32>
}
