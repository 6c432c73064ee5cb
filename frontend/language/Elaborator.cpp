//===- Elaborator.cpp - reporting and emitting while code runs --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

/// Notes of calls that one error may have.
static constexpr unsigned maxCallNotes = 4;
/// More elements than any machine holds.
static constexpr int64_t maxElements = int64_t(1) << 56;

Elaborator::Elaborator(SourceMap &sources, DiagnosticEngine &diags, ModuleTable &modules,
                       const CompileOptions &options)
    : sources(sources), diags(diags), modules(modules), options(options) {}

Diagnostic &Elaborator::error(SourceRange range, const Twine &message) {
  flushNotes();
  Diagnostic &diag = diags.error(range, message);
  pending.diag = &diag;
  // A fault in a library that the user's own lines caused: lead back to them.
  unsigned count = 0;
  for (Frame *f = current; f && f->callRange.isValid() && count < maxCallNotes; f = f->caller) {
    if (f->callRange.file == range.file)
      break;
    pending.notes.push_back({f->callRange, f->function ? "called" : "the part is declared"});
    const Instance *self = f->function ? f->self : nullptr;
    if (self && self->declared.isValid() && self->declared.file != range.file)
      pending.notes.push_back({self->declared, "the part '" + self->path + "' is declared"});
    ++count;
  }
  return diag;
}

Diagnostic &Elaborator::warning(SourceRange range, const Twine &message) {
  flushNotes();
  return diags.warning(range, message);
}

void Elaborator::flushNotes() {
  if (pending.diag)
    for (const DiagnosticNote &note : pending.notes)
      pending.diag->note(note.range, note.message);
  pending = {};
}

std::string Elaborator::placeOf(SourceRange range) const {
  if (!range.isValid())
    return "";
  return llvm::sys::path::filename(sources.name(range.file)).str() + ":" +
         std::to_string(sources.lineColumn(range).line);
}

std::string Elaborator::labelFor(const Value &value) {
  const Tensor *tensor = value.tensor();
  if (!tensor)
    return describe(value);
  std::string text = print(tensor->type);
  if (const Weight *weight = tensor->weight)
    text += "   (weight " + weight->decl->name.text.str() + ", " +
            placeOf(weight->decl->name.range) + ")";
  return text;
}

void Elaborator::noteOrigins(Diagnostic &diag, llvm::ArrayRef<DimExpr> sizes) {
  llvm::SetVector<DimSymbol> symbols;
  for (const DimExpr &size : sizes)
    for (DimSymbol symbol : dims.symbolsOf(size))
      symbols.insert(symbol);
  for (DimSymbol symbol : symbols) {
    const DimSymbolInfo &info = dims.info(symbol);
    const SymbolOrigin &origin = originOf(symbol);
    if (!info.definition || !origin.range.isValid())
      continue;
    std::string definition = print(*info.definition);
    if (definition != info.name)
      diag.note(origin.range, info.name + " = " + definition + ", from " + origin.what);
  }
}

mlir::Location Elaborator::locationOf(SourceRange range) {
  mlir::MLIRContext *context = emitter->builder.getContext();
  LineColumn at = sources.lineColumn(range);
  mlir::Location place =
      mlir::FileLineColLoc::get(context, sources.name(range.file), at.line, at.column);
  if (!current || !current->self || current->self->path.empty())
    return place;
  return mlir::NameLoc::get(mlir::StringAttr::get(context, current->self->path), place);
}

bool Elaborator::isReasonable(const TensorType &type, SourceRange range) {
  int64_t elements = 1;
  for (const DimExpr &dim : type.dims) {
    if (!dim.isValid()) {
      error(range, "a size of this tensor does not fit 64 bits");
      return false;
    }
    int64_t size = valueOf(dim).value_or(1);
    if (size < 0) {
      error(range, "a size of this tensor is negative: " + print(dim) +
                       (dim.isConstant() ? "" : " is " + std::to_string(size)));
      return false;
    }
    if (llvm::MulOverflow(elements, std::max<int64_t>(size, 1), elements) ||
        elements > maxElements) {
      error(range, "this tensor is too large: " + print(type));
      return false;
    }
  }
  return true;
}

Value Elaborator::result(
    TensorType type, SourceRange range,
    llvm::function_ref<mlir::Value(Emitter &, mlir::Location, mlir::RankedTensorType)> make,
    bool ofWeights) {
  if (!isReasonable(type, range))
    return {};
  Tensor tensor;
  tensor.ofWeights = ofWeights;
  if (emits())
    tensor.ir = make(*emitter, locationOf(range), emitter->lowerType(type));
  tensor.type = std::move(type);
  nameNumber(tensor);
  return tensor;
}

void Elaborator::nameNumber(Tensor &tensor) {
  if (tensor.type.rank() == 0 && isIndex(tensor.type.element) && !tensor.number)
    tensor.number = addSymbol("?", std::nullopt, std::nullopt,
                              {SymbolOrigin::Kind::Number, {}, "a number of the run", nullptr, 0});
}

Tensor Elaborator::sizeTensor(const DimExpr &size, ElementType element, SourceRange range) {
  Tensor tensor;
  tensor.type.element = element;
  if (isIndex(element))
    tensor.number = size;
  if (emits())
    tensor.ir =
        emitter->sizeTensor(size, lower(element, emitter->builder.getContext()), locationOf(range));
  return tensor;
}
