// The constraints of loops, branches, run-time positions and state.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @scan_c1(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{needs one axis for each input: 1 inputs, 2 axes}}
  nn.scan (%x : tensor<4x8xf32>) axes [0, 0] {
  ^bb0(%a: tensor<8xf32>):
    nn.yield
  }
  return
}

// -----

func.func @scan_c1_outside(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{axis 2 is outside a rank-2 input}}
  nn.scan (%x : tensor<4x8xf32>) axes [2] {
  ^bb0(%a: tensor<8xf32>):
    nn.yield
  }
  return
}

// -----

func.func @scan_c2(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{inputs have 4 and 8 slices}}
  nn.scan (%x, %x : tensor<4x8xf32>, tensor<4x8xf32>) axes [0, 1] {
  ^bb0(%a: tensor<8xf32>, %b: tensor<4xf32>):
    nn.yield
  }
  return
}

// -----

func.func @scan_c3(%x: tensor<4x8xf32>, %h: tensor<8xf32>, %n: index) {
  // expected-error @+1 {{needs a length exactly where there are no inputs}}
  nn.scan (%x : tensor<4x8xf32>) axes [0] length(%n) {
  ^bb0(%a: tensor<8xf32>):
    nn.yield
  }
  return
}

// -----

func.func @scan_c3_no_inputs(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{needs a length exactly where there are no inputs}}
  nn.scan carry (%h : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    nn.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c4(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{block arguments must be the inputs' slices and the carries: 'tensor<8xf32>', but are 'tensor<4xf32>'}}
  nn.scan (%x : tensor<4x8xf32>) axes [0] {
  ^bb0(%a: tensor<4xf32>):
    nn.yield
  }
  return
}

// -----

func.func @scan_c5(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{must end in an nn.yield of the carries' types, 'tensor<8xf32>', and one value for each stacked result}}
  %r = nn.scan (%x : tensor<4x8xf32>) axes [0] carry (%h : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>):
    nn.yield %x : tensor<4x8xf32>
  }
  return
}

// -----

func.func @scan_c5_count(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{must end in an nn.yield of the carries' types, 'tensor<8xf32>', and one value for each stacked result}}
  %r = nn.scan (%x : tensor<4x8xf32>) axes [0] carry (%h : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>):
    nn.yield %a, %a : tensor<8xf32>, tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c6(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{results must begin with the carries' types, 'tensor<8xf32>'}}
  %r = nn.scan (%x : tensor<4x8xf32>) axes [0] carry (%h : tensor<8xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>):
    nn.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c6_rounds(%x: tensor<4x8xf32>, %h: tensor<8xf32>) {
  // expected-error @+1 {{a stacked result of 'tensor<8xf32>' in 4 rounds cannot be 'tensor<5x8xf32>'}}
  %r = nn.scan (%x : tensor<4x8xf32>) axes [0] -> tensor<5x8xf32> {
  ^bb0(%a: tensor<8xf32>):
    nn.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c7(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{needs one size per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.scan (%x : tensor<?x8xf32>) axes [0] -> tensor<?x8xf32> {
  ^bb0(%a: tensor<8xf32>):
    nn.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @while_c1(%go: tensor<i1>, %x: tensor<8xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{block arguments must be the carries: 'tensor<8xf32>', but are 'tensor<4xf32>'}}
  %r = nn.while %go (%x : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<4xf32>):
    nn.yield %go, %x : tensor<i1>, tensor<8xf32>
  }
  return
}

// -----

func.func @while_c2(%go: tensor<i1>, %x: tensor<8xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{must end in an nn.yield of tensor<i1> and the carries' types: 'tensor<8xf32>'}}
  %r = nn.while %go (%x : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    nn.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @while_c3(%go: tensor<i1>, %x: tensor<8xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{results must have the carries' types: 'tensor<8xf32>', but have 'tensor<4xf32>'}}
  %r = nn.while %go (%x : tensor<8xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<8xf32>):
    nn.yield %go, %a : tensor<i1>, tensor<8xf32>
  }
  return
}

// -----

func.func @while_flag(%go: tensor<2xi1>) {
  // expected-error @+1 {{operand #0 must be one bool (tensor<i1>), but got 'tensor<2xi1>'}}
  "nn.while"(%go) ({
    nn.yield %go : tensor<2xi1>
  }) : (tensor<2xi1>) -> ()
  return
}

// -----

func.func @if_c1(%c: tensor<i1>) {
  // expected-error @+1 {{blocks must have no arguments}}
  nn.if %c {
  ^bb0(%a: tensor<f32>):
    nn.yield
  } else {
    nn.yield
  }
  return
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{both blocks must end in an nn.yield of the result types: 'tensor<8xf32>'}}
  %r = nn.if %c -> tensor<8xf32> {
    nn.yield %x : tensor<8xf32>
  } else {
    nn.yield
  }
  return
}

// -----

func.func @if_c3(%c: tensor<i1>, %x: tensor<?xf32>) {
  // expected-error @+1 {{needs one size per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.if %c -> tensor<?xf32> {
    nn.yield %x : tensor<?xf32>
  } else {
    nn.yield %x : tensor<?xf32>
  }
  return
}

// -----

func.func @slice_c1(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{needs one start for each axis: 2 axes, 1 starts}}
  %r = nn.slice %x[%p] axes [0, 1] : tensor<4x8xf32>, tensor<i64> -> tensor<1x1xf32>
  return
}

// -----

func.func @slice_c1_outside(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{axis 2 is outside a rank-2 tensor or named twice}}
  %r = nn.slice %x[%p] axes [2] : tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @slice_c1_twice(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{axis 1 is outside a rank-2 tensor or named twice}}
  %r = nn.slice %x[%p, %p] axes [1, 1] : tensor<4x8xf32>, tensor<i64>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{'tensor<1xf32>' is no part of 'tensor<4x8xf32>': rank and element type must be equal}}
  %r = nn.slice %x[%p] axes [0] : tensor<4x8xf32>, tensor<i64> -> tensor<1xf32>
  return
}

// -----

func.func @slice_c2_other(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{'tensor<1x4xf32>' is no part of 'tensor<4x8xf32>': dimension 1 must be equal}}
  %r = nn.slice %x[%p] axes [0] : tensor<4x8xf32>, tensor<i64> -> tensor<1x4xf32>
  return
}

// -----

func.func @slice_c2_larger(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{'tensor<5x8xf32>' is no part of 'tensor<4x8xf32>': dimension 0 is larger}}
  %r = nn.slice %x[%p] axes [0] : tensor<4x8xf32>, tensor<i64> -> tensor<5x8xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+1 {{needs one size per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.slice %x[%p] axes [0] : tensor<4x8xf32>, tensor<i64> -> tensor<?x8xf32>
  return
}

// -----

func.func @insert_c1(%v: tensor<1x8xf32>, %x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+2 {{op failed to infer returned types}}
  // expected-error @+1 {{needs one start for each axis: 2 axes, 1 starts}}
  %r = nn.insert %v into %x[%p] axes [0, 1] : tensor<1x8xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @insert_c1_outside(%v: tensor<1x8xf32>, %x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+2 {{op failed to infer returned types}}
  // expected-error @+1 {{axis -1 is outside a rank-2 tensor or named twice}}
  %r = nn.insert %v into %x[%p] axes [-1] : tensor<1x8xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @insert_c2(%v: tensor<1x8xf16>, %x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+2 {{op failed to infer returned types}}
  // expected-error @+1 {{'tensor<1x8xf16>' is no part of 'tensor<4x8xf32>': rank and element type must be equal}}
  %r = nn.insert %v into %x[%p] axes [0] : tensor<1x8xf16>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @insert_c2_larger(%v: tensor<5x8xf32>, %x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+2 {{op failed to infer returned types}}
  // expected-error @+1 {{'tensor<5x8xf32>' is no part of 'tensor<4x8xf32>': dimension 0 is larger}}
  %r = nn.insert %v into %x[%p] axes [0] : tensor<5x8xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return
}

// -----

func.func @insert_c3(%v: tensor<1x8xf32>, %x: tensor<4x8xf32>, %p: tensor<i64>) {
  // expected-error @+2 {{op failed to infer returned types}}
  // expected-error @+1 {{op inferred type(s) 'tensor<4x8xf32>' are incompatible with return type(s) of operation 'tensor<1x8xf32>'}}
  %r = nn.insert %v into %x[%p] axes [0] : tensor<1x8xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<1x8xf32>
  return
}

// -----

ml_program.global private mutable @s : tensor<?x8xf32>
ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
func.func @state_load_c1() {
  // expected-error @+1 {{needs a mutable global, but @w is none}}
  %r = nn.state_load @w : tensor<4x8xf32>
  return
}

// -----

ml_program.global private mutable @s : tensor<?x8xf32>
ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
func.func @state_load_c1_missing() {
  // expected-error @+1 {{needs a mutable global, but @t is none}}
  %r = nn.state_load @t : tensor<4x8xf32>
  return
}

// -----

ml_program.global private mutable @s : tensor<?x8xf32>
ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
func.func @state_load_c1_type() {
  // expected-error @+1 {{uses @s as 'tensor<4x7xf32>', but it is 'tensor<?x8xf32>'}}
  %r = nn.state_load @s : tensor<4x7xf32>
  return
}

// -----

ml_program.global private mutable @s : tensor<?x8xf32>
ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
func.func @state_load_c2() {
  // expected-error @+1 {{needs one size per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.state_load @s : tensor<?x8xf32>
  return
}

// -----

ml_program.global private mutable @s : tensor<?x8xf32>
ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
func.func @state_store_c1(%v: tensor<4x8xf16>) {
  // expected-error @+1 {{uses @s as 'tensor<4x8xf16>', but it is 'tensor<?x8xf32>'}}
  nn.state_store %v, @s : tensor<4x8xf16>
  return
}
