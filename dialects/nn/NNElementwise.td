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

// The page of a unary or binary operation is its meaning, the constraints of its class, and an
// example with the element type `example`. Text at the left margin, because the generator strips
// the indentation that all lines share.
class NN_Unary<string mnemonic, Type type = NN_FloatTensor, list<Trait> traits = []>
    : NN_InferredOp<mnemonic, !listconcat([NN_Elementwise], traits)> {
  string meaning = "";
  string attributes = "";
  string example = "f32";
  let arguments = (ins type:$input);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let description = meaning # [{

- C1. The input is a ranked tensor of the element types that the operation takes.
- C2. The result has the input's shape and element type.

Example:

```mlir
%y = nn.}] # mnemonic # " %x" # attributes # " : tensor<?x4x" # example # "> -> tensor<?x4x" # example # [{>
```
}];
}

class NN_Binary<string mnemonic, Type type = NN_AnyTensor, list<Trait> traits = []>
    : NN_InferredOp<mnemonic, !listconcat([NN_Elementwise], traits)> {
  string meaning = "";
  string example = "f32";
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let description = meaning # [{

- C1. Both operands are ranked tensors of the element types that the operation takes.
- C2. Both have one element type.
- C3. Their shapes, aligned at the last dimension, broadcast: two sizes that meet are equal, or one
  is statically 1, or at least one is `?` (two sizes that meet at run time are equal).
- C4. The result has the broadcast shape and the operands' element type.

Example:

```mlir
%z = nn.}] # mnemonic # " %x, %y : tensor<?x4x" # example # ">, tensor<4x" # example # "> -> tensor<?x4x" # example # [{>
```
}];
}

def NN_NegOp : NN_Unary<"neg", NN_AnyTensor> {
  let summary = "`-x`";
  let meaning = "The negated input. An integer wraps: the most negative one stays itself.";
  let hasFolder = 1;
}
def NN_AbsOp : NN_Unary<"abs", NN_AnyTensor> {
  let summary = "`|x|`";
  let meaning = "The input without its sign. An integer wraps: the most negative one stays itself.";
  let hasFolder = 1;
}
def NN_SignOp : NN_Unary<"sign", NN_AnyTensor> {
  let summary = "-1, 0 or 1 by the sign of x; NaN stays NaN";
  let meaning = "-1 below zero, 1 above, 0 at zero of either sign; NaN stays NaN.";
  let hasFolder = 1;
}
def NN_ExpOp : NN_Unary<"exp"> {
  let summary = "`e` to the `x`";
  let meaning = "The exponential function.";
}
def NN_LogOp : NN_Unary<"log"> {
  let summary = "natural logarithm";
  let meaning = "The natural logarithm: minus infinity at 0, NaN below.";
}
def NN_SqrtOp : NN_Unary<"sqrt"> {
  let summary = "square root";
  let meaning = "The square root: NaN below 0.";
}
def NN_RsqrtOp : NN_Unary<"rsqrt"> {
  let summary = "1 / sqrt(x)";
  let meaning = "One divided by the square root: infinity at 0, NaN below.";
}
def NN_SinOp : NN_Unary<"sin"> {
  let summary = "sine of x in radians";
  let meaning = "The sine of an angle in radians.";
}
def NN_CosOp : NN_Unary<"cos"> {
  let summary = "cosine of x in radians";
  let meaning = "The cosine of an angle in radians.";
}
def NN_TanhOp : NN_Unary<"tanh"> {
  let summary = "hyperbolic tangent";
  let meaning = "The hyperbolic tangent.";
}
def NN_ErfOp : NN_Unary<"erf"> {
  let summary = "error function";
  let meaning = "The error function, `2 / sqrt(pi)` times the integral of `exp(-t^2)` from 0 to x.";
}
def NN_FloorOp : NN_Unary<"floor"> {
  let summary = "largest integer not above x";
  let meaning = "The largest integer that is not above x.";
  let hasFolder = 1;
}
def NN_CeilOp : NN_Unary<"ceil"> {
  let summary = "smallest integer not below x";
  let meaning = "The smallest integer that is not below x.";
  let hasFolder = 1;
}
def NN_RoundOp : NN_Unary<"round"> {
  let summary = "nearest integer, halves to even";
  let meaning = "The nearest integer; a half goes to the even neighbour.";
  let hasFolder = 1;
}
def NN_NotOp : NN_Unary<"not", NN_BoolTensor> {
  let summary = "logical negation";
  let meaning = "True where the input is false.";
  let hasFolder = 1;
  let example = "i1";
}
def NN_SigmoidOp : NN_Unary<"sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
  let meaning = "The logistic function `1 / (1 + exp(-x))`.";
}
def NN_ReluOp : NN_Unary<"relu", NN_AnyTensor> {
  let summary = "`max(x, 0)`; NaN stays NaN";
  let meaning = "x where it is above 0, otherwise 0; NaN stays NaN.";
  let hasFolder = 1;
}
def NN_SiluOp : NN_Unary<"silu"> {
  let summary = "`x * sigmoid(x)`";
  let meaning = "`x * sigmoid(x)`, also called swish.";
}
def NN_SeluOp : NN_Unary<"selu"> {
  let summary = "self-normalising elu of Klambauer et al. 2017";
  let meaning = "`scale * elu(x, alpha)` with the two constants of Klambauer et al. 2017, 1.0507... and 1.6732... .";
}
def NN_SoftplusOp : NN_Unary<"softplus"> {
  let summary = "`log(1 + exp(x))`";
  let meaning = "`log(1 + exp(x))`, computed without overflow.";
}

