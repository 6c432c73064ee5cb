//===- WeightBuilder.cpp - the bytes of packed and folded weights ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/WeightBuilder.h"

#include "dialects/nn/GroupedWeights.h"
#include "dialects/nn/Int8.h"
#include "dialects/nn/NN.h"
#include "dialects/nn/Winograd.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

#include "llvm/Support/Parallel.h"

#include <cstring>

using namespace mlir;
using namespace nacre;
using namespace nacre::object;
using interpreter::Tensor;

/// Calls body(i) for all i below `count`, on all cores where the work is worth it; each call writes
/// bytes of its own, so that the result does not depend on it.
static void forEach(int64_t count, int64_t bytes, llvm::function_ref<void(int64_t)> body) {
  constexpr int64_t worthThreads = 1 << 20;
  if (count > 1 && bytes >= worthThreads)
    return llvm::parallelFor(0, count, [&](size_t i) { body(static_cast<int64_t>(i)); });
  for (int64_t i = 0; i < count; ++i)
    body(i);
}

static int64_t bytesOf(Type element) { return *interpreter::elementBytes(element); }

/// Converts element by element where the types differ.
static Tensor convert(const Tensor &from, Type element) {
  if (from.getElementType() == element)
    return from;
  Tensor result = Tensor::zeros(element, from.getShape());
  int64_t count = from.getNumElements();
  Type source = from.getElementType();
  auto *in = reinterpret_cast<const uint16_t *>(from.getBytes().data());
  if (source.isBF16() && element.isF32()) {
    // The upper half of an f32; the general way would dominate the time of a large model, here and
    // below.
    auto *out = reinterpret_cast<uint32_t *>(result.getMutableBytes().data());
    for (int64_t i = 0; i < count; ++i)
      out[i] = static_cast<uint32_t>(in[i]) << 16;
    return result;
  }
  if (source.isF32() && element.isBF16()) {
    auto *numbers = reinterpret_cast<const uint32_t *>(from.getBytes().data());
    auto *out = reinterpret_cast<uint16_t *>(result.getMutableBytes().data());
    for (int64_t i = 0; i < count; ++i) {
      // Ties to even; a NaN must not be rounded up to an infinity.
      uint32_t bits = numbers[i], rounded = bits + 0x7fff + ((bits >> 16) & 1);
      bool isNaN = (bits & 0x7fffffff) > 0x7f800000;
      out[i] = static_cast<uint16_t>((isNaN ? bits | 0x00400000 : rounded) >> 16);
    }
    return result;
  }
  bool real = isa<FloatType>(element);
  for (int64_t i = 0; i < count; ++i)
    if (real)
      result.setFloat(i, from.getFloat(i));
    else
      result.setInt(i, from.getInt(i));
  return result;
}

