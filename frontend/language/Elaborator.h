//===- Elaborator.h - runs a model's code at compile time -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The semantic half of the front end, for its own files. The elaborator makes
// an instance of every part, runs every entry once with symbolic sizes, checks
// each operation's types as it meets it, and hands operations to the Emitter.
// Without an emitter it only checks.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_ELABORATOR_H
#define NACRE_FRONTEND_LANGUAGE_ELABORATOR_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/language/Emitter.h"
#include "frontend/language/Language.h"
#include "frontend/language/Modules.h"
#include "frontend/language/Values.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <nlohmann/json_fwd.hpp>

#include <deque>
#include <map>

namespace nacre::language {

struct Builtin;
class SourceIndex;

/// One running call of a function.
struct Frame {
  Frame *caller = nullptr;
  const Function *function = nullptr; ///< null while members are declared
  Function ownFunction;
  Instance *self = nullptr;
  const Module *module = nullptr;
  SourceRange callRange; ///< invalid for an entry and a check
  unsigned id = 0;
  /// What `..` stands for.
  std::optional<llvm::SmallVector<DimExpr, 4>> leading;
  llvm::StringMap<DimExpr> dims;
  llvm::StringMap<ElementType> elements;
  bool returned = false;
  /// Where only the run knows whether the call has returned: a bool. `result` is then what it
  /// returned, and anything where it did not.
  std::optional<Tensor> mayHaveReturned;
  Value result;
  /// What scans that are over carried for themselves, and where: no names any more.
  llvm::StringMap<SourceRange> scanNames;
  /// Above 0 while code runs under a condition that this check cannot decide:
  /// sizes that meet may be equal because of it.
  unsigned assuming = 0;
};

/// Where a symbol of the DimContext came from.
struct SymbolOrigin {
  enum class Kind : uint8_t {
    Param,
    Const,
    Argument,
    Free,
    Number, ///< what an integer tensor holds when the code runs
  };
  Kind kind;
  SourceRange range;
  std::string what;                ///< "'hidden'", "argument 'x'"
  const Instance *owner = nullptr; ///< of a parameter or constant
  unsigned frame = 0;              ///< of a dimension variable
};

/// A value and where it is written.
struct Operand {
  Value value;
  SourceRange range;
};

struct PassedArgument {
  llvm::StringRef name; ///< empty: by position
  SourceRange nameRange;
  Operand operand;
};

struct Slot {
  llvm::StringRef name;
  bool required = true;
};

/// What is called, for binding arguments and for messages about it.
struct Callee {
  std::string name;
  llvm::SmallVector<Slot, 8> params;
  SourceRange declared;  ///< invalid for a builtin
  std::string signature; ///< of a builtin
};

/// The tensors in a value, in order; and the value with others in their places.
void collectTensors(const Value &value, llvm::SmallVectorImpl<Tensor> &tensors);
Value replaceTensors(const Value &value, llvm::ArrayRef<Tensor> &tensors);
/// The names that the statements may assign and that are declared outside of them.
llvm::StringSet<> assignedNames(const ast::Body &body);

/// Names that can be dimension variables: those that do not begin small.
bool isVariableName(llvm::StringRef name);
/// Splits `pattern` into factor * symbol + offset; false where it is not linear.
bool splitLinear(DimContext &dims, const DimExpr &pattern, DimSymbol symbol, DimExpr &factor,
                 DimExpr &offset);
/// int, float, bool, str, dtype and lists.
bool isCompileTimeType(const ast::TypeRef *type);

/// A loop around the running statements of one call.
struct Loop {
  enum class Kind : uint8_t { For, While, Scan };
  Kind kind;
  const Loop *outer; ///< around this one, in the same call
  /// Of a while and a for: hidden variables that say that the loop ends, and that this round does.
  /// They hold a bool, or a tensor where only the run knows. Of a while with a 'return' also that
  /// the call returns, and what.
  Scope *flags = nullptr;
  bool hasBreak = false; ///< somewhere; a 'return' is none
  /// Of a scan: what was yielded in this round, and where.
  std::optional<std::vector<Operand>> yielded = {};
  SourceRange yieldedAt = {};
  /// Choices at run time around the running statement, when the loop was entered.
  unsigned choices = 0;
};

/// A variable; stays valid where its scope gets more of them.
struct Place {
  Scope *scope;
  size_t index;
  Variable &operator*() const { return scope->variables[index]; }
  Variable *operator->() const { return &scope->variables[index]; }
};

/// What one side of a choice at run time leaves behind.
struct Side {
  std::unique_ptr<mlir::Region> region;
  std::vector<Value> values; ///< of the variables that the choice may change
  bool returned = false;
  std::optional<Tensor> mayHaveReturned;
  Value result;
  bool leavesRound = false;
  bool ended() const { return returned || leavesRound; }
};

class Elaborator {
public:
  Elaborator(SourceMap &sources, DiagnosticEngine &diags, ModuleTable &modules,
             const CompileOptions &options);
  /// From now on IR is made as well.
  void setEmitter(Emitter *e) { emitter = e; }
  /// From now on `index` is told what expressions and names stand for.
  void setIndex(SourceIndex *i) { index = i; }