def NN_GeluOp : NN_Unary<"gelu"> {
  let summary = "Gaussian error linear unit of Hendrycks and Gimpel 2016";
  let meaning = [{`x * (1 + erf(x / sqrt(2))) / 2`, or with the form `tanh` the approximation
`x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2`.}];
  let attributes = " {form = #nn<gelu_form tanh>}";
  let arguments = (ins NN_FloatTensor:$input,
                       DefaultValuedAttr<NN_GeluFormAttr, "::nacre::nn::GeluForm::erf">:$form);
}
def NN_LeakyReluOp : NN_Unary<"leaky_relu"> {
  let summary = "`x` where `x > 0`, `slope * x` elsewhere";
  let meaning = "x where it is above 0, otherwise `slope * x`; NaN stays NaN.";
  let attributes = " {slope = 0.01 : f64}";
  let arguments = (ins NN_FloatTensor:$input, F64Attr:$slope);
}
def NN_EluOp : NN_Unary<"elu"> {
  let summary = "`x` where `x > 0`, `alpha * (exp(x) - 1)` elsewhere";
  let meaning = "x where it is above 0, otherwise `alpha * (exp(x) - 1)`; NaN stays NaN.";
  let attributes = " {alpha = 1.0 : f64}";
  let arguments = (ins NN_FloatTensor:$input, F64Attr:$alpha);
}

