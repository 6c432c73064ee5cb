// RUN: nacre-opt %s --nn-fuse-attention | FileCheck %s

// Sliding windows, as frameworks write them.

// As Mistral's: the place of the query, and 3 before it.
// CHECK-LABEL: @window_and_causal
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} {causal, scale = {{.*}}, window = 4 : i64}
func.func @window_and_causal(%q: tensor<1x2x?x8xf32> {nn.dims = ["1", "2", "S", "8"]}) -> tensor<1x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %filler = arith.constant dense<-3.4028234e38> : tensor<f32>
  %width = arith.constant dense<4> : tensor<i64>
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xf32>
  %columns = nn.iota [%n] : tensor<?xi64>
  %rows = nn.reshape %columns [%n] : tensor<?xi64> -> tensor<?x1xi64>
  %causal = nn.compare le %columns, %rows : tensor<?xi64>, tensor<?x1xi64> -> tensor<?x?xi1>
  %first = nn.sub %rows, %width : tensor<?x1xi64>, tensor<i64> -> tensor<?x1xi64>
  %near = nn.compare gt %columns, %first : tensor<?xi64>, tensor<?x1xi64> -> tensor<?x?xi1>
  %keep = nn.and %causal, %near : tensor<?x?xi1>, tensor<?x?xi1> -> tensor<?x?xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %f = nn.select %keep, %s, %filler : tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// Where queries and keys are too far apart is hidden, by their difference; the queries are the last 3.
// CHECK-LABEL: @difference_hidden
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} {causal, scale = {{.*}}, window = 2 : i64}
func.func @difference_hidden(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x5x8xf32>) -> tensor<1x2x3x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %two = arith.constant dense<2> : tensor<i64>
  %i = nn.iota : tensor<3xi64>
  %moved = nn.add %i, %two : tensor<3xi64>, tensor<i64> -> tensor<3xi64>
  %rows = nn.reshape %moved : tensor<3xi64> -> tensor<3x1xi64>
  %columns = nn.iota : tensor<5xi64>
  %later = nn.compare gt %columns, %rows : tensor<5xi64>, tensor<3x1xi64> -> tensor<3x5xi1>
  %apart = nn.sub %rows, %columns : tensor<3x1xi64>, tensor<5xi64> -> tensor<3x5xi64>
  %far = nn.compare ge %apart, %two : tensor<3x5xi64>, tensor<i64> -> tensor<3x5xi1>
  %hide = nn.or %later, %far : tensor<3x5xi1>, tensor<3x5xi1> -> tensor<3x5xi1>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x3x5xf32>
  %f = nn.select %hide, %inf, %s : tensor<3x5xi1>, tensor<f32>, tensor<1x2x3x5xf32> -> tensor<1x2x3x5xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x3x5xf32> -> tensor<1x2x3x5xf32>
  %y = nn.matmul %p, %k : tensor<1x2x3x5xf32>, tensor<1x2x5x8xf32> -> tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// CHECK-LABEL: @two_sided
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = {{.*}}, window = 3 : i64}
func.func @two_sided(%q: tensor<1x2x9x8xf32>) -> tensor<1x2x9x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %three = arith.constant dense<3> : tensor<i64>
  %columns = nn.iota : tensor<9xi64>
  %rows = nn.reshape %columns : tensor<9xi64> -> tensor<9x1xi64>
  %apart = nn.sub %rows, %columns : tensor<9x1xi64>, tensor<9xi64> -> tensor<9x9xi64>
  %back = nn.sub %columns, %rows : tensor<9xi64>, tensor<9x1xi64> -> tensor<9x9xi64>
  %a = nn.compare lt %apart, %three : tensor<9x9xi64>, tensor<i64> -> tensor<9x9xi1>
  %b = nn.compare gt %three, %back : tensor<i64>, tensor<9x9xi64> -> tensor<9x9xi1>
  %keep = nn.and %a, %b : tensor<9x9xi1>, tensor<9x9xi1> -> tensor<9x9xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32> -> tensor<1x2x9x9xf32>
  %f = nn.select %keep, %s, %inf : tensor<9x9xi1>, tensor<1x2x9x9xf32>, tensor<f32> -> tensor<1x2x9x9xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x9x9xf32> -> tensor<1x2x9x9xf32>
  %y = nn.matmul %p, %q : tensor<1x2x9x9xf32>, tensor<1x2x9x8xf32> -> tensor<1x2x9x8xf32>
  return %y : tensor<1x2x9x8xf32>
}

// CHECK-LABEL: @constant_band
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} {causal, scale = {{.*}}, window = 2 : i64}
func.func @constant_band(%q: tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %keep = arith.constant dense<[[true, false, false, false], [true, true, false, false],
                                [false, true, true, false], [false, false, true, true]]> : tensor<4x4xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x4xf32>
  %f = nn.select %keep, %s, %inf : tensor<4x4xi1>, tensor<1x2x4x4xf32>, tensor<f32> -> tensor<1x2x4x4xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %y = nn.matmul %p, %q : tensor<1x2x4x4xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x8xf32>
  return %y : tensor<1x2x4x8xf32>
}

// Wider to one side, without an end there, or with a hole: a mask.
// CHECK-LABEL: @lopsided
// CHECK: nn.attention {{.*}} mask
// CHECK-NOT: window
func.func @lopsided(%q: tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %keep = arith.constant dense<[[true, true, true, false], [true, true, true, true],
                                [false, true, true, true], [false, false, true, true]]> : tensor<4x4xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x4xf32>
  %f = nn.select %keep, %s, %inf : tensor<4x4xi1>, tensor<1x2x4x4xf32>, tensor<f32> -> tensor<1x2x4x4xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %y = nn.matmul %p, %q : tensor<1x2x4x4xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x8xf32>
  return %y : tensor<1x2x4x8xf32>
}

// CHECK-LABEL: @hole
// CHECK: nn.attention {{.*}} mask
// CHECK-NOT: window
func.func @hole(%q: tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %keep = arith.constant dense<[[true, false, false, false], [true, true, false, false],
                                [true, false, true, false], [false, true, true, true]]> : tensor<4x4xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x4xf32>
  %f = nn.select %keep, %s, %inf : tensor<4x4xi1>, tensor<1x2x4x4xf32>, tensor<f32> -> tensor<1x2x4x4xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %y = nn.matmul %p, %q : tensor<1x2x4x4xf32>, tensor<1x2x4x8xf32> -> tensor<1x2x4x8xf32>
  return %y : tensor<1x2x4x8xf32>
}