  /// Makes the instance of a model with the values from `options`. Parameters
  /// without a value are errors, or symbols where `symbolic`.
  Instance *instantiateModel(const ast::BlockDecl *decl, const Module *module, bool symbolic);
  /// Runs all entries of the model, and its other functions that no entry ran.
  void elaborateEntries(Instance *model, ModelSummary &summary);
  /// Checks the functions of a file that were not run yet, for all parameters.
  void checkRemaining(const Module *module);
  /// Warns of weights of `model` that stand in its own file and that nobody reads.
  void warnUnread(Instance *model);
  /// Declares the weights that entries read, in the order of the file.
  void emitWeights(Instance *model);
  /// Declares the states that entries use.
  void emitStates(Instance *model);
  void summarize(Instance *model, ModelSummary &summary);

  //===-- Diagnostics (Elaborator.cpp) --------------------------------------===//

  /// Reports an error; notes of the calls that led here follow where the place
  /// is in another file than the one compiled.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  Diagnostic &warning(SourceRange range, const llvm::Twine &message);
  /// error() whose result is discarded, for `return fail(...)`.
  Value fail(SourceRange range, const llvm::Twine &message) {
    error(range, message);
    return {};
  }
  /// Puts the notes of the last error in place. Call when all is done.
  void finish() { flushNotes(); }
  std::string print(const TensorType &type) { return language::print(type, dims); }
  std::string print(const DimExpr &dim) { return dims.print(dim); }
  std::string describe(const Value &value) { return language::describe(value, dims); }
  /// The type of a tensor and what it is: "f32[4, dim]   (weight w, a.ncr:24)".
  std::string labelFor(const Value &value);
  /// Notes that say where the symbols of these sizes came from.
  void noteOrigins(Diagnostic &diag, llvm::ArrayRef<DimExpr> sizes);
  /// "a.ncr:24".
  std::string placeOf(SourceRange range) const;

  //===-- Sizes (Sizes.cpp) -------------------------------------------------===//

