//===- CommandLine.cpp - flags, their help, and what is wrong with them ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one file that is compiled with exceptions, which CLI11 reports faults by.
// No exception leaves it.
//
//===----------------------------------------------------------------------===//

#include "frontend/diagnostics/Diagnostic.h"
#include "tools/nacre/Arguments.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <limits>

using namespace nacre::tool;

namespace {

constexpr const char *overview =
    R"(Nacre compiles neural networks ahead of time: a model file and its weights become an
object file, a header and a weights file that a C program links.

  nacre check gpt2.ncr
  nacre compile gpt2.ncr --weights gpt2-folder -o gpt2
  nacre run gpt2.so --random --dim B=1 --dim S=16)";

/// One layout for all help: usage, what it is for, and groups of options, 100 columns wide.
class HelpFormatter : public CLI::Formatter {
public:
  std::string make_help(const CLI::App *app, std::string name, CLI::AppFormatMode) const override {
    std::string text = "usage: " + name;
    for (const CLI::Option *option : app->get_options())
      if (option->get_positional())
        text += " " + option->get_type_name();
    const std::vector<const CLI::App *> commands =
        app->get_subcommands([](const CLI::App *) { return true; });
    text += commands.empty() ? " [OPTIONS]\n\n" : " COMMAND [OPTIONS]\n\n";
    text += app->get_description() + "\n";
    if (!commands.empty())
      text += "\nCommands\n";
    for (const CLI::App *command : commands)
      text += row(command->get_name(), command->get_description());
    // The first group is CLI11's own, of what was given none.
    std::vector<std::string> groups = app->get_groups();
    std::rotate(groups.begin(), groups.begin() + 1, groups.end());
    for (const std::string &group : groups)
      text += makeOptions(*app, group);
    return text;
  }

private:
  static constexpr size_t indent = 28;
  static constexpr size_t width = 100;

  static std::string makeOptions(const CLI::App &app, const std::string &group) {
    std::string text;
    for (const CLI::Option *option : app.get_options()) {
      if (option->get_group() != group)
        continue;
      std::string names =
          option->get_positional() ? option->get_type_name() : option->get_name(false, true);
      if (size_t comma = names.find(','); comma != std::string::npos)
        names.insert(comma + 1, " ");
      if (!option->get_positional() && option->get_type_size() != 0)
        names += " " + option->get_type_name();
      text += row(names, option->get_description());
    }
    return text.empty() ? "" : "\n" + group + "\n" + text;
  }

  /// A name, and what it means, broken between words.
  static std::string row(const std::string &name, const std::string &meaning) {
    std::string text = "  " + name;
    size_t column = text.size();
    auto startLine = [&] {
      text += column < indent ? std::string(indent - column, ' ') : "\n" + std::string(indent, ' ');
      column = indent;
    };
    startLine();
    for (size_t at = 0; at < meaning.size();) {
      const size_t end = std::min(meaning.find(' ', at), meaning.size());
      if (column > indent && column + 1 + end - at > width)
        startLine();
      if (column > indent) {
        text += ' ';
        ++column;
      }
      text.append(meaning, at, end - at);
      column += end - at;
      at = end + 1;
    }
    return text + "\n";
  }
};

/// Splits `NAME=VALUE`.
bool splitBinding(const std::string &text, std::pair<std::string, std::string> &binding) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    return false;
  binding = {text.substr(0, equals), text.substr(equals + 1)};
  return true;
}

/// The whole of `text` as an integer in [low, high].
bool readInteger(const std::string &text, int64_t low, int64_t high, int64_t &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
}

/// Says what an integer flag takes, before CLI11 converts it.
CLI::Validator integerIn(int64_t low, int64_t high) {
  return CLI::Validator(
      [=](std::string &text) -> std::string {
        int64_t value = 0;
        if (readInteger(text, low, high, value))
          return {};
        return "'" + text + "' is not a whole number from " + std::to_string(low) + " to " +
               std::to_string(high);
      },
      "");
}

/// Seconds, as a number that is not absurd.
CLI::Validator isDuration() {
  return CLI::Validator(
      [](std::string &text) -> std::string {
        double value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value > 0 && value <= 1e6)
          return {};
        return "'" + text + "' is not a number of seconds, above 0 and at most 1000000";
      },
      "");
}

