//===- Arguments.h - what each subcommand is told ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_ARGUMENTS_H
#define NACRE_TOOLS_NACRE_ARGUMENTS_H

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::tool {

/// `NAME=VALUE` pairs, in the order they were given.
using Bindings = std::vector<std::pair<std::string, std::string>>;

/// Which model, with which weights.
struct ModelArguments {
  std::string path;    ///< a .ncr file; for `run` and `bench`, also a compiled .so
  std::string weights; ///< a folder or a file; may be empty
  std::string prefix;  ///< in front of every weight name in the file
  std::string model;   ///< which model of the file, where it has several
  Bindings settings;   ///< model parameters by hand
};

/// What goes into which entry.
struct InputArguments {
  std::string command;               ///< who asks, for messages: "nacre run"
  std::string inventor = "--random"; ///< who makes inputs up
  std::string entry;
  Bindings inputs;
  bool random = false;
  uint64_t seed = 0;
  int64_t below = 2; ///< random integers are in [0, below)
  std::vector<std::pair<std::string, int64_t>> dims;
};

struct CompileArguments {
  ModelArguments model;
  std::string output; ///< path of the artifact less its extension; may be empty
  std::vector<std::string> emit;
  std::string stopAfter;
  std::string startFrom;
  std::string dumpPhasesTo;
  bool timePhases = false;
  bool noCache = false;
  std::vector<std::string> targetCpus = {"native"};
  std::string precision = "f32";
  int64_t groupSize = 0; ///< 0: the default
  bool reportError = false;
  InputArguments input{.command = "nacre compile", .inventor = "--report-error", .random = true};
};

struct RunArguments {
  ModelArguments model;
  InputArguments input{.command = "nacre run"};
  int64_t repeat = 1;
  int64_t threads = 0; ///< 0: the runtime's default
  bool interpret = false;
  /// What a model file is compiled for, or which code of a .so runs; empty: the default of either.
  std::string targetCpu;
  std::string outputFolder;
  std::string state; ///< a file; empty: none is read or written
};

struct BenchArguments {
  ModelArguments model;
  InputArguments input{.command = "nacre bench", .inventor = "nacre bench", .random = true};
  std::vector<int64_t> threads; ///< one measurement each; empty: one thread
  int64_t rounds = 0;           ///< 0: as many as fit into `seconds`
  double seconds = 5;
  bool best = false; ///< the fastest instead of the median
  int64_t top = 20;
  std::string json; ///< a file, or `-`; empty: none
  std::string svg;
  std::string targetCpu; ///< as for `run`
  /// What a model file is compiled for; empty: as `compile` does by default.
  std::string precision;
  int64_t groupSize = 0; ///< 0: the default
};

struct CheckArguments {
  ModelArguments model;
};

struct FormatArguments {
  std::vector<std::string> paths; ///< `-` is standard input
  bool check = false;
};

struct InspectArguments {
  ModelArguments model;
  std::vector<std::pair<std::string, int64_t>> dims;
};

/// What stands in for a subcommand when the user only asked a question: text for standard output.
struct Answer {
  std::string text;
};

/// A fault in the command line: where, what, and a way out.
struct UsageFault {
  std::string place; ///< `nacre run`, `--seed`
  std::string message;
  std::string note;
};

using CommandLine = std::variant<CompileArguments, RunArguments, BenchArguments, CheckArguments,
                                 FormatArguments, InspectArguments, Answer, UsageFault>;

/// Reads the command line. Prints nothing.
CommandLine readCommandLine(int argc, const char *const *argv);

} // namespace nacre::tool

#endif
