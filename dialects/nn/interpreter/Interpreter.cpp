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

/// The values of one block.
using Values = llvm::DenseMap<Value, std::shared_ptr<const Array>>;

class Interpreter {
public:
  explicit Interpreter(const Options &options) : options(options) {}

  /// Runs `block` and returns what its terminator names.
  FailureOr<SmallVector<std::shared_ptr<const Array>>>
  run(Block &block, ArrayRef<std::shared_ptr<const Array>> arguments);

  /// `tensor` as a value of type `type`; floats convert, other element types must be equal.
  FailureOr<std::shared_ptr<const Array>> admit(Operation *op, const Tensor &tensor, Type type,
                                                const Twine &what);

private:
  LogicalResult evaluate(Operation *op, Values &values);
  FailureOr<Array> evaluateOne(Operation *op, Operands operands);
  FailureOr<std::shared_ptr<const Array>> loadWeight(ml_program::GlobalLoadConstOp op);
  LogicalResult evaluateDispatch(nn::DispatchOp op, Values &values);

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
  if (isAttentionLike(op))
    return evaluateAttentionLike(op, operands);
  if (isReduction(op))
    return evaluateReduction(op, operands);
  if (isDataMovement(op))
    return evaluateDataMovement(op, operands);
  if (isArithmetic(op))
    return evaluateArithmetic(op, operands);
  return op->emitError() << "'" << op->getName()
                         << "' is not interpreted: it is not an operation of the nn phase";
}

LogicalResult Interpreter::evaluateDispatch(nn::DispatchOp op, Values &values) {
  SmallVector<std::shared_ptr<const Array>> arguments;
  for (Value input : op.getInputs())
    arguments.push_back(values.at(input));
  auto results = run(op.getBody().front(), arguments);
  if (failed(results))
    return failure();
  auto sizes = op.getResultSizes().begin();
  for (auto [result, array] : llvm::zip(op.getResults(), *results)) {
    SmallVector<int64_t> promised(cast<RankedTensorType>(result.getType()).getShape());
    for (int64_t &size : promised)
      if (ShapedType::isDynamic(size))
        size = values.at(*sizes++)->ints[0];
    if (array->shape != promised)
      return op.emitError("body computes other sizes than `sizes` promises");
    values[result] = array;
  }
  return success();
}

LogicalResult Interpreter::evaluate(Operation *op, Values &values) {
  if (auto dispatch = dyn_cast<nn::DispatchOp>(op))
    return evaluateDispatch(dispatch, values);
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

FailureOr<SmallVector<std::shared_ptr<const Array>>>
Interpreter::run(Block &block, ArrayRef<std::shared_ptr<const Array>> arguments) {
  Values values;
  for (auto [argument, array] : llvm::zip(block.getArguments(), arguments))
    values[argument] = array;
  for (Operation &op : block.without_terminator()) {
    if (failed(evaluate(&op, values)))
      return failure();
    for (Value operand : op.getOperands())
      if (llvm::none_of(operand.getUsers(),
                        [&](Operation *user) { return op.isBeforeInBlock(user); }))
        values.erase(operand);
  }
  SmallVector<std::shared_ptr<const Array>> results;
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
  auto results = interpreter.run(function.getBody().front(), arguments);
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
