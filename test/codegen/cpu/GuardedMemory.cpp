//===- GuardedMemory.cpp - buffers between pages that fault ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/GuardedMemory.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace nacre::test;

static size_t pageSize() {
  static const size_t size = ::sysconf(_SC_PAGESIZE);
  return size;
}

GuardedMemory::GuardedMemory(size_t bytes, Edge edge, size_t alignment) : size(bytes) {
  size_t page = pageSize(), inside = llvm::alignTo(bytes, page);
  mapped = inside + 2 * page;
  void *place = ::mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED)
    llvm::report_fatal_error("no memory for a test's buffer");
  mapping = static_cast<char *>(place);
  data = mapping + page;
  if (inside && ::mprotect(data, inside, PROT_READ | PROT_WRITE))
    llvm::report_fatal_error("cannot open a test's buffer");
  if (edge == Edge::end)
    data += llvm::alignDown(inside - bytes, alignment);
}

GuardedMemory::GuardedMemory(GuardedMemory &&other) noexcept
    : mapping(std::exchange(other.mapping, nullptr)), data(other.data), mapped(other.mapped),
      size(other.size) {}

GuardedMemory::~GuardedMemory() {
  if (mapping)
    ::munmap(mapping, mapped);
}

void GuardedMemory::makeReadOnly() {
  if (mapped > 2 * pageSize())
    ::mprotect(mapping + pageSize(), mapped - 2 * pageSize(), PROT_READ);
}

static char description[512];
static struct sigaction former[2];

static void say(const char *text) {
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

/// Says what ran, and faults again under the handler from before.
static void onFault(int signal) {
  say("memory outside the buffers was touched: ");
  say(description);
  say("\n");
  ::sigaction(signal, &former[signal == SIGBUS], nullptr);
}

void nacre::test::describeFaults(llvm::StringRef what) {
  size_t length = std::min(what.size(), sizeof description - 1);
  std::memcpy(description, what.data(), length);
  description[length] = 0;
  static const bool installed = [] {
    struct sigaction action{};
    action.sa_handler = onFault;
    ::sigaction(SIGSEGV, &action, &former[0]);
    ::sigaction(SIGBUS, &action, &former[1]);
    return true;
  }();
  (void)installed;
}
