// RUN: nacre-opt %s --nn-resolve-sizes --cse | FileCheck %s

// Through operations of the network, slices and concatenation, to one dimension variable.
// CHECK-LABEL: @through_operations
// CHECK-DAG: %[[S:.*]] = tensor.dim %arg0, %c1
// CHECK-DAG: %[[B:.*]] = tensor.dim %arg0, %c0
// CHECK-DAG: %[[T:.*]] = arith.addi %[[S]], %c3
// CHECK-NOT: tensor.dim
// CHECK: nn.iota[%[[T]]]
// CHECK: nn.iota[%[[B]]]
func.func @through_operations(%x: tensor<?x?x8xf32> {nn.dims = ["B", "S", "8"]}, %y: tensor<?x3x8xf32> {nn.dims = ["B", "3", "8"]})
    -> (tensor<?xi64>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = nn.layer_norm %x {epsilon = 1.0e-5 : f64} : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %t = nn.transpose %n [2, 1, 0] : tensor<?x?x8xf32> -> tensor<8x?x?xf32>
  %u = nn.transpose %t [2, 1, 0] : tensor<8x?x?xf32> -> tensor<?x?x8xf32>
  %c = tensor.concat dim(1) %u, %y : (tensor<?x?x8xf32>, tensor<?x3x8xf32>) -> tensor<?x?x8xf32>
  %d1 = tensor.dim %c, %c1 : tensor<?x?x8xf32>
  %by = tensor.dim %y, %c0 : tensor<?x3x8xf32>
  %s = tensor.extract_slice %c[0, 0, 0] [%by, 2, 8] [1, 1, 1] : tensor<?x?x8xf32> to tensor<?x2x8xf32>
  %d0 = tensor.dim %s, %c0 : tensor<?x2x8xf32>
  %i = nn.iota [%d1] : tensor<?xi64>
  %j = nn.iota [%d0] : tensor<?xi64>
  return %i, %j : tensor<?xi64>, tensor<?xi64>
}

// Without names two arguments are two sizes.
// CHECK-LABEL: @no_names
// CHECK-DAG: tensor.dim %arg0
// CHECK-DAG: tensor.dim %arg1
func.func @no_names(%x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xi64>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %a = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
  %b = nn.exp %y : tensor<?xf32> -> tensor<?xf32>
  %m = tensor.dim %a, %c0 : tensor<?xf32>
  %n = tensor.dim %b, %c0 : tensor<?xf32>
  %i = nn.iota [%m] : tensor<?xi64>
  %j = nn.iota [%n] : tensor<?xi64>
  return %i, %j : tensor<?xi64>, tensor<?xi64>
}
