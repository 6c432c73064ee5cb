// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --plan-arena --canonicalize | FileCheck %s

// Three values of B*64 floats follow each other; two are alive at once. The third takes the first
// one's place. The output is no part of the arena.
// CHECK: func.func private @forward.arena_size(%[[N:.*]]: index) -> index
// CHECK: func.func private @forward({{.*}}nn.arena = "512*B"
// CHECK-NOT: memref.alloc
func.func @forward(%x: tensor<?x64xf32> {nn.dims = ["B", "64"]}) -> tensor<?x64xf32> attributes {nn.entry} {
  %0 = nn.softmax %x {axis = 1} : tensor<?x64xf32> -> tensor<?x64xf32>
  %1 = nn.softmax %0 {axis = 1} : tensor<?x64xf32> -> tensor<?x64xf32>
  %2 = nn.softmax %1 {axis = 1} : tensor<?x64xf32> -> tensor<?x64xf32>
  %3 = nn.softmax %2 {axis = 1} : tensor<?x64xf32> -> tensor<?x64xf32>
  return %3 : tensor<?x64xf32>
}
