// RUN: nacre-opt %s --nn-fuse-attention | FileCheck %s

// What looks like attention and is none, or is not worth it. Nothing here is fused.
// CHECK-NOT: nn.attention

// CHECK-LABEL: @softmax_over_queries
func.func @softmax_over_queries(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 2 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// CHECK-LABEL: @scores_used_twice
func.func @scores_used_twice(%q: tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x?xf32>) {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y, %s : tensor<1x2x?x8xf32>, tensor<1x2x?x?xf32>
}

// CHECK-LABEL: @probabilities_used_twice
func.func @probabilities_used_twice(%q: tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x?xf32>) {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y, %p : tensor<1x2x?x8xf32>, tensor<1x2x?x?xf32>
}

// CHECK-LABEL: @mask_after_softmax
func.func @mask_after_softmax(%q: tensor<1x2x?x8xf32>, %keep: tensor<1x1x?x?xf32>) -> tensor<1x2x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %m = nn.mul %p, %keep : tensor<1x2x?x?xf32>, tensor<1x1x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %m, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// CHECK-LABEL: @scale_per_head
func.func @scale_per_head(%q: tensor<1x2x?x8xf32>, %scale: tensor<1x2x1x1xf32>) -> tensor<1x2x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %t = nn.mul %s, %scale : tensor<1x2x?x?xf32>, tensor<1x2x1x1xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %t {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// The product repeats k for every sample.
// CHECK-LABEL: @one_key_for_the_batch
func.func @one_key_for_the_batch(%q: tensor<?x2x?x8xf32>, %k: tensor<1x2x?x8xf32>) -> tensor<?x2x?x8xf32> {
  %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %y = nn.matmul %p, %k : tensor<?x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// The mask makes one sample two.
// CHECK-LABEL: @mask_that_widens
func.func @mask_that_widens(%q: tensor<1x2x?x8xf32>, %v: tensor<3x2x?x8xf32>, %mask: tensor<3x1x1x?xf32>) -> tensor<3x2x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %m = nn.add %s, %mask : tensor<1x2x?x?xf32>, tensor<3x1x1x?xf32> -> tensor<3x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<3x2x?x?xf32> -> tensor<3x2x?x?xf32>
  %y = nn.matmul %p, %v : tensor<3x2x?x?xf32>, tensor<3x2x?x8xf32> -> tensor<3x2x?x8xf32>
  return %y : tensor<3x2x?x8xf32>
}

// A score may be as low as this filler.
// CHECK-LABEL: @filler_within_reach
func.func @filler_within_reach(%q: tensor<1x2x?x8xf32>, %keep: tensor<1x1x?x?xi1>) -> tensor<1x2x?x8xf32> {
  %low = arith.constant dense<-10.0> : tensor<f32>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %m = nn.select %keep, %s, %low : tensor<1x1x?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %m {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// A negative scale behind the mask turns the lowest score into the highest.
// CHECK-LABEL: @mask_turned_around
func.func @mask_turned_around(%q: tensor<1x2x?x8xf32>, %keep: tensor<1x1x?x?xi1>) -> tensor<1x2x?x8xf32> {
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %minus = arith.constant dense<-1.0> : tensor<f32>
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x?xf32>
  %m = nn.select %keep, %s, %low : tensor<1x1x?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %n = nn.mul %m, %minus : tensor<1x2x?x?xf32>, tensor<f32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %n {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// nn.attention needs to know the number of heads.
// CHECK-LABEL: @unknown_heads
func.func @unknown_heads(%q: tensor<1x?x?x8xf32>) -> tensor<1x?x?x8xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x?x?x8xf32>, tensor<1x?x?x8xf32> -> tensor<1x?x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x?x?x?xf32> -> tensor<1x?x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x?x?x?xf32>, tensor<1x?x?x8xf32> -> tensor<1x?x?x8xf32>
  return %y : tensor<1x?x?x8xf32>
}

// Nor is an unknown size of a head one for its kernels.
// CHECK-LABEL: @unknown_head_size
func.func @unknown_head_size(%q: tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> {
  %s = nn.matmul %q, %q {transpose_rhs} : tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %p = nn.softmax %s {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nn.matmul %p, %q : tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  return %y : tensor<1x2x?x?xf32>
}
