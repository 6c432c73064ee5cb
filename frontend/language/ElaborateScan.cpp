//===- ElaborateScan.cpp - loops over a dimension ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// What a body assigns
//===----------------------------------------------------------------------===//

namespace {

/// Collects names that are assigned but not declared inside.
class AssignedNames {
public:
  explicit AssignedNames(llvm::StringSet<> &names) : names(names) {}

  void body(llvm::ArrayRef<ast::Stmt *> stmts) {
    size_t outer = declared.size();
    for (const ast::Stmt *stmt : stmts)
      statement(stmt);
    declared.resize(outer);
  }

private:
  void assign(StringRef name) {
    if (!llvm::is_contained(declared, name))
      names.insert(name);
  }

  void target(const ast::Expr *expr) {
    if (auto *name = llvm::dyn_cast<ast::NameExpr>(expr))
      assign(name->name);
    else if (auto *index = llvm::dyn_cast<ast::IndexExpr>(expr))
      target(index->base);
    else if (auto *list = llvm::dyn_cast<ast::ListExpr>(expr))
      targets(list->elements);
    else if (auto *tuple = llvm::dyn_cast<ast::TupleExpr>(expr))
      targets(tuple->elements);
  }

  void targets(llvm::ArrayRef<ast::Expr *> exprs) {
    for (const ast::Expr *expr : exprs)
      target(expr);
  }

  void declare(const ast::Pattern *pattern) {
    if (!pattern->name.empty())
      declared.push_back(pattern->name.text);
    for (const ast::Pattern *element : pattern->elements)
      declare(element);
  }

  void statement(const ast::Stmt *stmt) {
    using Kind = ast::Stmt::Kind;
    switch (stmt->kind) {
    case Kind::Let: {
      auto *let = llvm::cast<ast::LetStmt>(stmt);
      expression(let->value);
      return declare(let->pattern);
    }
    case Kind::LetFn:
      declared.push_back(llvm::cast<ast::LetFnStmt>(stmt)->name.text);
      return;
    case Kind::Assign: {
      auto *assignment = llvm::cast<ast::AssignStmt>(stmt);
      expression(assignment->value);
      return target(assignment->target);
    }
    case Kind::Expr:
      return expression(llvm::cast<ast::ExprStmt>(stmt)->value);
    case Kind::If: {
      auto *choice = llvm::cast<ast::IfStmt>(stmt);
      expression(choice->condition);
      body(choice->thenBody.stmts);
      return body(choice->elseBody.stmts);
    }
    case Kind::For: {
      auto *loop = llvm::cast<ast::ForStmt>(stmt);
      expression(loop->iterable);
      size_t outer = declared.size();
      declare(loop->pattern);
      body(loop->body.stmts);
      declared.resize(outer);
      return;
    }
    case Kind::While:
      return body(llvm::cast<ast::WhileStmt>(stmt)->body.stmts);
    case Kind::Return:
      names.insert("return"); // no variable's name
      return expressions(llvm::cast<ast::ReturnStmt>(stmt)->values);
    case Kind::Yield:
      return expressions(llvm::cast<ast::YieldStmt>(stmt)->values);
    case Kind::Break:
    case Kind::Continue:
      return;
    }
  }

  void expressions(llvm::ArrayRef<ast::Expr *> exprs) {
    for (const ast::Expr *expr : exprs)
      expression(expr);
  }

