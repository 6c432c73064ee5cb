//===- Status.cpp - status codes and messages -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Model.h"

#include <cstdio>

const char *nacre_status_text(nacre_status status) {
  switch (status) {
  case NACRE_OK:
    return "success";
  case NACRE_ERROR_FILE:
    return "a file cannot be read or written";
  case NACRE_ERROR_WEIGHTS_MISMATCH:
    return "the weights file does not belong to this model";
  case NACRE_ERROR_VERSION:
    return "the model or a file of it has a format that this runtime does not know";
  case NACRE_ERROR_CPU:
    return "the processor lacks an instruction set that the model was compiled for";
  case NACRE_ERROR_ARGUMENT:
    return "an argument is out of range";
  case NACRE_ERROR_MEMORY:
    return "out of memory";
  case NACRE_ERROR_STATE_MISMATCH:
    return "the state file does not belong to this model and these sizes";
  }
  return "unknown status";
}

const char *nacre_message(const nacre_model *model) {
  return model ? model->message : "out of memory";
}

nacre_status nacre::fail(nacre_model *model, nacre_status status, const char *message, ...) {
  if (!model)
    return status;
  va_list arguments;
  va_start(arguments, message);
  // Two calls on one model may fail at once; each writes its text whole.
  while (model->messageLock.test_and_set(std::memory_order_acquire))
    ;
  vsnprintf(model->message, sizeof(model->message), message, arguments);
  model->messageLock.clear(std::memory_order_release);
  va_end(arguments);
  return status;
}
