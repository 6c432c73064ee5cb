// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --canonicalize --plan-arena --canonicalize | FileCheck %s

// Canonicalisation makes the sizes of buffers part of their types where they are known.
// CHECK: func.func private @forward.arena_size() -> index
// CHECK-NEXT: %[[SIZE:.*]] = arith.constant 384 : index
// CHECK-NEXT: return %[[SIZE]]
// CHECK: func.func private @forward({{.*}}nn.arena = "384"
// CHECK-NOT: memref.alloc
// CHECK: memref.view %{{.*}} : memref<?xi8> to memref<2x20xf32>
func.func @forward(%x: tensor<2x20xf32>) -> tensor<2x20xf32> attributes {nn.entry} {
  %0 = nn.softmax %x {axis = 1} : tensor<2x20xf32> -> tensor<2x20xf32>
  %1 = nn.softmax %0 {axis = 1} : tensor<2x20xf32> -> tensor<2x20xf32>
  %2 = nn.softmax %1 {axis = 1} : tensor<2x20xf32> -> tensor<2x20xf32>
  %3 = nn.softmax %2 {axis = 1} : tensor<2x20xf32> -> tensor<2x20xf32>
  return %3 : tensor<2x20xf32>
}

// Kernels take a row of bytes without a view of another type; it lives from the first call to the third like any buffer,
// so that the second call's lies behind it.
// CHECK: func.func private @bytes({{.*}}nn.arena = "128"
// CHECK: %[[ROW:.*]] = memref.view %{{.*}} : memref<?xi8> to memref<8xi8>
// CHECK: call @take_along_{{.*}}(%{{.*}}, %{{.*}}, %[[ROW]],
// CHECK: memref.view %{{.*}}[%c64][] : memref<?xi8> to memref<64xi8>
// CHECK: call @take_along_
// CHECK: call @take_along_{{.*}}(%[[ROW]],
func.func @bytes(%x: tensor<8xi1>, %i: tensor<8xi64>, %j: tensor<8xi64>) -> tensor<8xi1> attributes {nn.entry} {
  %0 = nn.take_along %x, %i {axis = 0 : i64} : tensor<8xi1>, tensor<8xi64> -> tensor<8xi1>
  %1 = nn.take_along %j, %i {axis = 0 : i64} : tensor<8xi64>, tensor<8xi64> -> tensor<8xi64>
  %2 = nn.take_along %0, %1 {axis = 0 : i64} : tensor<8xi1>, tensor<8xi64> -> tensor<8xi1>
  return %2 : tensor<8xi1>
}
