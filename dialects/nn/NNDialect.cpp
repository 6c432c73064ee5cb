//===- NNDialect.cpp - the nn dialect, and what its operations share -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace nacre::nn;

#include "dialects/nn/NNDialect.cpp.inc"
#include "dialects/nn/NNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NNAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/nn/NNOps.cpp.inc"

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/nn/NNAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/NNOps.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                          Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
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
                                                           ArrayRef<int64_t> rhs,
                                                           int64_t *where) {
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
