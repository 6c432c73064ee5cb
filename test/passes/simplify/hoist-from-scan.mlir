// RUN: nacre-opt %s --nn-hoist-from-scan | FileCheck %s

// The product, its bias, and the element-wise work before and behind it; what the carry takes part in stays.
// CHECK-LABEL: @product
// CHECK-SAME: %[[X:.*]]: tensor<?x?x4xf32>, %[[H:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<8xf32>
// CHECK-NEXT: %[[R:.*]] = nn.relu %[[X]] : tensor<?x?x4xf32> -> tensor<?x?x4xf32>
// CHECK-NEXT: %[[L:.*]] = nn.linear %[[R]], %[[W]] bias %[[B]] : tensor<?x?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> tensor<?x?x8xf32>
// CHECK-NEXT: %[[M:.*]] = nn.mul %[[L]], %[[B]] : tensor<?x?x8xf32>, tensor<8xf32> -> tensor<?x?x8xf32>
// CHECK-NEXT: nn.scan(%[[X]], %[[M]] : tensor<?x?x4xf32>, tensor<?x?x8xf32>) axes [1, 1] carry(%[[H]] : tensor<?x8xf32>) -> tensor<?x8xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x4xf32>, %[[MT:.*]]: tensor<?x8xf32>, %[[S:.*]]: tensor<?x8xf32>):
// CHECK: nn.add %[[MT]], %[[S]]
func.func @product(%x: tensor<?x?x4xf32>, %h0: tensor<?x8xf32>, %w: tensor<8x4xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  %h = nn.scan (%x : tensor<?x?x4xf32>) axes [1] carry (%h0 : tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%xt: tensor<?x4xf32>, %s: tensor<?x8xf32>):
    %0 = nn.relu %xt : tensor<?x4xf32> -> tensor<?x4xf32>
    %1 = nn.linear %0, %w bias %b : tensor<?x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> tensor<?x8xf32>
    %2 = nn.mul %1, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
    %3 = nn.add %2, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %3 : tensor<?x8xf32>
  }
  return %h : tensor<?x8xf32>
}

// Two slices of different places, counted from the end, do not meet outside; neither does a value of
// the rank of the slice when the rounds are not in front.
// CHECK-LABEL: @places
// CHECK: %[[L:.*]] = nn.linear %arg0
// CHECK-NEXT: nn.scan(%arg0, %arg1, %[[L]] : tensor<5x?x4xf32>, tensor<?x5x8xf32>, tensor<5x?x8xf32>) axes [0, 1, 0]
// CHECK: nn.add
// CHECK: nn.mul
func.func @places(%x: tensor<5x?x4xf32>, %y: tensor<?x5x8xf32>, %h0: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x8xf32> {
  %h = nn.scan (%x, %y : tensor<5x?x4xf32>, tensor<?x5x8xf32>) axes [0, 1] carry (%h0 : tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%xt: tensor<?x4xf32>, %yt: tensor<?x8xf32>, %s: tensor<?x8xf32>):
    %0 = nn.linear %xt, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
    %1 = nn.add %0, %yt : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    %2 = nn.mul %1, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %2 : tensor<?x8xf32>
  }
  return %h : tensor<?x8xf32>
}

// The rounds must not be along the dimension that the product sums over, the weight must be one, and
// the input a slice; element-wise work alone stays.
// CHECK-LABEL: @stays
// CHECK-NEXT: nn.scan(%arg0, %arg1 :
func.func @stays(%x: tensor<4x?xf32>, %v: tensor<?x8x8xf32>, %h0: tensor<8xf32>, %w: tensor<8x4xf32>, %u: tensor<8x8xf32>) -> tensor<8xf32> {
  %h = nn.scan (%x, %v : tensor<4x?xf32>, tensor<?x8x8xf32>) axes [1, 0] carry (%h0 : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%xt: tensor<4xf32>, %vt: tensor<8x8xf32>, %s: tensor<8xf32>):
    %0 = nn.relu %xt : tensor<4xf32> -> tensor<4xf32>
    %1 = nn.linear %0, %w : tensor<4xf32>, tensor<8x4xf32> -> tensor<8xf32>
    %2 = nn.linear %s, %vt : tensor<8xf32>, tensor<8x8xf32> -> tensor<8xf32>
    %3 = nn.linear %s, %u : tensor<8xf32>, tensor<8x8xf32> -> tensor<8xf32>
    %4 = nn.add %1, %2 : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
    %5 = nn.add %4, %3 : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
    nn.yield %5 : tensor<8xf32>
  }
  return %h : tensor<8xf32>
}
