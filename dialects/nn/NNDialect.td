//===- NNDialect.td - the nn dialect -----------------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNDIALECT
#define NACRE_DIALECTS_NN_NNDIALECT

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::nacre::nn";
  let summary = "What a neural network is, before anything is decided about how it runs";
  let description = [{
    An `nn` program is a list of pure operations on ranked tensors. A dimension is a
    number or `?`; a `?` stands for an expression of the entry's dimension variables.

    Element-wise operations broadcast as NumPy does, aligned at the last dimension,
    with one difference that makes every shape a compile-time fact: a dimension
    broadcasts only where it is *statically* 1. Two `?` that meet are equal; the
    front end has proven it.

    Weights are `ml_program.global`s without a value, read by
    `ml_program.global_load_const`; slices, concatenation and index arithmetic are the
    `tensor` and `arith` dialects'.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::ml_program::MLProgramDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
}

class NN_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::nacre::nn";
}

def NN_ComparePredicate : NN_I32Enum<"ComparePredicate", "how two values are compared", [
  I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
  I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]>;
def NN_ComparePredicateAttr : EnumAttr<NN_Dialect, NN_ComparePredicate, "predicate">;

def NN_Reduction : NN_I32Enum<"Reduction", "how values are combined into one", [
  I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"mean", 1>, I32EnumAttrCase<"max", 2>,
  I32EnumAttrCase<"min", 3>, I32EnumAttrCase<"prod", 4>]>;
def NN_ReductionAttr : EnumAttr<NN_Dialect, NN_Reduction, "reduction">;

def NN_PoolKind : NN_I32Enum<"PoolKind", "how a pooling window is combined", [
  I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"average", 1>]>;
def NN_PoolKindAttr : EnumAttr<NN_Dialect, NN_PoolKind, "pool_kind">;

def NN_ConvLayout : NN_I32Enum<"ConvLayout", "where an image's channels are", [
  I32EnumAttrCase<"channels_first", 0>, I32EnumAttrCase<"channels_last", 1>]>;
def NN_ConvLayoutAttr : EnumAttr<NN_Dialect, NN_ConvLayout, "conv_layout">;

def NN_GeluForm : NN_I32Enum<"GeluForm", "which formula of gelu", [
  I32EnumAttrCase<"erf", 0>, I32EnumAttrCase<"tanh", 1>]>;
def NN_GeluFormAttr : EnumAttr<NN_Dialect, NN_GeluForm, "gelu_form">;

def NN_RotaryStyle : NN_I32Enum<"RotaryStyle", "which elements rotate together", [
  I32EnumAttrCase<"half", 0>, I32EnumAttrCase<"interleaved", 1>]>;
def NN_RotaryStyleAttr : EnumAttr<NN_Dialect, NN_RotaryStyle, "rotary_style">;

def NN_Precision : NN_I32Enum<"Precision", "what a matrix product may be computed in", [
  I32EnumAttrCase<"bf16", 0>, I32EnumAttrCase<"int8", 1>,
  I32EnumAttrCase<"int8_weights", 2>, I32EnumAttrCase<"int4_weights", 3>]>;
def NN_PrecisionAttr : EnumAttr<NN_Dialect, NN_Precision, "precision">;

#endif
