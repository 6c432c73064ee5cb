// The constraints of unary element-wise operations.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @neg_c1(%x: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.neg %x : tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @neg_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.neg %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @abs_c1(%x: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.abs %x : tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @abs_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.abs %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @sign_c1(%x: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.sign %x : tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @sign_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sign %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @exp_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.exp %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @exp_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.exp %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @log_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.log %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @log_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.log %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @sqrt_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.sqrt %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @sqrt_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sqrt %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @rsqrt_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.rsqrt %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @rsqrt_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rsqrt %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @sin_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.sin %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @sin_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sin %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @cos_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.cos %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @cos_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cos %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @tanh_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.tanh %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @tanh_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.tanh %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @erf_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.erf %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @erf_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.erf %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @floor_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.floor %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @floor_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.floor %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @ceil_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.ceil %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @ceil_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.ceil %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @round_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.round %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @round_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.round %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @not_c1(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.not %x : tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @not_c2(%x: tensor<2xi1>) -> tensor<3xi1> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xi1>' are incompatible with return type(s) of operation 'tensor<3xi1>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.not %x : tensor<2xi1> -> tensor<3xi1>
  return %r : tensor<3xi1>
}

// -----

func.func @sigmoid_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.sigmoid %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @sigmoid_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sigmoid %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @relu_c1(%x: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.relu %x : tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @relu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.relu %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @silu_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.silu %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @silu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.silu %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @selu_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.selu %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @selu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.selu %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @softplus_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.softplus %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @softplus_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.softplus %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @gelu_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.gelu %x : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @gelu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.gelu %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @leaky_relu_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.leaky_relu %x {slope = 0.1 : f64} : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @leaky_relu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.leaky_relu %x {slope = 0.1 : f64} : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @elu_c1(%x: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.elu %x {alpha = 1.0 : f64} : tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @elu_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.elu %x {alpha = 1.0 : f64} : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}
