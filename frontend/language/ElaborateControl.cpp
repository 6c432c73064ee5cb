//===- ElaborateControl.cpp - choices and loops at run time -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code under a condition that only the run knows is run here once for each
// side, into a region of its own. Variables that the sides leave with
// different values become results of the choice; those that a loop assigns
// become what its rounds hand on.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Elaborator.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Tensors in values
//===----------------------------------------------------------------------===//

void language::collectTensors(const Value &value, llvm::SmallVectorImpl<Tensor> &tensors) {
  if (const Tensor *tensor = value.tensor()) {
    tensors.push_back(*tensor);
  } else if (const BoundedTensor *bounded = value.bounded()) {
    tensors.append({bounded->data, bounded->length});
  } else if (const ListValue *list = value.list()) {
    for (const Value &element : list->elements)
      collectTensors(element, tensors);
  } else if (const std::vector<Value> *elements = value.tuple()) {
    for (const Value &element : *elements)
      collectTensors(element, tensors);
  }
}

Value language::replaceTensors(const Value &value, llvm::ArrayRef<Tensor> &tensors) {
  auto all = [&](const std::vector<Value> &values) {
    std::vector<Value> replaced;
    for (const Value &element : values)
      replaced.push_back(replaceTensors(element, tensors));
    return replaced;
  };
  if (value.tensor()) {
    Tensor next = tensors.front();
    tensors = tensors.drop_front();
    return next;
  }
  if (const BoundedTensor *bounded = value.bounded()) {
    BoundedTensor next = *bounded;
    next.data = tensors[0];
    next.length = tensors[1];
    tensors = tensors.drop_front(2);
    return next;
  }
  if (const ListValue *list = value.list())
    return Value::list(all(list->elements), list->isOpen);
  if (const std::vector<Value> *elements = value.tuple())
    return Value::tuple(all(*elements));
  return value;
}

llvm::SmallVector<Tensor> Elaborator::freshTensors(llvm::ArrayRef<Tensor> types,
                                                   mlir::ValueRange values) {
  llvm::SmallVector<Tensor> fresh;
  for (auto [i, type] : llvm::enumerate(types)) {
    Tensor tensor{type.type};
    if (i < values.size())
      tensor.ir = values[i];
    nameNumber(tensor);
    fresh.push_back(std::move(tensor));
  }
  return fresh;
}

/// The element type that a number or bool known at compile time gets where the run changes it.
static std::optional<ElementType> naturalElement(const Value &value) {
  auto isKind = [&](CompileTimeKind kind) {
    return value.unknown() && value.unknown()->kind == kind;
  };
  if (value.boolean() || isKind(CompileTimeKind::Bool))
    return ElementType::Bool;
  if (value.integer())
    return ElementType::I64;
  if (value.number() || isKind(CompileTimeKind::Float))
    return ElementType::F32;
  return std::nullopt;
}

bool Elaborator::makeTensors(Value &value, SourceRange range) {
  if (value.tensor() || value.bounded() || value.isPoison())
    return true;
  if (auto element = naturalElement(value)) {
    auto constant = constantTensor({value, range}, *element);
    value = constant ? Value(*constant) : Value();
    return true;
  }
  const ListValue *list = value.list();
  const std::vector<Value> *elements = list ? &list->elements : value.tuple();
  if (!elements || (list && list->isOpen))
    return false;
  std::vector<Value> made = *elements;
  for (Value &element : made)
    if (!makeTensors(element, range))
      return false;
  value = list ? Value::list(std::move(made)) : Value::tuple(std::move(made));
  return true;
}

