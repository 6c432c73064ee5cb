// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

ml_program.global private mutable @keys : tensor<?x12x1024x64xf32> {nn.dims = ["B", "", "", ""]}

// CHECK-LABEL: @scan
// CHECK: nn.scan(%arg0, %arg1 : tensor<?x5x8xf32>, tensor<5x?xf32>) axes [1, 0] carry(%arg2 : tensor<?x8xf32>) reverse sizes(%arg3) -> tensor<?x8xf32>, tensor<5x?x8xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<?xf32>, %{{.*}}: tensor<?x8xf32>):
func.func @scan(%x: tensor<?x5x8xf32>, %m: tensor<5x?xf32>, %h: tensor<?x8xf32>, %n: index) -> (tensor<?x8xf32>, tensor<5x?x8xf32>) {
  %last, %all = nn.scan (%x, %m : tensor<?x5x8xf32>, tensor<5x?xf32>) axes [1, 0] carry (%h : tensor<?x8xf32>) reverse sizes(%n) -> tensor<?x8xf32>, tensor<5x?x8xf32> {
  ^bb0(%xt: tensor<?x8xf32>, %mt: tensor<?xf32>, %s: tensor<?x8xf32>):
    %0 = nn.add %xt, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %0, %xt : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %last, %all : tensor<?x8xf32>, tensor<5x?x8xf32>
}

// CHECK-LABEL: @scan_without_inputs
// CHECK: nn.scan carry(%arg0 : tensor<f32>) length(%arg1) -> tensor<f32> {
// CHECK: nn.scan length(%arg1) {
// CHECK-NEXT: nn.state_load @keys[%arg1] : tensor<?x12x1024x64xf32>
// CHECK-NEXT: nn.state_store %{{.*}}, @keys : tensor<?x12x1024x64xf32>
func.func @scan_without_inputs(%x: tensor<f32>, %n: index) -> tensor<f32> {
  %r = nn.scan carry (%x : tensor<f32>) length(%n) -> tensor<f32> {
  ^bb0(%s: tensor<f32>):
    %0 = nn.exp %s : tensor<f32> -> tensor<f32>
    nn.yield %0 : tensor<f32>
  }
  nn.scan length(%n) {
    %k = nn.state_load @keys [%n] : tensor<?x12x1024x64xf32>
    nn.state_store %k, @keys : tensor<?x12x1024x64xf32>
    nn.yield
  }
  return %r : tensor<f32>
}

// CHECK-LABEL: @while
// CHECK: nn.while %arg0(%arg1 : tensor<?xf32>) -> tensor<?xf32> {
func.func @while(%go: tensor<i1>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %r = nn.while %go (%x : tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>):
    %0 = nn.exp %a : tensor<?xf32> -> tensor<?xf32>
    nn.yield %go, %0 : tensor<i1>, tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @if
// CHECK: nn.if %arg0 sizes(%arg2) -> tensor<?xf32> {
// CHECK: } else {
func.func @if(%c: tensor<i1>, %x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %r = nn.if %c sizes(%n) -> tensor<?xf32> {
    %0 = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
    nn.yield %0 : tensor<?xf32>
  } else {
    nn.yield %x : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// CHECK-LABEL: @positions
// CHECK: nn.slice %arg0[%arg2, %arg3] axes [2, 0] sizes(%arg4) : tensor<?x12x1024x64xf32>, tensor<i64>, tensor<i32> -> tensor<?x12x1x64xf32>
// CHECK: nn.insert %arg1 into %arg0[%arg2] axes [2] : tensor<?x12x1x64xf32>, tensor<?x12x1024x64xf32>, tensor<i64> -> tensor<?x12x1024x64xf32>
func.func @positions(%x: tensor<?x12x1024x64xf32>, %v: tensor<?x12x1x64xf32>, %p: tensor<i64>, %q: tensor<i32>, %n: index) -> (tensor<?x12x1x64xf32>, tensor<?x12x1024x64xf32>) {
  %0 = nn.slice %x[%p, %q] axes [2, 0] sizes(%n) : tensor<?x12x1024x64xf32>, tensor<i64>, tensor<i32> -> tensor<?x12x1x64xf32>
  %1 = nn.insert %v into %x[%p] axes [2] : tensor<?x12x1x64xf32>, tensor<?x12x1024x64xf32>, tensor<i64> -> tensor<?x12x1024x64xf32>
  return %0, %1 : tensor<?x12x1x64xf32>, tensor<?x12x1024x64xf32>
}

// An entry may know a size that the state leaves open.
// CHECK-LABEL: @state
// CHECK: nn.state_load @keys : tensor<1x12x1024x64xf32>
// CHECK: nn.state_store %{{.*}}, @keys : tensor<1x12x1024x64xf32>
func.func @state() {
  %k = nn.state_load @keys : tensor<1x12x1024x64xf32>
  nn.state_store %k, @keys : tensor<1x12x1024x64xf32>
  return
}
