// The constraints of binary element-wise operations.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @add_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.add %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @add_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.add %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @add_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.add %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @add_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.add %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @sub_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.sub %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @sub_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sub %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @sub_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sub %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @sub_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.sub %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @mul_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.mul %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @mul_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mul %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @mul_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mul %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @mul_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mul %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @div_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.div %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @div_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.div %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @div_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.div %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @div_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.div %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @mod_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.mod %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @mod_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mod %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @mod_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mod %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @mod_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.mod %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @pow_c1(%x: tensor<2xi32>, %y: tensor<2xi32>) -> tensor<2xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %r = nn.pow %x, %y : tensor<2xi32>, tensor<2xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @pow_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pow %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @pow_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pow %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @pow_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pow %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @maximum_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.maximum %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @maximum_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.maximum %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @maximum_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.maximum %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @maximum_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.maximum %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @minimum_c1(%x: tensor<2xindex>, %y: tensor<2xindex>) -> tensor<2xindex> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or integer values}}
  %r = nn.minimum %x, %y : tensor<2xindex>, tensor<2xindex> -> tensor<2xindex>
  return %r : tensor<2xindex>
}

// -----

func.func @minimum_c2(%x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.minimum %x, %y : tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @minimum_c3(%x: tensor<?x2xf32>, %y: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.minimum %x, %y : tensor<?x2xf32>, tensor<3xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

func.func @minimum_c4(%x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x1xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.minimum %x, %y : tensor<2x1xf32>, tensor<3xf32> -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// -----

func.func @and_c1(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.and %x, %y : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @and_c2(%x: tensor<2xi1>, %y: tensor<2xi8>) -> tensor<2xi1> {
  // expected-error @+1 {{operand #1 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.and %x, %y : tensor<2xi1>, tensor<2xi8> -> tensor<2xi1>
  return %r : tensor<2xi1>
}

// -----

func.func @and_c3(%x: tensor<?x2xi1>, %y: tensor<3xi1>) -> tensor<?x2xi1> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.and %x, %y : tensor<?x2xi1>, tensor<3xi1> -> tensor<?x2xi1>
  return %r : tensor<?x2xi1>
}

// -----

func.func @and_c4(%x: tensor<2x1xi1>, %y: tensor<3xi1>) -> tensor<2x1xi1> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xi1>' are incompatible with return type(s) of operation 'tensor<2x1xi1>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.and %x, %y : tensor<2x1xi1>, tensor<3xi1> -> tensor<2x1xi1>
  return %r : tensor<2x1xi1>
}

// -----

func.func @or_c1(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.or %x, %y : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @or_c2(%x: tensor<2xi1>, %y: tensor<2xi8>) -> tensor<2xi1> {
  // expected-error @+1 {{operand #1 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.or %x, %y : tensor<2xi1>, tensor<2xi8> -> tensor<2xi1>
  return %r : tensor<2xi1>
}

// -----

func.func @or_c3(%x: tensor<?x2xi1>, %y: tensor<3xi1>) -> tensor<?x2xi1> {
  // expected-error @+2 {{shapes do not broadcast: [?, 2] and [3] differ in dimension 1 of the result; a dimension repeats only where it is statically 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.or %x, %y : tensor<?x2xi1>, tensor<3xi1> -> tensor<?x2xi1>
  return %r : tensor<?x2xi1>
}

// -----

func.func @or_c4(%x: tensor<2x1xi1>, %y: tensor<3xi1>) -> tensor<2x1xi1> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xi1>' are incompatible with return type(s) of operation 'tensor<2x1xi1>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.or %x, %y : tensor<2x1xi1>, tensor<3xi1> -> tensor<2x1xi1>
  return %r : tensor<2x1xi1>
}
