//===- NNShape.td - operations that move or place elements -*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNSHAPE
#define NACRE_DIALECTS_NN_NNSHAPE

include "dialects/nn/NNBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def NN_ReshapeOp : NN_Op<"reshape", [Pure, NN_Reifies]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins NN_AnyTensor:$input, Variadic<Index>:$dynamic_sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_BroadcastOp : NN_Op<"broadcast", [Pure, NN_Reifies]> {
  let summary = "repeats elements along new or statically-1 dimensions";
  let arguments = (ins NN_AnyTensor:$input, Variadic<Index>:$dynamic_sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def NN_TransposeOp : NN_InferredOp<"transpose"> {
  let summary = "permutes dimensions: result dimension i is input dimension permutation[i]";
  let arguments = (ins NN_AnyTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def NN_PadOp : NN_InferredOp<"pad"> {
  let summary = "puts `value` around the input: low[i] before and high[i] after dimension i";
  let arguments = (ins NN_AnyTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       TypedAttrInterface:$value);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input `low` $low `high` $high `value` $value attr-dict `:` type($input) `->` type($result)
  }];
}

def NN_GatherOp : NN_InferredOp<"gather"> {
  let summary = "takes slices of `data` along `axis` by index, as numpy.take";
  let description = [{
    The result's shape is `data`'s with dimension `axis` replaced by `indices`' shape. A negative
    index counts from the end. An index outside the dimension is the caller's error: compiled
    code clamps it into range and reports nothing, so that no input reads foreign memory.
    An embedding look-up is a gather along axis 0 of the table.
  }];
  let arguments = (ins NN_AnyTensor:$data, NN_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $data `,` $indices attr-dict `:` type($data) `,` type($indices) `->` type($result)
  }];
}

def NN_IotaOp : NN_Op<"iota", [Pure, NN_Reifies]> {
  let summary = "0, 1, 2, ... in one dimension";
  let arguments = (ins Optional<Index>:$dynamic_size);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "(`[` $dynamic_size^ `]`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
