//===- Passes.td - passes that join operations -------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_FUSE
#define NACRE_PASSES_FUSE

include "mlir/Pass/PassBase.td"

class FusionPass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::nacre::nn::NNDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

def RaiseLinear : FusionPass<"nn-raise-linear"> {
  let summary = "Matrix products with a matrix on the right become linears, with their bias";
  let description = [{
    A product whose right side has rank 2 is a linear layer, whose weight can be packed ahead.
    A transpose of the weight becomes the other weight order, and adding a vector along the last
    dimension becomes the bias where nothing else reads the product.

    Before:
    ```mlir
    %t = nn.transpose %w [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    %m = nn.matmul %x, %t : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
    %y = nn.add %m, %b : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    %y = nn.linear %x, %w bias %b : tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
  }];
  let statistics = [
    Statistic<"numRaised", "num-raised", "Matrix products that became linears">,
    Statistic<"numBiases", "num-biases", "Additions that became a linear's bias">];
}

def RaiseLayerNorm : FusionPass<"nn-raise-layer-norm"> {
  let summary = "Recognises a layer norm written as arithmetic";
  let description = [{
    Subtracting the mean and dividing by the root of the mean square of that, over the last
    dimensions, becomes `nn.layer_norm`, however the division and the square are spelled. A
    multiplication and an addition of vectors over the same dimensions become its scale and bias.
    The variance as E[x^2] - E[x]^2 is left alone: it cancels differently.

    Before:
    ```mlir
    %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
    %d = nn.sub %x, %m : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
    %q = nn.mul %d, %d : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    %v = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
    %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
    %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
    %n = nn.mul %d, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
    %s = nn.mul %n, %w : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
    %y = nn.add %s, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
    ```
    After:
    ```mlir
    %y = nn.layer_norm %x scale %w : tensor<8xf32> bias %b : tensor<8xf32> {epsilon = 1.000000e-05 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let statistics = [
    Statistic<"numRaised", "num-raised", "Layer norms recognised">,
    Statistic<"numAffine", "num-affine", "Scales and biases taken into a layer norm">];
}

def RaiseRmsNorm : FusionPass<"nn-raise-rms-norm"> {
  let summary = "Recognises an RMS norm written as arithmetic";
  let description = [{
    Dividing by the root of the mean square over the last dimension becomes `nn.rms_norm`, and a
    multiplication by a vector its scale.

    Before:
    ```mlir
    %q = nn.mul %x, %x : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    %v = nn.reduce mean %q [1] {keep_dims} : tensor<?x8xf32> -> tensor<?x1xf32>
    %e = nn.add %v, %eps : tensor<?x1xf32>, tensor<f32> -> tensor<?x1xf32>
    %r = nn.rsqrt %e : tensor<?x1xf32> -> tensor<?x1xf32>
    %n = nn.mul %x, %r : tensor<?x8xf32>, tensor<?x1xf32> -> tensor<?x8xf32>
    %y = nn.mul %n, %w : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
    ```
    After:
    ```mlir
    %y = nn.rms_norm %x scale %w : tensor<8xf32> {epsilon = 9.9999999999999995E-7 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let statistics = [
    Statistic<"numRaised", "num-raised", "RMS norms recognised">,
    Statistic<"numScales", "num-scales", "Scales taken into an RMS norm">];
}

def FuseAttention : FusionPass<"nn-fuse-attention"> {
  let summary = "Recognises attention written as two products around a softmax";
  let description = [{
    `softmax(q k^T ...) v`, with scales and masks in any order between the product and the softmax,
    becomes `nn.attention`, which never holds the scores of a whole sequence. Understood are:

    - scaling of the scores, of q, of k or of both, by multiplication or division;
    - k transposed by an operation, by the permutation that splits heads, or by the product itself;
    - masks that are added and masks that choose between the score and a filler. A filler of minus
      infinity is the attention's bool mask. A finite one is below `filler-limit` and becomes a mask
      that is added, so that a row which sees no key keeps its meaning;
    - causal masks from comparing positions or from a constant lower triangle, and sliding windows
      from comparing positions or from a constant band;
    - key and value heads repeated for groups of query heads;
    - scores of rank 2 and 3, and a softmax computed in a wider type.

    A row all of whose keys are masked by minus infinity is NaN before and zeros after.
    Scores that anything else reads stay as they are.

    Before:
    ```mlir
    %s = nn.matmul %q, %k {transpose_rhs} : tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32> -> tensor<?x12x?x?xf32>
    %t = nn.mul %s, %eighth : tensor<?x12x?x?xf32>, tensor<f32> -> tensor<?x12x?x?xf32>
    %m = nn.add %t, %mask : tensor<?x12x?x?xf32>, tensor<?x1x1x?xf32> -> tensor<?x12x?x?xf32>
    %p = nn.softmax %m {axis = 3 : i64} : tensor<?x12x?x?xf32> -> tensor<?x12x?x?xf32>
    %y = nn.matmul %p, %v : tensor<?x12x?x?xf32>, tensor<?x12x?x64xf32> -> tensor<?x12x?x64xf32>
    ```
    After:
    ```mlir
    %y = nn.attention %q, %k, %v mask %mask {scale = 1.250000e-01 : f64} : tensor<?x12x?x64xf32>,
         tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x1x1x?xf32> -> tensor<?x12x?x64xf32>
    ```
  }];
  let options = [Option<"fillerLimit", "filler-limit", "double", /*default=*/"-1.0e9",
                        "A masked score may be replaced by a finite filler only up to this one; "
                        "higher ones could reach the softmax (f16 allows its lowest number too)">];
  let statistics = [
    Statistic<"numFused", "num-fused", "Attentions recognised">,
    Statistic<"numCausal", "num-causal", "Attentions recognised as causal">,
    Statistic<"numWindows", "num-windows", "Attentions recognised as having a window">];
}

def FoldBatchNorm : FusionPass<"nn-fold-batch-norm"> {
  let summary = "Moves batch norms into the convolution or linear before them";
  let description = [{
    A batch norm whose parameters are weights multiplies and shifts each channel by a constant.
    Behind a convolution or a linear that nothing else reads, the two move into weight and bias,
    as arithmetic on weights; elsewhere the norm becomes one multiplication and one addition.

    Before:
    ```mlir
    %0 = nn.linear %x, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
    %y = nn.batch_norm %0, %mean, %variance {axis = 1 : i64, epsilon = 1.000000e-05 : f64}
         : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    %e = nn.add %variance, %epsilon : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
    %f = nn.rsqrt %e : tensor<4xf32> -> tensor<4xf32>
    %g = nn.reshape %f : tensor<4xf32> -> tensor<4x1xf32>
    %v = nn.mul %w, %g : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
    %n = nn.neg %mean : tensor<4xf32> -> tensor<4xf32>
    %b = nn.mul %n, %f : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    %y = nn.linear %x, %v bias %b : tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
  }];
  let statistics = [
    Statistic<"numFolded", "num-folded", "Batch norms folded into a convolution or linear">,
    Statistic<"numSplit", "num-split", "Batch norms that became a multiplication and an addition">];
}

def MergeLinears : FusionPass<"nn-merge-linears"> {
  let summary = "Linears of one input become one linear";
  let description = [{
    Linears that read the same input (Q, K and V; gate and up) become one with their weights
    concatenated in program order, and slices of its result. The input is read once and the
    product is wide enough to keep a core busy. Only weights that have no other reader merge, and
    only with weights kept in the same type, so that nothing is stored twice or wider; and only where no
    attention, product or convolution stands between them, so that no result waits for long.

    Before:
    ```mlir
    %q = nn.linear %x, %wq : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
    %k = nn.linear %x, %wk : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    %w = tensor.concat dim(0) %wq, %wk : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    %y = nn.linear %x, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
    %q = tensor.extract_slice %y[0, 0] [%n, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>
    %k = tensor.extract_slice %y[0, 4] [%n, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>
    ```
  }];
  let statistics = [Statistic<"numMerged", "num-merged", "Linears that joined an earlier one">];
}

def FoldNormIntoLinear : FusionPass<"nn-fold-norm-into-linear"> {
  let summary = "Moves a norm's scale and shift into the linear behind it";
  let description = [{
    `W (n * s + b) = (W s) n + W b`: where one linear is all that reads a layer norm or an RMS norm,
    the norm keeps the part that depends on its input and the rest becomes arithmetic on
    weights. A weight that something else reads (a tied embedding) or that is kept in a narrower
    type stays as it is: it would be stored a second time, or wider.

    Before:
    ```mlir
    %n = nn.layer_norm %x scale %s : tensor<8xf32> bias %b : tensor<8xf32> {epsilon = 1.000000e-05 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
    %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    %c = nn.linear %b, %w : tensor<8xf32>, tensor<4x8xf32> -> tensor<4xf32>
    %v = nn.mul %w, %s : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
    %n = nn.layer_norm %x {epsilon = 1.000000e-05 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
    %y = nn.linear %n, %v bias %c : tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "Norms folded into a linear">];
}

#endif