llvm::SmallVector<Place> Elaborator::assignablePlaces() {
  llvm::SmallVector<Place> places;
  for (Scope *s = scope; s; s = s->parent)
    for (size_t i = 0; i < s->variables.size(); ++i)
      if (s->variables[i].assignable)
        places.push_back({s, i});
  return places;
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

bool Elaborator::join(Value &a, Value &b, SourceRange range, const Twine &what) {
  if (a.isSame(b))
    return true;
  if (a.isPoison() || b.isPoison()) {
    a = b = Value();
    return true;
  }
  auto reject = [&](llvm::ArrayRef<DimExpr> sizes) {
    Diagnostic &diag =
        error(range, what + " is " + describe(a) + " on one side of this choice, and " +
                         describe(b) + " on the other");
    noteOrigins(diag, sizes);
    a = b = Value();
    return false;
  };
  auto joinAll = [&](std::vector<Value> x, std::vector<Value> y, bool isList) {
    for (size_t i = 0; i < x.size(); ++i)
      if (!join(x[i], y[i], range, what))
        return false;
    a = isList ? Value::list(std::move(x)) : Value::tuple(std::move(x));
    b = isList ? Value::list(std::move(y)) : Value::tuple(std::move(y));
    return true;
  };
  if (a.list() && b.list() && !a.list()->isOpen && !b.list()->isOpen &&
      a.list()->elements.size() == b.list()->elements.size())
    return joinAll(a.list()->elements, b.list()->elements, /*isList=*/true);
  if (a.tuple() && b.tuple() && a.tuple()->size() == b.tuple()->size())
    return joinAll(*a.tuple(), *b.tuple(), /*isList=*/false);

  auto sameTensors = [&](const TensorType &x, const TensorType &y) {
    return x.element == y.element && x.rank() == y.rank() &&
           llvm::all_of(llvm::zip(x.dims, y.dims), [&](const auto &pair) {
             return sameSize(std::get<0>(pair), std::get<1>(pair), range);
           });
  };
  if (const BoundedTensor *x = a.bounded(), *y = b.bounded(); x && y)
    return x->axis == y->axis && sameTensors(x->data.type, y->data.type) ? true : reject({});

  // A number adapts to a tensor; two numbers become tensors.
  auto element = a.tensor()   ? std::optional(a.tensor()->type.element)
                 : b.tensor() ? std::optional(b.tensor()->type.element)
                              : naturalElement(a);
  if (!a.tensor() && !b.tensor() && element == ElementType::I64 &&
      naturalElement(b) == ElementType::F32)
    element = ElementType::F32;
  for (Value *side : {&a, &b}) {
    if (side->tensor())
      continue;
    auto natural = naturalElement(*side);
    bool fits = element && natural && isBool(*natural) == isBool(*element) &&
                (isFloat(*element) || !isFloat(*natural));
    if (!fits)
      return reject({});
    auto constant = constantTensor({*side, range}, *element);
    if (!constant) {
      a = b = Value();
      return false;
    }
    *side = *constant;
  }
  if (sameTensors(a.tensor()->type, b.tensor()->type))
    return true;
  llvm::SmallVector<DimExpr, 4> sizes(a.tensor()->type.dims);
  llvm::append_range(sizes, b.tensor()->type.dims);
  return reject(sizes);
}

void Elaborator::runSide(Side &side, llvm::ArrayRef<Place> places, Run run) {
  llvm::SaveAndRestore deeper(choices, choices + 1);
  for (auto [place, value] : llvm::zip(places, side.values))
    place->value = value;
  if (side.mayHaveReturned) {
    current->mayHaveReturned = side.mayHaveReturned;
    current->result = side.result;
  }
  if (side.region && emits())
    ir().builder.setInsertionPointToEnd(&side.region->front());
  run();
  for (auto [place, value] : llvm::zip(places, side.values))
    value = place->value;
  side.returned = std::exchange(current->returned, false);
  side.mayHaveReturned = std::exchange(current->mayHaveReturned, std::nullopt);
  side.result = std::exchange(current->result, Value());
  side.leavesRound = std::exchange(signal, LoopSignal::None) != LoopSignal::None;
}

Value Elaborator::placeholder(const Value &value, Side &side, SourceRange range) {
  llvm::SmallVector<Tensor> zeros;
  collectTensors(value, zeros);
  std::optional<mlir::OpBuilder::InsertionGuard> guard;
  if (emits() && side.region) {
    guard.emplace(ir().builder);
    ir().builder.setInsertionPointToEnd(&side.region->front());
  }
  for (Tensor &tensor : zeros) {
    TensorType type = tensor.type;
    Value zero = isBool(type.element) ? Value(false) : Value(DimExpr(0));
    auto scalar = constantTensor({zero, range}, type.element);
    Value whole =
        result(type, range, [&](Emitter &e, mlir::Location loc, mlir::RankedTensorType lowered) {
          return lowered.getRank() == 0 ? scalar->ir
                                        : e.make<nn::BroadcastOp>(loc, lowered, scalar->ir,
                                                                  e.dynamicSizes(type.dims, loc));
        });
    if (whole.tensor())
      tensor = *whole.tensor();
  }
  llvm::ArrayRef<Tensor> rest = zeros;
  return replaceTensors(value, rest);
}

bool Elaborator::matchReturns(Side &first, Side &second, SourceRange range) {
  auto may = [](const Side &side) { return side.returned || side.mayHaveReturned; };
  if ((!may(first) && !may(second)) || (first.returned && second.returned))
    return false;
  if (!may(first))
    first.result = placeholder(second.result, first, range);
  if (!may(second))
    second.result = placeholder(first.result, second, range);
  // What a side that is over assigned is of no use, whatever its type is by now.
  for (auto [done, other] : {std::pair(&first, &second), std::pair(&second, &first)}) {
    if (!done->returned)
      continue;
    for (auto [value, wanted] : llvm::zip(done->values, other->values)) {
      llvm::SmallVector<Tensor> have, want;
      collectTensors(value, have);
      collectTensors(wanted, want);
      bool fits =
          have.size() == want.size() && llvm::all_of(llvm::zip(have, want), [&](const auto &pair) {
            const TensorType &a = std::get<0>(pair).type, &b = std::get<1>(pair).type;
            return a.element == b.element && a.rank() == b.rank() &&
                   llvm::all_of(llvm::zip(a.dims, b.dims), [&](const auto &sizes) {
                     return dims.equal(std::get<0>(sizes), std::get<1>(sizes));
                   });
          });
      if (!fits)
        value = placeholder(wanted, *done, range);
    }
  }
  return true;
}

void Elaborator::endChoice(const Tensor &condition, SourceRange range, Side &first, Side &second,
                           llvm::MutableArrayRef<Value> a, llvm::ArrayRef<Value> b) {
  llvm::SmallVector<Tensor> left, right;
  for (auto [x, y] : llvm::zip(a, b)) {
    collectTensors(x, left);
    collectTensors(y, right);
  }
  // A tensor that both sides leave as it was needs no result.
  llvm::SmallVector<size_t> results;
  llvm::SmallVector<Tensor> types;
  for (size_t i = 0; i < left.size(); ++i)
    if (!left[i].ir || left[i].ir != right[i].ir) {
      results.push_back(i);
      types.push_back(left[i]);
    }
  llvm::SmallVector<mlir::Value> made;
  if (emits() && first.region && second.region) {
    mlir::Location loc = locationOf(range);
    llvm::SmallVector<mlir::Type> lowered;
    llvm::SmallVector<mlir::Value> sizes, yields[2];
    for (size_t i : results) {
      lowered.push_back(ir().lowerType(left[i].type));
      llvm::append_range(sizes, ir().dynamicSizes(left[i].type.dims, loc));
      yields[0].push_back(left[i].ir);
      yields[1].push_back(right[i].ir);
    }
    auto op = nn::IfOp::create(ir().builder, loc, mlir::TypeRange(lowered), condition.ir, sizes);
    mlir::OpBuilder::InsertionGuard guard(ir().builder);
    mlir::Region *sides[] = {first.region.get(), second.region.get()};
    for (auto [side, yielded] : llvm::zip_equal(sides, yields)) {
      ir().builder.setInsertionPointToEnd(&side->front());
      nn::YieldOp::create(ir().builder, loc, yielded);
    }
    op.getThenRegion().takeBody(*first.region);
    op.getElseRegion().takeBody(*second.region);
    llvm::append_range(made, op.getResults());
  }
  for (auto [i, tensor] : llvm::zip(results, freshTensors(types, made)))
    left[i] = tensor;
  llvm::ArrayRef<Tensor> rest = left;
  for (Value &value : a)
    value = replaceTensors(value, rest);
}

bool Elaborator::runChoice(const Tensor &condition, SourceRange range, Run thenSide, Run elseSide,
                           Run rest, const bool *elseRanRest) {
  llvm::SmallVector<Place> places = assignablePlaces();
  Side first, second;
  for (const Place &place : places)
    first.values.push_back(place->value);
  second.values = first.values;
  const std::vector<Value> before = first.values;
  mlir::OpBuilder::InsertPoint outside;
  if (emits()) {
    outside = ir().builder.saveInsertionPoint();
    first.region = ir().openRegion({}, locationOf(range));
    second.region = ir().openRegion({}, locationOf(range));
  }
  runSide(first, places, thenSide);
  runSide(second, places, elseSide);
  bool ranRest = elseRanRest && *elseRanRest;
  if (ranRest ? !first.ended() : rest && first.ended() != second.ended()) {
    runSide(ranRest || second.ended() ? first : second, places, rest);
    ranRest = true;
  }
  if (emits())
    ir().builder.restoreInsertionPoint(outside);

  bool mayReturn = matchReturns(first, second, range);
  current->returned = first.returned && second.returned;
  if (first.leavesRound && second.leavesRound)
    signal = LoopSignal::Continue; // the flags say which kind

  std::vector<Value> a, b;
  llvm::SmallVector<size_t> changed;
  {
    // Constants stand where all regions see them.
    std::optional<mlir::OpBuilder::InsertionGuard> guard;
    if (emits()) {
      guard.emplace(ir().builder);
      ir().builder.setInsertionPointToEnd(ir().entryBlock());
    }
    for (auto [i, place] : llvm::enumerate(places)) {
      Value &x = first.values[i], &y = second.values[i];
      if (current->returned || x.isSame(y)) {
        // After a return on both sides nobody reads it; what the sides made is not seen here.
        place->value = current->returned ? before[i] : x;
        continue;
      }
      join(x, y, range, "'" + place->name + "'");
      changed.push_back(i);
      a.push_back(x);
      b.push_back(y);
    }
    if (mayReturn) {
      for (auto [side, values] : {std::pair(&first, &a), std::pair(&second, &b)}) {
        auto flag = side->mayHaveReturned;
        if (!flag)
          flag = constantTensor({Value(side->returned), range}, ElementType::Bool);
        values->push_back(*flag);
      }
    }
    if (mayReturn || current->returned) {
      join(first.result, second.result, range, "the result");
      a.push_back(first.result);
      b.push_back(second.result);
    }
  }
  endChoice(condition, range, first, second, a, b);
  for (auto [i, value] : llvm::zip(changed, a))
    places[i]->value = value;
  if (mayReturn || current->returned)
    current->result = a.back();
  if (mayReturn)
    current->mayHaveReturned = *a[a.size() - 2].tensor();
  return ranRest;
}

Value Elaborator::chooseValue(const ast::IfExpr *expr, const Tensor &condition) {
  llvm::SmallVector<Place> places = assignablePlaces();
  Side sides[2];
  Value values[2];
  const ast::Expr *exprs[2] = {expr->thenValue, expr->elseValue};
  mlir::OpBuilder::InsertPoint outside;
  if (emits())
    outside = ir().builder.saveInsertionPoint();
  for (size_t i : {0, 1}) {
    for (const Place &place : places)
      sides[i].values.push_back(place->value);
    if (emits())
      sides[i].region = ir().openRegion({}, locationOf(exprs[i]->range));
    runSide(sides[i], places, [&] { values[i] = eval(exprs[i]); });
  }
  if (emits())
    ir().builder.setInsertionPointToEnd(ir().entryBlock());
  bool good = !values[0].isPoison() && !values[1].isPoison() &&
              join(values[0], values[1], expr->range, "this value");
  if (emits())
    ir().builder.restoreInsertionPoint(outside);
  if (!good)
    return {};
  std::vector<Value> a{values[0]}, b{values[1]};
  endChoice(condition, expr->range, sides[0], sides[1], a, b);
  return a[0];
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Loop *Elaborator::skippingLoop() {
  return loop && loop->flags && loop->flags->variables[1].value.tensor() ? loop : nullptr;
}

Scope &Elaborator::openFlags(SourceRange at) {
  Scope &flags = scopeStore.emplace_back();
  flags.parent = scope;
  flags.variables.push_back({"whether this loop ends", at, Value(false), /*assignable=*/true});
  flags.variables.push_back({"whether this round ends", at, Value(false), /*assignable=*/true});
  return flags;
}

bool Elaborator::returnsFromWhile() const {
  for (const Loop *around = loop; around; around = around->outer)
    if (around->kind == Loop::Kind::While)
      return true;
  return false;
}

void Elaborator::leaveByReturn(const Value &flag, const Value &result) {
  for (const Loop *around = loop; around; around = around->outer) {
    llvm::SmallVectorImpl<Variable> &flags = around->flags->variables;
    flags[0].value = flags[1].value = flag;
    if (around->kind != Loop::Kind::While)
      continue;
    flags[2].value = flag;
    flags[3].value = result;
    return;
  }
}

void Elaborator::checkReturns(const ast::FnDecl *decl, const std::string &name) {
  if (current->returned || current->assuming || gaveUp)
    return;
  // Without a result 'return' only ends the call.
  if (!decl->result && (!current->mayHaveReturned || current->result.isNone())) {
    current->result = Value::None();
    return;
  }
  Diagnostic &diag =
      error(decl->body.range.last(), name + (current->mayHaveReturned ? " may end" : " ends") +
                                         " without returning a value");
  if (current->mayHaveReturned)
    diag.note("a 'return' stands under a condition that only the run knows");
  if (decl->result)
    diag.note(decl->result->range, "the result is declared");
}

bool Elaborator::keepsType(const Value &before, Value &after, const Twine &what, SourceRange range,
                           SourceRange declared) {
  if (before.isPoison() || after.isPoison())
    return true;
  // `x = 0` in a loop over an i64.
  if (const Tensor *tensor = before.tensor(); tensor && tensor->type.rank() == 0)
    if (auto natural = naturalElement(after);
        natural && isBool(*natural) == isBool(tensor->type.element) &&
        (isFloat(tensor->type.element) || !isFloat(*natural))) {
      auto constant = constantTensor({after, range}, tensor->type.element);
      after = constant ? Value(*constant) : Value();
      return constant.has_value();
    }
  auto sameShape = [&](const Tensor &x, const Tensor &y) {
    return x.type.element == y.type.element && x.type.rank() == y.type.rank() &&
           llvm::all_of(llvm::zip(x.type.dims, y.type.dims), [&](const auto &pair) {
             return sameSize(std::get<0>(pair), std::get<1>(pair), range);
           });
  };
  llvm::SmallVector<Tensor> old, next;
  collectTensors(before, old);
  collectTensors(after, next);
  bool same = before.list() || before.tuple()
                  ? (before.list() != nullptr) == (after.list() != nullptr)
                  : (before.tensor() != nullptr) == (after.tensor() != nullptr) &&
                        (before.bounded() != nullptr) == (after.bounded() != nullptr);
  same &= old.size() == next.size();
  for (size_t i = 0; same && i < old.size(); ++i)
    same = sameShape(old[i], next[i]);
  if (same)
    return true;
  Diagnostic &diag = error(range, what + " is " + describe(before) + " before this loop, and " +
                                      describe(after) + " after a round of it");
  llvm::SmallVector<DimExpr> sizes;
  for (const Tensor &tensor : old)
    llvm::append_range(sizes, tensor.type.dims);
  for (const Tensor &tensor : next)
    llvm::append_range(sizes, tensor.type.dims);
  noteOrigins(diag, sizes);
  diag.note(declared, "it is declared; what a loop hands from round to round keeps its type");
  return false;
}

std::optional<Tensor> Elaborator::loopCondition(const ast::Expr *expr, bool &isNever) {
  bool poisoned;
  std::optional<Tensor> atRunTime;
  std::optional<bool> chosen = condition(expr, &poisoned, &atRunTime);
  isNever = chosen && !*chosen;
  return atRunTime;
}

void Elaborator::runWhile(const ast::WhileStmt *stmt) {
  SourceRange at{stmt->range.file, stmt->range.begin, stmt->range.begin + 5};
  llvm::StringSet<> names = assignedNames(stmt->body);
  llvm::SmallVector<Place> carried;
  llvm::StringSet<> seen;
  for (const Place &place : assignablePlaces())
    // An inner variable hides an outer one of its name.
    if (names.contains(place->name) && seen.insert(place->name).second)
      if (makeTensors(place->value, place->range))
        carried.push_back(place);

  // A 'return' leaves by a flag and a result, which the rounds hand on like variables.
  Scope &flags = openFlags(at);
  bool mayReturn = names.contains("return");
  if (mayReturn) {
    Side here;
    const ast::FnDecl *decl = current->function ? current->function->decl : nullptr;
    Value nothing =
        decl && decl->result ? placeholder(declaredResult(decl), here, at) : Value::None();
    flags.variables.push_back({"whether this call returns", at, Value(false), /*assignable=*/true});
    flags.variables.push_back({"the result", at, nothing, /*assignable=*/true});
    for (size_t i : {2, 3})
      if (Place place{&flags, i}; makeTensors(place->value, at))
        carried.push_back(place);
  }

  bool isNever;
  std::optional<Tensor> go = loopCondition(stmt->condition, isNever);
  if (isNever)
    return;
  bool isEndless = !go;
  if (isEndless)
    go = constantTensor({Value(true), at}, ElementType::Bool);

  llvm::SmallVector<Value> before;
  llvm::SmallVector<Tensor> initial;
  for (const Place &place : carried) {
    before.push_back(place->value);
    collectTensors(place->value, initial);
  }
  std::unique_ptr<mlir::Region> region;
  mlir::OpBuilder::InsertPoint outside;
  auto valuesOf = [](llvm::ArrayRef<Tensor> tensors) {
    llvm::SmallVector<mlir::Value> values;
    for (const Tensor &tensor : tensors)
      values.push_back(tensor.ir);
    return values;
  };
  auto assign = [&](llvm::ArrayRef<Tensor> tensors) {
    for (auto [place, value] : llvm::zip(carried, before))
      place->value = replaceTensors(value, tensors);
  };
  llvm::SmallVector<mlir::Value> arguments;
  if (emits()) {
    outside = ir().builder.saveInsertionPoint();
    region = ir().openRegion(mlir::ValueRange(valuesOf(initial)).getTypes(), locationOf(at));
    llvm::append_range(arguments, region->getArguments());
  }
  assign(freshTensors(initial, arguments));

  Loop inside{Loop::Kind::While, loop, &flags};
  inside.choices = choices;
  Value broke;
  {
    llvm::SaveAndRestore inLoop(loop, &inside);
    llvm::SaveAndRestore inScope(scope, &flags);
    runBody(stmt->body);
    signal = LoopSignal::None;
    broke = flags.variables[0].value;
  }
  if (gaveUp)
    return;

  // Whether there is another round: the condition holds, and nothing broke out.
  std::optional<Tensor> next;
  if (broke.boolean() && *broke.boolean()) {
    next = constantTensor({Value(false), at}, ElementType::Bool);
  } else {
    Value goesOn;
    if (isEndless) {
      if (broke.boolean() && !diags.hasErrors())
        error(at, "this loop never ends").note("'break' leaves it");
    } else if (auto again = loopCondition(stmt->condition, isNever)) {
      goesOn = *again;
    }
    if (broke.tensor()) {
      Value stays = unary(ast::UnaryOp::Not, at, at, {broke, at});
      goesOn =
          goesOn.tensor() ? binary(ast::BinaryOp::And, at, at, {goesOn, at}, {stays, at}) : stays;
    }
    if (goesOn.tensor())
      next = *goesOn.tensor();
  }
  llvm::SmallVector<Tensor> handed;
  for (auto [place, value] : llvm::zip(carried, before)) {
    keepsType(value, place->value, "'" + place->name + "'", at, place->range);
    collectTensors(place->value, handed);
  }
  llvm::SmallVector<mlir::Value> results;
  if (emits() && next && region) {
    mlir::Location loc = locationOf(at);
    llvm::SmallVector<mlir::Value> yields{next->ir};
    llvm::append_range(yields, valuesOf(handed));
    nn::YieldOp::create(ir().builder, loc, yields);
    ir().builder.restoreInsertionPoint(outside);
    auto op = nn::WhileOp::create(ir().builder, loc, go->ir, valuesOf(initial));
    op.getBody().takeBody(*region);
    llvm::append_range(results, op.getResults());
  }
  assign(freshTensors(initial, results));
  if (!mayReturn)
    return;
  Value returned = flags.variables[2].value, result = flags.variables[3].value;
  if (returnsFromWhile()) {
    leaveByReturn(returned, result);
  } else if (isEndless && !inside.hasBreak) {
    current->returned = true;
    current->result = result;
  } else if (returned.tensor()) {
    current->mayHaveReturned = *returned.tensor();
    current->result = result;
  }
}
