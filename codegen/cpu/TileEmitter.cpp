//===- TileEmitter.cpp - element-wise work at one place of a tile ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/TileEmitter.h"

#include "codegen/cpu/BufferViews.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Random.h"
#include "codegen/cpu/VectorMath.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

FailureOr<TileEmitter> TileEmitter::create(KernelBuilder &builder, Value sink,
                                           ArrayRef<Value> roots) {
  TileEmitter emitter(builder, sink, roots);
  SmallVector<Value> sizes = builder.dims(builder.output);
  if (!sizes.empty())
    emitter.leadingSizes.assign(sizes.begin(), sizes.end() - 1);
  emitter.rowsOfOutput = builder.toRows(builder.output);
  if (failed(emitter.prepare(sink)))
    return failure();
  return emitter;
}

/// Operations whose vector code needs many registers at once.
static bool isHeavyOp(Operation *op) {
  return isa<nn::ExpOp, nn::LogOp, nn::SinOp, nn::CosOp, nn::TanhOp, nn::ErfOp, nn::SigmoidOp,
             nn::SiluOp, nn::SeluOp, nn::SoftplusOp, nn::GeluOp, nn::EluOp, nn::PowOp, nn::ModOp,
             nn::RandomOp>(op);
}

LogicalResult TileEmitter::prepare(Value tensor) {
  if (llvm::is_contained(roots, tensor) || !visited.insert(tensor))
    return success();
  Operation *op = tensor.getDefiningOp();
  bool placed = op && isPlaced(op);
  if (!placed && (!op || !op->hasTrait<nn::Elementwise>()))
    return prepareLeaf(tensor);
  heavy |= isHeavyOp(op);
  if (placed)
    flat &= cast<RankedTensorType>(tensor.getType()).getShape() ==
            cast<MemRefType>(b.output.getType()).getShape();
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) && failed(prepare(operand)))
      return failure();
  return success();
}

LogicalResult TileEmitter::prepareLeaf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto domain = cast<MemRefType>(b.output.getType());
  Leaf leaf{};
  // A broadcast is what access by broadcasting does anyway.
  Value source = tensor;
  while (auto broadcast = source.getDefiningOp<nn::BroadcastOp>())
    source = broadcast.getInput();
  Operation *op = source.getDefiningOp();
  if (auto constant = dyn_cast_if_present<arith::ConstantOp>(op)) {
    auto data = dyn_cast<SplatElementsAttr>(constant.getValue());
    if (!data)
      return op->emitOpError("internal: a constant that is no splat reached a kernel");
    auto vector = b.vectorOf(computeType(type.getElementType()));
    auto value = data.getSplatValue<Attribute>();
    if (auto real = dyn_cast<FloatAttr>(value))
      value = b.getFloatAttr(vector.getElementType(), real.getValueAsDouble());
    else if (type.getElementType().isUnsignedInteger())
      value = b.getIntegerAttr(vector.getElementType(), cast<IntegerAttr>(value).getUInt());
    leaf.access = Access::constant;
    leaf.buffer = arith::ConstantOp::create(b, b.loc, DenseElementsAttr::get(vector, value));
    leaves[tensor] = leaf;
    return success();
  }
  if (auto gather = dyn_cast_if_present<nn::GatherOp>(op)) {
    FailureOr<Value> data = b.buffer(gather.getData()), indices = b.buffer(gather.getIndices());
    if (failed(data) || failed(indices) || gather.getAxis() != 0 ||
        gather.getData().getType().getRank() != 2 || type.getRank() != domain.getRank())
      return gather.emitOpError("internal: this gather cannot be fused");
    leaf.access = Access::gather;
    leaf.buffer = *data;
    leaf.indices = *indices;
    flat = false;
    leaves[tensor] = leaf;
    return success();
  }
  if (auto splat = dyn_cast_if_present<tensor::SplatOp>(op)) {
    leaf.access = Access::scalar;
    leaf.buffer = b.broadcast(b.indexValue(splat.getInput()));
    leaves[tensor] = leaf;
    return success();
  }
  FailureOr<Value> buffer = b.buffer(source);
  if (failed(buffer))
    return emitError(b.loc) << "internal: no buffer for an operand of a kernel";
  leaf.buffer = *buffer;
  auto shape = cast<RankedTensorType>(source.getType()).getShape();
  auto memory = cast<MemRefType>(buffer->getType());
  bool leadingOnes =
      shape.empty() || llvm::all_of(shape.drop_back(), [](int64_t n) { return n == 1; });
  bool lastOne = shape.empty() || shape.back() == 1;
  if (leadingOnes && lastOne) {
    leaf.access = Access::scalar;
    SmallVector<Value> zeros(shape.size(), b.index(0));
    leaf.buffer = b.broadcast(b.loadScalar(*buffer, zeros, computeType(type.getElementType())));
  } else if (leadingOnes) {
    leaf.access = Access::column;
    flat &= domain.getRank() == 1 && memory.getLayout().isIdentity();
    if (domain.getRank() == 1 && memory.getLayout().isIdentity())
      leaf.flatBuffer = b.flatten(*buffer);
  } else if (shape == domain.getShape() && memory.getLayout().isIdentity()) {
    leaf.access = Access::place;
    leaf.flatBuffer = b.flatten(*buffer);
    leaf.buffer = b.toRows(*buffer);
  } else {
    leaf.access = Access::general;
    flat = false;
  }
  leaves[tensor] = leaf;
  return success();
}