CLI::Validator isBinding(const char *example) {
  return CLI::Validator(
      [=](std::string &text) -> std::string {
        std::pair<std::string, std::string> binding;
        if (splitBinding(text, binding))
          return {};
        return "'" + text + "' has no name and value; write it as in '" + example + "'";
      },
      "");
}

CLI::Validator isSize() {
  return CLI::Validator(
      [](std::string &text) -> std::string {
        std::pair<std::string, std::string> binding;
        int64_t value = 0;
        if (splitBinding(text, binding) &&
            readInteger(binding.second, 0, std::numeric_limits<int64_t>::max(), value))
          return {};
        return "'" + text + "' is not a dimension variable and its size; write it as in 'B=1'";
      },
      "");
}

Bindings toBindings(const std::vector<std::string> &texts) {
  Bindings bindings(texts.size());
  for (size_t i = 0; i < texts.size(); ++i)
    splitBinding(texts[i], bindings[i]);
  return bindings;
}

std::vector<std::pair<std::string, int64_t>> toSizes(const std::vector<std::string> &texts) {
  std::vector<std::pair<std::string, int64_t>> sizes;
  for (const auto &[name, value] : toBindings(texts)) {
    int64_t size = 0;
    readInteger(value, 0, std::numeric_limits<int64_t>::max(), size);
    sizes.emplace_back(name, size);
  }
  return sizes;
}

/// A flag that may be repeated, with one value each time.
CLI::Option *repeated(CLI::Option *option) { return option->take_all()->allow_extra_args(false); }

/// The whole command line as CLI11 sees it, with the texts that need reading afterwards.
class Parser {
public:
  Parser();
  CommandLine read(int argc, const char *const *argv);

private:
  CLI::App *addCommand(const char *name, const char *description);
  void addModel(CLI::App *command, ModelArguments &model, const char *what);
  void addCompile();
  void addInputs(CLI::App *command, InputArguments &input);
  void addRun();
  void addBench();
  void addCheck();
  void addFormat();
  void addInspect();
  CommandLine result();
  UsageFault unknownArgument(const CLI::App *command, const std::string &argument) const;
  UsageFault describe(const CLI::ParseError &error) const;
  const CLI::App *chosenCommand() const;

  CLI::App app{overview, "nacre"};
  bool version = false;
  CompileArguments compile;
  RunArguments run;
  BenchArguments bench;
  CheckArguments check;
  FormatArguments format;
  InspectArguments inspect;
  std::vector<std::string> settings, inputs, sizes;
};

Parser::Parser() {
  app.require_subcommand(0, 1);
  app.allow_extras();
  app.set_help_flag("-h,--help", "Show this help");
  app.add_flag("--version", version, "Show the version");
  addCompile();
  addRun();
  addBench();
  addCheck();
  addFormat();
  addInspect();
}

CLI::App *Parser::addCommand(const char *name, const char *description) {
  CLI::App *command = app.add_subcommand(name, description);
  command->allow_extras();
  command->set_help_flag("-h,--help", "Show this help");
  return command;
}

void Parser::addModel(CLI::App *command, ModelArguments &model, const char *what) {
  command->add_option("model", model.path, what)->type_name("MODEL")->group("Model");
  command
      ->add_option("--weights", model.weights,
                   "Weights: a Hugging Face folder, a .safetensors or a .npz file")
      ->type_name("PATH")
      ->group("Model");
  command->add_option("--prefix", model.prefix, "What stands before every weight name in the file")
      ->type_name("TEXT")
      ->group("Model");
  command->add_option("--model", model.model, "Which model, where the file has several")
      ->type_name("NAME")
      ->group("Model");
  repeated(command->add_option("--set", settings, "Set a parameter of the model; repeatable"))
      ->type_name("NAME=VALUE")
      ->check(isBinding("layers=12"))
      ->group("Model");
}

