//===- Operators.cpp - what + and @ mean ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace nacre;
using namespace nacre::language;
using ast::BinaryOp;
using llvm::StringRef;
using llvm::Twine;

static bool isComparison(BinaryOp op) { return op >= BinaryOp::Eq && op <= BinaryOp::Ge; }

//===----------------------------------------------------------------------===//
// Numbers meet tensors
//===----------------------------------------------------------------------===//

/// The largest and smallest number that an integer element type holds.
static std::pair<int64_t, int64_t> rangeOf(ElementType element) {
  unsigned bits = bitWidth(element);
  if (element == ElementType::U8)
    return {0, 255};
  return {llvm::minIntN(bits), llvm::maxIntN(bits)};
}

std::optional<Tensor> Elaborator::constantTensor(const Operand &operand, ElementType element) {
  const Value &value = operand.value;
  Tensor tensor;
  tensor.type.element = element;
  tensor.ofWeights = true;
  auto emitNumber = [&](auto number) {
    if (emits())
      tensor.ir =
          emitter->splat(emitter->lowerType(tensor.type), number, locationOf(operand.range));
    return tensor;
  };
  if (value.unknown())
    return tensor;
  if (const bool *boolean = value.boolean()) {
    if (!isBool(element)) {
      error(operand.range, "a bool meets elements of " + name(element));
      return std::nullopt;
    }
    return emitNumber(static_cast<int64_t>(*boolean));
  }
  if (const double *number = value.number()) {
    if (!isFloat(element)) {
      error(operand.range, "the float " + Twine(describe(value)).str().substr(10) +
                               " meets elements of " + name(element))
          .note("convert the tensor first: cast(x, f32)");
      return std::nullopt;
    }
    return emitNumber(*number);
  }
  const DimExpr *integer = value.integer();
  if (!integer || isBool(element)) {
    error(operand.range, describe(value) + " meets elements of " + name(element));
    return std::nullopt;
  }
  if (isIndex(element))
    tensor.number = *integer;
  if (auto number = valueOf(*integer)) {
    if (isFloat(element))
      return emitNumber(static_cast<double>(*number));
    auto [low, high] = rangeOf(element);
    if (*number < low || *number > high) {
      error(operand.range, Twine(*number) + " does not fit " + name(element) + ", which holds " +
                               Twine(low) + " to " + Twine(high));
      return std::nullopt;
    }
    return emitNumber(*number);
  }
  if (dependsOnUnknown(*integer) && !dependsOnRun(*integer))
    return tensor;
  return sizeTensor(*integer, element, operand.range);
}

