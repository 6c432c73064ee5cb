//===- Input.cpp - messages of the client -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Input.h"

#include <cerrno>
#include <cmath>
#include <poll.h>
#include <unistd.h>

using namespace nacre::lsp;
using llvm::StringRef;

/// Larger messages are a fault of the client.
static constexpr size_t maxMessageBytes = size_t(1) << 28;
/// Brackets inside brackets of a message.
static constexpr unsigned maxDepth = 200;
/// Longest line of a header.
static constexpr size_t maxHeaderBytes = 4096;

/// Reads what is there; blocks only after the idle work is done.
bool Input::fill() {
  pollfd waiting{descriptor, POLLIN, 0};
  if (poll(&waiting, 1, 0) == 0)
    whenIdle();
  buffer.erase(0, taken);
  taken = 0;
  char bytes[1 << 16];
  ssize_t count;
  do
    count = read(descriptor, bytes, sizeof bytes);
  while (count < 0 && errno == EINTR);
  if (count <= 0) {
    ended = true;
    return false;
  }
  buffer.append(bytes, count);
  return true;
}

bool Input::readLine(std::string &line) {
  size_t end;
  while ((end = buffer.find('\n', taken)) == std::string::npos) {
    if (buffer.size() - taken > maxHeaderBytes) {
      whenBroken("a line of a header is too long");
      taken = buffer.size();
    }
    if (!fill())
      return false;
  }
  line = StringRef(buffer).slice(taken, end).rtrim('\r').str();
  taken = end + 1;
  return true;
}

bool Input::readBytes(size_t count, std::string &bytes) {
  while (buffer.size() - taken < count)
    if (!fill())
      return false;
  bytes = buffer.substr(taken, count);
  taken += count;
  return true;
}

/// Brackets inside brackets; a parser that recurses would end where the stack does.
static bool isTooDeep(StringRef json) {
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (inString) {
      if (c == '\\')
        ++i;
      inString = c != '"';
    } else if (c == '"') {
      inString = true;
    } else if (c == '[' || c == '{') {
      if (++depth > maxDepth)
        return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// Why a message is none of the protocol's; empty where it is one.
static std::string faultOf(StringRef json) {
  if (isTooDeep(json))
    return "it is nested too deeply";
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(json);
  if (!value)
    return llvm::toString(value.takeError());
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return "a message must be an object";
  if (object->getString("jsonrpc") != "2.0")
    return "a message must say \"jsonrpc\": \"2.0\"";
  if (const llvm::json::Value *id = object->get("id")) {
    std::optional<double> number = id->getAsNumber();
    // An answer repeats it, and what is no number has no text in JSON.
    if (!id->getAsString() && !id->getAsNull() && !(number && std::isfinite(*number)))
      return "an id must be a string or a number";
  }
  if (!object->getString("method") && !object->get("id"))
    return "a message must have a method or answer one";
  if (!object->getString("method") && !object->get("result") && !object->get("error"))
    return "an answer must have a result or an error";
  return "";
}

llvm::LogicalResult Input::readStandardMessage(std::string &json) {
  while (!ended) {
    size_t length = 0;
    std::string line;
    while (true) {
      if (!readLine(line))
        return llvm::failure();
      StringRef header(line);
      if (header.empty())
        break;
      if (header.consume_front_insensitive("Content-Length:"))
        if (header.trim().getAsInteger(10, length))
          length = 0;
    }
    if (length == 0 || length > maxMessageBytes) {
      // The body of what came is unknown; the next header may be found again.
      whenBroken("a message without a length, or with one that no message has");
      continue;
    }
    if (!readBytes(length, json))
      return llvm::failure();
    std::string fault = faultOf(json);
    if (fault.empty())
      return llvm::success();
    whenBroken(fault);
  }
  return llvm::failure();
}