/// Copies elements of N bytes from places `strides` apart into row-major order.
template <typename Element>
static void copyStrided(const char *from, char *to, ArrayRef<int64_t> shape,
                        ArrayRef<int64_t> strides) {
  auto *in = reinterpret_cast<const Element *>(from);
  auto *out = reinterpret_cast<Element *>(to);
  int64_t rank = shape.size();
  if (rank == 0) {
    *out = *in;
    return;
  }
  int64_t rows = 1, columns = shape.back(), step = strides.back();
  for (int64_t size : shape.drop_back())
    rows *= size;
  SmallVector<int64_t> index(rank, 0);
  int64_t offset = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < columns; ++i)
      out[i] = in[offset + i * step];
    out += columns;
    for (int64_t d = rank - 2; d >= 0; --d) {
      offset += strides[d];
      if (++index[d] < shape[d])
        break;
      offset -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

static void copyStrided(int64_t bytes, const char *from, char *to, ArrayRef<int64_t> shape,
                        ArrayRef<int64_t> strides) {
  switch (bytes) {
  case 1:
    return copyStrided<uint8_t>(from, to, shape, strides);
  case 2:
    return copyStrided<uint16_t>(from, to, shape, strides);
  case 4:
    return copyStrided<uint32_t>(from, to, shape, strides);
  default:
    return copyStrided<uint64_t>(from, to, shape, strides);
  }
}

static Tensor transpose(const Tensor &in, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> strides(in.getShape().size(), 1), shape, read;
  for (size_t i = strides.size(); i-- > 1;)
    strides[i - 1] = strides[i] * in.getShape()[i];
  for (int64_t from : permutation) {
    shape.push_back(in.getShape()[from]);
    read.push_back(strides[from]);
  }
  Tensor result = Tensor::zeros(in.getElementType(), shape);
  if (in.getNumElements() != 0)
    copyStrided(bytesOf(in.getElementType()), in.getBytes().data(), result.getMutableBytes().data(),
                shape, read);
  return result;
}

/// [..., N, K] in panels of columns; see nn.pack.
static Tensor pack(const Tensor &in, RankedTensorType type) {
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  int64_t rank = type.getRank(), panel = type.getDimSize(rank - 1),
          depth = type.getDimSize(rank - 2);
  int64_t panels = type.getDimSize(rank - 3), bytes = bytesOf(type.getElementType());
  int64_t columns = in.getShape()[in.getShape().size() - 2];
  if (type.getNumElements() == 0)
    return result;
  int64_t groups = type.getNumElements() / (panels * depth * panel);
  const char *from = in.getBytes().data();
  char *to = result.getMutableBytes().data();
  forEach(groups * panels, result.getBytes().size(), [&](int64_t item) {
    int64_t group = item / panels, p = item % panels;
    // A panel is the transpose of `panel` rows of the input; in blocks of rows of the result
    // that stay in the cache with the input's lines they read.
    int64_t first = p * panel, width = std::min(panel, columns - first);
    const char *rows = from + (group * columns + first) * depth * bytes;
    char *block = to + item * depth * panel * bytes;
    for (int64_t k = 0; k < depth; k += 64) {
      int64_t height = std::min<int64_t>(64, depth - k);
      for (int64_t c = 0; c < width; ++c)
        for (int64_t i = 0; i < height; ++i)
          std::memcpy(block + ((k + i) * panel + c) * bytes, rows + (c * depth + k + i) * bytes,
                      bytes);
    }
  });
  return result;
}

/// [N, K] of f32 quantised and in panels; see nn.pack_int8.
static Tensor packInt8(nn::PackInt8Op op, const Tensor &in, RankedTensorType type) {
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  ArrayRef<float> numbers(reinterpret_cast<const float *>(in.getBytes().data()),
                          in.getNumElements());
  int64_t columns = in.getShape()[0], depth = in.getShape()[1], panel = op.getPanel();
  char *to = result.getMutableBytes().data();
  forEach(llvm::divideCeil(columns, panel), numbers.size() * sizeof(float), [&](int64_t p) {
    int64_t width = std::min(panel, columns - p * panel);
    nn::packInt8(numbers.slice(p * panel * depth, width * depth), width, depth, panel,
                 to + p * nn::int8PanelBytes(depth, panel));
  });
  return result;
}

/// [N, K] of f32 quantised in groups and in panels; see nn.pack_groups.
static Tensor packGroups(nn::PackGroupsOp op, const Tensor &in, RankedTensorType type) {
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  ArrayRef<float> numbers(reinterpret_cast<const float *>(in.getBytes().data()),
                          in.getNumElements());
  nn::GroupLayout layout{in.getShape()[1], int64_t(op.getBits()), int64_t(op.getGroupSize()),
                         int64_t(op.getPanel())};
  nn::packGroups(numbers, in.getShape()[0], layout, result.getMutableBytes().data());
  return result;
}

static Tensor concat(ArrayRef<Tensor> inputs, int64_t dimension, RankedTensorType type) {
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  int64_t outer = 1, bytes = bytesOf(type.getElementType());
  for (int64_t size : type.getShape().take_front(dimension))
    outer *= size;
  char *to = result.getMutableBytes().data();
  int64_t whole = outer ? static_cast<int64_t>(result.getBytes().size()) / outer : 0;
  for (const Tensor &input : inputs) {
    int64_t part = outer ? input.getNumElements() * bytes / outer : 0;
    for (int64_t i = 0; i < outer; ++i)
      std::memcpy(to + i * whole, input.getBytes().data() + i * part, part);
    to += part;
  }
  return result;
}

/// Element-wise arithmetic on f32 where one operand is the result and the other varies along one
/// dimension at most, as when a norm is folded into a weight; nothing for other shapes.
static std::optional<Tensor> scaleLike(Operation *op, const Tensor &a, const Tensor &b) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!isa<nn::MulOp>(op) || !type.getElementType().isF32() || !a.getElementType().isF32() ||
      !b.getElementType().isF32() || a.getShape() != type.getShape())
    return std::nullopt;
  SmallVector<int64_t> padded(type.getRank() - b.getShape().size(), 1);
  llvm::append_range(padded, b.getShape());
  int64_t inner = 1, count = 1;
  bool seen = false;
  for (int64_t i = type.getRank(); i-- > 0;) {
    if (padded[i] != 1) {
      if (seen)
        return std::nullopt;
      seen = true;
      count = padded[i];
    } else if (!seen) {
      inner *= type.getDimSize(i);
    }
  }
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  auto *in = reinterpret_cast<const float *>(a.getBytes().data());
  auto *factor = reinterpret_cast<const float *>(b.getBytes().data());
  auto *out = reinterpret_cast<float *>(result.getMutableBytes().data());
  int64_t total = type.getNumElements();
  for (int64_t start = 0, which = 0; start < total; start += inner, which = (which + 1) % count)
    for (int64_t i = 0; i < inner; ++i)
      out[start + i] = in[start + i] * factor[which];
  return result;
}