  enum class Match : uint8_t {
    Equal,     ///< for all sizes
    ByValue,   ///< for the values that the parameters have
    Different, ///< or not known to be equal
  };
  Match compare(const DimExpr &a, const DimExpr &b);
  /// Equal, or equal by value with a warning at `range`. Silent and true under
  /// an undecided condition.
  bool sameSize(const DimExpr &a, const DimExpr &b, SourceRange range);
  void warnByValue(const DimExpr &a, const DimExpr &b, SourceRange range);
  /// The number that `dim` is known to be in this compilation.
  std::optional<int64_t> valueOf(const DimExpr &dim);
  /// 1 for all sizes.
  bool isOne(const DimExpr &dim) { return dims.expand(dim).isConstant(1); }
  /// True where sizes of this check have no value: a parameter of a block that
  /// is checked for all its parameters.
  bool dependsOnUnknown(const DimExpr &dim);
  /// True where the size is known only when the compiled code runs.
  bool dependsOnRun(const DimExpr &dim);
  /// True where a formula names what a tensor holds.
  bool dependsOnNumber(const DimExpr &dim);
  /// NumPy's broadcasting of all but the last `leaveOut` dimensions; reports at
  /// `range` and returns nothing on failure.
  std::optional<llvm::SmallVector<DimExpr, 4>> broadcast(llvm::StringRef what, SourceRange range,
                                                         llvm::ArrayRef<Operand> operands,
                                                         size_t leaveOut = 0);
  /// a / b where it is a whole number; reports otherwise.
  /// With `isOperator` the note names the functions that round.
  std::optional<DimExpr> divideExactly(const DimExpr &a, const DimExpr &b, SourceRange range,
                                       bool isOperator = false);
  /// Counts `n` steps more; false after giving up.
  bool charge(uint64_t n, SourceRange range);
  /// Checks that `small <= large`, or makes it a requirement of the entry. False after an error.
  bool requireAtMost(const DimExpr &small, const DimExpr &large, SourceRange range,
                     const llvm::Twine &message);
  /// The type in the vocabulary of `frame`.
  DimExpr translate(const DimExpr &dim, const Frame &frame);
  Value translate(const Value &value, const Frame &frame);
  DimExpr addSymbol(llvm::StringRef name, std::optional<DimExpr> definition,
                    std::optional<int64_t> value, SymbolOrigin origin);
  const SymbolOrigin &originOf(DimSymbol symbol) const { return origins[dims.info(symbol).origin]; }

  //===-- Expressions (ElaborateExpr.cpp, ElaborateIndex.cpp, Operators.cpp) -===//

  Value eval(const ast::Expr *expr);
  Operand operand(const ast::Expr *expr) { return {eval(expr), expr->range}; }
  Value unary(ast::UnaryOp op, SourceRange range, SourceRange opRange, const Operand &operand);
  Value binary(ast::BinaryOp op, SourceRange range, SourceRange opRange, const Operand &lhs,
               const Operand &rhs);
  /// An integer that is a size or a number; reports anything else.
  std::optional<DimExpr> evalInt(const ast::Expr *expr, const llvm::Twine &what);
  /// Both operands as tensors of one element type: numbers adapt to the other
  /// side. Returns false after reporting.
  bool unify(llvm::StringRef what, SourceRange range, llvm::MutableArrayRef<Operand> operands);
  /// A number or bool as a tensor of rank 0.
  std::optional<Tensor> constantTensor(const Operand &operand, ElementType element);

  //===-- Calls (ElaborateCall.cpp) -----------------------------------------===//

  Value call(const Function &function, SourceRange range, llvm::ArrayRef<PassedArgument> args);
  /// Calls what is no function of the language: parts, blocks' names, dtypes, builtins.
  Value callValue(const Value &callee, SourceRange range, SourceRange calleeRange,
                  llvm::ArrayRef<PassedArgument> args);
  Value callBuiltin(const Builtin &builtin, SourceRange range, SourceRange calleeRange,
                    llvm::ArrayRef<PassedArgument> args);

  //===-- IR ----------------------------------------------------------------===//

