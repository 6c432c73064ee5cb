//===- Passes.td - passes that remove work -----------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_SIMPLIFY
#define NACRE_PASSES_SIMPLIFY

include "mlir/Pass/PassBase.td"

def HoistFromScan : Pass<"nn-hoist-from-scan", "::mlir::func::FuncOp"> {
  let summary = "Products of a scan's slices by one weight become one product of all rounds";
  let description = [{
    An `nn.linear` of a slice of a scan's input, whose weight and bias are the same in all rounds, moves
    before the scan with the element-wise work before and behind it that needs nothing else; its result is
    scanned. One product of many rows reads the weight once, where each round would read it again.
    The loop-invariant code motion before this has taken the weights out of the body.

    Before:
    ```mlir
    %h = nn.scan (%x : tensor<?x?x4xf32>) axes [1] carry (%h0 : tensor<?x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%xt: tensor<?x4xf32>, %s: tensor<?x8xf32>):
      %0 = nn.linear %xt, %w : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
      %1 = nn.add %0, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
      nn.yield %1 : tensor<?x8xf32>
    }
    ```
    After (the old input goes when canonicalisation finds it unused):
    ```mlir
    %all = nn.linear %x, %w : tensor<?x?x4xf32>, tensor<8x4xf32> -> tensor<?x?x8xf32>
    %h = nn.scan (%x, %all : tensor<?x?x4xf32>, tensor<?x?x8xf32>) axes [1, 1] carry (%h0 : tensor<?x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%xt: tensor<?x4xf32>, %0: tensor<?x8xf32>, %s: tensor<?x8xf32>):
      %1 = nn.add %0, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
      nn.yield %1 : tensor<?x8xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numHoisted", "num-hoisted", "Products that left a scan">];
}

def JoinSlices : Pass<"nn-join-slices", "::mlir::func::FuncOp"> {
  let summary = "Slices that are put together again become what they were cut from";
  let description = [{
    A concatenation of neighbouring slices of one tensor becomes one slice, or the tensor itself.
    Checkpoints keep Q, K and V in one matrix that model files cut up, and merging the three linears
    glues them; between the two nothing is left to compute.

    Before:
    ```mlir
    %a = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
    %b = tensor.extract_slice %w[4, 0] [8, 8] [1, 1] : tensor<12x8xf32> to tensor<8x8xf32>
    %c = tensor.concat dim(0) %a, %b : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<12x8xf32>
    %d = nn.relu %c : tensor<12x8xf32> -> tensor<12x8xf32>
    ```
    After:
    ```mlir
    %d = nn.relu %w : tensor<12x8xf32> -> tensor<12x8xf32>
    ```
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numJoined", "num-joined", "Slices that joined a neighbour">];
}

def ResolveSizes : Pass<"nn-resolve-sizes", "::mlir::func::FuncOp"> {
  let summary = "Sizes are read from the function's arguments only";
  let description = [{
    A `tensor.dim` of an intermediate tensor becomes the formula of argument sizes that it stands
    for. Arguments that share a dimension variable (`nn.dims`) share one `tensor.dim`, the first
    argument's. Buffers can then be planned before anything is computed, and equal shapes are
    spelled alike.

    Before:
    ```mlir
    func.func @f(%x: tensor<?xf32> {nn.dims = ["S"]}, %y: tensor<?xf32> {nn.dims = ["S"]}) -> index {
      %c0 = arith.constant 0 : index
      %z = nn.exp %y : tensor<?xf32> -> tensor<?xf32>
      %n = tensor.dim %z, %c0 : tensor<?xf32>
      return %n : index
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<?xf32> {nn.dims = ["S"]}, %y: tensor<?xf32> {nn.dims = ["S"]}) -> index {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?xf32>
      return %n : index
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numResolved", "num-resolved", "Sizes read from an argument instead">];
}

def RemoveDeadWeights : Pass<"nn-remove-dead-weights", "::mlir::ModuleOp"> {
  let summary = "Removes weights that nobody reads";
  let description = [{
    Erases private globals without a use, and the private functions that made folded weights which
    are no longer read. A weight that goes here is not stored in the artifact.

    Before:
    ```mlir
    ml_program.global private @used(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
    ml_program.global private @unused(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
    func.func @forward() -> tensor<4xf32> attributes {nn.entry} {
      %0 = ml_program.global_load_const @used : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
    After:
    ```mlir
    ml_program.global private @used(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
    func.func @forward() -> tensor<4xf32> attributes {nn.entry} {
      %0 = ml_program.global_load_const @used : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numRemoved", "num-removed", "Weights removed">];
}

#endif
