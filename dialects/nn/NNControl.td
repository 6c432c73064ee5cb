//===- NNControl.td - loops, branches, run-time positions, state -*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNCONTROL
#define NACRE_DIALECTS_NN_NNCONTROL

include "dialects/nn/NNBase.td"
include "dialects/nn/NNDispatch.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/LoopLikeInterface.td"

// What a call leaves behind for the next one: the model's state variables.
def NN_StateResource : Resource<"::nacre::nn::StateResource">;

def NN_Flag : Type<And<[RankedTensorOf<[I1]>.predicate,
                        CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == 0">]>,
                   "one bool (tensor<i1>)", "::mlir::RankedTensorType"> {
  let builderCall = "::mlir::RankedTensorType::get({}, $_builder.getI1Type())";
}

def NN_Start : Type<And<[RankedTensorOf<[I32, I64]>.predicate,
                         CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == 0">]>,
                    "one integer (tensor<i64> or tensor<i32>)", "::mlir::RankedTensorType">;

class NN_ControlOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat(
          [RecursiveMemoryEffects, SingleBlock,
           DeclareOpInterfaceMethods<RegionBranchOpInterface, ["getEntrySuccessorOperands"]>,
           NN_Reifies],
          traits)> {
  let hasVerifier = 1;
}

def NN_LoopLike : DeclareOpInterfaceMethods<LoopLikeOpInterface,
    ["getLoopRegions", "getInitsMutable", "getRegionIterArgs", "getYieldedValuesMutable",
     "getLoopResults"]>;

def NN_ScanOp : NN_ControlOp<"scan", [AttrSizedOperandSegments, RecursivelySpeculatable,
                                      NN_LoopLike]> {
  let summary = "runs its body once for each slice of its inputs, carrying values from round to round";
  let description = [{
    Round t sees slice t of each input along its axis (which disappears), and the carries: in the first
    round the operands, then what the round before has yielded. The body yields the next carries, then
    the values that are stacked. The results are the carries after the last round, then the
    stacked values, each along a new dimension 0, value t from round t. With `reverse` the rounds go from
    the last slice to the first; a stacked value still lands at the place of its slice.
    Without a round the carries are the operands and the stacks are empty.

    The body sees outer values. The number of rounds is the inputs' size along their axes or, where
    there are no inputs, `length`.

    - C1. There is one axis for each input, and it is a dimension of that input.
    - C2. The inputs' sizes along their axes agree.
    - C3. `length` is given exactly where there are no inputs.
    - C4. The block's arguments are a slice of each input (the input's type without the axis), then the
      carries.
    - C5. The block ends in an `nn.yield` of the carries' types, then of the stacked elements' types.
    - C6. The results have the carries' types exactly, then the stacked elements' types with a new
      dimension 0, whose size agrees with the inputs'.
    - C7. There is one result size for each dynamic dimension of the stacked results.

    Example:

    ```mlir
    %last, %all = nn.scan (%x : tensor<?x?x8xf32>) axes [1] carry (%zero : tensor<?x8xf32>) sizes(%length, %batch) -> tensor<?x8xf32>, tensor<?x?x8xf32> {
    ^bb0(%xt: tensor<?x8xf32>, %h: tensor<?x8xf32>):
      %0 = nn.add %xt, %h : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
      %1 = nn.tanh %0 : tensor<?x8xf32> -> tensor<?x8xf32>
      nn.yield %1, %1 : tensor<?x8xf32>, tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_AnyTensor>:$inputs, Variadic<NN_AnyTensor>:$carries,
                       Optional<Index>:$length, Variadic<Index>:$result_sizes,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$axes, UnitAttr:$reverse);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`(` $inputs^ `:` type($inputs) `)` `axes` $axes)? (`carry` `(` $carries^ `:` type($carries) `)`)?
    (`length` `(` $length^ `)`)? (`reverse` $reverse^)? (`sizes` `(` $result_sizes^ `)`)?
    (`->` type($results)^)? attr-dict-with-keyword $body
  }];
  let hasCanonicalizer = 1;
  let builders = [
    // With the block and its arguments; what ends it is the caller's to add.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::ValueRange":$inputs,
                   "::llvm::ArrayRef<int64_t>":$axes, "::mlir::ValueRange":$carries,
                   "::mlir::Value":$length, "::mlir::ValueRange":$resultSizes, "bool":$reverse)>
  ];
  let extraClassDeclaration = [{
    /// The carries after the last round; the stacked values.
    ::mlir::ResultRange getFinals() { return getResults().take_front(getCarries().size()); }
    ::mlir::ResultRange getStacks() { return getResults().drop_front(getCarries().size()); }
    /// The block's arguments: a slice of each input; the carries.
    ::mlir::Block::BlockArgListType getSliceArguments() {
      return getBody().front().getArguments().take_front(getInputs().size());
    }
    ::mlir::Block::BlockArgListType getCarryArguments() {
      return getBody().front().getArguments().drop_front(getInputs().size());
    }
    ::nacre::nn::YieldOp getYield();
    ::mlir::OperandRange getNextCarries();
    ::mlir::OperandRange getStacked();
    /// The number of rounds: an attribute where an input's type or a constant tells it.
    ::mlir::OpFoldResult getRounds(::mlir::OpBuilder &builder, ::mlir::Location loc);
    /// The same where it is static, or `kDynamic`.
    int64_t getStaticRounds();
  }];
}

def NN_WhileOp : NN_ControlOp<"while", [NN_LoopLike]> {
  let summary = "runs its body as long as a bool is true";
  let description = [{
    While the flag is true the body runs on the carries, and yields the next flag and the next carries.
    The results are the carries when the flag is false: the operands, where it never is true. The body sees outer values.

    - C1. The block's arguments are the carries.
    - C2. The block ends in an `nn.yield` of one bool, then of the carries' types.
    - C3. The results have the carries' types exactly.

    Example:

    ```mlir
    %r = nn.while %go (%x : tensor<?xf32>) -> tensor<?xf32> {
    ^bb0(%a: tensor<?xf32>):
      %0 = nn.mul %a, %a : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
      %1 = nn.reduce sum %0 [0] : tensor<?xf32> -> tensor<f32>
      %2 = nn.compare lt %1, %limit : tensor<f32>, tensor<f32> -> tensor<i1>
      nn.yield %2, %0 : tensor<i1>, tensor<?xf32>
    }
    ```
  }];
  let arguments = (ins NN_Flag:$go, Variadic<NN_AnyTensor>:$carries);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $go (`(` $carries^ `:` type($carries) `)`)? (`->` type($results)^)? attr-dict-with-keyword $body
  }];
  let hasCanonicalizer = 1;
  let builders = [
    // With the block and its arguments; what ends it is the caller's to add.
    OpBuilder<(ins "::mlir::Value":$go, "::mlir::ValueRange":$carries)>
  ];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    ::nacre::nn::YieldOp getYield();
    ::mlir::Value getNextGo();
    ::mlir::OperandRange getNextCarries();
  }];
}

def NN_IfOp : NN_ControlOp<"if", [RecursivelySpeculatable]> {
  let summary = "runs one of two regions";
  let description = [{
    The results are what the first region yields where the condition is true, and what the second yields
    where it is false. Both see outer values. `result_sizes` gives the dynamic dimensions of all results in
    order: a result's shape does not depend on the condition.

    - C1. Neither block has arguments.
    - C2. Both blocks end in an `nn.yield` of the result types.
    - C3. There is one result size for each dynamic dimension of the results.

    Example:

    ```mlir
    %y = nn.if %c sizes(%n) -> tensor<?xf32> {
      %0 = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
      nn.yield %0 : tensor<?xf32>
    } else {
      nn.yield %x : tensor<?xf32>
    }
    ```
  }];
  let arguments = (ins NN_Flag:$condition, Variadic<Index>:$result_sizes);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$then_region, SizedRegion<1>:$else_region);
  let assemblyFormat = [{
    $condition (`sizes` `(` $result_sizes^ `)`)? (`->` type($results)^)? attr-dict-with-keyword
    $then_region `else` $else_region
  }];
  let hasCanonicalizer = 1;
  let builders = [
    // With two empty blocks; what ends them is the caller's to add.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::Value":$condition,
                   "::mlir::ValueRange":$resultSizes)>
  ];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    ::nacre::nn::YieldOp getThenYield();
    ::nacre::nn::YieldOp getElseYield();
  }];
}

def NN_SliceOp : NN_Op<"slice", [Pure, AttrSizedOperandSegments, NN_Reifies]> {
  let summary = "a part of a tensor that begins where run-time values say";
  let description = [{
    Along dimension `axes[i]` the result begins at `starts[i]` and has the size that its type or
    `result_sizes` says; along the other dimensions it is whole. A slice that would reach outside is the
    caller's error: compiled code moves its start until it fits (so that it reads inside the
    input), the reference interpreter reports it. Starts that the compiler knows are
    `tensor.extract_slice`'s.

    - C1. There is one start for each axis; each axis is a dimension of the input, named once.
    - C2. The result has the input's rank and element type; its sizes agree with the input's on the other
      dimensions, and are not larger on the axes where both are static.
    - C3. There is one result size for each dynamic dimension of the result.

    Example:

    ```mlir
    %y = nn.slice %x[%start] axes [1] sizes(%batch) : tensor<?x1024x64xf32>, tensor<i64> -> tensor<?x1x64xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, Variadic<NN_Start>:$starts,
                       Variadic<Index>:$result_sizes, DenseI64ArrayAttr:$axes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input `[` $starts `]` `axes` $axes (`sizes` `(` $result_sizes^ `)`)? attr-dict `:` type($input) `,`
    type($starts) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_InsertOp : NN_InferredOp<"insert"> {
  let summary = "a tensor with a part replaced, which begins where run-time values say";
  let description = [{
    The destination with `value` in place of the part of its shape that begins at `starts[i]` along dimension
    `axes[i]` and at 0 along the others. A part that would reach outside is the caller's error:
    compiled code moves its start until it fits, the reference interpreter reports it.

    - C1. There is one start for each axis; each axis is a dimension of the destination, named once.
    - C2. The value has the destination's rank and element type; its sizes agree with the destination's on
      the other dimensions, and are not larger on the axes where both are static.
    - C3. The result has the destination's type.

    Example:

    ```mlir
    %y = nn.insert %new into %keys[%start] axes [2] : tensor<?x12x1x64xf32>, tensor<?x12x1024x64xf32>, tensor<i64> -> tensor<?x12x1024x64xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$value, NN_AnyTensor:$destination, Variadic<NN_Start>:$starts,
                       DenseI64ArrayAttr:$axes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $value `into` $destination `[` $starts `]` `axes` $axes attr-dict `:` type($value) `,`
    type($destination) `,` type($starts) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_StateLoadOp : NN_Op<"state_load", [MemoryEffects<[MemRead<NN_StateResource>]>, NN_Reifies,
                                          DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the newest value of a state variable";
  let description = [{
    A state variable is a mutable `ml_program.global` without a value, whose `nn.dims` names the dimension
    variables of its dynamic sizes (one name is one size in all states of a model). It is zero before the
    first call, and keeps from call to call what is stored. The value loaded is what was stored
    last: it does not change when something is stored later.

    - C1. The symbol names a mutable global of the result's element type and rank; a size is the global's,
      or any where the global's is dynamic.
    - C2. There is one size for each dynamic dimension of the result.

    Example:

    ```mlir
    %keys = nn.state_load @"h.0.attn.keys" [%batch] : tensor<?x12x1024x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Variadic<Index>:$dynamic_sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$state (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def NN_StateStoreOp : NN_Op<"state_store", [MemoryEffects<[MemWrite<NN_StateResource>]>,
                                            DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "gives a state variable a new value";
  let description = [{
    The whole value is replaced; an update of a part is a load, `nn.insert`, and a store of the result, which
    run in place.

    - C1. The symbol names a mutable global that holds such a value, as in `nn.state_load`.

    Example:

    ```mlir
    nn.state_store %new, @"h.0.attn.keys" : tensor<?x12x1024x64xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$value, FlatSymbolRefAttr:$state);
  let assemblyFormat = "$value `,` $state attr-dict `:` type($value)";
}

#endif
