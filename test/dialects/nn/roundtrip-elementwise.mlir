// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @unary
func.func @unary(%x: tensor<?x4xf32>, %i: tensor<?x4xi64>, %b: tensor<?x4xi1>) {
  // CHECK: nn.neg %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
  %0 = nn.neg %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.neg %{{.*}} : tensor<?x4xi64> -> tensor<?x4xi64>
  %1 = nn.neg %i : tensor<?x4xi64> -> tensor<?x4xi64>
  // CHECK: nn.abs
  %2 = nn.abs %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.sign
  %3 = nn.sign %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.exp
  %4 = nn.exp %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.log
  %5 = nn.log %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.sqrt
  %6 = nn.sqrt %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.rsqrt
  %7 = nn.rsqrt %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.sin
  %8 = nn.sin %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.cos
  %9 = nn.cos %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.tanh
  %10 = nn.tanh %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.erf
  %11 = nn.erf %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.floor
  %12 = nn.floor %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.ceil
  %13 = nn.ceil %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.round
  %14 = nn.round %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.not %{{.*}} : tensor<?x4xi1> -> tensor<?x4xi1>
  %15 = nn.not %b : tensor<?x4xi1> -> tensor<?x4xi1>
  // CHECK: nn.sigmoid
  %16 = nn.sigmoid %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.relu
  %17 = nn.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.silu
  %18 = nn.silu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.selu
  %19 = nn.selu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.softplus
  %20 = nn.softplus %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.gelu %{{[^ ]*}} : tensor
  %21 = nn.gelu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.gelu %{{[^ ]*}} {form = #nn<gelu_form tanh>} : tensor
  %22 = nn.gelu %x {form = #nn<gelu_form tanh>} : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.leaky_relu %{{.*}} {slope = 1.000000e-02 : f64}
  %23 = nn.leaky_relu %x {slope = 0.01 : f64} : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.elu %{{.*}} {alpha = 1.000000e+00 : f64}
  %24 = nn.elu %x {alpha = 1.0 : f64} : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: @binary
func.func @binary(%x: tensor<?x4xf32>, %y: tensor<4xf32>, %p: tensor<?x4xi1>, %q: tensor<i1>) {
  // CHECK: nn.add %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %0 = nn.add %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.sub
  %1 = nn.sub %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.mul
  %2 = nn.mul %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.div
  %3 = nn.div %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.mod
  %4 = nn.mod %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.pow
  %5 = nn.pow %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.maximum
  %6 = nn.maximum %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.minimum
  %7 = nn.minimum %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.and %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<i1> -> tensor<?x4xi1>
  %8 = nn.and %p, %q : tensor<?x4xi1>, tensor<i1> -> tensor<?x4xi1>
  // CHECK: nn.or
  %9 = nn.or %p, %q : tensor<?x4xi1>, tensor<i1> -> tensor<?x4xi1>
  return
}

// CHECK-LABEL: @others
func.func @others(%x: tensor<?x4xf32>, %y: tensor<4xf32>) -> tensor<?x4xbf16> {
  // CHECK: nn.compare eq %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  %0 = nn.compare eq %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.compare ne
  %1 = nn.compare ne %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.compare lt
  %2 = nn.compare lt %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.compare le
  %3 = nn.compare le %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.compare gt
  %4 = nn.compare gt %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.compare ge
  %5 = nn.compare ge %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
  // CHECK: nn.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %6 = nn.select %5, %x, %y : tensor<?x4xi1>, tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  // CHECK: nn.cast %{{.*}} : tensor<?x4xf32> -> tensor<?x4xbf16>
  %7 = nn.cast %6 : tensor<?x4xf32> -> tensor<?x4xbf16>
  return %7 : tensor<?x4xbf16>
}

// A type may say more, or less, than what is inferred, as long as both can hold.
// CHECK-LABEL: @refined
func.func @refined(%x: tensor<?x4xf32>, %y: tensor<2x4xf32>) {
  // CHECK: nn.exp %{{.*}} : tensor<?x4xf32> -> tensor<2x4xf32>
  %0 = nn.exp %x : tensor<?x4xf32> -> tensor<2x4xf32>
  // CHECK: nn.add %{{.*}} : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x?xf32>
  %1 = nn.add %x, %y : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x?xf32>
  return
}