  /// True where operations are to be emitted: nothing is wrong so far.
  bool emits() const { return emitter && !diags.hasErrors(); }
  Emitter &ir() { return *emitter; }
  /// A rank-0 integer tensor whose number gets a name of its own.
  void nameNumber(Tensor &tensor);
  /// Values for tensors of these types: arguments of a region, or results of its operation.
  llvm::SmallVector<Tensor> freshTensors(llvm::ArrayRef<Tensor> types, mlir::ValueRange values);
  /// A rank-0 tensor with the number of a size.
  Tensor sizeTensor(const DimExpr &size, ElementType element, SourceRange range);
  Value gather(SourceRange range, const Tensor &data, const Tensor &indices, int64_t axis);
  /// The same elements in another shape, whose product is the caller's to check.
  Value reshape(SourceRange range, const Tensor &input, llvm::ArrayRef<DimExpr> shape);
  /// A tensor whose IR value `make` computes. `make` runs only where IR is made.
  Value
  result(TensorType type, SourceRange range,
         llvm::function_ref<mlir::Value(Emitter &, mlir::Location, mlir::RankedTensorType)> make,
         bool ofWeights = false);
  mlir::Location locationOf(SourceRange range);
  /// Reports a tensor whose sizes do not fit 64 bits, are negative, or have
  /// more elements than any machine holds.
  bool isReasonable(const TensorType &type, SourceRange range);
  mlir::RankedTensorType lowerType(const TensorType &type);

  Frame *frame() { return current; }

  SourceMap &sources;
  DiagnosticEngine &diags;
  ModuleTable &modules;
  const CompileOptions &options;
  DimContext dims;

private:
  void flushNotes();
  /// Tells the index what the text of `range` stands for.
  void remember(SourceRange range, const Value &value) {
    if (index)
      recordMeaning(range, value);
  }
  void recordMeaning(SourceRange range, const Value &value); // SourceIndex.cpp

  //===-- Blocks (ElaborateBlock.cpp) ---------------------------------------===//

  Instance *newInstance(const ast::BlockDecl *decl, const Module *module, Instance *parent,
                        std::string path, std::string source);
  Instance *instantiate(const ast::BlockDecl *decl, const Module *module, Instance *parent,
                        std::string path, std::string source, SourceRange range,
                        llvm::ArrayRef<PassedArgument> args);
  Instance *instantiateSymbolic(const ast::BlockDecl *decl, const Module *module);
  void declareParam(Instance *instance, const ast::Param &param, Value value);
  void declareMembers(Instance *instance, llvm::ArrayRef<ast::Decl *> members);
  void declareMember(Instance *instance, ast::Decl *decl);
  bool declare(Instance *instance, const ast::Ident &name, Member member);
  void declareConst(Instance *instance, const ast::ConstDecl *decl);
  void declareWeight(Instance *instance, const ast::WeightDecl *decl);
  void declarePart(Instance *instance, const ast::PartDecl *decl);
  Value makePart(Instance *instance, const ast::Expr *value, std::string path, std::string source);
  /// The text of an `as`, with the values of `{name}` put in.
  std::string fileNameOf(const ast::FileName &name);
  std::string indexed(const std::string &source, const std::string &index) const {
    return partsAreFlat ? source : source + index;
  }
  std::string printInitial(const ast::Expr *expr);
  Value readWeight(Weight *weight, SourceRange range);
  void collectWeights(Instance *instance, llvm::SmallVectorImpl<Weight *> &out);
  /// The value of a model's parameter from settings, config or default.
  std::optional<Value> modelParam(const ast::Param &param);
  /// `config("key", default)`; nothing where neither gives a value.
  std::optional<Value> evalConfig(const ast::CallExpr *call, const ast::Param *param);
  const nlohmann::json *findConfig(llvm::StringRef key) const;
  Value configValue(const nlohmann::json &value, llvm::StringRef key, SourceRange range,
                    const ast::TypeRef *type, llvm::StringRef paramName);
  Value parseSetting(llvm::StringRef text, const ast::TypeRef *type, llvm::StringRef name);
  /// Checks a compile-time value against a declared type; converts int to float.
  std::optional<Value> coerce(const Operand &value, const ast::TypeRef *type,
                              const llvm::Twine &what);
  Value unknownOf(const ast::TypeRef *type, llvm::StringRef name, SymbolOrigin origin);

