// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @dispatch
func.func @dispatch(%x: tensor<?x4xf32>, %n: index) -> tensor<?x4xf32> {
  // CHECK: nn.dispatch(%{{.*}}, %{{.*}} : tensor<?x4xf32>, index) sizes(%{{.*}}) -> tensor<?x4xf32> {
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x4xf32>, %{{.*}}: index):
  %0 = nn.dispatch(%x, %n : tensor<?x4xf32>, index) sizes(%n) -> tensor<?x4xf32> {
  ^bb0(%a: tensor<?x4xf32>, %m: index):
    %b = nn.exp %a : tensor<?x4xf32> -> tensor<?x4xf32>
    // CHECK: nn.yield %{{.*}} : tensor<?x4xf32>
    nn.yield %b : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}
