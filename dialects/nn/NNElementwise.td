//===- NNElementwise.td - element-wise operations ----------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNELEMENTWISE
#define NACRE_DIALECTS_NN_NNELEMENTWISE

include "dialects/nn/NNBase.td"

// Marks the operations that codegen may fuse into a neighbour's tile: each result
// element depends on the one element of each (broadcast) operand at its place.
def NN_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::nacre::nn";
}

class NN_Unary<string mnemonic, Type type = NN_FloatTensor, list<Trait> traits = []>
    : NN_InferredOp<mnemonic, !listconcat([NN_Elementwise], traits)> {
  let arguments = (ins type:$input);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

class NN_Binary<string mnemonic, Type type = NN_AnyTensor, list<Trait> traits = []>
    : NN_InferredOp<mnemonic, !listconcat([NN_Elementwise], traits)> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
}

def NN_NegOp : NN_Unary<"neg", NN_AnyTensor> { let summary = "-x"; }
def NN_AbsOp : NN_Unary<"abs", NN_AnyTensor> { let summary = "|x|"; }
def NN_SignOp : NN_Unary<"sign", NN_AnyTensor> { let summary = "-1, 0 or 1 by the sign of x; NaN stays NaN"; }
def NN_ExpOp : NN_Unary<"exp"> { let summary = "e to the x"; }
def NN_LogOp : NN_Unary<"log"> { let summary = "natural logarithm"; }
def NN_SqrtOp : NN_Unary<"sqrt"> { let summary = "square root"; }
def NN_RsqrtOp : NN_Unary<"rsqrt"> { let summary = "1 / sqrt(x)"; }
def NN_SinOp : NN_Unary<"sin"> { let summary = "sine of x in radians"; }
def NN_CosOp : NN_Unary<"cos"> { let summary = "cosine of x in radians"; }
def NN_TanhOp : NN_Unary<"tanh"> { let summary = "hyperbolic tangent"; }
def NN_ErfOp : NN_Unary<"erf"> { let summary = "error function"; }
def NN_FloorOp : NN_Unary<"floor"> { let summary = "largest integer not above x"; }
def NN_CeilOp : NN_Unary<"ceil"> { let summary = "smallest integer not below x"; }
def NN_RoundOp : NN_Unary<"round"> { let summary = "nearest integer, halves to even"; }
def NN_NotOp : NN_Unary<"not", NN_BoolTensor> { let summary = "logical negation"; }
def NN_SigmoidOp : NN_Unary<"sigmoid"> { let summary = "1 / (1 + exp(-x))"; }
def NN_ReluOp : NN_Unary<"relu", NN_AnyTensor> { let summary = "max(x, 0); NaN stays NaN"; }
def NN_SiluOp : NN_Unary<"silu"> { let summary = "x * sigmoid(x)"; }
def NN_SeluOp : NN_Unary<"selu"> { let summary = "self-normalising elu of Klambauer et al. 2017"; }
def NN_SoftplusOp : NN_Unary<"softplus"> { let summary = "log(1 + exp(x))"; }

def NN_GeluOp : NN_Unary<"gelu"> {
  let summary = "Gaussian error linear unit of Hendrycks and Gimpel 2016";
  let arguments = (ins NN_FloatTensor:$input,
                       DefaultValuedAttr<NN_GeluFormAttr, "::nacre::nn::GeluForm::erf">:$form);
}
def NN_LeakyReluOp : NN_Unary<"leaky_relu"> {
  let summary = "x where x > 0, slope * x elsewhere";
  let arguments = (ins NN_FloatTensor:$input, F64Attr:$slope);
}
def NN_EluOp : NN_Unary<"elu"> {
  let summary = "x where x > 0, alpha * (exp(x) - 1) elsewhere";
  let arguments = (ins NN_FloatTensor:$input, F64Attr:$alpha);
}

def NN_AddOp : NN_Binary<"add", NN_AnyTensor, [Commutative]> { let summary = "x + y"; }
def NN_SubOp : NN_Binary<"sub"> { let summary = "x - y"; }
def NN_MulOp : NN_Binary<"mul", NN_AnyTensor, [Commutative]> { let summary = "x * y"; }
def NN_DivOp : NN_Binary<"div"> { let summary = "x / y; of integers rounded to minus infinity"; }
def NN_ModOp : NN_Binary<"mod"> { let summary = "x - y * floor(x / y), with y's sign"; }
def NN_PowOp : NN_Binary<"pow", NN_FloatTensor> { let summary = "x to the y"; }
def NN_MaximumOp : NN_Binary<"maximum", NN_AnyTensor, [Commutative]> { let summary = "the larger one; NaN where either is NaN"; }
def NN_MinimumOp : NN_Binary<"minimum", NN_AnyTensor, [Commutative]> { let summary = "the smaller one; NaN where either is NaN"; }
def NN_AndOp : NN_Binary<"and", NN_BoolTensor, [Commutative]> { let summary = "logical and"; }
def NN_OrOp : NN_Binary<"or", NN_BoolTensor, [Commutative]> { let summary = "logical or"; }

def NN_CompareOp : NN_InferredOp<"compare", [NN_Elementwise]> {
  let summary = "compares element by element, giving bool";
  let arguments = (ins NN_ComparePredicateAttr:$predicate, NN_AnyTensor:$lhs, NN_AnyTensor:$rhs);
  let results = (outs NN_BoolTensor:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
}

def NN_SelectOp : NN_InferredOp<"select", [NN_Elementwise]> {
  let summary = "`on_true` where the condition holds, `on_false` elsewhere";
  let arguments = (ins NN_BoolTensor:$condition, NN_AnyTensor:$on_true, NN_AnyTensor:$on_false);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $condition `,` $on_true `,` $on_false attr-dict `:` type($condition) `,` type($on_true) `,`
    type($on_false) `->` type($result)
  }];
}

def NN_CastOp : NN_Op<"cast", [Pure, NN_Elementwise, SameOperandsAndResultShape,
                               NN_Reifies]> {
  let summary = "converts the element type";
  let description = [{
    Float to integer truncates towards zero; to bool is `x != 0`; between floats rounds to
    nearest even. A float outside the integer's range, or NaN, gives an unspecified integer.
  }];
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

#endif