  /// Looks for scans, whose carries without a start are variables around them.
  void expression(const ast::Expr *expr) {
    if (!expr)
      return;
    if (auto *scan = llvm::dyn_cast<ast::ScanExpr>(expr)) {
      for (const ast::ScanInput &input : scan->inputs)
        expression(input.sequence);
      size_t outer = declared.size();
      for (const ast::ScanCarry &carry : scan->carries) {
        expression(carry.initial);
        if (!carry.initial)
          assign(carry.name.text);
      }
      for (const ast::ScanCarry &carry : scan->carries)
        declared.push_back(carry.name.text);
      for (const ast::ScanInput &input : scan->inputs)
        declare(input.pattern);
      body(scan->body.stmts);
      declared.resize(outer);
    } else if (auto *call = llvm::dyn_cast<ast::CallExpr>(expr)) {
      expression(call->callee);
      for (const ast::Argument &arg : call->args)
        expression(arg.value);
    } else if (auto *member = llvm::dyn_cast<ast::MemberExpr>(expr)) {
      expression(member->base);
    } else if (auto *index = llvm::dyn_cast<ast::IndexExpr>(expr)) {
      expression(index->base);
    } else if (auto *unary = llvm::dyn_cast<ast::UnaryExpr>(expr)) {
      expression(unary->operand);
    } else if (auto *binary = llvm::dyn_cast<ast::BinaryExpr>(expr)) {
      expression(binary->lhs);
      expression(binary->rhs);
    } else if (auto *list = llvm::dyn_cast<ast::ListExpr>(expr)) {
      expressions(list->elements);
    } else if (auto *tuple = llvm::dyn_cast<ast::TupleExpr>(expr)) {
      expressions(tuple->elements);
    } else if (auto *choice = llvm::dyn_cast<ast::IfExpr>(expr)) {
      expression(choice->thenValue);
      expression(choice->elseValue);
    }
  }

  llvm::StringSet<> &names;
  llvm::SmallVector<StringRef> declared;
};

} // namespace

llvm::StringSet<> language::assignedNames(const ast::Body &body) {
  llvm::StringSet<> names;
  AssignedNames(names).body(body.stmts);
  return names;
}

//===----------------------------------------------------------------------===//
// Scans
//===----------------------------------------------------------------------===//

void Elaborator::runYield(const ast::YieldStmt *stmt) {
  SourceRange at{stmt->range.file, stmt->range.begin, stmt->range.begin + 5};
  if (!loop || loop->kind != Loop::Kind::Scan) {
    error(at, loop ? "'yield' belongs to a 'scan'; it cannot stand in another loop inside one"
                   : "'yield' stands only in a 'scan'");
    return;
  }
  if (choices > loop->choices) {
    error(at, "'yield' runs once in each round, so it cannot depend on a choice at run time")
        .note("assign to a variable on both sides, and yield that");
    return;
  }
  if (loop->yielded && !current->assuming) {
    error(at, "a round of a 'scan' yields once")
        .note(loop->yieldedAt, "the first 'yield' is")
        .note("'yield a, b' gives several results");
    return;
  }
  std::vector<Operand> values;
  for (const ast::Expr *expr : stmt->values)
    values.push_back(operand(expr));
  loop->yielded = std::move(values);
  loop->yieldedAt = at;
}

namespace {

/// One input of a scan.
struct Sequence {
  const ast::Pattern *pattern;
  Tensor tensor;
  int64_t axis;
};

/// One carry of a scan.
struct Carry {
  const ast::ScanCarry *decl;
  std::optional<Place> outer; ///< the variable that it starts from and ends in
  Value initial;
};

} // namespace