void Parser::addCompile() {
  CLI::App *command = addCommand("compile", "Compile a model file to an object file, a header and "
                                            "a weights file");
  addModel(command, compile.model, "The model file");
  command
      ->add_option("-o,--output", compile.output,
                   "Path of the results, less their extension; the model file's name by default")
      ->type_name("PATH")
      ->group("Results");
  command
      ->add_option("--emit", compile.emit,
                   "What to write, comma-separated: object, header, so, exe, asm, llvm, mlir; "
                   "object by default, which brings header and weights")
      ->type_name("KIND")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all()
      ->group("Results");
  command
      ->add_option("--target-cpu", compile.targetCpus,
                   "Processors to compile for, comma-separated, as LLVM names them; 'portable' for "
                   "x86-64 from v1 to v4; this machine's by default")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all()
      ->group("Results");
  command
      ->add_option("--precision", compile.precision,
                   "What linear layers may be computed in: f32, bf16, int8, int8-weights or "
                   "int4-weights; f32 by default")
      ->type_name("TYPE")
      ->group("Results");
  command
      ->add_option("--group-size", compile.groupSize,
                   "Weights of an output that share a scale, where the precision has groups; 32 by "
                   "default")
      ->type_name("N")
      ->check(integerIn(1, std::numeric_limits<int32_t>::max()))
      ->group("Results");
  command
      ->add_flag("--report-error", compile.reportError,
                 "Compile for f32 too, run both here and show by how much the results differ: on "
                 "the inputs given, and on random ones for the rest")
      ->disable_flag_override()
      ->group("Results");
  addInputs(command, compile.input);
  command->add_option("--stop-after", compile.stopAfter, "Stop after this phase and write its MLIR")
      ->type_name("PHASE")
      ->group("Phases");
  command
      ->add_option("--start-from", compile.startFrom,
                   "The input is MLIR as it is before this phase")
      ->type_name("PHASE")
      ->group("Phases");
  command
      ->add_option("--dump-phases-to", compile.dumpPhasesTo,
                   "Write the MLIR of every phase to numbered files here")
      ->type_name("FOLDER")
      ->group("Phases");
  command->add_flag("--time-phases", compile.timePhases, "Show how long each phase and pass takes")
      ->disable_flag_override()
      ->group("Phases");
  command
      ->add_flag("--no-cache", compile.noCache,
                 "Neither look for code that was made before nor keep it (docs/artifact.md)")
      ->disable_flag_override()
      ->group("Phases");
}

void Parser::addInputs(CLI::App *command, InputArguments &input) {
  command->add_option("--entry", input.entry, "Which entry, where there are several")
      ->type_name("NAME")
      ->group("Inputs");
  repeated(command->add_option("--input", inputs, "An input from a .npy file; repeatable"))
      ->type_name("NAME=FILE")
      ->check(isBinding("ids=ids.npy"))
      ->group("Inputs");
  repeated(command->add_option("--dim", sizes, "Size of a dimension variable; repeatable"))
      ->type_name("NAME=SIZE")
      ->check(isSize())
      ->group("Inputs");
  command->add_option("--seed", input.seed, "Seed of random inputs; 0 by default")
      ->type_name("N")
      ->check(integerIn(0, std::numeric_limits<int64_t>::max()))
      ->group("Inputs");
  command->add_option("--below", input.below, "Bound of random integers; 2 by default")
      ->type_name("N")
      ->check(integerIn(1, std::numeric_limits<int64_t>::max()))
      ->group("Inputs");
}

void Parser::addRun() {
  CLI::App *command =
      addCommand("run", "Run an entry of a model file or of a compiled .so and show its outputs");
  addModel(command, run.model, "A model file, or a .so that nacre compile made");
  addInputs(command, run.input);
  command
      ->add_flag("--random", run.input.random,
                 "Make up the inputs that --input does not give: floats in [-1, 1), integers below "
                 "--below")
      ->disable_flag_override()
      ->group("Inputs");
  command->add_option("--repeat", run.repeat, "Run this often and show the times")
      ->type_name("N")
      ->check(integerIn(1, 1000000000))
      ->group("Running");
  command
      ->add_option("--target-cpu", run.targetCpu,
                   "Processor to compile a model file for, or one of those a .so was compiled for")
      ->type_name("NAME")
      ->group("Running");
  command->add_option("--threads", run.threads, "Threads; OMP_NUM_THREADS or all cores by default")
      ->type_name("N")
      ->check(integerIn(1, 4096))
      ->group("Running");
  command
      ->add_flag("--interpret", run.interpret,
                 "Run the reference interpreter instead of compiled code: slow, and the standard "
                 "for right")
      ->disable_flag_override()
      ->group("Running");
  command
      ->add_option("--state", run.state,
                   "The model's state: read from this file if there is one, and written to it in "
                   "the end. Without it a state begins with zeros")
      ->type_name("FILE")
      ->group("Running");
  command
      ->add_option("--output-dir", run.outputFolder, "Write each output to NAME.npy in this folder")
      ->type_name("FOLDER")
      ->group("Results");
}