  //===-- Statements (ElaborateStmt.cpp) ------------------------------------===//

  void runBody(const ast::Body &body);
  void runStmts(llvm::ArrayRef<ast::Stmt *> stmts);
  void run(const ast::Stmt *stmt);
  /// Runs a choice; returns true where `rest`, the statements after it, ran inside it.
  bool runIf(const ast::IfStmt *stmt, llvm::ArrayRef<ast::Stmt *> rest);
  void leaveLoop(const ast::Stmt *stmt);
  void runUndecided(llvm::function_ref<void()> thenSide, llvm::function_ref<void()> elseSide);
  void runFor(const ast::ForStmt *stmt);
  void runReturn(const ast::ReturnStmt *stmt);
  void runAssign(const ast::AssignStmt *stmt);
  void runLet(const ast::LetStmt *stmt);
  void bind(const ast::Pattern *pattern, const Value &value, SourceRange valueRange,
            bool assignable);
  void define(const ast::Ident &name, Value value, bool assignable);
  void assignTo(const ast::Expr *target, const Value &value, SourceRange valueRange);
  /// The elements that a `for` walks over; nothing after reporting.
  std::optional<ListValue> iterate(const Operand &iterable);
  /// true, false, or nothing: undecided in this check, or wrong and reported
  /// (then `*poisoned`). Where `*atRunTime` is given, a bool of the run is put there.
  std::optional<bool> condition(const ast::Expr *expr, bool *poisoned,
                                std::optional<Tensor> *atRunTime = nullptr);
  enum class LoopSignal : uint8_t { None, Break, Continue };

  //===-- Control flow at run time (ElaborateControl.cpp, ElaborateScan.cpp) --===//

  using Run = llvm::function_ref<void()>;
  /// Runs both sides as regions; what they assign differently becomes results. `rest` runs on the
  /// side that goes on where the other ends; returns true where it did. `elseRanRest`: the else
  /// side has run it already, in a choice of its own.
  bool runChoice(const Tensor &condition, SourceRange range, Run thenSide, Run elseSide, Run rest,
                 const bool *elseRanRest = nullptr);
  /// Runs code at the end of `side`, and keeps what it leaves behind.
  void runSide(Side &side, llvm::ArrayRef<Place> places, Run run);
  /// Makes the values one type, or says that `what` has two.
  bool join(Value &a, Value &b, SourceRange range, const llvm::Twine &what);
  /// The operation of a choice; replaces the values of both sides by its results.
  void endChoice(const Tensor &condition, SourceRange range, Side &first, Side &second,
                 llvm::MutableArrayRef<Value> a, llvm::ArrayRef<Value> b);
  void runWhile(const ast::WhileStmt *stmt);
  /// The condition of a while as a tensor; nothing, where it holds in this check in any case, or
  /// after reporting.
  std::optional<Tensor> loopCondition(const ast::Expr *expr, bool &isNever);
  Value evalScan(const ast::ScanExpr *expr);
  void runYield(const ast::YieldStmt *stmt);
  /// A choice at run time between two values.
  Value chooseValue(const ast::IfExpr *expr, const Tensor &condition);
  /// The loop whose round a run-time flag may have ended, or null.
  Loop *skippingLoop();
  /// Hidden variables of a loop in a scope of their own, as Loop::flags has them.
  Scope &openFlags(SourceRange at);
  /// Whether a 'return' here has a loop at run time to leave, whose rounds hand on the result.
  bool returnsFromWhile() const;
  /// Leaves the loops around the running statement, up to the first at run time, where `flag` says.
  void leaveByReturn(const Value &flag, const Value &result);
  /// Where only one side of a choice returned, or may have: gives the other one a result of the
  /// same types, which nobody reads. False where both or none did.
  bool matchReturns(Side &first, Side &second, SourceRange range);
  /// The same with zeros for tensors, at the end of `side`'s code.
  Value placeholder(const Value &value, Side &side, SourceRange range);
  /// Reports a body that does not always return.
  void checkReturns(const ast::FnDecl *decl, const std::string &name);
  /// Variables that code in the running function can assign, from the innermost scope.
  llvm::SmallVector<Place> assignablePlaces();
  /// Numbers that a loop changes become tensors: `i64` for int, `f32` for float. False where the
  /// value is known at compile time only.
  bool makeTensors(Value &value, SourceRange range);
  /// Checks that `after` is of the type of `before`; numbers adapt. False after reporting.
  bool keepsType(const Value &before, Value &after, const llvm::Twine &what, SourceRange range,
                 SourceRange declared);