Value Elaborator::evalScan(const ast::ScanExpr *expr) {
  SourceRange at{expr->range.file, expr->range.begin, expr->range.begin + 4};
  auto axisValue = evalInt(expr->axis, "the axis of a scan");
  auto axisNumber = axisValue ? valueOf(*axisValue) : std::nullopt;
  if (axisValue && !axisNumber)
    return dependsOnUnknown(*axisValue)
               ? Value()
               : fail(expr->axis->range, "the axis of a scan must be known at compile time");

  llvm::SmallVector<Sequence> sequences;
  DimExpr rounds;
  bool good = axisNumber.has_value();
  for (const ast::ScanInput &input : expr->inputs) {
    Operand given = operand(input.sequence);
    const Tensor *tensor = given.value.tensor();
    if (!tensor) {
      good = false;
      if (!given.value.isPoison())
        error(given.range, "a scan steps over tensors, but this is " + describe(given.value))
            .note(given.value.list() ? "'for x in list { ... }' walks over a list"
                                     : "'arange(n)' is the tensor of 0 to n - 1");
      continue;
    }
    if (!axisNumber)
      continue;
    int64_t rank = tensor->type.rank(), axis = *axisNumber < 0 ? *axisNumber + rank : *axisNumber;
    if (axis < 0 || axis >= rank) {
      error(expr->axis->range, "there is no axis " + Twine(*axisNumber) + ": the tensor has " +
                                   Twine(rank) + (rank == 1 ? " dimension" : " dimensions"))
          .label(given.range, labelFor(given.value));
      good = false;
      continue;
    }
    if (!sequences.empty() && !sameSize(rounds, tensor->type.dims[axis], given.range)) {
      Diagnostic &diag =
          error(given.range, "the inputs of a scan have one length, but here are " + print(rounds) +
                                 " and " + print(tensor->type.dims[axis]));
      diag.label(given.range, labelFor(given.value));
      noteOrigins(diag, {rounds, tensor->type.dims[axis]});
      good = false;
    }
    if (sequences.empty())
      rounds = tensor->type.dims[axis];
    sequences.push_back({input.pattern, *tensor, axis});
  }

  llvm::SmallVector<Carry> carries;
  for (const ast::ScanCarry &decl : expr->carries) {
    Carry carry{&decl, std::nullopt, Value()};
    if (decl.initial) {
      carry.initial = eval(decl.initial);
    } else {
      for (const Place &place : assignablePlaces())
        if (!carry.outer && place->name == decl.name.text)
          carry.outer = place;
      if (!carry.outer) {
        error(decl.name.range, "'" + decl.name.text + "' is no variable that a scan could carry")
            .note("'var " + decl.name.text.str() +
                  " = ...' before the scan keeps its last value; '" + decl.name.text.str() +
                  " = ...' here is only for its rounds");
        good = false;
        continue;
      }
      carry.initial = (*carry.outer)->value;
    }
    if (!makeTensors(carry.initial, decl.name.range)) {
      error(decl.name.range,
            "a scan carries tensors, but '" + decl.name.text + "' is " + describe(carry.initial));
      good = false;
      continue;
    }
    good &= !carry.initial.isPoison();
    carries.push_back(std::move(carry));
  }
  if (!good)
    return {};

  // The body, once, in a region that gets a slice of each input and the carries.
  llvm::SmallVector<Tensor> slices, initial;
  for (const Sequence &sequence : sequences) {
    Tensor slice{sequence.tensor.type};
    slice.type.dims.erase(slice.type.dims.begin() + sequence.axis);
    slices.push_back(std::move(slice));
  }
  for (const Carry &carry : carries)
    collectTensors(carry.initial, initial);
  std::unique_ptr<mlir::Region> region;
  mlir::OpBuilder::InsertPoint outside;
  llvm::SmallVector<mlir::Value> arguments, inputs, starts;
  if (emits()) {
    llvm::SmallVector<mlir::Type> types;
    for (const Tensor &tensor : slices)
      types.push_back(ir().lowerType(tensor.type));
    for (const Tensor &tensor : initial) {
      types.push_back(ir().lowerType(tensor.type));
      starts.push_back(tensor.ir);
    }
    for (const Sequence &sequence : sequences)
      inputs.push_back(sequence.tensor.ir);
    outside = ir().builder.saveInsertionPoint();
    region = ir().openRegion(types, locationOf(at));
    llvm::append_range(arguments, region->getArguments());
  }
  mlir::ValueRange argumentRange(arguments);
  llvm::SmallVector<Tensor> elements =
      freshTensors(slices, argumentRange.take_front(std::min(slices.size(), arguments.size())));
  llvm::SmallVector<Tensor> held =
      freshTensors(initial, argumentRange.drop_front(std::min(slices.size(), arguments.size())));

  Scope &inner = scopeStore.emplace_back();
  inner.parent = scope;
  inner.isScan = true;
  Loop inside{Loop::Kind::Scan, loop};
  inside.choices = choices;
  llvm::SmallVector<Tensor> next;
  size_t errors = diags.errorCount();
  {
    llvm::SaveAndRestore inLoop(loop, &inside);
    llvm::SaveAndRestore inScope(scope, &inner);
    llvm::ArrayRef<Tensor> rest = held;
    for (const Carry &carry : carries)
      define(carry.decl->name, replaceTensors(carry.initial, rest), /*assignable=*/true);
    for (auto [sequence, element] : llvm::zip(sequences, elements))
      bind(sequence.pattern, element, sequence.pattern->range, /*assignable=*/false);
    runBody(expr->body);
    for (const Carry &carry : carries) {
      auto *variable = llvm::find_if(
          inner.variables, [&](const Variable &v) { return v.name == carry.decl->name.text; });
      if (variable == inner.variables.end())
        continue;
      good &= keepsType(carry.initial, variable->value, "'" + carry.decl->name.text + "'", at,
                        carry.decl->name.range);
      collectTensors(variable->value, next);
    }
  }
  if (gaveUp || (!inside.yielded && diags.errorCount() > errors))
    return {};

  // What is stacked lands along the axis of the scan.
  llvm::SmallVector<Tensor> stacked;
  llvm::SmallVector<int64_t> axes;
  for (Operand &yielded : inside.yielded.value_or(std::vector<Operand>())) {
    if (makeTensors(yielded.value, yielded.range) && yielded.value.isPoison())
      return {};
    const Tensor *tensor = yielded.value.tensor();
    if (!tensor) {
      error(yielded.range, "a scan stacks tensors, but this is " + describe(yielded.value));
      return {};
    }
    int64_t rank = tensor->type.rank() + 1,
            axis = *axisNumber < 0 ? *axisNumber + rank : *axisNumber;
    if (axis < 0 || axis >= rank) {
      error(yielded.range, "this cannot be stacked along axis " + Twine(*axisNumber) + ": it has " +
                               Twine(rank - 1) + (rank == 2 ? " dimension" : " dimensions"))
          .label(yielded.range, labelFor(yielded.value))
          .note("unsqueeze(x, axis) adds one; a scan over axis 0 stacks anything");
      return {};
    }
    stacked.push_back(*tensor);
    axes.push_back(axis);
  }
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<TensorType> stackTypes;
  for (const Tensor &tensor : stacked) {
    TensorType type = tensor.type;
    type.dims.insert(type.dims.begin(), rounds);
    stackTypes.push_back(std::move(type));
  }
  if (emits() && region) {
    mlir::Location loc = locationOf(at);
    llvm::SmallVector<mlir::Value> yields, sizes;
    llvm::SmallVector<mlir::Type> types;
    for (const Tensor &tensor : next)
      yields.push_back(tensor.ir);
    for (const Tensor &tensor : stacked)
      yields.push_back(tensor.ir);
    for (const Tensor &tensor : initial)
      types.push_back(ir().lowerType(tensor.type));
    for (const TensorType &type : stackTypes) {
      types.push_back(ir().lowerType(type));
      llvm::append_range(sizes, ir().dynamicSizes(type.dims, loc));
    }
    nn::YieldOp::create(ir().builder, loc, yields);
    ir().builder.restoreInsertionPoint(outside);
    llvm::SmallVector<int64_t> inputAxes;
    for (const Sequence &sequence : sequences)
      inputAxes.push_back(sequence.axis);
    auto op = nn::ScanOp::create(ir().builder, loc, types, inputs, inputAxes, starts,
                                 /*length=*/mlir::Value(), sizes, expr->isReverse);
    op.getBody().takeBody(*region);
    llvm::append_range(results, op.getResults());
  }
  mlir::ValueRange resultRange(results);
  size_t finalCount = std::min(initial.size(), results.size());
  llvm::SmallVector<Tensor> finals = freshTensors(initial, resultRange.take_front(finalCount));
  llvm::ArrayRef<Tensor> rest = finals;
  for (const Carry &carry : carries) {
    Value last = replaceTensors(carry.initial, rest);
    if (carry.outer)
      (*carry.outer)->value = last;
    else
      current->scanNames[carry.decl->name.text] = carry.decl->name.range;
  }
  std::vector<Value> values;
  for (auto [i, type] : llvm::enumerate(stackTypes)) {
    Tensor stack{type};
    if (!results.empty())
      stack.ir = results[finalCount + i];
    if (axes[i] == 0) {
      values.push_back(stack);
      continue;
    }
    llvm::SmallVector<int64_t> order;
    for (size_t k = 1; k < type.rank(); ++k)
      order.push_back(k);
    order.insert(order.begin() + axes[i], 0);
    TensorType turned{type.element, {}};
    for (int64_t k : order)
      turned.dims.push_back(type.dims[k]);
    values.push_back(
        result(turned, at, [&](Emitter &e, mlir::Location loc, mlir::RankedTensorType lowered) {
          return e.make<nn::TransposeOp>(loc, lowered, stack.ir, order);
        }));
  }
  if (values.empty())
    return Value::None();
  return values.size() == 1 ? values[0] : Value::tuple(std::move(values));
}