void Parser::addBench() {
  CLI::App *command = addCommand(
      "bench", "Measure a model's latency, and its kernels against the machine's limits");
  addModel(
      command, bench.model,
      "A model file, or a .so that nacre compile made; weights that are not given are made up");
  addInputs(command, bench.input);
  command
      ->add_option("--threads", bench.threads,
                   "Numbers of threads to measure with, comma-separated; 1 by default")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(integerIn(1, 4096))
      ->group("Running");
  CLI::Option *rounds =
      command
          ->add_option("--rounds", bench.rounds,
                       "How often to measure; a round takes some 50 ms, or a few calls")
          ->type_name("N")
          ->check(integerIn(1, 1000000))
          ->group("Running");
  command->add_option("--seconds", bench.seconds, "How long to measure; 5 by default")
      ->type_name("T")
      ->check(isDuration())
      ->excludes(rounds)
      ->group("Running");
  command
      ->add_option("--target-cpu", bench.targetCpu,
                   "Processor to compile a model file for, or one of those a .so was compiled for")
      ->type_name("NAME")
      ->group("Model");
  command
      ->add_option("--precision", bench.precision,
                   "What its linear layers may be computed in: f32, bf16, int8, int8-weights or "
                   "int4-weights; f32 by default")
      ->type_name("TYPE")
      ->group("Model");
  command
      ->add_option("--group-size", bench.groupSize,
                   "Weights of an output that share a scale, where the precision has groups; 32 by "
                   "default")
      ->type_name("N")
      ->check(integerIn(1, std::numeric_limits<int32_t>::max()))
      ->group("Model");
  command
      ->add_flag("--best", bench.best,
                 "Take the fastest of all calls and the highest limits, not medians: for a machine "
                 "that others use too")
      ->disable_flag_override()
      ->group("Results");
  command->add_option("--top", bench.top, "Kernels to show, the slowest first; 20 by default")
      ->type_name("N")
      ->check(integerIn(1, 1000000))
      ->group("Results");
  command->add_option("--json", bench.json, "Write all that was measured as JSON; - shows it only")
      ->type_name("FILE")
      ->group("Results");
  command->add_option("--svg", bench.svg, "Draw the kernels under the machine's limits")
      ->type_name("FILE")
      ->group("Results");
}

void Parser::addCheck() {
  CLI::App *command = addCommand(
      "check",
      "Say everything that is wrong with a model file, and with its weights where they are given");
  addModel(command, check.model, "The model file");
}

void Parser::addFormat() {
  CLI::App *command = addCommand("fmt", "Lay out model files in the one way there is");
  command->add_option("files", format.paths, "Model files, or - for standard input")
      ->type_name("FILES")
      ->group("Files");
  command->add_flag("--check", format.check, "Change nothing; exit with 1 if a file would change");
}

void Parser::addInspect() {
  CLI::App *command =
      addCommand("inspect", "Show a model as a table: parts, parameters, FLOPs, memory");
  addModel(command, inspect.model, "The model file");
  repeated(command->add_option(
               "--dim", sizes,
               "Size of a dimension variable, to show numbers instead of formulas; repeatable"))
      ->type_name("NAME=SIZE")
      ->check(isSize())
      ->group("Model");
}

const CLI::App *Parser::chosenCommand() const {
  auto chosen = app.get_subcommands();
  return chosen.empty() ? &app : chosen.front();
}

/// An argument that nothing takes.
UsageFault Parser::unknownArgument(const CLI::App *command, const std::string &argument) const {
  const std::string self = command == &app ? "nacre" : "nacre " + command->get_name();
  const std::string help = "'" + self + " --help' lists what there is";
  std::vector<std::string> known;
  if (argument.size() > 1 && argument[0] == '-') {
    for (const CLI::Option *option : command->get_options())
      for (const std::string &name : option->get_lnames())
        known.push_back("--" + name);
  } else if (command == &app) {
    for (const CLI::App *subcommand : app.get_subcommands({}))
      known.push_back(subcommand->get_name());
  } else {
    return {self, "nothing takes the argument '" + argument + "'", help};
  }
  std::string name = argument.substr(0, argument.find('='));
  std::vector<llvm::StringRef> candidates(known.begin(), known.end());
  llvm::StringRef nearest = nacre::nearestName(name, candidates);
  std::string message =
      (name[0] == '-' ? "there is no option '" : "there is no command '") + name + "'";
  if (!nearest.empty())
    message += "; did you mean '" + nearest.str() + "'?";
  return {self, message, help};
}

