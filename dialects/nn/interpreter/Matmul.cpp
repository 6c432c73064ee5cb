//===- Matmul.cpp - reference semantics of matrix products -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/GroupedWeights.h"
#include "dialects/nn/Int8.h"
#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

/// A matrix inside an array: where it starts, and the strides of its rows and columns.
struct Matrix {
  int64_t start, rowStride, columnStride;
};

/// result[m, n] += sum over k of lhs[m, k] * rhs[k, n], in double or in wrapping 64 bits.
static void accumulate(const Array &lhs, Matrix a, const Array &rhs, Matrix b, Array &result,
                       int64_t start, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t k = 0; k < inner; ++k) {
      int64_t left = a.start + m * a.rowStride + k * a.columnStride;
      int64_t right = b.start + k * b.rowStride, to = start + m * columns;
      if (result.isFloat()) {
        for (int64_t n = 0; n < columns; ++n)
          result.floats[to + n] += lhs.floats[left] * rhs.floats[right + n * b.columnStride];
        continue;
      }
      // Unsigned, because wrapping is the meaning and signed overflow has none in C++.
      for (int64_t n = 0; n < columns; ++n)
        result.ints[to + n] =
            static_cast<int64_t>(static_cast<uint64_t>(result.ints[to + n]) +
                                 static_cast<uint64_t>(lhs.ints[left]) *
                                     static_cast<uint64_t>(rhs.ints[right + n * b.columnStride]));
    }
}

static FailureOr<Array> evaluateMatmul(nn::MatmulOp op, const Array &lhs, const Array &rhs) {
  auto lhsType = cast<RankedTensorType>(op.getLhs().getType());
  auto rhsType = cast<RankedTensorType>(op.getRhs().getType());
  ArrayRef<int64_t> lhsShape = lhs.shape, rhsShape = rhs.shape;
  int64_t rows = lhsShape.take_back(2)[0], inner = lhsShape.back();
  bool transposed = op.getTransposeRhs();
  int64_t rhsInner = rhsShape.take_back(2)[transposed ? 1 : 0];
  int64_t columns = rhsShape.take_back(2)[transposed ? 0 : 1];
  if (inner != rhsInner)
    return op.emitError() << "inner sizes " << inner << " and " << rhsInner << " differ";

  // Leading dimensions broadcast: give both as types and shapes without the matrix dimensions.
  auto leading = [](RankedTensorType type) {
    return RankedTensorType::get(type.getShape().drop_back(2), type.getElementType());
  };
  SmallVector<int64_t> batch;
  int64_t batchRank = std::max(lhs.rank(), rhs.rank()) - 2;
  batch.assign(batchRank, 1);
  for (auto [type, shape] : {std::pair(lhsType, lhsShape), std::pair(rhsType, rhsShape)})
    for (int64_t i = 0; i < type.getRank() - 2; ++i)
      if (type.getDimSize(i) != 1)
        batch[batchRank - (type.getRank() - 2) + i] = shape[i];
  auto lhsStrides = broadcastStrides(op, leading(lhsType), lhsShape.drop_back(2), batch);
  auto rhsStrides = broadcastStrides(op, leading(rhsType), rhsShape.drop_back(2), batch);
  if (failed(lhsStrides) || failed(rhsStrides))
    return failure();

  SmallVector<int64_t> shape(batch);
  shape.append({rows, columns});
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  int64_t number = 0;
  forEachIndex(batch, [&](ArrayRef<int64_t> index) {
    // The strides count matrices, because `leading` dropped the two dimensions of each.
    Matrix a{offsetOf(index, *lhsStrides) * rows * inner, inner, 1};
    Matrix b{offsetOf(index, *rhsStrides) * inner * columns, transposed ? 1 : columns,
             transposed ? inner : 1};
    accumulate(lhs, a, rhs, b, *result, number++ * rows * columns, rows, inner, columns);
  });
  for (int64_t &value : result->ints)
    value = wrapToType(value, result->elementType);
  return result;
}

