//===- Interpreter.cpp - the reference semantics of nn programs -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/interpreter/Interpreter.h"

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

namespace {

/// The values of one block and of those around it.
using Values = llvm::DenseMap<Value, std::shared_ptr<const Array>>;

using Arrays = SmallVector<std::shared_ptr<const Array>>;

/// The shape of a result of type `type` whose dynamic sizes are the next of `sizes`.
SmallVector<int64_t> promisedShape(Type type, OperandRange::iterator &sizes, const Values &values) {
  SmallVector<int64_t> shape(cast<RankedTensorType>(type).getShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = values.at(*sizes++)->ints[0];
  return shape;
}

/// Gives the results of `op` their values, which must have the shapes that `sizes` promise.
LogicalResult bindResults(Operation *op, OperandRange sizes, const Arrays &arrays, Values &values) {
  auto next = sizes.begin();
  for (auto [result, array] : llvm::zip_equal(op->getResults(), arrays)) {
    if (ArrayRef(array->shape) != ArrayRef(promisedShape(result.getType(), next, values)))
      return op->emitError("body computes other sizes than `sizes` promises");
    values[result] = array;
  }
  return success();
}

/// A carry keeps its size from round to round.
LogicalResult checkCarries(Operation *op, const Arrays &before,
                           ArrayRef<std::shared_ptr<const Array>> after) {
  for (auto [old, now] : llvm::zip_equal(before, after))
    if (old->shape != now->shape)
      return op->emitError("a carried value changes its size");
  return success();
}

/// Slice `place` along `axis`, without that dimension.
std::shared_ptr<const Array> takeSlice(const Array &array, int64_t axis, int64_t place) {
  ArrayRef<int64_t> whole = array.shape;
  SmallVector<int64_t> shape(whole.take_front(axis));
  llvm::append_range(shape, whole.drop_front(axis + 1));
  Array slice(array.elementType, shape);
  int64_t outer = *elementCount(whole.take_front(axis));
  int64_t inner = *elementCount(whole.drop_front(axis + 1));
  for (int64_t o = 0, to = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i)
      slice.copyElement(to++, array, (o * whole[axis] + place) * inner + i);
  return std::make_shared<const Array>(std::move(slice));
}

class Interpreter {
public:
  explicit Interpreter(const Options &options) : options(options) {}

  /// Runs `block`, which may read `values`, and returns what its terminator names.
  FailureOr<Arrays> run(Block &block, ArrayRef<std::shared_ptr<const Array>> arguments,
                        Values &values);

  /// `tensor` as a value of type `type`; floats convert, other element types must be equal.
  FailureOr<std::shared_ptr<const Array>> admit(Operation *op, const Tensor &tensor, Type type,
                                                const Twine &what);

private:
  LogicalResult evaluate(Operation *op, Values &values);
  FailureOr<Array> evaluateOne(Operation *op, Operands operands);
  FailureOr<std::shared_ptr<const Array>> loadWeight(ml_program::GlobalLoadConstOp op);
  LogicalResult evaluateDispatch(nn::DispatchOp op, Values &values);
  LogicalResult evaluateScan(nn::ScanOp op, Values &values);
  LogicalResult evaluateWhile(nn::WhileOp op, Values &values);
  LogicalResult evaluateIf(nn::IfOp op, Values &values);
  LogicalResult loadState(nn::StateLoadOp op, Values &values);
  LogicalResult storeState(nn::StateStoreOp op, Values &values);

  const Options &options;
};

FailureOr<std::shared_ptr<const Array>> Interpreter::admit(Operation *op, const Tensor &tensor,
                                                           Type type, const Twine &what) {
  Type element = getElementTypeOrSelf(type);
  if (!isa<IntegerType, IndexType, FloatType>(element) || !elementBytes(element))
    return op->emitError() << what << " of type " << type << " cannot be interpreted";
  bool floats = isa<FloatType>(element) && isa_and_present<FloatType>(tensor.getElementType());
  if (!floats && tensor.getElementType() != element)
    return op->emitError() << what << " has elements of type " << tensor.getElementType()
                           << ", but must be " << type;
  if (failed(checkShape(op, tensor.getShape(), type, what)))
    return failure();
  Array array = toArray(tensor);
  array.elementType = element;
  if (options.precision == Precision::declared)
    roundToElementType(array);
  return std::make_shared<const Array>(std::move(array));
}

FailureOr<std::shared_ptr<const Array>> Interpreter::loadWeight(ml_program::GlobalLoadConstOp op) {
  auto global = SymbolTable::lookupNearestSymbolFrom<ml_program::GlobalOp>(op, op.getGlobalAttr());
  if (!global)
    return op.emitError() << "no weight is named " << op.getGlobal();
  Attribute value = global.getValueAttr();
  if (value && !isa<ml_program::ExternAttr>(value)) {
    FailureOr<Array> array = toArray(op, value);
    if (failed(array))
      return failure();
    return std::make_shared<const Array>(std::move(*array));
  }
  StringRef name = global.getSymName();
  if (!options.weights)
    return op.emitError() << "weight '" << name << "' is needed, but no weights were given";
  FailureOr<Tensor> tensor = options.weights(name);
  if (failed(tensor))
    return failure();
  return admit(op, *tensor, op.getType(), "weight '" + name + "'");
}

FailureOr<Array> Interpreter::evaluateOne(Operation *op, Operands operands) {
  if (isElementwise(op))
    return evaluateElementwise(op, operands, options.precision);
  if (isMatmulLike(op))
    return evaluateMatmulLike(op, operands);
  if (isWindowed(op))
    return evaluateWindowed(op, operands);
  if (isWinograd(op))
    return evaluateWinograd(op, operands);
  if (isAttentionLike(op))
    return evaluateAttentionLike(op, operands);
  if (isReduction(op))
    return evaluateReduction(op, operands);
  if (isDataMovement(op))
    return evaluateDataMovement(op, operands);
  if (isIndexing(op))
    return evaluateIndexing(op, operands);
  if (isRandom(op))
    return evaluateRandom(op, operands);
  if (isArithmetic(op))
    return evaluateArithmetic(op, operands);
  return op->emitError() << "'" << op->getName()
                         << "' is not interpreted: it is not an operation of the nn phase";
}

LogicalResult Interpreter::evaluateDispatch(nn::DispatchOp op, Values &values) {
  Arrays arguments;
  for (Value input : op.getInputs())
    arguments.push_back(values.at(input));
  Values own;
  auto results = run(op.getBody().front(), arguments, own);
  if (failed(results))
    return failure();
  return bindResults(op, op.getResultSizes(), *results, values);
}

LogicalResult Interpreter::evaluateScan(nn::ScanOp op, Values &values) {
  SmallVector<const Array *> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(values.at(input).get());
  int64_t rounds = op.getLength() ? std::max<int64_t>(values.at(op.getLength())->ints[0], 0)
                                  : inputs.front()->shape[op.getAxes().front()];
  for (auto [input, axis] : llvm::zip_equal(inputs, op.getAxes()))
    if (input->shape[axis] != rounds)
      return op.emitError() << "inputs have " << rounds << " and " << input->shape[axis]
                            << " slices";
  Arrays carries;
  for (Value carry : op.getCarries())
    carries.push_back(values.at(carry));
  SmallVector<Array> stacks;
  auto size = op.getResultSizes().begin();
  for (Value stack : op.getStacks()) {
    SmallVector<int64_t> shape = promisedShape(stack.getType(), size, values);
    if (shape.front() != rounds || !elementCount(shape))
      return op.emitError() << "`sizes` promises " << shape.front() << " rounds of " << rounds;
    stacks.emplace_back(getElementTypeOrSelf(stack), shape);
  }
  for (int64_t round = 0; round < rounds; ++round) {
    int64_t place = op.getReverse() ? rounds - 1 - round : round;
    Arrays arguments;
    for (auto [input, axis] : llvm::zip_equal(inputs, op.getAxes()))
      arguments.push_back(takeSlice(*input, axis, place));
    llvm::append_range(arguments, carries);
    auto results = run(op.getBody().front(), arguments, values);
    if (failed(results) ||
        failed(checkCarries(op, carries, ArrayRef(*results).take_front(carries.size()))))
      return failure();
    for (auto [stack, part] :
         llvm::zip_equal(stacks, ArrayRef(*results).drop_front(carries.size()))) {
      if (ArrayRef(part->shape) != ArrayRef(stack.shape).drop_front())
        return op.emitError("body computes other sizes than `sizes` promises");
      for (int64_t i = 0, count = part->count(); i < count; ++i)
        stack.copyElement(place * count + i, *part, i);
    }
    carries.assign(results->begin(), results->begin() + carries.size());
  }
  for (auto [final, carry] : llvm::zip_equal(op.getFinals(), carries))
    values[final] = carry;
  for (auto [result, stack] : llvm::zip_equal(op.getStacks(), stacks))
    values[result] = std::make_shared<const Array>(std::move(stack));
  return success();
}

LogicalResult Interpreter::evaluateWhile(nn::WhileOp op, Values &values) {
  bool go = values.at(op.getGo())->ints[0] != 0;
  Arrays carries;
  for (Value carry : op.getCarries())
    carries.push_back(values.at(carry));
  while (go) {
    auto results = run(op.getBody().front(), carries, values);
    if (failed(results) || failed(checkCarries(op, carries, ArrayRef(*results).drop_front())))
      return failure();
    go = results->front()->ints[0] != 0;
    carries.assign(results->begin() + 1, results->end());
  }
  for (auto [result, carry] : llvm::zip_equal(op.getResults(), carries))
    values[result] = carry;
  return success();
}

LogicalResult Interpreter::evaluateIf(nn::IfOp op, Values &values) {
  bool condition = values.at(op.getCondition())->ints[0] != 0;
  Region &region = condition ? op.getThenRegion() : op.getElseRegion();
  auto results = run(region.front(), {}, values);
  if (failed(results))
    return failure();
  return bindResults(op, op.getResultSizes(), *results, values);
}

LogicalResult Interpreter::loadState(nn::StateLoadOp op, Values &values) {
  if (!options.states)
    return op.emitError() << "state '" << op.getState() << "' is needed, but no states were given";
  auto size = op.getDynamicSizes().begin();
  SmallVector<int64_t> shape = promisedShape(op.getType(), size, values);
  if (!elementCount(shape))
    return op.emitError("a size is negative, or all are too large");
  auto [state, isNew] = options.states->try_emplace(op.getState());
  if (isNew)
    state->second = Tensor::zeros(getElementTypeOrSelf(op.getType()), shape);
  if (state->second.getShape() != ArrayRef(shape))
    return op.emitError() << "state '" << op.getState() << "' was made for other sizes";
  auto array = admit(op, state->second, op.getType(), "state '" + op.getState() + "'");
  if (failed(array))
    return failure();
  values[op.getResult()] = *array;
  return success();
}

LogicalResult Interpreter::storeState(nn::StateStoreOp op, Values &values) {
  if (!options.states)
    return op.emitError() << "state '" << op.getState() << "' is needed, but no states were given";
  const Array &array = *values.at(op.getValue());
  auto [state, isNew] = options.states->try_emplace(op.getState());
  if (!isNew && state->second.getShape() != ArrayRef(array.shape))
    return op.emitError() << "state '" << op.getState() << "' was made for other sizes";
  state->second = toTensor(array, options.precision);
  return success();
}

LogicalResult Interpreter::evaluate(Operation *op, Values &values) {
  if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    return evaluateDispatch(dispatch, values);
  if (auto scan = dyn_cast<nn::ScanOp>(op))
    return evaluateScan(scan, values);
  if (auto loop = dyn_cast<nn::WhileOp>(op))
    return evaluateWhile(loop, values);
  if (auto branch = dyn_cast<nn::IfOp>(op))
    return evaluateIf(branch, values);
  if (auto load = dyn_cast<nn::StateLoadOp>(op))
    return loadState(load, values);
  if (auto store = dyn_cast<nn::StateStoreOp>(op))
    return storeState(store, values);
  if (auto load = dyn_cast<ml_program::GlobalLoadConstOp>(op)) {
    auto array = loadWeight(load);
    if (failed(array))
      return failure();
    values[load.getResult()] = *array;
    return success();
  }
  for (Type type : op->getResultTypes())
    if (!elementBytes(getElementTypeOrSelf(type)))
      return op->emitError() << "result of type " << type << " cannot be interpreted";
  SmallVector<const Array *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(values.at(operand).get());
  FailureOr<Array> result = evaluateOne(op, operands);
  if (failed(result))
    return failure();
  if (options.precision == Precision::declared)
    roundToElementType(*result);
  values[op->getResult(0)] = std::make_shared<const Array>(std::move(*result));
  return success();
}

FailureOr<Arrays> Interpreter::run(Block &block, ArrayRef<std::shared_ptr<const Array>> arguments,
                                   Values &values) {
  for (auto [argument, array] : llvm::zip(block.getArguments(), arguments))
    values[argument] = array;
  for (Operation &op : block.without_terminator()) {
    if (failed(evaluate(&op, values)))
      return failure();
    // What comes from outside may be read by the next round.
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() == &block && llvm::none_of(operand.getUsers(), [&](auto *user) {
            return op.isBeforeInBlock(block.findAncestorOpInBlock(*user));
          }))
        values.erase(operand);
  }
  Arrays results;
  for (Value result : block.getTerminator()->getOperands())
    results.push_back(values.at(result));
  return results;
}

} // namespace