/// CLI11 writes `--seed: what our validator said`, or a sentence of its own.
UsageFault Parser::describe(const CLI::ParseError &error) const {
  const CLI::App *command = chosenCommand();
  const std::string self = command == &app ? "nacre" : "nacre " + command->get_name();
  std::string text = error.what();
  for (const CLI::Option *option : command->get_options()) {
    if (option->get_lnames().empty())
      continue;
    const std::string name = option->get_name();
    const std::string &word = option->get_lnames().front();
    const std::string flag = "--" + word;
    if (text.rfind(name, 0) != 0 && text.rfind(word + " ", 0) != 0)
      continue;
    if (dynamic_cast<const CLI::ValidationError *>(&error))
      return {self + " " + flag, text.substr(std::min(text.size(), name.size() + 2)), {}};
    if (dynamic_cast<const CLI::ArgumentMismatch *>(&error)) {
      if (option->get_type_name().empty())
        return {self + " " + flag, "takes no value", {}};
      return {self + " " + flag,
              "takes one value, as in '" + flag + " " + option->get_type_name() + "'",
              {}};
    }
  }
  return {self, text, "'" + self + " --help' shows how it is used"};
}

CommandLine Parser::result() {
  if (version)
    return Answer{"nacre " NACRE_VERSION "\n"};
  const CLI::App *command = chosenCommand();
  if (!app.remaining().empty())
    return unknownArgument(&app, app.remaining().front());
  if (command == &app)
    return UsageFault{"nacre", "there is no command",
                      "'nacre --help' lists the commands; 'nacre check MODEL' is a good first one"};
  if (!command->remaining().empty())
    return unknownArgument(command, command->remaining().front());

  const std::string self = "nacre " + command->get_name();
  auto finish = [&](auto &arguments) -> CommandLine {
    arguments.model.settings = toBindings(settings);
    if (arguments.model.path.empty())
      return UsageFault{self, "there is no model file",
                        "write it behind the command: '" + self + " model.ncr'"};
    return arguments;
  };
  if (command->get_name() == "compile") {
    compile.input.inputs = toBindings(inputs);
    compile.input.dims = toSizes(sizes);
    for (const CLI::Option *option : command->get_options())
      if (option->get_group() == "Inputs" && option->count() > 0 && !compile.reportError)
        return UsageFault{self + " " + option->get_name(),
                          "nothing is run, so it has no use for inputs",
                          "with --report-error it runs the code; 'nacre run' does too"};
    return finish(compile);
  }
  if (command->get_name() == "run") {
    run.input.inputs = toBindings(inputs);
    run.input.dims = toSizes(sizes);
    return finish(run);
  }
  if (command->get_name() == "bench") {
    bench.input.inputs = toBindings(inputs);
    bench.input.dims = toSizes(sizes);
    return finish(bench);
  }
  if (command->get_name() == "check")
    return finish(check);
  if (command->get_name() == "inspect") {
    inspect.dims = toSizes(sizes);
    return finish(inspect);
  }
  if (format.paths.empty())
    return UsageFault{self, "there is no file to lay out",
                      "write files behind it, or - for standard input"};
  return format;
}

CommandLine Parser::read(int argc, const char *const *argv) {
  try {
    app.parse(argc, argv);
    return result();
  } catch (const CLI::CallForHelp &) {
    const CLI::App *command = chosenCommand();
    // Not CLI11's own help(), which puts the program's name in front of the command's.
    const std::string self = command == &app ? "nacre" : "nacre " + command->get_name();
    return Answer{HelpFormatter().make_help(command, self, CLI::AppFormatMode::Normal)};
  } catch (const CLI::ParseError &error) {
    return describe(error);
  }
}

} // namespace

CommandLine nacre::tool::readCommandLine(int argc, const char *const *argv) {
  return Parser().read(argc, argv);
}