bool Elaborator::unify(StringRef what, SourceRange range, llvm::MutableArrayRef<Operand> operands) {
  const Operand *first = nullptr;
  for (const Operand &operand : operands) {
    const Tensor *tensor = operand.value.tensor();
    if (!tensor)
      continue;
    if (!first) {
      first = &operand;
      continue;
    }
    ElementType a = first->value.tensor()->type.element, b = tensor->type.element;
    if (a == b)
      continue;
    // Suggest converting the less precise side.
    bool convertFirst = isFloat(b) && (!isFloat(a) || bitWidth(a) < bitWidth(b));
    StringRef target = name(convertFirst ? b : a);
    error(range, "'" + what + "' needs one element type, but has " + name(a) + " and " + name(b))
        .label(first->range, labelFor(first->value))
        .label(operand.range, labelFor(operand.value))
        .note("convert one side: cast(" +
              sources.text(convertFirst ? first->range : operand.range) + ", " + target + ")");
    return false;
  }
  if (!first)
    return true;
  ElementType element = first->value.tensor()->type.element;
  for (Operand &operand : operands) {
    if (operand.value.tensor())
      continue;
    auto constant = constantTensor(operand, element);
    if (!constant)
      return false;
    operand.value = std::move(*constant);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

Value Elaborator::unary(ast::UnaryOp op, SourceRange range, SourceRange opRange,
                        const Operand &operand) {
  const Value &value = operand.value;
  if (value.isPoison())
    return {};
  if (op == ast::UnaryOp::Not) {
    if (const bool *boolean = value.boolean())
      return !*boolean;
    if (value.unknown() && value.unknown()->kind == CompileTimeKind::Bool)
      return value;
    if (const Tensor *tensor = value.tensor(); tensor && isBool(tensor->type.element))
      return result(
          tensor->type, range,
          [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
            return ir.make<nn::NotOp>(loc, type, tensor->ir);
          },
          tensor->ofWeights);
    return fail(operand.range, "'not' needs a bool, but this is " + describe(value));
  }
  if (const DimExpr *integer = value.integer())
    return -*integer;
  if (const double *number = value.number())
    return -*number;
  if (value.isNumber())
    return value;
  const Tensor *tensor = value.tensor();
  if (!tensor || isBool(tensor->type.element))
    return fail(operand.range,
                "'-' needs a number or a tensor of numbers, but this is " + describe(value));
  return result(
      tensor->type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
        return ir.make<nn::NegOp>(loc, type, tensor->ir);
      },
      tensor->ofWeights);
}

//===----------------------------------------------------------------------===//
// Compile-time operands
//===----------------------------------------------------------------------===//

Value Elaborator::logical(const ast::BinaryExpr *expr) {
  bool isAnd = expr->op == BinaryOp::And;
  Operand lhs = operand(expr->lhs);
  if (lhs.value.isPoison())
    return {};
  if (const bool *decided = lhs.value.boolean(); decided && *decided != isAnd)
    return *decided;
  Operand rhs = operand(expr->rhs);
  if (rhs.value.isPoison())
    return {};
  auto isBoolLike = [](const Value &value) {
    return value.boolean() || (value.unknown() && value.unknown()->kind == CompileTimeKind::Bool) ||
           (value.tensor() && isBool(value.tensor()->type.element));
  };
  for (const Operand &side : {lhs, rhs})
    if (!isBoolLike(side.value))
      return fail(side.range, "'" + ast::spelling(expr->op) + "' needs bools, but this is " +
                                  describe(side.value));
  if (!lhs.value.tensor() && !rhs.value.tensor()) {
    if (lhs.value.boolean())
      return rhs.value;
    if (const bool *decided = rhs.value.boolean(); decided && *decided != isAnd)
      return *decided;
    return lhs.value;
  }
  return binary(expr->op, expr->range, expr->opRange, lhs, rhs);
}

template <typename T>
static bool holds(BinaryOp op, const T &a, const T &b) {
  switch (op) {
  case BinaryOp::Eq:
    return a == b;
  case BinaryOp::Ne:
    return a != b;
  case BinaryOp::Lt:
    return a < b;
  case BinaryOp::Le:
    return a <= b;
  case BinaryOp::Gt:
    return a > b;
  case BinaryOp::Ge:
    return a >= b;
  default:
    return false;
  }
}

static mlir::Value emitBinary(Emitter &ir, BinaryOp op, mlir::Location loc,
                              mlir::RankedTensorType type, mlir::Value a, mlir::Value b) {
  auto compare = [&](nn::ComparePredicate predicate) {
    return ir.make<nn::CompareOp>(loc, type, predicate, a, b);
  };
  switch (op) {
  case BinaryOp::Or:
    return ir.make<nn::OrOp>(loc, type, a, b);
  case BinaryOp::And:
    return ir.make<nn::AndOp>(loc, type, a, b);
  case BinaryOp::Eq:
    return compare(nn::ComparePredicate::eq);
  case BinaryOp::Ne:
    return compare(nn::ComparePredicate::ne);
  case BinaryOp::Lt:
    return compare(nn::ComparePredicate::lt);
  case BinaryOp::Le:
    return compare(nn::ComparePredicate::le);
  case BinaryOp::Gt:
    return compare(nn::ComparePredicate::gt);
  case BinaryOp::Ge:
    return compare(nn::ComparePredicate::ge);
  case BinaryOp::Add:
    return ir.make<nn::AddOp>(loc, type, a, b);
  case BinaryOp::Sub:
    return ir.make<nn::SubOp>(loc, type, a, b);
  case BinaryOp::Mul:
    return ir.make<nn::MulOp>(loc, type, a, b);
  case BinaryOp::Div:
    return ir.make<nn::DivOp>(loc, type, a, b);
  case BinaryOp::Rem:
    return ir.make<nn::ModOp>(loc, type, a, b);
  case BinaryOp::Pow:
    return ir.make<nn::PowOp>(loc, type, a, b);
  case BinaryOp::MatMul:
    break;
  }
  llvm_unreachable("not element-wise");
}

Value Elaborator::compareInts(BinaryOp op, SourceRange range, const DimExpr &a, const DimExpr &b) {
  if (dims.equal(a, b))
    return op == BinaryOp::Eq || op == BinaryOp::Le || op == BinaryOp::Ge;
  if (auto difference = valueOf(a - b))
    return holds<int64_t>(op, *difference, 0);
  if (dependsOnUnknown(a) || dependsOnUnknown(b))
    return Value::Unknown{CompileTimeKind::Bool};
  DimExpr x = dims.resolve(a), y = dims.resolve(b);
  bool less = dims.isLessOrEqual(x + 1, y), greater = dims.isLessOrEqual(y + 1, x);
  if (less || greater)
    return holds<int64_t>(op, less ? 0 : 1, less ? 1 : 0);
  if ((op == BinaryOp::Le || op == BinaryOp::Gt) && dims.isLessOrEqual(x, y))
    return op == BinaryOp::Le;
  if ((op == BinaryOp::Ge || op == BinaryOp::Lt) && dims.isLessOrEqual(y, x))
    return op == BinaryOp::Ge;
  // Only the run knows.
  auto left = constantTensor({a, range}, ElementType::I64);
  auto right = constantTensor({b, range}, ElementType::I64);
  if (!left || !right)
    return {};
  return result({ElementType::Bool, {}}, range,
                [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
                  return emitBinary(ir, op, loc, type, left->ir, right->ir);
                });
}

Value Elaborator::intBinary(BinaryOp op, SourceRange range, const DimExpr &a, const DimExpr &b,
                            SourceRange rhsRange) {
  auto checked = [&](DimExpr value) -> Value {
    if (a.isValid() && b.isValid() && !value.isValid())
      return fail(range, "this number does not fit 64 bits");
    return value;
  };
  switch (op) {
  case BinaryOp::Add:
    return checked(a + b);
  case BinaryOp::Sub:
    return checked(a - b);
  case BinaryOp::Mul:
    return checked(a * b);
  case BinaryOp::Div: {
    auto quotient = divideExactly(a, b, range, /*isOperator=*/true);
    return quotient ? Value(*quotient) : Value();
  }
  case BinaryOp::Rem:
    if (valueOf(b) == 0)
      return fail(rhsRange, "division by zero");
    return checked(dims.mod(a, b));
  case BinaryOp::Pow: {
    auto exponent = valueOf(b);
    if (!exponent && dependsOnUnknown(b))
      return addSymbol("?", std::nullopt, std::nullopt,
                       {SymbolOrigin::Kind::Const, range, "this power", nullptr, 0});
    if (!exponent || *exponent < 0 || *exponent > 64)
      return fail(rhsRange, "the exponent of an int must be a number from 0 to 64");
    DimExpr power = 1;
    for (int64_t i = 0; i < *exponent; ++i)
      power = power * a;
    return checked(power);
  }
  default:
    return compareInts(op, range, a, b);
  }
}

Value Elaborator::numberBinary(BinaryOp op, SourceRange range, SourceRange opRange,
                               const Operand &lhs, const Operand &rhs) {
  if (lhs.value.integer() && rhs.value.integer())
    return intBinary(op, range, *lhs.value.integer(), *rhs.value.integer(), rhs.range);
  double numbers[2];
  const Operand *sides[2] = {&lhs, &rhs};
  for (auto [i, side] : llvm::enumerate(sides)) {
    if (const double *number = side->value.number()) {
      numbers[i] = *number;
    } else if (const DimExpr *integer = side->value.integer()) {
      if (auto known = valueOf(*integer))
        numbers[i] = static_cast<double>(*known);
      else if (dependsOnRun(*integer)) {
        Operand operands[] = {lhs, rhs};
        for (Operand &operand : operands) {
          auto constant = constantTensor(operand, ElementType::F32);
          if (!constant)
            return {};
          operand.value = *constant;
        }
        return binary(op, range, opRange, operands[0], operands[1]);
      } else
        return Value::Unknown{isComparison(op) ? CompileTimeKind::Bool : CompileTimeKind::Float};
    } else {
      return Value::Unknown{isComparison(op) ? CompileTimeKind::Bool : CompileTimeKind::Float};
    }
  }
  auto [a, b] = numbers;
  switch (op) {
  case BinaryOp::Add:
    return a + b;
  case BinaryOp::Sub:
    return a - b;
  case BinaryOp::Mul:
    return a * b;
  case BinaryOp::Div:
    if (b == 0)
      return fail(range, "division by zero");
    return a / b;
  case BinaryOp::Rem:
    if (b == 0)
      return fail(range, "division by zero");
    return a - b * std::floor(a / b);
  case BinaryOp::Pow:
    return std::pow(a, b);
  default:
    return holds(op, a, b);
  }
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

Value Elaborator::binary(BinaryOp op, SourceRange range, SourceRange opRange, const Operand &lhs,
                         const Operand &rhs) {
  const Value &a = lhs.value, &b = rhs.value;
  if (a.isPoison() || b.isPoison())
    return {};
  StringRef what = ast::spelling(op);
  auto wrongOperands = [&]() -> Value {
    Diagnostic &diag = error(opRange, "'" + what + "' cannot take these operands");
    diag.label(lhs.range, labelFor(a)).label(rhs.range, labelFor(b));
    return {};
  };
  if (op == BinaryOp::MatMul)
    return matmul(range, opRange, lhs, rhs);
  if (!a.tensor() && !b.tensor()) {
    if (a.isNumber() && b.isNumber())
      return numberBinary(op, range, opRange, lhs, rhs);
    auto isText = [](const Value &v) {
      return v.text() || (v.unknown() && v.unknown()->kind == CompileTimeKind::Str);
    };
    if (op == BinaryOp::Add && isText(a) && isText(b) && (a.unknown() || b.unknown()))
      return Value::Unknown{CompileTimeKind::Str};
    if (a.unknown() || b.unknown())
      return isComparison(op) ? Value(Value::Unknown{CompileTimeKind::Bool}) : Value();
    bool isEquality = op == BinaryOp::Eq || op == BinaryOp::Ne;
    if (isEquality && a.boolean() && b.boolean())
      return holds(op, *a.boolean(), *b.boolean());
    if (isEquality && a.element() && b.element())
      return holds(op, *a.element(), *b.element());
    if (isEquality && (a.isNone() || b.isNone()))
      return holds(op, a.isNone(), b.isNone());
    if (isEquality && a.text() && b.text())
      return holds(op, *a.text(), *b.text());
    if (op == BinaryOp::Add && a.text() && b.text()) {
      if (!charge(a.text()->size() + b.text()->size(), range))
        return {};
      return *a.text() + *b.text();
    }
    if (op == BinaryOp::Add && a.list() && b.list()) {
      if (!charge(a.list()->elements.size() + b.list()->elements.size(), range))
        return {};
      std::vector<Value> joined = a.list()->elements;
      llvm::append_range(joined, b.list()->elements);
      return Value::list(std::move(joined), a.list()->isOpen || b.list()->isOpen);
    }
    return wrongOperands();
  }
  auto fits = [](const Value &value) {
    return value.tensor() || value.isNumber() || value.boolean();
  };
  if (!fits(a) || !fits(b))
    return wrongOperands();

  // A square is a product: cheaper, and exact for integers.
  if (op == BinaryOp::Pow && a.tensor() && b.integer() && valueOf(*b.integer()) == 2)
    return binary(BinaryOp::Mul, range, opRange, lhs, lhs);

  Operand operands[] = {lhs, rhs};
  if (!unify(what, opRange, operands))
    return {};
  ElementType element = operands[0].value.tensor()->type.element;
  bool isLogical = op == BinaryOp::And || op == BinaryOp::Or;
  if (isLogical ? !isBool(element) : isBool(element) && op != BinaryOp::Eq && op != BinaryOp::Ne) {
    error(opRange, "'" + what + "' needs " + (isLogical ? "bools" : "numbers") +
                       ", but its operands hold " + name(element))
        .label(lhs.range, labelFor(a))
        .label(rhs.range, labelFor(b));
    return {};
  }
  if (op == BinaryOp::Pow && !isFloat(element)) {
    error(opRange, "'**' of tensors needs floats, but its operands hold " + name(element))
        .label(lhs.range, labelFor(a))
        .label(rhs.range, labelFor(b));
    return {};
  }
  auto shape = broadcast(what, opRange, operands);
  if (!shape)
    return {};
  const Tensor &x = *operands[0].value.tensor(), &y = *operands[1].value.tensor();
  TensorType type{isComparison(op) ? ElementType::Bool : element, *shape};
  Value made = result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return emitBinary(ir, op, loc, lowered, x.ir, y.ir);
      },
      x.ofWeights && y.ofWeights);
  bool isFormula = op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul;
  if (!made.tensor() || !isFormula || !x.number || !y.number)
    return made;
  DimExpr number = op == BinaryOp::Add   ? *x.number + *y.number
                   : op == BinaryOp::Sub ? *x.number - *y.number
                                         : *x.number * *y.number;
  if (!number.isValid())
    return made;
  Tensor known = *made.tensor();
  known.number = number;
  return known;
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

Value Elaborator::matmul(SourceRange range, SourceRange opRange, const Operand &lhs,
                         const Operand &rhs) {
  auto reject = [&](const Twine &message) -> Value {
    error(opRange, message)
        .label(lhs.range, labelFor(lhs.value))
        .label(rhs.range, labelFor(rhs.value));
    return {};
  };
  const Tensor *a = lhs.value.tensor(), *b = rhs.value.tensor();
  if (!a || !b)
    return reject("'@' multiplies tensors");
  if (a->type.rank() == 0 || b->type.rank() == 0)
    return reject("'@' needs operands with at least one dimension; '*' scales");
  Operand operands[] = {lhs, rhs};
  if (!unify("@", opRange, operands))
    return {};
  if (isBool(a->type.element))
    return reject("'@' needs numbers, but its operands hold bool");

  bool isVector = b->type.rank() == 1;
  const DimExpr &inner = isVector ? b->type.dims[0] : b->type.dims[b->type.rank() - 2];
  if (!sameSize(a->type.dims.back(), inner, opRange)) {
    Diagnostic &diag = error(opRange, "'@' needs the inner dimensions to agree");
    diag.label(lhs.range, labelFor(lhs.value)).label(rhs.range, labelFor(rhs.value));
    noteOrigins(diag, {a->type.dims.back(), inner});
    return {};
  }
  TensorType type;
  type.element = a->type.element;
  bool ofWeights = a->ofWeights && b->ofWeights;
  // With a matrix or vector on the right, rows are independent of each other.
  bool isLinear = isFloat(type.element) &&
                  (isVector || (b->type.rank() == 2 && (b->ofWeights || a->type.rank() == 1)));
  if (!isVector && !isLinear) {
    auto shape = broadcast("@", opRange, {lhs, rhs}, /*leaveOut=*/2);
    if (!shape)
      return {};
    type.dims = *shape;
    if (a->type.rank() == 1)
      return reject("'@' of a vector needs a matrix on the right side");
    type.dims.push_back(a->type.dims[a->type.rank() - 2]);
    type.dims.push_back(b->type.dims.back());
    return result(
        type, range,
        [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
          return ir.make<nn::MatmulOp>(loc, lowered, a->ir,
                                       b->untransposed ? b->untransposed : b->ir,
                                       /*transpose_rhs=*/static_cast<bool>(b->untransposed));
        },
        ofWeights);
  }
  if (!isLinear)
    return reject("'@' with a vector needs floats");
  type.dims.append(a->type.dims.begin(), a->type.dims.end() - 1);
  if (!isVector)
    type.dims.push_back(b->type.dims.back());
  return result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) -> mlir::Value {
        if (!isVector)
          return ir.make<nn::LinearOp>(loc, lowered, a->ir,
                                       b->untransposed ? b->untransposed : b->ir, mlir::Value(),
                                       /*input_major=*/!b->untransposed);
        // x @ v is the only row of a weight [1, K]; its result has a last dimension of 1.
        TensorType row{type.element, {DimExpr(1), b->type.dims[0]}};
        mlir::Value weight =
            ir.make<nn::ReshapeOp>(loc, ir.lowerType(row), b->ir, ir.dynamicSizes(row.dims, loc));
        TensorType column = type;
        column.dims.push_back(1);
        mlir::Value product = ir.make<nn::LinearOp>(loc, ir.lowerType(column), a->ir, weight,
                                                    mlir::Value(), /*input_major=*/false);
        return ir.make<nn::ReshapeOp>(loc, lowered, product, ir.dynamicSizes(type.dims, loc));
      },
      ofWeights);
}
