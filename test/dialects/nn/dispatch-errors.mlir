// The constraints of dispatches.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @dispatch_c1(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{block arguments must have the inputs' types: 'tensor<2xf32>', but have 'tensor<3xf32>'}}
  %0 = nn.dispatch(%x : tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>):
    %b = nn.iota : tensor<2xf32>
    nn.yield %b : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}

// -----

func.func @dispatch_c2(%x: tensor<2xf32>) -> tensor<2xf16> {
  // expected-error @+1 {{must end in an nn.yield of the result types: 'tensor<2xf16>'}}
  %0 = nn.dispatch(%x : tensor<2xf32>) -> tensor<2xf16> {
  ^bb0(%a: tensor<2xf32>):
    nn.yield %a : tensor<2xf32>
  }
  return %0 : tensor<2xf16>
}

// -----

func.func @dispatch_c2_no_yield() -> tensor<2xf32> {
  // expected-error @+1 {{must end in an nn.yield of the result types: 'tensor<2xf32>'}}
  %0 = nn.dispatch() -> tensor<2xf32> {
    llvm.unreachable
  }
  return %0 : tensor<2xf32>
}

// -----

func.func @dispatch_c3(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{needs one size per dynamic result dimension: 1 dynamic, 0 given}}
  %0 = nn.dispatch(%x : tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>):
    nn.yield %a : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

// -----

func.func @yield_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects parent op to be one of 'nn.dispatch, nn.scan, nn.while, nn.if'}}
  nn.yield %x : tensor<2xf32>
}
