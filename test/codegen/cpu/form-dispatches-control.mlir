// RUN: nacre-opt %s --split-input-file --form-dispatches | FileCheck %s

// Dispatches form in the body; what leaves twice is copied once, and so is the first value of a carry.
// CHECK-LABEL: func.func @scan
// CHECK: %[[FIRST:.*]] = nn.dispatch(%{{.*}} : tensor<4xf32>) -> tensor<4xf32>
// CHECK: nn.scan(%{{.*}} : tensor<?x4xf32>) axes [0] carry(%[[FIRST]] : tensor<4xf32>)
// CHECK: %[[NEXT:.*]] = nn.dispatch
// CHECK: nn.add
// CHECK: nn.tanh
// CHECK: %[[COPY:.*]] = nn.dispatch(%[[NEXT]] : tensor<4xf32>)
// CHECK: nn.yield %[[NEXT]], %[[COPY]]
func.func @scan(%x: tensor<?x4xf32> {nn.dims = ["T", "4"]}, %h: tensor<4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %t = tensor.dim %x, %c0 : tensor<?x4xf32>
  %last, %all = nn.scan (%x : tensor<?x4xf32>) axes [0] carry (%h : tensor<4xf32>) sizes(%t) -> tensor<4xf32>, tensor<?x4xf32> {
  ^bb0(%xt: tensor<4xf32>, %ht: tensor<4xf32>):
    %0 = nn.add %xt, %ht : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    %1 = nn.tanh %0 : tensor<4xf32> -> tensor<4xf32>
    nn.yield %1, %1 : tensor<4xf32>, tensor<4xf32>
  }
  return %all : tensor<?x4xf32>
}

// -----

// An update of a state runs in place; attention reads the state itself.
// CHECK-LABEL: func.func @update
// CHECK: %[[OLD:.*]] = nn.state_load @keys
// CHECK-NEXT: %[[NEW:.*]] = nn.dispatch(%{{.*}}, %[[OLD]], %{{.*}} attributes {nn.in_place}
// CHECK: nn.state_store %[[NEW]], @keys
// CHECK-NEXT: %[[NOW:.*]] = nn.state_load @keys
// CHECK-NEXT: nn.dispatch(%{{.*}}, %[[NOW]], %{{.*}})
// CHECK: nn.attention
ml_program.global private mutable @keys : tensor<1x2x16x4xf32> {nn.dims = ["", "", "", ""]}
func.func @update(%x: tensor<1x2x1x4xf32>, %p: tensor<i64>) -> tensor<1x2x1x4xf32> attributes {nn.entry} {
  %old = nn.state_load @keys : tensor<1x2x16x4xf32>
  %new = nn.insert %x into %old[%p] axes [2] : tensor<1x2x1x4xf32>, tensor<1x2x16x4xf32>, tensor<i64> -> tensor<1x2x16x4xf32>
  nn.state_store %new, @keys : tensor<1x2x16x4xf32>
  %now = nn.state_load @keys : tensor<1x2x16x4xf32>
  %y = nn.attention %x, %now, %now start %p : tensor<i64> {causal} : tensor<1x2x1x4xf32>, tensor<1x2x16x4xf32>, tensor<1x2x16x4xf32> -> tensor<1x2x1x4xf32>
  return %y : tensor<1x2x1x4xf32>
}

// -----

// What reads an older value after a store reads a copy, made before.
// CHECK-LABEL: func.func @older
// CHECK: %[[OLD:.*]] = nn.state_load @s
// CHECK-NEXT: %[[KEPT:.*]] = nn.dispatch(%[[OLD]] : tensor<4xf32>)
// CHECK: %[[NEW:.*]] = nn.dispatch(%arg0 : tensor<4xf32>)
// CHECK: nn.exp
// CHECK: nn.state_store %[[NEW]], @s
// CHECK: nn.dispatch(%[[KEPT]], %arg0
// CHECK: nn.add
ml_program.global private mutable @s : tensor<4xf32> {nn.dims = [""]}
func.func @older(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.entry} {
  %old = nn.state_load @s : tensor<4xf32>
  %new = nn.exp %x : tensor<4xf32> -> tensor<4xf32>
  nn.state_store %new, @s : tensor<4xf32>
  %y = nn.add %old, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}
