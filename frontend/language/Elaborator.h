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
#include "llvm/ADT/StringMap.h"

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
  Value result;
  /// Above 0 while code runs under a condition that this check cannot decide:
  /// sizes that meet may be equal because of it.
  unsigned assuming = 0;
};

/// Where a symbol of the DimContext came from.
struct SymbolOrigin {
  enum class Kind : uint8_t { Param, Const, Argument, Free };
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

/// Names that can be dimension variables: those that do not begin small.
bool isVariableName(llvm::StringRef name);
/// Splits `pattern` into factor * symbol + offset; false where it is not linear.
bool splitLinear(DimContext &dims, const DimExpr &pattern, DimSymbol symbol, DimExpr &factor,
                 DimExpr &offset);
/// int, float, bool, str, dtype and lists.
bool isCompileTimeType(const ast::TypeRef *type);

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
  void runIf(const ast::IfStmt *stmt);
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
  /// (then `*poisoned`).
  std::optional<bool> condition(const ast::Expr *expr, bool *poisoned);
  enum class LoopSignal : uint8_t { None, Break, Continue };

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
  uint64_t steps = 0;
  bool gaveUp = false;
  LoopSignal signal = LoopSignal::None;
  unsigned loopDepth = 0;
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
};

} // namespace nacre::language

#endif
