// RUN: nacre-opt %s --nn-fuse-attention | FileCheck %s

// CHECK-LABEL: @scale_after
// CHECK: nn.attention %arg0, %arg1, %arg2 {scale = 1.250000e-01 : f64}
// CHECK-NOT: nn.softmax
func.func @scale_after(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                       %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                       %v: tensor<?x2x?x4xf32> {nn.dims = ["B", "2", "T", "4"]}) -> tensor<?x2x?x4xf32> {
  %c = arith.constant dense<0.125> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %t = nn.mul %s, %c : tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %t {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %v : tensor<?x2x?x?xf32>, tensor<?x2x?x4xf32> -> tensor<?x2x?x4xf32>
  return %y : tensor<?x2x?x4xf32>
}

// No scale at all is a scale of 1, not the default.
// CHECK-LABEL: @no_scale
// CHECK: nn.attention %arg0, %arg1, %arg1 {scale = 1.000000e+00 : f64}
func.func @no_scale(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// q and k both scaled by the root of the scale, heads split and transposed in one go.
// CHECK-LABEL: @scale_on_both_sides
// CHECK: %[[Q:.*]] = nn.transpose %{{.*}} [0, 2, 1, 3]
// CHECK: %[[V:.*]] = nn.transpose %arg2 [0, 2, 1, 3]
// CHECK: %[[K:.*]] = nn.transpose %arg1 [0, 2, 1, 3]
// CHECK: nn.attention %[[Q]], %[[K]], %[[V]] {scale = 2.500000e-01 : f64}
func.func @scale_on_both_sides(%q: tensor<?x?x2x16xf32> {nn.dims = ["B", "S", "2", "16"]},
                               %k: tensor<?x?x2x16xf32> {nn.dims = ["B", "T", "2", "16"]},
                               %v: tensor<?x?x2x16xf32> {nn.dims = ["B", "T", "2", "16"]}) -> tensor<?x2x?x16xf32> {
  %c = arith.constant dense<0.5> : tensor<f32>
  %qt = nn.transpose %q [0, 2, 1, 3] : tensor<?x?x2x16xf32> -> tensor<?x2x?x16xf32>
  %kt = nn.transpose %k [0, 2, 3, 1] : tensor<?x?x2x16xf32> -> tensor<?x2x16x?xf32>
  %vt = nn.transpose %v [0, 2, 1, 3] : tensor<?x?x2x16xf32> -> tensor<?x2x?x16xf32>
  %qs = nn.mul %qt, %c : tensor<?x2x?x16xf32>, tensor<f32> -> tensor<?x2x?x16xf32>
  %ks = nn.mul %c, %kt : tensor<f32>, tensor<?x2x16x?xf32> -> tensor<?x2x16x?xf32>
  %s = nn.matmul %qs, %ks : tensor<?x2x?x16xf32>, tensor<?x2x16x?xf32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %vt : tensor<?x2x?x?xf32>, tensor<?x2x?x16xf32> -> tensor<?x2x?x16xf32>
  return %y : tensor<?x2x?x16xf32>
}

// Division by the root of the head size, computed in the graph; k scaled before its transpose.
// CHECK-LABEL: @scale_by_division
// CHECK: nn.attention %arg0, %arg1, %arg1 {scale = 5.000000e-01 : f64}
func.func @scale_by_division(%q: tensor<1x2x5x16xf32>, %k: tensor<1x2x7x16xf32>) -> tensor<1x2x5x16xf32> {
  %size = arith.constant dense<16> : tensor<i64>
  %two = arith.constant dense<2.0> : tensor<f32>
  %float = nn.cast %size : tensor<i64> -> tensor<f32>
  %root = nn.sqrt %float : tensor<f32> -> tensor<f32>
  %ks = nn.mul %k, %two : tensor<1x2x7x16xf32>, tensor<f32> -> tensor<1x2x7x16xf32>
  %kt = nn.transpose %ks [0, 1, 3, 2] : tensor<1x2x7x16xf32> -> tensor<1x2x16x7xf32>
  %s = nn.matmul %q, %kt : tensor<1x2x5x16xf32>, tensor<1x2x16x7xf32> -> tensor<1x2x5x7xf32>
  %t = nn.div %s, %root : tensor<1x2x5x7xf32>, tensor<f32> -> tensor<1x2x5x7xf32>
  %p = nn.softmax %t {axis = 3 : i64} : tensor<1x2x5x7xf32> -> tensor<1x2x5x7xf32>
  %y = nn.matmul %p, %k : tensor<1x2x5x7xf32>, tensor<1x2x7x16xf32> -> tensor<1x2x5x16xf32>
  return %y : tensor<1x2x5x16xf32>
}

// BERT: a mask over keys is added to the scaled scores.
// CHECK-LABEL: @added_mask
// CHECK: nn.attention %arg0, %arg1, %arg1 mask %arg2 {scale = 1.250000e-01 : f64}
func.func @added_mask(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                      %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                      %mask: tensor<?x1x1x?xf32> {nn.dims = ["B", "1", "1", "T"]}) -> tensor<?x2x?x8xf32> {
  %c = arith.constant dense<8.0> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %t = nn.div %s, %c : tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %m = nn.add %mask, %t : tensor<?x1x1x?xf32>, tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// The mask before the scale is scaled with the scores.
// CHECK-LABEL: @scale_after_mask
// CHECK: %[[M:.*]] = nn.mul %arg2, %{{.*}} : tensor<?x1x1x?xf32>, tensor<f32>
// CHECK: nn.attention %arg0, %arg1, %arg1 mask %[[M]] {scale = 1.250000e-01 : f64}
func.func @scale_after_mask(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                            %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                            %mask: tensor<?x1x1x?xf32> {nn.dims = ["B", "1", "1", "T"]}) -> tensor<?x2x?x8xf32> {
  %c = arith.constant dense<0.125> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %m = nn.add %s, %mask : tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32> -> tensor<?x2x?x?xf32>
  %t = nn.mul %m, %c : tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %t {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// CHECK-LABEL: @chosen_by_a_bool
// CHECK: nn.attention %arg0, %arg1, %arg1 mask %arg2 {scale = 1.000000e+00 : f64} : {{.*}}, tensor<?x1x?x?xi1>
func.func @chosen_by_a_bool(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                            %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                            %keep: tensor<?x1x?x?xi1> {nn.dims = ["B", "1", "S", "T"], nn.name = "keep"}) -> tensor<?x2x?x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %m = nn.select %keep, %s, %inf : tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// masked_fill: the condition says what is hidden.
// CHECK-LABEL: @hidden_by_a_bool
// CHECK: %[[KEEP:.*]] = nn.not %arg2
// CHECK: nn.attention %arg0, %arg1, %arg1 mask %[[KEEP]] {scale = 5.000000e-01 : f64}
func.func @hidden_by_a_bool(%q: tensor<1x2x?x8xf32> {nn.dims = ["1", "2", "S", "8"]},
                            %k: tensor<1x2x?x8xf32> {nn.dims = ["1", "2", "T", "8"]},
                            %hide: tensor<1x1x1x?xi1> {nn.dims = ["1", "1", "1", "T"], nn.name = "hidden"}) -> tensor<1x2x?x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %m = nn.select %hide, %inf, %s : tensor<1x1x1x?xi1>, tensor<f32>, tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %t = nn.mul %m, %half : tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %t {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// A finite filler is added, so that a row that sees nothing still averages all values.
// CHECK-LABEL: @finite_filler
// CHECK: %[[M:.*]] = nn.select %arg2, %{{.*}}, %{{.*}} : tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>
// CHECK: nn.attention %arg0, %arg1, %arg1 mask %[[M]] {scale
func.func @finite_filler(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                         %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                         %keep: tensor<?x1x1x?xi1> {nn.dims = ["B", "1", "1", "T"]}) -> tensor<?x2x?x8xf32> {
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %m = nn.select %keep, %s, %low : tensor<?x1x1x?xi1>, tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// No key is visible anywhere: the average of all values, before and after.
// CHECK-LABEL: @empty_rows
// CHECK: nn.attention %arg0, %arg0, %arg0 mask
func.func @empty_rows(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %low = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %keep = arith.constant dense<false> : tensor<1x1x1x1xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %m = nn.select %keep, %s, %low : tensor<1x1x1x1xi1>, tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// Key j is visible to query i where j <= i, by comparing positions.
// CHECK-LABEL: @causal_by_positions
// CHECK: nn.attention %arg0, %arg1, %arg2 {causal, scale = 1.250000e-01 : f64}
func.func @causal_by_positions(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                               %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                               %v: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]}) -> tensor<?x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %c = arith.constant dense<0.125> : tensor<f32>
  %low = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %n = tensor.dim %q, %c2 : tensor<?x2x?x8xf32>
  %m = tensor.dim %k, %c2 : tensor<?x2x?x8xf32>
  %i = nn.iota [%n] : tensor<?xi64>
  %rows = nn.reshape %i [%n] : tensor<?xi64> -> tensor<?x1xi64>
  %columns = nn.iota [%m] : tensor<?xi64>
  %keep = nn.compare le %columns, %rows : tensor<?xi64>, tensor<?x1xi64> -> tensor<?x?xi1>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %t = nn.mul %s, %c : tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %f = nn.select %keep, %t, %low : tensor<?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %v : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// A mask of 0 and minus infinity made first and added, with padding on top; the comparison is
// strict and tells what is hidden.
// CHECK-LABEL: @causal_added_with_padding
// CHECK: nn.attention %arg0, %arg0, %arg0 mask %arg1 {causal, scale = 1.000000e+00 : f64}
func.func @causal_added_with_padding(%q: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "S", "8"]},
                                     %padding: tensor<?x1x1x?xf32> {nn.dims = ["B", "1", "1", "S"]}) -> tensor<?x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %zero = arith.constant dense<0.0> : tensor<f32>
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %n = tensor.dim %q, %c2 : tensor<?x2x?x8xf32>
  %i = nn.iota [%n] : tensor<?xi64>
  %rows = nn.reshape %i [%n] : tensor<?xi64> -> tensor<1x1x?x1xi64>
  %columns = nn.reshape %i [%n] : tensor<?xi64> -> tensor<1x1x1x?xi64>
  %hide = nn.compare lt %rows, %columns : tensor<1x1x?x1xi64>, tensor<1x1x1x?xi64> -> tensor<1x1x?x?xi1>
  %added = nn.select %hide, %inf, %zero : tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32> -> tensor<1x1x?x?xf32>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %t = nn.add %s, %added : tensor<?x2x?x?xf32>, tensor<1x1x?x?xf32> -> tensor<?x2x?x?xf32>
  %u = nn.add %t, %padding : tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %u {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// GPT-2 keeps a triangle of all positions and cuts what it needs: here for 4 new queries of 6.
// CHECK-LABEL: @causal_by_constant
// CHECK: nn.attention %arg0, %arg1, %arg1 {causal, scale = 1.000000e+00 : f64}
func.func @causal_by_constant(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x6x8xf32>) -> tensor<1x2x4x8xf32> {
  %low = arith.constant dense<-1.0e+09> : tensor<f32>
  %triangle = arith.constant dense<[[[[1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0],
                                    [1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1]]]]> : tensor<1x1x7x7xi8>
  %slice = tensor.extract_slice %triangle[0, 0, 2, 0] [1, 1, 4, 6] [1, 1, 1, 1] : tensor<1x1x7x7xi8> to tensor<1x1x4x6xi8>
  %keep = nn.cast %slice : tensor<1x1x4x6xi8> -> tensor<1x1x4x6xi1>
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<1x2x4x8xf32>, tensor<1x2x6x8xf32> -> tensor<1x2x4x6xf32>
  %f = nn.select %keep, %s, %low : tensor<1x1x4x6xi1>, tensor<1x2x4x6xf32>, tensor<f32> -> tensor<1x2x4x6xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<1x2x4x6xf32> -> tensor<1x2x4x6xf32>
  %y = nn.matmul %p, %k : tensor<1x2x4x6xf32>, tensor<1x2x6x8xf32> -> tensor<1x2x4x8xf32>
  return %y : tensor<1x2x4x8xf32>
}

// Position and padding in one bool.
// CHECK-LABEL: @causal_and_padding
// CHECK: nn.attention %arg0, %arg0, %arg0 mask %arg1 {causal, scale = 1.000000e+00 : f64}
func.func @causal_and_padding(%q: tensor<?x2x5x8xf32> {nn.dims = ["B", "2", "5", "8"]},
                              %valid: tensor<?x1x1x5xi1> {nn.dims = ["B", "1", "1", "5"]}) -> tensor<?x2x5x8xf32> {
  %inf = arith.constant dense<0xFF800000> : tensor<f32>
  %i = nn.iota : tensor<5xi64>
  %rows = nn.reshape %i : tensor<5xi64> -> tensor<5x1xi64>
  %earlier = nn.compare ge %rows, %i : tensor<5x1xi64>, tensor<5xi64> -> tensor<5x5xi1>
  %keep = nn.and %earlier, %valid : tensor<5x5xi1>, tensor<?x1x1x5xi1> -> tensor<?x1x5x5xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<?x2x5x8xf32>, tensor<?x2x5x8xf32> -> tensor<?x2x5x5xf32>
  %f = nn.select %keep, %s, %inf : tensor<?x1x5x5xi1>, tensor<?x2x5x5xf32>, tensor<f32> -> tensor<?x2x5x5xf32>
  %p = nn.softmax %f {axis = 3 : i64} : tensor<?x2x5x5xf32> -> tensor<?x2x5x5xf32>
  %y = nn.matmul %p, %q : tensor<?x2x5x5xf32>, tensor<?x2x5x8xf32> -> tensor<?x2x5x8xf32>
  return %y : tensor<?x2x5x8xf32>
}

// A finite filler under a padding mask: what is hidden twice must stay lower than what is
// padded, so the causal mask stays a number.
// CHECK-LABEL: @causal_filler_with_padding
// CHECK: %[[F:.*]] = nn.select
// CHECK: %[[M:.*]] = nn.add %[[F]], %arg1
// CHECK: nn.attention %arg0, %arg0, %arg0 mask %[[M]] {scale
func.func @causal_filler_with_padding(%q: tensor<?x2x5x8xf32> {nn.dims = ["B", "2", "5", "8"]},
                                      %padding: tensor<?x1x1x5xf32> {nn.dims = ["B", "1", "1", "5"]}) -> tensor<?x2x5x8xf32> {
  %low = arith.constant dense<-1.0e10> : tensor<f32>
  %i = nn.iota : tensor<5xi64>
  %rows = nn.reshape %i : tensor<5xi64> -> tensor<5x1xi64>
  %keep = nn.compare ge %rows, %i : tensor<5x1xi64>, tensor<5xi64> -> tensor<5x5xi1>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<?x2x5x8xf32>, tensor<?x2x5x8xf32> -> tensor<?x2x5x5xf32>
  %f = nn.select %keep, %s, %low : tensor<5x5xi1>, tensor<?x2x5x5xf32>, tensor<f32> -> tensor<?x2x5x5xf32>
  %a = nn.add %f, %padding : tensor<?x2x5x5xf32>, tensor<?x1x1x5xf32> -> tensor<?x2x5x5xf32>
  %p = nn.softmax %a {axis = 3 : i64} : tensor<?x2x5x5xf32> -> tensor<?x2x5x5xf32>
  %y = nn.matmul %p, %q : tensor<?x2x5x5xf32>, tensor<?x2x5x8xf32> -> tensor<?x2x5x8xf32>
  return %y : tensor<?x2x5x8xf32>
}

// Grouped queries: each of 2 heads of k and v serves 3 heads of q.
// CHECK-LABEL: @grouped_heads
// CHECK-NOT: nn.broadcast
// CHECK: nn.attention %arg0, %arg1, %arg2 {scale = 1.000000e+00 : f64} : tensor<?x6x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
func.func @grouped_heads(%q: tensor<?x6x?x8xf32> {nn.dims = ["B", "6", "S", "8"]},
                         %k: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]},
                         %v: tensor<?x2x?x8xf32> {nn.dims = ["B", "2", "T", "8"]}) -> tensor<?x6x?x8xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %k, %c0 : tensor<?x2x?x8xf32>
  %t = tensor.dim %k, %c2 : tensor<?x2x?x8xf32>
  %k5 = nn.reshape %k [%b, %t] : tensor<?x2x?x8xf32> -> tensor<?x2x1x?x8xf32>
  %kb = nn.broadcast %k5 [%b, %t] : tensor<?x2x1x?x8xf32> -> tensor<?x2x3x?x8xf32>
  %k6 = nn.reshape %kb [%b, %t] : tensor<?x2x3x?x8xf32> -> tensor<?x6x?x8xf32>
  %v5 = nn.reshape %v [%b, %t] : tensor<?x2x?x8xf32> -> tensor<?x2x1x?x8xf32>
  %vb = nn.broadcast %v5 [%b, %t] : tensor<?x2x1x?x8xf32> -> tensor<?x2x3x?x8xf32>
  %v6 = nn.reshape %vb [%b, %t] : tensor<?x2x3x?x8xf32> -> tensor<?x6x?x8xf32>
  %kt = nn.transpose %k6 [0, 1, 3, 2] : tensor<?x6x?x8xf32> -> tensor<?x6x8x?xf32>
  %s = nn.matmul %q, %kt : tensor<?x6x?x8xf32>, tensor<?x6x8x?xf32> -> tensor<?x6x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<?x6x?x?xf32> -> tensor<?x6x?x?xf32>
  %y = nn.matmul %p, %v6 : tensor<?x6x?x?xf32>, tensor<?x6x?x8xf32> -> tensor<?x6x?x8xf32>
  return %y : tensor<?x6x?x8xf32>
}

// The whole head dimension repeated instead of each head: another order of heads.
// CHECK-LABEL: @heads_repeated_in_another_order
// CHECK: nn.attention %arg0, %{{.*}}, %{{.*}} {scale = 1.000000e+00 : f64} : tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32>
func.func @heads_repeated_in_another_order(%q: tensor<1x6x?x8xf32>, %k: tensor<1x2x?x8xf32>) -> tensor<1x6x?x8xf32> {
  %c2 = arith.constant 2 : index
  %t = tensor.dim %k, %c2 : tensor<1x2x?x8xf32>
  %k5 = nn.reshape %k [%t] : tensor<1x2x?x8xf32> -> tensor<1x1x2x?x8xf32>
  %kb = nn.broadcast %k5 [%t] : tensor<1x1x2x?x8xf32> -> tensor<1x3x2x?x8xf32>
  %k6 = nn.reshape %kb [%t] : tensor<1x3x2x?x8xf32> -> tensor<1x6x?x8xf32>
  %s = nn.matmul %q, %k6 {transpose_rhs} : tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32> -> tensor<1x6x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x6x?x?xf32> -> tensor<1x6x?x?xf32>
  %y = nn.matmul %p, %k6 : tensor<1x6x?x?xf32>, tensor<1x6x?x8xf32> -> tensor<1x6x?x8xf32>
  return %y : tensor<1x6x?x8xf32>
}

// Heads folded into the batch, with a mask of rank 3.
// CHECK-LABEL: @rank_three
// CHECK: %[[Q:.*]] = nn.reshape %arg0{{.*}} -> tensor<?x1x?x8xf32>
// CHECK: %[[M:.*]] = nn.reshape %arg1{{.*}} -> tensor<?x1x?x?xf32>
// CHECK: %[[A:.*]] = nn.attention {{.*}} mask %[[M]]
// CHECK: nn.reshape %[[A]]{{.*}} -> tensor<?x?x8xf32>
func.func @rank_three(%q: tensor<?x?x8xf32> {nn.dims = ["B", "S", "8"]},
                      %mask: tensor<?x?x?xf32> {nn.dims = ["B", "S", "S"]}) -> tensor<?x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x?xf32>
  %m = nn.add %s, %mask : tensor<?x?x?xf32>, tensor<?x?x?xf32> -> tensor<?x?x?xf32>
  %p = nn.softmax %m {axis = 2 : i64} : tensor<?x?x?xf32> -> tensor<?x?x?xf32>
  %y = nn.matmul %p, %q : tensor<?x?x?xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: @rank_two
// CHECK: nn.attention {{.*}} : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>
func.func @rank_two(%q: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
  %p = nn.softmax %s {axis = 1 : i64} : tensor<?x?xf32> -> tensor<?x?xf32>
  %y = nn.matmul %p, %q : tensor<?x?xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The softmax runs in f32 though q, k and v are f16.
// CHECK-LABEL: @softmax_in_a_wider_type
// CHECK: nn.attention %arg0, %arg0, %arg0 {scale
// CHECK-NOT: nn.cast
func.func @softmax_in_a_wider_type(%q: tensor<1x2x?x8xf16>) -> tensor<1x2x?x8xf16> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16> -> tensor<1x2x?x?xf16>
  %w = nn.cast %s : tensor<1x2x?x?xf16> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %w {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %n = nn.cast %p : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf16>
  %y = nn.matmul %n, %q : tensor<1x2x?x?xf16>, tensor<1x2x?x8xf16> -> tensor<1x2x?x8xf16>
  return %y : tensor<1x2x?x8xf16>
}
