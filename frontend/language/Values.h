//===- Values.h - what an expression stands for -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elaboration runs a model's code once, at compile time. An expression then
// stands for a number, a list, a part, a function, or for a tensor that the
// compiled code will compute: its type, and the IR value where IR is made.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_VALUES_H
#define NACRE_FRONTEND_LANGUAGE_VALUES_H

#include "frontend/language/AST.h"
#include "frontend/language/Types.h"

#include "mlir/IR/Value.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/PointerUnion.h"

#include <memory>
#include <variant>
#include <vector>

namespace nacre::language {

class Value;
struct Builtin;
struct Frame;
struct Instance;
struct Module;
struct Scope;

/// A `weight` of one instance of a block.
struct Weight {
  const ast::WeightDecl *decl = nullptr;
  const Instance *owner = nullptr;
  std::string path;   ///< "h.0.attn.c_attn.weight"
  std::string source; ///< the name in the weight file; differs from `path` below an `as`
  TensorType type;
  std::string initial; ///< "zeros", "normal(0.02)"; empty where none is given
  bool used = false;   ///< read by an entry
};

/// A tensor of the compiled program.
struct Tensor {
  TensorType type;
  mlir::Value ir;                 ///< null while no IR is made
  const Weight *weight = nullptr; ///< where this is a weight itself
  bool ofWeights = false;         ///< computed from weights alone
  mlir::Value untransposed;       ///< y, where this is `y.T` of a matrix
  /// The number in an integer tensor without dimensions, as a formula of sizes and of numbers
  /// that are known only at run time: what says that `pos:pos + S` has S elements.
  std::optional<DimExpr> number;
};

/// A tensor whose size along one axis is known only after the run: memory for the bound, and how
/// much of it counts.
struct BoundedTensor {
  Tensor data;      ///< at its bound
  Tensor length;    ///< i64[]
  size_t axis = 0;  ///< the dimension that is bounded
  std::string name; ///< of the size, as declared; may be empty
};

/// A `state` of one instance of a block.
struct State {
  const ast::StateDecl *decl = nullptr;
  const Instance *owner = nullptr;
  std::string path; ///< "h.0.attn.keys"
  ElementType element = ElementType::F32;
  /// The sizes; a dimension variable of the model's states where `variables` has its name.
  llvm::SmallVector<DimExpr, 4> dims;
  llvm::SmallVector<std::string, 4> variables;
  bool used = false; ///< by an entry
};

/// A function with what it can see.
struct Function {
  const ast::FnDecl *decl = nullptr;     ///< null for a local function
  const ast::LetFnStmt *local = nullptr; ///< null for others
  Instance *self = nullptr;              ///< the instance it belongs to; may be null
  const Module *module = nullptr;
  Scope *scope = nullptr; ///< what a local function sees
  Frame *frame = nullptr; ///< the call that a local function belongs to
};

enum class CompileTimeKind : uint8_t { Int, Float, Bool, Str, DType, Fn };
llvm::StringRef name(CompileTimeKind kind);

/// A list of compile-time values or tensors. `isOpen`: its length is not known
/// in this check, and one element stands for all.
struct ListValue {
  std::vector<Value> elements;
  bool isOpen = false;
};

class Value {
public:
  struct Poison {};   ///< its fault has been reported
  struct None {};     ///< `None`, and what a function without result gives
  struct Ellipsis {}; ///< `...`
  struct Unknown {
    CompileTimeKind kind;
  }; ///< a parameter that has no value in this check
  struct Tuple {
    std::shared_ptr<const std::vector<Value>> elements;
  };
  struct BlockName {
    const ast::BlockDecl *decl;
    const Module *module;
  };

  Value() = default;
  /*implicit*/ Value(None v) : data(v) {}
  /*implicit*/ Value(Ellipsis v) : data(v) {}
  /*implicit*/ Value(Unknown v) : data(v) {}
  /*implicit*/ Value(DimExpr v) : data(std::move(v)) {}
  /*implicit*/ Value(double v) : data(v) {}
  /*implicit*/ Value(bool v) : data(v) {}
  /*implicit*/ Value(std::string v) : data(std::move(v)) {}
  /*implicit*/ Value(ElementType v) : data(v) {}
  /*implicit*/ Value(Tensor v) : data(std::make_shared<const Tensor>(std::move(v))) {}
  /*implicit*/ Value(BoundedTensor v) : data(std::make_shared<const BoundedTensor>(std::move(v))) {}
  /*implicit*/ Value(Function v) : data(v) {}
  /*implicit*/ Value(const Builtin *v) : data(v) {}
  /*implicit*/ Value(Instance *v) : data(v) {}
  /*implicit*/ Value(BlockName v) : data(v) {}
  static Value list(std::vector<Value> elements, bool isOpen = false) {
    Value v;
    v.data = std::make_shared<const ListValue>(ListValue{std::move(elements), isOpen});
    return v;
  }
  static Value tuple(std::vector<Value> elements) {
    Value v;
    v.data = Tuple{std::make_shared<const std::vector<Value>>(std::move(elements))};
    return v;
  }

