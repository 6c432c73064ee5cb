//===- Window.cpp - the arithmetic of sliding windows ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/Window.h"

#include "dialects/nn/Shapes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nacre::nn;

LogicalResult Window::verify(std::optional<Location> loc, int64_t spatial) const {
  auto count = [](ArrayRef<int64_t> list) { return static_cast<int64_t>(list.size()); };
  if (count(kernel) != spatial || count(strides) != spatial || count(dilations) != spatial ||
      count(padding) != 2 * spatial)
    return emitOptionalError(loc, "kernel, strides and dilations need ", spatial,
                             " numbers each, padding ", 2 * spatial);
  auto positive = [](int64_t n) { return n > 0 && n < parameterLimit; };
  if (!llvm::all_of(kernel, positive) || !llvm::all_of(strides, positive) ||
      !llvm::all_of(dilations, positive))
    return emitOptionalError(loc, "kernel, strides and dilations must be positive and below 2^31");
  if (llvm::any_of(padding, [](int64_t n) { return n < 0 || n >= parameterLimit; }))
    return emitOptionalError(loc, "padding must not be negative, or as large as 2^31");
  return success();
}

int64_t Window::outputSize(int64_t i, int64_t in) const {
  int64_t span = in + padding[2 * i] + padding[2 * i + 1] - dilations[i] * (kernel[i] - 1) - 1;
  int64_t out = llvm::divideFloorSigned(span, strides[i]) + 1;
  int64_t up = llvm::divideCeilSigned(span, strides[i]) + 1;
  // A window that rounding up adds must start inside the input or the low padding.
  if (ceilMode && (up - 1) * strides[i] < in + padding[2 * i])
    out = up;
  return std::max<int64_t>(out, 0);
}

int64_t Window::smallestInput(int64_t i) const {
  int64_t reach = dilations[i] * (kernel[i] - 1) + 1;
  int64_t in = reach - padding[2 * i] - padding[2 * i + 1];
  // The last window may reach over by less than a stride, but starts before the high padding.
  if (ceilMode)
    in = std::min(in, std::max(in - (strides[i] - 1), 1 - padding[2 * i]));
  return std::max<int64_t>(in, 0);
}

LogicalResult Window::inferSizes(std::optional<Location> loc, MutableArrayRef<int64_t> shape,
                                 int64_t first) const {
  for (auto [i, kernelSize] : llvm::enumerate(kernel)) {
    int64_t &size = shape[first + i];
    if (ShapedType::isDynamic(size))
      continue;
    if (size > largestSize)
      return emitOptionalError(loc, "spatial dimension ", i, " is too large: ", size);
    int64_t out = outputSize(i, size);
    if (out < 1)
      return emitOptionalError(loc, "a window of ", kernelSize, " with dilation ", dilations[i],
                               " does not fit into spatial dimension ", i, ": ", size,
                               " padded to ", size + padding[2 * i] + padding[2 * i + 1]);
    size = out;
  }
  return success();
}

void Window::reifySizes(OpBuilder &builder, Location loc, MutableArrayRef<OpFoldResult> sizes,
                        int64_t first) const {
  for (size_t i = 0; i < kernel.size(); ++i) {
    OpFoldResult &size = sizes[first + i];
    if (auto constant = getConstantIntValue(size)) {
      size = builder.getIndexAttr(outputSize(i, *constant));
      continue;
    }
    auto number = [&](int64_t n) -> Value {
      return arith::ConstantIndexOp::create(builder, loc, n);
    };
    Value in = cast<Value>(size);
    int64_t extra = padding[2 * i] + padding[2 * i + 1] - dilations[i] * (kernel[i] - 1) - 1;
    Value span = arith::AddIOp::create(builder, loc, in, number(extra));
    Value out = arith::AddIOp::create(
        builder, loc, arith::FloorDivSIOp::create(builder, loc, span, number(strides[i])),
        number(1));
    if (ceilMode && strides[i] != 1) {
      Value up = arith::AddIOp::create(
          builder, loc, arith::CeilDivSIOp::create(builder, loc, span, number(strides[i])),
          number(1));
      Value limit = arith::AddIOp::create(builder, loc, in, number(padding[2 * i]));
      Value start = arith::MulIOp::create(
          builder, loc, arith::SubIOp::create(builder, loc, up, number(1)), number(strides[i]));
      Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, start, limit);
      out = arith::SelectOp::create(builder, loc, inside, up, out);
    }
    size = arith::MaxSIOp::create(builder, loc, out, number(0)).getResult();
  }
}
