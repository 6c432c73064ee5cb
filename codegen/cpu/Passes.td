//===- Passes.td - from nn operations to CPU kernels -------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_PASSES
#define NACRE_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def LegalizeForCpu : Pass<"legalize-for-cpu", "::mlir::ModuleOp"> {
  let summary = "Rewrites nn operations into the forms that have CPU kernels, and packs weights";
  let description = [{
    Linear layers and convolutions of weights take a packed weight; the packing itself stays
    in the IR as an expression of weights, for `nn-outline-weight-expressions` to move to
    compile time. A weight stored in a narrower float type keeps it where a kernel can widen
    as it loads. What has no kernel of its own becomes something that has one.

    Before:
    ```mlir
    %y = nn.linear %x, %w : tensor<?x768xf32>, tensor<64x768xf32> -> tensor<?x64xf32>
    ```
    After:
    ```mlir
    %p = nn.pack %w {panel = 64 : i64} : tensor<64x768xf32> -> tensor<1x768x64xf32>
    %y = nn.packed_linear %x, %p {outputs = 64 : i64} : tensor<?x768xf32>, tensor<1x768x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let options = [Option<"panel", "panel", "int64_t", "64", "Columns of a weight panel">,
                 Option<"lanes", "lanes", "int64_t", "16", "f32 elements of a vector">];
  let statistics = [Statistic<"packed", "packed", "Weights packed">];
  let dependentDialects = ["::nacre::nn::NNDialect"];
}

def FormDispatches : Pass<"form-dispatches", "::mlir::ModuleOp"> {
  let summary = "Groups operations into dispatches, one kernel each";
  let description = [{
    Walking from the results up, an element-wise operation takes in the element-wise operations
    that only it uses and at most one operation with a loop nest of its own (a matrix product,
    a norm, a convolution), whose tile it then works on. Transposes, slices and splitting
    reshapes join the dispatch that reads them where its kernel can read strided memory;
    what remains of them becomes a copy. Other reshapes stay outside: they move nothing.

    Before:
    ```mlir
    %0 = nn.packed_linear %x, %w {outputs = 64 : i64} : ...
    %1 = nn.relu %0 : ...
    ```
    After:
    ```mlir
    %1 = nn.dispatch(%x, %w : ...) sizes(%B) -> tensor<?x64xf32> {
    ^bb0(%arg0: ..., %arg1: ...):
      %2 = nn.packed_linear %arg0, %arg1 {outputs = 64 : i64} : ...
      %3 = nn.relu %2 : ...
      nn.yield %3 : tensor<?x64xf32>
    }
    ```
  }];
  let statistics = [Statistic<"dispatches", "dispatches", "Dispatches formed">];
  let dependentDialects = ["::nacre::nn::NNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

def LowerDispatches : Pass<"lower-dispatches", "::mlir::ModuleOp"> {
  let summary = "Writes one kernel per distinct dispatch, and entries as lists of calls";
  let description = [{
    Tensors become buffers. An entry takes the weights' bytes, one byte buffer per input and
    output, its dimension variables, and `(thread, threads, team)`; it allocates what lives
    between its kernels and calls them with a barrier after each, and returns the dynamic sizes of
    its results. Equal dispatches share a kernel. Each weight gets its place in the weights file.

    Before:
    ```mlir
    %1 = nn.dispatch(%x : tensor<?x64xf32>) sizes(%B) -> tensor<?x64xf32> { ... nn.relu ... }
    ```
    After:
    ```mlir
    %0 = memref.alloc(%bytes) : memref<?xi8>
    %1 = memref.view %0[%c0][%B] : memref<?xi8> to memref<?x64xf32>
    call @relu_0(%x, %1, %thread, %threads) : ...
    call @nacre_barrier(%team) : (!llvm.ptr) -> ()
    ```
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"native\"", "LLVM's name of the CPU">,
                 Option<"features", "features", "std::string", "", "LLVM's feature list">];
  let statistics = [Statistic<"kernels", "kernels", "Kernels written">,
                    Statistic<"calls", "calls", "Kernel calls">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def PlanArena : Pass<"plan-arena", "::mlir::ModuleOp"> {
  let summary = "Puts every buffer of an entry into one block at an offset fixed now";
  let description = [{
    Sizes are polynomials of the entry's dimension variables. Buffers whose size is a multiple
    of the same product of variables share a region of the arena, inside which they are placed
    like intervals: first those that are largest, each at the lowest offset free during its
    life. The arena's size is then a sum of one term per region.

    Before:
    ```mlir
    %0 = memref.alloc(%bytes) : memref<?xi8>
    ```
    After:
    ```mlir
    %0 = memref.view %arena[%offset][%bytes] : memref<?xi8> to memref<?xi8>
    ```
  }];
  let statistics = [Statistic<"buffers", "buffers", "Buffers placed">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def EmitEntries : Pass<"emit-entries", "::mlir::ModuleOp"> {
  let summary = "Gives entries the functions that the runtime calls";
  let description = [{
    For each entry the functions of `nacre_entry` in the runtime's artifact.h: `run`, `shapes`,
    `arena` and, where sizes are limited, `check`. What an entry calls between two barriers becomes
    a step, whose shares threads take from the runtime; the more work it is, the more shares.

    Before:
    ```mlir
    func.func @forward(%weights: memref<?xi8>, %x: memref<?xi8>, %y: memref<?xi8>, %B: index, ...) {
      call @relu_0(%0, %1, %thread, %threads) : ...
      call @nacre_barrier(%team) : (!llvm.ptr) -> ()
    ```
    After:
    ```mlir
    func.func @forward(%weights: memref<?xi8>, %x: memref<?xi8>, %y: memref<?xi8>, %B: index, ...) {
      %shares = call @nacre_shares(%team, %nanoseconds) : (!llvm.ptr, f64) -> index
      scf.while (%ended = %c-1) : (index) -> index {
        %share = call @nacre_next_share(%team, %thread, %step, %shares, %ended) : ...
        scf.condition(%share >= 0) %share
      } do {
      ^bb0(%share: index):
        call @relu_0(%0, %1, %share, %shares) : ...
        scf.yield %share
      }
    func.func @forward.run(%weights: !llvm.ptr, %buffers: !llvm.ptr, %dims: !llvm.ptr, ...)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

#endif