def NN_AddOp : NN_Binary<"add", NN_AnyTensor, [Commutative]> {
  let summary = "`x + y`";
  let meaning = "The sum; integers wrap.";
  let hasFolder = 1;
}
def NN_SubOp : NN_Binary<"sub"> {
  let summary = "`x - y`";
  let meaning = "The difference; integers wrap.";
  let hasFolder = 1;
}
def NN_MulOp : NN_Binary<"mul", NN_AnyTensor, [Commutative]> {
  let summary = "`x * y`";
  let meaning = "The product; integers wrap.";
  let hasFolder = 1;
}
def NN_DivOp : NN_Binary<"div"> {
  let summary = "`x / y`; of integers rounded to minus infinity";
  let meaning = "The quotient. Of integers it is rounded to minus infinity and wraps; divided by 0 it is 0.";
  let hasFolder = 1;
}
def NN_ModOp : NN_Binary<"mod"> {
  let summary = "`x - y * floor(x / y)`, with y's sign";
  let meaning = "The remainder of the division rounded to minus infinity: it has y's sign. Of an integer and 0 it is 0.";
}
def NN_PowOp : NN_Binary<"pow", NN_FloatTensor> {
  let summary = "`x` to the `y`";
  let meaning = "x to the power of y: 1 where y is 0, NaN for a negative x with a y that is not an integer.";
  let hasFolder = 1;
}
def NN_MaximumOp : NN_Binary<"maximum", NN_AnyTensor, [Commutative]> {
  let summary = "the larger one; NaN where either is NaN";
  let meaning = "The larger of both; NaN where either is NaN.";
  let hasFolder = 1;
}
def NN_MinimumOp : NN_Binary<"minimum", NN_AnyTensor, [Commutative]> {
  let summary = "the smaller one; NaN where either is NaN";
  let meaning = "The smaller of both; NaN where either is NaN.";
  let hasFolder = 1;
}
def NN_AndOp : NN_Binary<"and", NN_BoolTensor, [Commutative]> {
  let summary = "logical and";
  let meaning = "True where both are.";
  let hasFolder = 1;
  let example = "i1";
}
def NN_OrOp : NN_Binary<"or", NN_BoolTensor, [Commutative]> {
  let summary = "logical or";
  let meaning = "True where at least one is.";
  let hasFolder = 1;
  let example = "i1";
}

def NN_CompareOp : NN_InferredOp<"compare", [NN_Elementwise]> {
  let summary = "compares element by element, giving bool";
  let description = [{
    True where the predicate (`eq`, `ne`, `lt`, `le`, `gt`, `ge`) holds between both elements. With
    a NaN only `ne` does.

    - C1. Both operands have one element type.
    - C2. Their shapes broadcast, as in `nn.add`.
    - C3. The result has the broadcast shape and element type `i1`.

    Example:

    ```mlir
    %z = nn.compare lt %x, %y : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xi1>
    ```
  }];
  let arguments = (ins NN_ComparePredicateAttr:$predicate, NN_AnyTensor:$lhs, NN_AnyTensor:$rhs);
  let results = (outs NN_BoolTensor:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasFolder = 1;
}

def NN_SelectOp : NN_InferredOp<"select", [NN_Elementwise]> {
  let summary = "`on_true` where the condition holds, `on_false` elsewhere";
  let description = [{
    Takes each element from one of two tensors; what the other one holds there, NaN too, does not
    matter.

    - C1. `on_true` and `on_false` have one element type.
    - C2. The shapes of all three operands broadcast, as in `nn.add`.
    - C3. The result has the broadcast shape and the element type of `on_true`.
    - C4. The condition holds bools.

    Example:

    ```mlir
    %y = nn.select %keep, %x, %fill : tensor<?x?xi1>, tensor<4x?x?xf32>, tensor<f32> -> tensor<4x?x?xf32>
    ```
  }];
  let arguments = (ins NN_BoolTensor:$condition, NN_AnyTensor:$on_true, NN_AnyTensor:$on_false);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $condition `,` $on_true `,` $on_false attr-dict `:` type($condition) `,` type($on_true) `,`
    type($on_false) `->` type($result)
  }];
  let hasFolder = 1;
}

def NN_CastOp : NN_Op<"cast", [Pure, NN_Elementwise, SameOperandsAndResultShape,
                               NN_Reifies]> {
  let summary = "converts the element type";
  let description = [{
    Float to integer truncates towards zero; to bool is `x != 0`; between floats, and from integer
    to float, rounds to nearest even. An integer to a narrower one keeps the low bits. A float
    outside the integer's range, or NaN, gives an unspecified integer.

    - C1. The result has the input's shape.

    Example:

    ```mlir
    %y = nn.cast %x : tensor<?x4xf32> -> tensor<?x4xbf16>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif
