//===- Language.cpp - from a .ncr file to the nn dialect --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Language.h"

#include "frontend/language/Elaborator.h"

#include "mlir/IR/Verifier.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

void language::loadDialects(mlir::MLIRContext &context) {
  context.loadDialect<nn::NNDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect,
                      mlir::tensor::TensorDialect, mlir::ml_program::MLProgramDialect>();
}

/// The model to compile, or null after reporting.
static const ast::BlockDecl *chooseModel(const Module &module, const SourceMap &sources,
                                         DiagnosticEngine &diags, StringRef wanted) {
  llvm::SmallVector<const ast::BlockDecl *> models;
  llvm::SmallVector<StringRef> names;
  for (const auto &[name, decl] : module.decls)
    if (auto *block = llvm::dyn_cast<ast::BlockDecl>(decl); block && block->isModel) {
      models.push_back(block);
      names.push_back(name);
    }
  StringRef file = sources.name(module.file);
  if (models.empty()) {
    if (!diags.hasErrors())
      diags.errorAt(file, "the file declares no model")
          .note("'model Name(...) { ... }' with an 'entry' is what can be compiled");
    return nullptr;
  }
  if (wanted.empty() && models.size() == 1)
    return models[0];
  for (auto [model, name] : llvm::zip(models, names))
    if (name == wanted)
      return model;
  if (wanted.empty()) {
    diags.errorAt(file, "the file declares several models: " + llvm::join(names, ", "))
        .note("choose one with --model");
    return nullptr;
  }
  StringRef near = nearestName(wanted, names);
  diags.errorAt(file, "the file declares no model '" + wanted + "'" +
                          (near.empty() ? "" : "; did you mean '" + near.str() + "'?"));
  return nullptr;
}

CompileResult language::compileModel(mlir::MLIRContext &context, FileId file, SourceMap &sources,
                                     DiagnosticEngine &diags, const CompileOptions &options) {
  CompileResult compiled;
  loadDialects(context);
  ModuleTable modules(sources, diags, options.stdDirectory);
  const Module *module = modules.load(file);
  const ast::BlockDecl *decl = chooseModel(*module, sources, diags, options.model);
  Elaborator elaborator(sources, diags, modules, options);
  mlir::OwningOpRef<mlir::ModuleOp> ir =
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, sources.name(file), 1, 1));
  Emitter emitter(*ir, elaborator.dims);
  // What MLIR says about wrong operations is for us, not for the user.
  std::string complaints;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diag) {
    complaints += diag.str() + "\n";
    return mlir::success();
  });
  if (decl) {
    elaborator.setEmitter(&emitter);
    Instance *model = elaborator.instantiateModel(decl, module, /*symbolic=*/false);
    elaborator.elaborateEntries(model, compiled.summary);
    if (elaborator.emits())
      elaborator.emitWeights(model);
    if (elaborator.emits())
      elaborator.emitStates(model);
    elaborator.setEmitter(nullptr);
    elaborator.summarize(model, compiled.summary);
    if (!diags.hasErrors())
      elaborator.warnUnread(model);
  }
  elaborator.checkRemaining(module);
  elaborator.finish();
  if (diags.hasErrors())
    return compiled;
  if (mlir::failed(mlir::verify(*ir)) || !complaints.empty()) {
    compiled.internalError = complaints.empty() ? "the front end made invalid IR" : complaints;
    return compiled;
  }
  compiled.module = std::move(ir);
  return compiled;
}

/// Loads the file, or reports that it cannot be read.
static FileId load(StringRef path, SourceMap &sources, DiagnosticEngine &diags) {
  std::string error;
  FileId file = sources.loadFile(path, error);
  if (file == noFile)
    diags.errorAt("", error);
  return file;
}

CompileResult language::compileModel(mlir::MLIRContext &context, StringRef path, SourceMap &sources,
                                     DiagnosticEngine &diags, const CompileOptions &options) {
  FileId file = load(path, sources, diags);
  return file == noFile ? CompileResult() : compileModel(context, file, sources, diags, options);
}

void language::checkFile(FileId file, SourceMap &sources, DiagnosticEngine &diags,
                         const CompileOptions &options) {
  ModuleTable modules(sources, diags, options.stdDirectory);
  const Module *module = modules.load(file);
  Elaborator elaborator(sources, diags, modules, options);
  checkModule(module, elaborator);
}

void language::checkModule(const Module *module, Elaborator &elaborator) {
  for (const auto &[name, decl] : module->decls) {
    auto *block = llvm::dyn_cast<ast::BlockDecl>(decl);
    if (!block || !block->isModel ||
        (!elaborator.options.model.empty() && elaborator.options.model != name))
      continue;
    ModelSummary summary;
    Instance *model = elaborator.instantiateModel(block, module, /*symbolic=*/true);
    elaborator.elaborateEntries(model, summary);
    if (!elaborator.diags.hasErrors())
      elaborator.warnUnread(model);
  }
  elaborator.checkRemaining(module);
  elaborator.finish();
}

void language::checkFile(StringRef path, SourceMap &sources, DiagnosticEngine &diags,
                         const CompileOptions &options) {
  FileId file = load(path, sources, diags);
  if (file != noFile)
    checkFile(file, sources, diags, options);
}
