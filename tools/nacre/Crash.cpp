//===- Crash.cpp - what the user sees when the compiler is at fault -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Crash.h"

#include "llvm/Support/ErrorHandling.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <string>
#include <unistd.h>

using namespace nacre::tool;

// A signal may come at any moment, so the report is kept ready to be written by system calls alone.
namespace {

std::string &report() {
  static std::string text;
  return text;
}

void writeAll(int file, const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = ::write(file, text, size);
    if (written <= 0 && errno != EINTR)
      return;
    if (written > 0) {
      text += written;
      size -= static_cast<size_t>(written);
    }
  }
}

void say(const char *text) { writeAll(STDERR_FILENO, text, std::strlen(text)); }

/// "nacre-crash-1234.txt", without any function that a signal handler may not call.
void makeReportName(char (&name)[64], const char *folder) {
  char digits[16];
  int count = 0;
  for (long id = ::getpid(); id > 0; id /= 10)
    digits[count++] = static_cast<char>('0' + id % 10);
  char *end = name;
  for (const char *part : {folder, "nacre-crash-"})
    while (*part)
      *end++ = *part++;
  while (count > 0)
    *end++ = digits[--count];
  std::strcpy(end, ".txt");
}

[[noreturn]] void die(const char *what) {
  say("nacre: internal compiler error: ");
  say(what);
  say("\n");
  char name[64];
  for (const char *folder : {"", "/tmp/"}) {
    makeReportName(name, folder);
    int file = ::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
      continue;
    const char head[] = "nacre " NACRE_VERSION " internal compiler error: ";
    writeAll(file, head, sizeof(head) - 1);
    writeAll(file, what, std::strlen(what));
    writeAll(file, "\n", 1);
    writeAll(file, report().data(), report().size());
    ::close(file);
    say("note: this is a fault of the compiler, not of your model; a report needs the file '");
    say(name);
    say("', which holds the command and the model file's text\n");
    ::_exit(internalErrorStatus);
  }
  say("note: this is a fault of the compiler, not of your model; please report the command\n");
  ::_exit(internalErrorStatus);
}

void onSignal(int signal) {
  switch (signal) {
  case SIGSEGV:
    die("a bad memory access");
  case SIGBUS:
    die("a bad memory access, or a file that shrank while it was read");
  case SIGFPE:
    die("a bad integer division");
  case SIGILL:
    die("a bad instruction");
  default:
    die("it stopped itself");
  }
}

void onFatalError(void *, const char *reason, bool) { die(reason); }
void onBadAlloc(void *, const char *, bool) { die("out of memory"); }
void onNewFailed() { die("out of memory"); }

} // namespace

void nacre::tool::installCrashHandler(int argc, const char *const *argv) {
  report() = "command:";
  for (int i = 0; i < argc; ++i)
    report().append(" ").append(argv[i]);
  report() += "\n";
  llvm::install_fatal_error_handler(onFatalError);
  llvm::install_bad_alloc_error_handler(onBadAlloc);
  std::set_new_handler(onNewFailed);

#if !__has_feature(address_sanitizer)
  // On a stack of its own: a stack that ran over is one of the faults.
  static char stack[64 << 10];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    ::sigaction(signal, &action, nullptr);
#endif
}

void nacre::tool::addToReport(llvm::StringRef name, llvm::StringRef text) {
  report() += ("--- " + name + "\n" + text + "\n").str();
}

void nacre::tool::internalError(const llvm::Twine &what) { die(what.str().c_str()); }