static FailureOr<Array> evaluateLinear(nn::LinearOp op, const Array &input, const Array &weight,
                                       const Array *bias) {
  bool inputMajor = op.getInputMajor();
  int64_t inner = weight.shape[inputMajor ? 0 : 1], columns = weight.shape[inputMajor ? 1 : 0];
  if (input.shape.back() != inner)
    return op.emitError() << "input has " << input.shape.back()
                          << " elements in its last dimension, the weight takes " << inner;
  if (bias && bias->shape[0] != columns)
    return op.emitError() << "bias has " << bias->shape[0] << " elements, the weight gives "
                          << columns;
  SmallVector<int64_t> shape(input.shape);
  shape.back() = columns;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  int64_t rows = *elementCount(ArrayRef<int64_t>(shape).drop_back());
  Matrix a{0, inner, 1};
  Matrix b{0, inputMajor ? columns : 1, inputMajor ? 1 : inner};
  accumulate(input, a, weight, b, *result, 0, rows, inner, columns);
  if (bias)
    for (int64_t i = 0, end = result->count(); i < end; ++i)
      result->floats[i] += bias->floats[i % columns];
  return result;
}

static FailureOr<Array> evaluatePack(nn::PackOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, op.getType().getShape());
  if (failed(result))
    return failure();
  int64_t rank = input.rank(), outputs = input.shape[rank - 2], depth = input.shape[rank - 1];
  int64_t panels = result->shape[rank - 2], panel = op.getPanel();
  int64_t matrices = *elementCount(ArrayRef<int64_t>(input.shape).drop_back(2));
  for (int64_t m = 0; m < matrices; ++m)
    for (int64_t n = 0; n < outputs; ++n)
      for (int64_t k = 0; k < depth; ++k)
        result->floats[((m * panels + n / panel) * depth + k) * panel + n % panel] =
            input.floats[(m * outputs + n) * depth + k];
  return result;
}

static FailureOr<Array> evaluatePackedLinear(nn::PackedLinearOp op, const Array &input,
                                             const Array &weight, const Array *bias) {
  int64_t depth = weight.shape[1], panel = weight.shape[2], outputs = op.getOutputs();
  SmallVector<int64_t> shape(input.shape);
  shape.back() = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  int64_t rows = *elementCount(ArrayRef<int64_t>(shape).drop_back());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t n = 0; n < outputs; ++n) {
      double sum = bias ? bias->floats[n] : 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += input.floats[row * depth + k] *
               weight.floats[(n / panel * depth + k) * panel + n % panel];
      result->floats[row * outputs + n] = sum;
    }
  return result;
}

/// Bytes as the interpreter's integers, and back.
static void unpackBytes(ArrayRef<char> bytes, Array &to) {
  for (auto [number, byte] : llvm::zip_equal(to.ints, bytes))
    number = static_cast<int8_t>(byte);
}
static std::vector<char> packBytes(const Array &from) {
  return std::vector<char>(from.ints.begin(), from.ints.end());
}

static FailureOr<Array> evaluateQuantizeRows(nn::QuantizeRowsOp op, const Array &input) {
  SmallVector<int64_t> shape(input.shape);
  int64_t depth = shape.back(), bytes = nn::int8RowBytes(depth);
  shape.back() = bytes;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  // Quantised in single precision, as compiled code does, so that ties fall alike.
  std::vector<float> numbers(input.floats.begin(), input.floats.end());
  std::vector<char> to(result->count());
  for (int64_t row = 0, rows = result->count() / bytes; row < rows; ++row)
    nn::quantizeInt8Row(ArrayRef(numbers).slice(row * depth, depth), to.data() + row * bytes);
  unpackBytes(to, *result);
  return result;
}

static FailureOr<Array> evaluatePackInt8(nn::PackInt8Op op, const Array &input) {
  FailureOr<Array> result = makeResult(op, cast<RankedTensorType>(op.getType()).getShape());
  if (failed(result))
    return failure();
  std::vector<float> numbers(input.floats.begin(), input.floats.end());
  std::vector<char> to(result->count());
  nn::packInt8(numbers, input.shape[0], input.shape[1], op.getPanel(), to.data());
  unpackBytes(to, *result);
  return result;
}

