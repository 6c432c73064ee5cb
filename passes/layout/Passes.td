//===- Passes.td - passes that choose layouts --------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_LAYOUT
#define NACRE_PASSES_LAYOUT

include "mlir/Pass/PassBase.td"

def ChannelsLast : Pass<"nn-channels-last", "::mlir::func::FuncOp"> {
  let summary = "Convolutions and pools work on images whose channels are the last dimension";
  let description = [{
    With channels last a convolution is a matrix product whose rows are contiguous. Each
    channels-first convolution and pool becomes a channels-last one between two transposes; the
    transposes then move down through element-wise operations, norms, reductions, padding,
    concatenation and slices until they meet one that undoes them, or a shape change. What is left stands at
    the edges of the network. A transpose that only moves dimensions of size 1 becomes a reshape,
    and one in front of flattening and a linear moves into the linear's weight.

    Before:
    ```mlir
    %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1]
         : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<?x4x8x8xf32>
    %1 = nn.relu %0 : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
    %2 = nn.reduce mean %1 [2, 3] : tensor<?x4x8x8xf32> -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    %t = nn.transpose %x [0, 2, 3, 1] : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
    %0 = nn.conv %t, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>}
         : tensor<?x8x8x3xf32>, tensor<4x3x3x3xf32> -> tensor<?x8x8x4xf32>
    %1 = nn.relu %0 : tensor<?x8x8x4xf32> -> tensor<?x8x8x4xf32>
    %2 = nn.reduce mean %1 [1, 2] : tensor<?x8x8x4xf32> -> tensor<?x4xf32>
    ```
  }];
  let dependentDialects = ["::nacre::nn::NNDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
  let statistics = [
    Statistic<"numWindows", "num-windows", "Convolutions and pools made channels-last">,
    Statistic<"numSunk", "num-sunk", "Transposes moved below an operation">];
}

#endif