/// [O, C, 3, 3] to [16, O, C], in f32; nothing for other types.
static std::optional<Tensor> winogradWeight(const Tensor &input, RankedTensorType type) {
  if (!type.getElementType().isF32())
    return std::nullopt;
  Tensor result = Tensor::zeros(type.getElementType(), type.getShape());
  auto *in = reinterpret_cast<const float *>(input.getBytes().data());
  auto *out = reinterpret_cast<float *>(result.getMutableBytes().data());
  int64_t kernels = type.getNumElements() / 16;
  for (int64_t i = 0; i < kernels; ++i) {
    double kernel[9];
    std::copy_n(in + 9 * i, 9, kernel);
    std::array<double, 16> elements = nn::winogradKernel(kernel);
    for (int64_t e = 0; e < 16; ++e)
      out[e * kernels + i] = static_cast<float>(elements[e]);
  }
  return result;
}

/// One operation by the reference interpreter: a function of its operands.
static FailureOr<Tensor> interpretOne(Operation *op, ArrayRef<Tensor> operands) {
  OpBuilder b(op->getContext());
  OwningOpRef<ModuleOp> holder = ModuleOp::create(b, op->getLoc());
  b.setInsertionPointToStart(holder->getBody());
  auto function = func::FuncOp::create(
      b, op->getLoc(), "one", b.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
  Block *block = function.addEntryBlock();
  b.setInsertionPointToStart(block);
  IRMapping mapping;
  for (auto [operand, argument] : llvm::zip(op->getOperands(), block->getArguments()))
    mapping.map(operand, argument);
  Operation *copy = b.clone(*op, mapping);
  for (auto [i, argument] : llvm::enumerate(block->getArguments()))
    copy->setOperand(i, argument);
  func::ReturnOp::create(b, op->getLoc(), copy->getResults());
  auto results = interpreter::interpret(function, operands, {});
  if (failed(results))
    return failure();
  return results->front();
}

FailureOr<Tensor> WeightBuilder::load(StringRef name) {
  auto global = module.lookupSymbol<ml_program::GlobalOp>(name);
  if (auto expression = global->getAttrOfType<FlatSymbolRefAttr>("nn.expression")) {
    FailureOr<Tensor> value = evaluate(module.lookupSymbol<func::FuncOp>(expression.getValue()));
    if (failed(value))
      return failure();
    return convert(*value, getElementTypeOrSelf(global.getType()));
  }
  FailureOr<Tensor> stored = source.load(name);
  if (failed(stored))
    return failure();
  held.push_back(name.str());
  return convert(*stored, getElementTypeOrSelf(global.getType()));
}

FailureOr<Tensor> WeightBuilder::evaluate(func::FuncOp expression) {
  llvm::DenseMap<Value, Tensor> values;
  llvm::DenseMap<Value, int64_t> uses;
  for (Operation &op : expression.getBody().front()) {
    if (isa<func::ReturnOp>(op))
      return values.lookup(op.getOperand(0));
    SmallVector<Tensor> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
    FailureOr<Tensor> result = failure();
    if (auto read = dyn_cast<ml_program::GlobalLoadConstOp>(op)) {
      result = load(read.getGlobal().getLeafReference().getValue());
    } else if (auto permute = dyn_cast<nn::TransposeOp>(op)) {
      result = transpose(operands[0], permute.getPermutation());
    } else if (isa<nn::PackOp>(op)) {
      result = pack(operands[0], type);
    } else if (auto quantize = dyn_cast<nn::PackInt8Op>(op)) {
      result = packInt8(quantize, operands[0], type);
    } else if (auto quantize = dyn_cast<nn::PackGroupsOp>(op)) {
      result = packGroups(quantize, operands[0], type);
    } else if (auto join = dyn_cast<tensor::ConcatOp>(op)) {
      result = concat(operands, join.getDim(), type);
    } else if (auto expanded = isa<nn::WinogradWeightOp>(op) ? winogradWeight(operands[0], type)
                                                             : std::nullopt) {
      result = std::move(*expanded);
    } else if (isa<nn::CastOp>(op)) {
      result = convert(operands[0], type.getElementType());
    } else if (isa<nn::ReshapeOp>(op) && type.hasStaticShape()) {
      result = operands[0].withShape(type.getShape());
    } else if (auto scaled =
                   operands.size() == 2 ? scaleLike(&op, operands[0], operands[1]) : std::nullopt) {
      result = std::move(*scaled);
    } else {
      result = interpretOne(&op, operands);
    }
    if (failed(result))
      return failure();
    for (Value operand : op.getOperands())
      if (++uses[operand] == std::distance(operand.use_begin(), operand.use_end()))
        values.erase(operand);
    values[op.getResult(0)] = std::move(*result);
  }
  return failure();
}

FailureOr<Tensor> WeightBuilder::build(ml_program::GlobalOp global) {
  return load(global.getSymName());
}

void WeightBuilder::release(ArrayRef<std::string> names) {
  for (const std::string &name : names)
    source.release(name);
}

/// Calls `visit` for the stored weights that a global is made of, in the order of their use.
static LogicalResult forEachStored(ModuleOp module, StringRef name,
                                   llvm::function_ref<LogicalResult(StringRef)> visit) {
  auto global = module.lookupSymbol<ml_program::GlobalOp>(name);
  auto expression = global->getAttrOfType<FlatSymbolRefAttr>("nn.expression");
  if (!expression)
    return visit(name);
  auto function = module.lookupSymbol<func::FuncOp>(expression.getValue());
  for (auto read : function.getOps<ml_program::GlobalLoadConstOp>())
    if (failed(forEachStored(module, read.getGlobal().getLeafReference().getValue(), visit)))
      return failure();
  return success();
}

LogicalResult WeightBuilder::hashSources(llvm::BLAKE3 &hash) {
  llvm::StringSet<> seen;
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    if (!global->hasAttr("nn.offset"))
      continue;
    LogicalResult all = forEachStored(module, global.getSymName(), [&](StringRef name) {
      if (!seen.insert(name).second)
        return success();
      FailureOr<Tensor> stored = source.load(name);
      if (failed(stored))
        return failure();
      std::string text;
      llvm::raw_string_ostream stream(text);
      stream << name << '\0' << stored->getElementType() << stored->getBytes().size();
      for (int64_t size : stored->getShape())
        stream << 'x' << size;
      hash.update(text);
      auto bytes = stored->getBytes();
      hash.update({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
      source.release(name);
      return success();
    });
    if (failed(all))
      return failure();
  }
  return success();
}