ValueRange TileEmitter::leadingIndices(Place &place) {
  if (place.leading.empty())
    place.leading = b.delinearize(place.row, leadingSizes);
  return place.leading;
}

SmallVector<Value> TileEmitter::broadcastIndices(RankedTensorType type, Place &place) {
  SmallVector<Value> indices;
  int64_t skipped = static_cast<int64_t>(leadingSizes.size()) + 1 - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool last = i + 1 == type.getRank();
    if (type.getDimSize(i) == 1)
      indices.push_back(b.index(0));
    else
      indices.push_back(last ? place.column : leadingIndices(place)[skipped + i]);
  }
  return indices;
}

/// Where the elements at `place` are in a tensor of `type` that broadcasts to the domain, counted
/// in row-major order: a vector of i64.
Value TileEmitter::positionIn(RankedTensorType type, Place &place) {
  auto domain = cast<MemRefType>(b.output.getType());
  Value first = b.index(0);
  if (!place.row) {
    first = place.column;
  } else {
    SmallVector<Value> sizes = b.dims(b.output);
    sizes.erase(sizes.begin(), sizes.end() - type.getRank());
    for (auto [i, index] : llvm::enumerate(broadcastIndices(type, place)))
      first = b.add(b.mul(first, type.getDimSize(i) == 1 ? b.index(1) : sizes[i]), index);
  }
  Value vector = b.broadcast(b.make<arith::IndexCastOp>(b.getI64Type(), first));
  bool repeats = type.getRank() == 0 || (type.getShape().back() == 1 && domain.getRank() > 0 &&
                                         domain.getShape().back() != 1);
  return repeats ? vector : b.make<arith::AddIOp>(vector, b.laneNumbers());
}

/// The elements of a placed operation at `position`.
static Value emitPlaced(KernelBuilder &b, Operation *op, ValueRange operands, Value position) {
  if (auto random = dyn_cast<nn::RandomOp>(op))
    return emitRandom(b, random, operands[0], operands[1], position);
  Type element = getElementTypeOrSelf(op->getResult(0));
  if (isa<FloatType>(element))
    return emitNumber(b, position, element);
  Type narrow = b.vectorOf(computeType(element));
  Value number =
      narrow == position.getType() ? position : b.make<arith::TruncIOp>(narrow, position);
  return element.isUnsignedInteger(8) ? b.make<arith::AndIOp>(number, b.splat(narrow, 255))
                                      : number;
}

Value TileEmitter::load(Value tensor, Place &place) {
  Leaf &leaf = leaves.find(tensor)->second;
  Type element = computeType(getElementTypeOrSelf(tensor));
  if (tensor == sink && leaf.access != Access::constant && leaf.access != Access::scalar)
    element = elementIn(leaf.buffer); // moved, not computed with
  switch (leaf.access) {
  case Access::constant:
  case Access::scalar:
    return leaf.buffer;
  case Access::place:
    if (!place.row)
      return b.loadVector(leaf.flatBuffer, place.column, element, place.mask);
    return b.loadVector(leaf.buffer, {place.row, place.column}, element, place.mask);
  case Access::column:
    if (!place.row)
      return b.loadVector(leaf.flatBuffer, place.column, element, place.mask);
    [[fallthrough]];
  case Access::general: {
    Value source = tensor;
    while (auto broadcast = source.getDefiningOp<nn::BroadcastOp>())
      source = broadcast.getInput();
    auto type = cast<RankedTensorType>(source.getType());
    auto memory = cast<MemRefType>(leaf.buffer.getType());
    SmallVector<Value> indices = broadcastIndices(type, place);
    if (memory.getShape().back() == 1 &&
        cast<MemRefType>(b.output.getType()).getShape().back() != 1)
      return b.broadcast(b.loadScalar(leaf.buffer, indices, element));
    return b.loadVector(leaf.buffer, indices, element, place.mask);
  }
  case Access::gather: {
    auto indexType = cast<MemRefType>(leaf.indices.getType());
    SmallVector<Value> where;
    for (int64_t i = 0; i < indexType.getRank(); ++i)
      where.push_back(leadingIndices(place)[i]);
    Value raw = memref::LoadOp::create(b, b.loc, leaf.indices, where);
    Value row = clampIndex(b, raw, b.dim(leaf.buffer, 0));
    return b.loadVector(leaf.buffer, {row, place.column}, element, place.mask);
  }
  }
  llvm_unreachable("every access is handled");
}

Value TileEmitter::emit(Place &place, ArrayRef<Value> rootVectors) {
  DenseMap<Value, Value> vectors;
  for (auto [root, vector] : llvm::zip(roots, rootVectors))
    vectors[root] = vector;
  std::function<Value(Value)> evaluate = [&](Value tensor) -> Value {
    if (Value known = vectors.lookup(tensor))
      return known;
    Operation *op = tensor.getDefiningOp();
    Value result;
    if (op && isPlaced(op)) {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()))
          operands.push_back(evaluate(operand));
      Value position = positionIn(cast<RankedTensorType>(tensor.getType()), place);
      result = emitPlaced(b, op, operands, position);
    } else if (!op || !op->hasTrait<nn::Elementwise>()) {
      result = load(tensor, place);
    } else {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(evaluate(operand));
      result = emitElementwise(b, op, operands);
    }
    return vectors[tensor] = result;
  };
  return evaluate(sink);
}

void TileEmitter::store(Value vector, Place &place) {
  if (!place.row)
    b.storeVector(vector, b.flatten(b.output), place.column, place.mask);
  else
    b.storeVector(vector, rowsOfOutput, {place.row, place.column}, place.mask);
}
