//===- Shapes.cpp - what the dialect's shape rules share -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/Shapes.h"

using namespace mlir;
using namespace nacre::nn;

std::string nacre::nn::spell(int64_t size) {
  return ShapedType::isDynamic(size) ? "?" : std::to_string(size);
}

std::string nacre::nn::spell(ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t size) { return spell(size); }), ", ") +
         "]";
}

LogicalResult nacre::nn::checkParameter(std::optional<Location> loc, Value parameter,
                                        StringRef name, Value input, ArrayRef<int64_t> sizes) {
  if (!parameter)
    return success();
  auto expected = RankedTensorType::get(sizes, typeOf(input).getElementType());
  if (!compatibleShapes(TypeRange(expected), TypeRange(parameter.getType())))
    return emitOptionalError(loc, name, " must be ", expected, ", but is ", parameter.getType());
  return success();
}

bool nacre::nn::broadcastsTo(ArrayRef<int64_t> input, ArrayRef<int64_t> result) {
  return input.size() <= result.size() &&
         llvm::all_of(llvm::zip(input, result.take_back(input.size())), [](auto sizes) {
           return std::get<0>(sizes) == 1 || agree(std::get<0>(sizes), std::get<1>(sizes));
         });
}

bool nacre::nn::compatibleShapes(TypeRange inferred, TypeRange actual) {
  if (inferred.size() != actual.size())
    return false;
  for (auto [a, b] : llvm::zip(inferred, actual)) {
    auto left = dyn_cast<RankedTensorType>(a), right = dyn_cast<RankedTensorType>(b);
    if (!left || !right || left.getElementType() != right.getElementType() ||
        failed(verifyCompatibleShape(left, right)))
      return false;
  }
  return true;
}

FailureOr<SmallVector<int64_t>> nacre::nn::broadcastShapes(ArrayRef<int64_t> lhs,
                                                           ArrayRef<int64_t> rhs, int64_t *where) {
  int64_t rank = std::max(lhs.size(), rhs.size());
  SmallVector<int64_t> result(rank);
  for (int64_t i = 0; i < rank; ++i) {
    int64_t fromLeft = i - (rank - static_cast<int64_t>(lhs.size()));
    int64_t fromRight = i - (rank - static_cast<int64_t>(rhs.size()));
    int64_t a = fromLeft < 0 ? 1 : lhs[fromLeft];
    int64_t b = fromRight < 0 ? 1 : rhs[fromRight];
    if (a == 1 || b == 1)
      result[i] = a == 1 ? b : a;
    else if (ShapedType::isDynamic(a) || ShapedType::isDynamic(b))
      result[i] = ShapedType::isDynamic(a) ? b : a;
    else if (a == b)
      result[i] = a;
    else {
      if (where)
        *where = i;
      return failure();
    }
  }
  return result;
}

OpFoldResult nacre::nn::dimOf(OpBuilder &builder, Location loc, Value value, int64_t dimension) {
  return tensor::getMixedSize(builder, loc, value, dimension);
}
