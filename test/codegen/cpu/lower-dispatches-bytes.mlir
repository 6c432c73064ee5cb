// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --canonicalize --cse | FileCheck %s

// Bytes are kept as bytes and computed in i32, where each result wraps at 8 bits.
// CHECK: func.func private @{{.*}}memref<?xi8>
// CHECK: %[[X:.*]] = vector.load %arg0
// CHECK: %[[A:.*]] = arith.extui %[[X]] : vector<8xi8> to vector<8xi32>
// CHECK: %[[Y:.*]] = vector.load %arg1
// CHECK: %[[B:.*]] = arith.extui %[[Y]] : vector<8xi8> to vector<8xi32>
// CHECK: %[[SUM:.*]] = arith.addi %[[A]], %[[B]]
// CHECK: %[[LOW:.*]] = arith.andi %[[SUM]], %[[MASK:.*]] : vector<8xi32>
// CHECK: %[[MAX:.*]] = arith.maxsi %[[LOW]], %[[B]]
// CHECK: arith.trunci %{{.*}} : vector<8xi32> to vector<8xi8>
// CHECK: vector.store
func.func @bytes(%x: tensor<?xui8> {nn.dims = ["N"]}, %y: tensor<?xui8> {nn.dims = ["N"]}) -> tensor<?xui8> attributes {nn.entry} {
  %0 = nn.add %x, %y : tensor<?xui8>, tensor<?xui8> -> tensor<?xui8>
  %1 = nn.maximum %0, %y : tensor<?xui8>, tensor<?xui8> -> tensor<?xui8>
  return %1 : tensor<?xui8>
}
