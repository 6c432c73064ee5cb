// RUN: nacre-opt %s --nn-fuse-attention | FileCheck %s

// Masks that are not the attention's causal rule stay masks.
// CHECK-NOT: causal

// As many keys as it likes: `j <= i` is not `j <= i + keys - queries` then.
// CHECK-LABEL: @other_number_of_keys
// CHECK: nn.attention {{.*}} mask
func.func @other_number_of_keys(%q: tensor<1x2x?x8xf32> {nn.dims = ["1", "2", "S", "8"]},
                                %k: tensor<1x2x?x8xf32> {nn.dims = ["1", "2", "T", "8"]}) -> tensor<1x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xf32>
  %m = tensor.dim %k, %c2 : tensor<1x2x?x8xf32>
  %i = nn.iota [%n] : tensor<?xi64>
  %rows = nn.reshape %i [%n] : tensor<?xi64> -> tensor<?x1xi64>
  %columns = nn.iota [%m] : tensor<?xi64>
  %keep = nn.compare le %columns, %rows : tensor<?xi64>, tensor<?x1xi64> -> tensor<?x?xi1>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %f = nn.select %keep, %s, %inf : tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// CHECK-LABEL: @the_past_is_hidden
// CHECK: nn.attention {{.*}} mask
func.func @the_past_is_hidden(%q: tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %i = nn.iota : tensor<5xi64>
  %rows = nn.reshape %i : tensor<5xi64> -> tensor<5x1xi64>
  %keep = nn.compare ge %i, %rows : tensor<5xi64>, tensor<5x1xi64> -> tensor<5x5xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x5x5xf32>
  %f = nn.select %keep, %s, %inf : tensor<5x5xi1>, tensor<1x2x5x5xf32>, tensor<f32> -> tensor<1x2x5x5xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x5x5xf32> -> tensor<1x2x5x5xf32>
  %y = nn.matmul %p, %q : tensor<1x2x5x5xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x5x8xf32>
  return %y : tensor<1x2x5x8xf32>
}

// One position further than the diagonal.
// CHECK-LABEL: @shifted
// CHECK: nn.attention {{.*}} mask
func.func @shifted(%q: tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %one = arith.constant dense<1> : tensor<i64>
  %i = nn.iota : tensor<5xi64>
  %j = nn.add %i, %one : tensor<5xi64>, tensor<i64> -> tensor<5xi64>
  %rows = nn.reshape %j : tensor<5xi64> -> tensor<5x1xi64>
  %keep = nn.compare le %i, %rows : tensor<5xi64>, tensor<5x1xi64> -> tensor<5x5xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x5x5xf32>
  %f = nn.select %keep, %s, %inf : tensor<5x5xi1>, tensor<1x2x5x5xf32>, tensor<f32> -> tensor<1x2x5x5xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x5x5xf32> -> tensor<1x2x5x5xf32>
  %y = nn.matmul %p, %q : tensor<1x2x5x5xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x5x8xf32>
  return %y : tensor<1x2x5x8xf32>
}
