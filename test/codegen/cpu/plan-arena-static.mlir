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
