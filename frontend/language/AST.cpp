//===- AST.cpp - syntax tree of the Nacre language --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/AST.h"

using namespace nacre::ast;

StringRef nacre::ast::spelling(BinaryOp op) {
  switch (op) {
  case BinaryOp::Or:
    return "or";
  case BinaryOp::And:
    return "and";
  case BinaryOp::Eq:
    return "==";
  case BinaryOp::Ne:
    return "!=";
  case BinaryOp::Lt:
    return "<";
  case BinaryOp::Le:
    return "<=";
  case BinaryOp::Gt:
    return ">";
  case BinaryOp::Ge:
    return ">=";
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Sub:
    return "-";
  case BinaryOp::Mul:
    return "*";
  case BinaryOp::Div:
    return "/";
  case BinaryOp::Rem:
    return "%";
  case BinaryOp::MatMul:
    return "@";
  case BinaryOp::Pow:
    return "**";
  }
  return "";
}

StringRef nacre::ast::spelling(UnaryOp op) { return op == UnaryOp::Neg ? "-" : "not"; }

IfStmt *IfStmt::elseIf() const {
  if (!hasElse || elseBody.stmts.size() != 1)
    return nullptr;
  auto *inner = llvm::dyn_cast<IfStmt>(elseBody.stmts.front());
  return inner && inner->range == elseBody.range ? inner : nullptr;
}

IfDecl *IfDecl::elseIf() const {
  if (!hasElse || elseMembers.size() != 1)
    return nullptr;
  auto *inner = llvm::dyn_cast<IfDecl>(elseMembers.front());
  return inner && inner->range == elseRange ? inner : nullptr;
}