FailureOr<SmallVector<Tensor>> nacre::interpreter::interpret(func::FuncOp function,
                                                             ArrayRef<Tensor> inputs,
                                                             const Options &options) {
  if (!function.getBody().hasOneBlock())
    return function.emitError("cannot be interpreted: it must have a body of one block");
  if (inputs.size() != function.getNumArguments())
    return function.emitError() << "takes " << function.getNumArguments() << " inputs, but "
                                << inputs.size() << " were given";
  Interpreter interpreter(options);
  SmallVector<std::shared_ptr<const Array>> arguments;
  for (auto [i, input, type] : llvm::enumerate(inputs, function.getArgumentTypes())) {
    auto name = function.getArgAttrOfType<StringAttr>(i, "nn.name");
    auto array = interpreter.admit(function, input, type,
                                   name ? "input '" + name.getValue() + "'" : "input " + Twine(i));
    if (failed(array))
      return failure();
    arguments.push_back(*array);
  }
  Values values;
  auto results = interpreter.run(function.getBody().front(), arguments, values);
  if (failed(results))
    return failure();
  SmallVector<Tensor> tensors;
  for (auto [array, type] : llvm::zip(*results, function.getResultTypes())) {
    if (failed(checkShape(function, array->shape, type, "result")))
      return failure();
    tensors.push_back(toTensor(*array, options.precision));
  }
  return tensors;
}