static FailureOr<Array> evaluatePackedLinearInt8(nn::PackedLinearInt8Op op, const Array &input,
                                                 const Array &weight, const Array *bias) {
  int64_t outputs = op.getOutputs(), depth = op.getDepth(), panel = op.getPanel();
  SmallVector<int64_t> shape(input.shape);
  shape.back() = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  std::vector<char> rows = packBytes(input), panels = packBytes(weight);
  int64_t rowBytes = nn::int8RowBytes(depth), panelBytes = nn::int8PanelBytes(depth, panel);
  auto read = [](const char *from, auto number) {
    std::memcpy(&number, from, sizeof(number));
    return number;
  };
  for (int64_t row = 0, count = *elementCount(ArrayRef<int64_t>(shape).drop_back()); row < count;
       ++row)
    for (int64_t n = 0; n < outputs; ++n) {
      const char *x = rows.data() + row * rowBytes;
      const char *columns = panels.data() + n / panel * panelBytes,
                 *place = columns + n % panel * 4;
      int64_t zero = read(x + rowBytes - 4, int32_t{});
      int64_t sum = -zero * read(place + panel * 4, int32_t{});
      for (int64_t k = 0; k < depth; ++k)
        sum += static_cast<uint8_t>(x[k]) *
               static_cast<int8_t>(place[panel * 8 + k / 4 * panel * 4 + k % 4]);
      double scale = static_cast<double>(read(x + rowBytes - 8, float{})) * read(place, float{});
      result->floats[row * outputs + n] = scale * sum + (bias ? bias->floats[n] : 0);
    }
  return result;
}

static FailureOr<Array> evaluatePackGroups(nn::PackGroupsOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, cast<RankedTensorType>(op.getType()).getShape());
  if (failed(result))
    return failure();
  nn::GroupLayout layout{input.shape[1], int64_t(op.getBits()), int64_t(op.getGroupSize()),
                         int64_t(op.getPanel())};
  std::vector<float> numbers(input.floats.begin(), input.floats.end());
  std::vector<char> to(result->count());
  nn::packGroups(numbers, input.shape[0], layout, to.data());
  unpackBytes(to, *result);
  return result;
}

static FailureOr<Array> evaluatePackedLinearGroups(nn::PackedLinearGroupsOp op, const Array &input,
                                                   const Array &weight, const Array *bias) {
  int64_t outputs = op.getOutputs(), depth = input.shape.back(), panel = op.getPanel();
  SmallVector<int64_t> shape(input.shape);
  shape.back() = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  nn::GroupLayout layout{depth, int64_t(op.getBits()), int64_t(op.getGroupSize()), panel};
  std::vector<char> panels = packBytes(weight);
  std::vector<double> column(depth);
  int64_t rows = *elementCount(ArrayRef<int64_t>(shape).drop_back());
  for (int64_t n = 0; n < outputs; ++n) {
    const char *place = panels.data() + n / panel * layout.panelBytes();
    for (int64_t k = 0; k < depth; ++k)
      column[k] = nn::readGroups(place, layout, n % panel, k);
    for (int64_t row = 0; row < rows; ++row) {
      double sum = bias ? bias->floats[n] : 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += input.floats[row * depth + k] * column[k];
      result->floats[row * outputs + n] = sum;
    }
  }
  return result;
}

bool nacre::interpreter::isMatmulLike(Operation *op) {
  return isa<nn::MatmulOp, nn::LinearOp, nn::PackOp, nn::PackedLinearOp, nn::QuantizeRowsOp,
             nn::PackInt8Op, nn::PackedLinearInt8Op, nn::PackGroupsOp, nn::PackedLinearGroupsOp>(
      op);
}

FailureOr<Array> nacre::interpreter::evaluateMatmulLike(Operation *op, Operands operands) {
  const Array *bias = operands.size() > 2 ? operands[2] : nullptr;
  return TypeSwitch<Operation *, FailureOr<Array>>(op)
      .Case([&](nn::MatmulOp op) { return evaluateMatmul(op, *operands[0], *operands[1]); })
      .Case([&](nn::LinearOp op) { return evaluateLinear(op, *operands[0], *operands[1], bias); })
      .Case([&](nn::PackOp op) { return evaluatePack(op, *operands[0]); })
      .Case([&](nn::PackedLinearOp op) {
        return evaluatePackedLinear(op, *operands[0], *operands[1], bias);
      })
      .Case([&](nn::QuantizeRowsOp op) { return evaluateQuantizeRows(op, *operands[0]); })
      .Case([&](nn::PackInt8Op op) { return evaluatePackInt8(op, *operands[0]); })
      .Case([&](nn::PackedLinearInt8Op op) {
        return evaluatePackedLinearInt8(op, *operands[0], *operands[1], bias);
      })
      .Case([&](nn::PackGroupsOp op) { return evaluatePackGroups(op, *operands[0]); })
      .Case([&](nn::PackedLinearGroupsOp op) {
        return evaluatePackedLinearGroups(op, *operands[0], *operands[1], bias);
      });
}