  //===-- States and updates (ElaborateState.cpp) ---------------------------===//

  void declareState(Instance *instance, const ast::StateDecl *decl);
  /// The type of a state in the words of the running call; reports.
  std::optional<TensorType> stateType(const State &state, SourceRange range);
  bool isPlainSize(const DimExpr &size);
  Value readState(State *state, SourceRange range);
  void writeState(State *state, const Operand &value, SourceRange range);
  /// The state of the running block that `name` is, where no variable hides it; or null.
  State *stateNamed(llvm::StringRef name);
  /// `target[...] = value`.
  void assignPart(const ast::IndexExpr *target, const Operand &value);
  /// `base` with a part replaced.
  Value insertPart(const ast::IndexExpr *target, const Tensor &base, const Operand &value);

  //===-- Bounded dimensions (ElaborateBounded.cpp) -------------------------===//

  /// `i64[1, 0 <= ctx]` as an expression.
  Value makeBounded(const ast::IndexExpr *expr, ElementType element);
  Value indexBounded(const ast::IndexExpr *expr, const BoundedTensor &base);
  std::optional<size_t> boundedAxis(const ast::TypeRef *type);
  Value checkBounded(const Operand &operand, const ast::TensorType *type, const llvm::Twine &what);

  Value evalImpl(const ast::Expr *expr);
  Value evalName(const ast::NameExpr *expr);
  Value evalMember(const ast::MemberExpr *expr);
  Value evalCall(const ast::CallExpr *expr);
  Value evalIndex(const ast::IndexExpr *expr);
  Value indexTensor(const ast::IndexExpr *expr, const Tensor &base);
  Value indexList(const ast::IndexExpr *expr, const ListValue &list);
  Value evalListComp(const ast::ListCompExpr *expr);
  Value evalIf(const ast::IfExpr *expr);
  Value logical(const ast::BinaryExpr *expr);
  Value evalList(const ast::ListExpr *expr);
  Value memberOf(const Value &base, const ast::MemberExpr *expr);
  Value transposed(const Tensor &tensor, SourceRange range);
  Value numberBinary(ast::BinaryOp op, SourceRange range, SourceRange opRange, const Operand &lhs,
                     const Operand &rhs);
  Value intBinary(ast::BinaryOp op, SourceRange range, const DimExpr &a, const DimExpr &b,
                  SourceRange rhsRange);
  Value compareInts(ast::BinaryOp op, SourceRange range, const DimExpr &a, const DimExpr &b);
  Value matmul(SourceRange range, SourceRange opRange, const Operand &lhs, const Operand &rhs);
  bool evalArgs(llvm::ArrayRef<ast::Argument> args, llvm::SmallVectorImpl<PassedArgument> &out);
  std::optional<Value> lookup(llvm::StringRef name, SourceRange range);
  Value unknownName(llvm::StringRef name, SourceRange range);
  void collectNames(llvm::SmallVectorImpl<llvm::StringRef> &names);
  Value memberValue(const Member &member, SourceRange range);
  Value moduleValue(const Found &found);

  //===-- Signatures (Signatures.cpp) ---------------------------------------===//

