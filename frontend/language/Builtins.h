//===- Builtins.h - functions that need the compiler's hand -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each builtin is a row of a table: its name, its parameters, and a rule that
// checks a call and gives its result. The families are one file each.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_BUILTINS_H
#define NACRE_FRONTEND_LANGUAGE_BUILTINS_H

#include "frontend/language/Elaborator.h"

namespace nacre::language {

/// What a parameter of a builtin accepts.
enum class Accepts : uint8_t {
  Any,
  Tensor,      ///< any element type
  FloatTensor, ///< f64 to f8
  IndexTensor, ///< i64 or i32
  BoolTensor,
  Operand, ///< a tensor or a number: the rule decides
  Int,
  Float, ///< an int adapts
  Bool,
  Str,
  DType,
  Ints,   ///< an int or a list of ints
  Shape,  ///< a list of ints, -1 and `..` as the rule decides
  Tensors ///< a list of tensors
};

struct BuiltinParam {
  llvm::StringRef name;
  Accepts accepts = Accepts::Any;
  /// Text of the default, for messages; empty where the argument is required.
  llvm::StringRef defaultText = {};
};

class BuiltinCall;

struct Builtin {
  llvm::StringRef name;
  llvm::ArrayRef<BuiltinParam> params;
  Value (*apply)(BuiltinCall &call);
  /// Passed on to `apply`, so that a rule can serve several rows.
  int which = 0;
};

/// The builtin of that name, or null.
const Builtin *findBuiltin(llvm::StringRef name);
/// All names, for suggestions.
void collectBuiltinNames(llvm::SmallVectorImpl<llvm::StringRef> &names);
/// "softmax(x, axis=-1)".
std::string printSignature(const Builtin &builtin);
/// What the builtin of that name computes, from BuiltinDocs.def.
llvm::StringRef builtinDoc(llvm::StringRef name);

// The families, each in its own file.
llvm::ArrayRef<Builtin> elementwiseBuiltins();
llvm::ArrayRef<Builtin> linearBuiltins();
llvm::ArrayRef<Builtin> windowBuiltins();
llvm::ArrayRef<Builtin> normBuiltins();
llvm::ArrayRef<Builtin> reductionBuiltins();
llvm::ArrayRef<Builtin> shapeBuiltins();
llvm::ArrayRef<Builtin> joinBuiltins();
llvm::ArrayRef<Builtin> createBuiltins();
llvm::ArrayRef<Builtin> numberBuiltins();
llvm::ArrayRef<Builtin> indexBuiltins();
llvm::ArrayRef<Builtin> randomBuiltins();
llvm::ArrayRef<Builtin> einsumBuiltins();
llvm::ArrayRef<Builtin> boundedBuiltins();

/// A call whose arguments are bound to the parameters and are of the accepted
/// kinds. Where an accessor returns nothing, the fault has been reported, or
/// the check cannot know: return `{}`.
class BuiltinCall {
public:
  BuiltinCall(Elaborator &e, const Builtin &builtin, SourceRange range, SourceRange calleeRange)
      : e(e), builtin(builtin), range(range), calleeRange(calleeRange),
        operands(builtin.params.size()) {}

  bool has(unsigned i) const { return present(i) && !operands[i].value.isNone(); }
  const Operand &operand(unsigned i) const { return operands[i]; }
  SourceRange rangeOf(unsigned i) const { return present(i) ? operands[i].range : range; }
  const Tensor &tensor(unsigned i) const { return *operands[i].value.tensor(); }
  const TensorType &type(unsigned i) const { return tensor(i).type; }
  mlir::Value ir(unsigned i) const { return has(i) ? tensor(i).ir : mlir::Value(); }
  bool ofWeights() const;

  /// A number that the check must know. Nothing, silently, where it is a
  /// parameter without a value.
  std::optional<int64_t> number(unsigned i, int64_t absent);
  DimExpr integer(unsigned i, DimExpr absent) const;
  double real(unsigned i, double absent) const;
  bool flag(unsigned i, bool absent) const;
  std::optional<std::string> text(unsigned i, llvm::StringRef absent) const;
  /// A list, or one int as a list of one. Nothing where the length is unknown.
  std::optional<llvm::SmallVector<DimExpr>> integers(unsigned i) const;
  std::optional<llvm::SmallVector<int64_t>> numbers(unsigned i);
  /// An axis of a tensor of that rank, counted from the front.
  std::optional<int64_t> axis(unsigned i, int64_t absent, size_t rank);
  /// The axis that an already known number names.
  std::optional<int64_t> axisNamed(int64_t axis, size_t rank, SourceRange where);
  /// Distinct axes in rising order.
  std::optional<llvm::SmallVector<int64_t>> axes(unsigned i, size_t rank);

  Value fail(SourceRange where, const llvm::Twine &message) { return e.fail(where, message); }
  std::string print(unsigned i) const { return e.print(type(i)); }
  /// Reports that argument `i` should have had another type.
  Value wrongType(unsigned i, const llvm::Twine &wanted);
  /// Reports at an argument and shows its type and where its sizes came from.
  Diagnostic &errorAt(unsigned i, const llvm::Twine &message);
  /// Checks that argument `i`, where given, has exactly this type.
  bool expect(unsigned i, const TensorType &type);

  using Make = llvm::function_ref<mlir::Value(Emitter &, mlir::Location, mlir::RankedTensorType)>;
  Value result(TensorType type, Make make) {
    return e.result(std::move(type), range, make, ofWeights());
  }

  Elaborator &e;
  const Builtin &builtin;
  SourceRange range;
  SourceRange calleeRange;
  llvm::SmallVector<Operand, 4> operands; ///< invalid range: absent

private:
  bool present(unsigned i) const { return operands[i].range.isValid(); }
};

} // namespace nacre::language

#endif