  bool isPoison() const { return std::holds_alternative<Poison>(data); }
  bool isNone() const { return std::holds_alternative<None>(data); }
  bool isEllipsis() const { return std::holds_alternative<Ellipsis>(data); }
  const Unknown *unknown() const { return std::get_if<Unknown>(&data); }
  const DimExpr *integer() const { return std::get_if<DimExpr>(&data); }
  const double *number() const { return std::get_if<double>(&data); }
  const bool *boolean() const { return std::get_if<bool>(&data); }
  const std::string *text() const { return std::get_if<std::string>(&data); }
  const ElementType *element() const { return std::get_if<ElementType>(&data); }
  const ListValue *list() const { return get<ListValue>(); }
  const std::vector<Value> *tuple() const {
    auto *found = std::get_if<Tuple>(&data);
    return found ? found->elements.get() : nullptr;
  }
  const Tensor *tensor() const { return get<Tensor>(); }
  const BoundedTensor *bounded() const { return get<BoundedTensor>(); }
  const Function *function() const { return std::get_if<Function>(&data); }
  const Builtin *builtin() const {
    auto *found = std::get_if<const Builtin *>(&data);
    return found ? *found : nullptr;
  }
  Instance *part() const {
    auto *found = std::get_if<Instance *>(&data);
    return found ? *found : nullptr;
  }
  const BlockName *block() const { return std::get_if<BlockName>(&data); }

  /// The same value: for tensors, of the same computation.
  bool isSame(const Value &other) const;
  /// A number, bool, string or dtype, known or not.
  bool isCompileTime() const {
    return integer() || number() || boolean() || text() || element() || unknown();
  }
  /// A number of the compile-time kinds, which adapts to a tensor's element type.
  bool isNumber() const {
    return integer() || number() ||
           (unknown() &&
            (unknown()->kind == CompileTimeKind::Float || unknown()->kind == CompileTimeKind::Int));
  }

private:
  template <typename T>
  const T *get() const {
    auto *found = std::get_if<std::shared_ptr<const T>>(&data);
    return found ? found->get() : nullptr;
  }

  std::variant<Poison, None, Ellipsis, Unknown, DimExpr, double, bool, std::string, ElementType,
               std::shared_ptr<const ListValue>, Tuple, std::shared_ptr<const Tensor>,
               std::shared_ptr<const BoundedTensor>, Function, const Builtin *, Instance *,
               BlockName>
      data;
};

/// "an int", "a list", "the tensor f32[B, S]": how a message names a value.
std::string describe(const Value &value, const DimContext &dims);
/// `i64[1, N <= ctx]`.
std::string print(const BoundedTensor &value, const DimContext &dims);

/// A name that a block declares.
struct Member {
  enum class Kind : uint8_t { Param, Const, Weight, State, Part, Fn };

  Kind kind;
  SourceRange range; ///< of the name
  Value value;
  Weight *weight = nullptr;
  State *state = nullptr;
};

/// A block with values for its parameters: one part, or the model itself.
struct Instance {
  const ast::BlockDecl *decl = nullptr;
  const Module *module = nullptr;
  Instance *parent = nullptr;
  std::string path;   ///< "h.0.attn"; empty for the model
  std::string source; ///< the prefix of its weights in the weight file
  llvm::MapVector<llvm::StringRef, Member> members;
  SourceRange declared;                 ///< of the part; invalid for a model
  const ast::FnDecl *unnamed = nullptr; ///< what calling the part runs
  std::vector<std::unique_ptr<Weight>> weights;
  std::vector<std::unique_ptr<State>> states;
  /// Weights, states and parts in the order of their declaration.
  std::vector<llvm::PointerUnion<Weight *, Instance *, State *>> order;
};

struct Variable {
  llvm::StringRef name;
  SourceRange range;
  Value value;
  bool assignable = false;
};

struct Scope {
  Scope *parent = nullptr;
  /// The body of a scan, which cannot assign what stands outside.
  bool isScan = false;
  llvm::SmallVector<Variable, 4> variables;
};

} // namespace nacre::language

#endif