  /// Finds the argument of each parameter; null where there is none. False after an error.
  bool matchArguments(const Callee &callee, SourceRange range, llvm::ArrayRef<PassedArgument> args,
                      llvm::SmallVectorImpl<const PassedArgument *> &slots);
  /// Binds parameters in the current frame and scope; false after an error.
  bool bindParams(llvm::ArrayRef<ast::Param> params, llvm::ArrayRef<const PassedArgument *> slots);
  bool matchPlain(const ast::Param &param, Operand &operand);
  bool matchFormulas(const ast::Param &param, const Operand &operand);
  /// Solves pattern == actual for the one variable of the pattern that is not bound.
  bool solve(const ast::Param &param, const ast::Expr *pattern, const ast::NameExpr *unbound,
             const DimExpr &actual, const Operand &operand);
  void rejectArgument(const ast::Param &param, const Operand &operand,
                      llvm::ArrayRef<DimExpr> sizes);
  /// The declared type in the words of the current frame.
  std::optional<TensorType> resolveType(const ast::TypeRef *type);
  std::optional<DimExpr> resolveDim(const ast::Expr *expr);
  std::optional<ElementType> resolveElement(const ast::Ident &name);
  bool isFreeVariable(const ast::Expr *expr);
  const ast::NameExpr *unboundVariable(const ast::Expr *expr);
  /// The value with the declared type; after an error a tensor of that type without IR.
  Value checkType(const Operand &operand, const ast::TypeRef *type, const llvm::Twine &what);
  Value checkResult(const ast::FnDecl *decl, const Operand &value,
                    llvm::ArrayRef<ast::Expr *> exprs);
  Value declaredResult(const ast::FnDecl *decl);

  //===-- Running a function by itself (Entries.cpp) ------------------------===//

  /// Declares the parameters with free dimension variables. False after an error.
  bool declareFree(const Function &function, bool isEntry, llvm::SmallVectorImpl<Port> &ports);
  DimExpr addFreeSize(llvm::StringRef name, SourceRange range, const ast::Param &param,
                      SizeSource source);
  void declareFreeNames(const ast::Param &param, unsigned argument, bool isEntry);
  std::optional<TensorType> freeType(const ast::Param &param, unsigned argument);
  bool namesItsSizes(const ast::Param &param, const TensorType &type);
  void runEntry(Instance *model, const Function &function, ModelSummary *summary);
  void checkAlone(const Function &function);

  struct PendingNotes {
    Diagnostic *diag = nullptr;
    std::vector<DiagnosticNote> notes;
  };

  Emitter *emitter = nullptr;
  SourceIndex *index = nullptr;
  Frame *current = nullptr;
  Scope *scope = nullptr;
  unsigned depth = 0;
  unsigned nesting = 0; ///< of parts being made
  unsigned frames = 0;
  bool partsAreFlat = false; ///< the parts being made have no index in the weight file
  uint64_t steps = 0;
  bool gaveUp = false;
  LoopSignal signal = LoopSignal::None;
  Loop *loop = nullptr; ///< the innermost of the running call
  unsigned choices = 0; ///< at run time, around the running statement, in its call
  PendingNotes pending;
  std::deque<Instance> instances;
  std::deque<Frame> frameStore;
  std::deque<Scope> scopeStore;
  std::vector<SymbolOrigin> origins;
  llvm::DenseSet<const ast::FnDecl *> visited;
  llvm::DenseSet<const ast::BlockDecl *> instantiated;
  llvm::DenseSet<const ast::WeightDecl *> readWeights;
  llvm::DenseMap<const ast::Decl *, Value> moduleConsts;
  llvm::DenseSet<const ast::Decl *> constsInProgress;
  std::vector<std::string> requirements;     ///< of the running entry
  std::map<DimSymbol, SizeSource> freeSizes; ///< of the running entry
  /// What the dimension variables of states are in the running entry.
  std::map<std::string, DimExpr> stateSizes;
  llvm::SetVector<const State *> entryStates; ///< used by the running entry
};

} // namespace nacre::language

#endif
