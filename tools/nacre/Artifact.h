//===- Artifact.h - a compiled model, loaded --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_ARTIFACT_H
#define NACRE_TOOLS_NACRE_ARTIFACT_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/weights/Npy.h"
#include "runtime/include/nacre/artifact.h"
#include "runtime/include/nacre/nacre.h"
#include "runtime/include/nacre/profile.h"
#include "tools/nacre/Inputs.h"
#include "tools/nacre/Installation.h"
#include "tools/nacre/Signature.h"

#include <cstdlib>
#include <memory>
#include <optional>

namespace nacre::tool {

class Artifact;

/// An entry of an artifact with all that a call of it needs.
class Call {
public:
  bool run(DiagnosticEngine &diags);
  /// Runs it with the times of its kernels; `count` is how many there are.
  bool profile(llvm::MutableArrayRef<nacre_kernel_time> times, size_t &count,
               DiagnosticEngine &diags);

  llvm::ArrayRef<int64_t> sizes() const { return inputs.sizes; }
  llvm::ArrayRef<NpyArray> outputs() const { return results; }
  size_t arenaBytes() const { return bytes; }

  /// Reads the state from a file, or writes it. True for an entry without one.
  bool loadState(const std::string &path, DiagnosticEngine &diags);
  bool saveState(const std::string &path, DiagnosticEngine &diags);
  bool hasState() const { return state != nullptr; }
  size_t stateBytes() const { return stateSize; }

  ~Call();
  Call(const Call &) = delete;

private:
  friend class Artifact;
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };

  Call(Artifact &artifact, uint32_t entry) : artifact(artifact), entry(entry) {}

  bool reportFile(nacre_status status, const std::string &path, const char *wayOut,
                  DiagnosticEngine &diags) const;

  Artifact &artifact;
  uint32_t entry;
  PreparedInputs inputs;
  std::vector<NpyArray> results;
  std::vector<void *> buffers;
  size_t bytes = 0;             ///< of the arena
  nacre_state *state = nullptr; ///< zero at first; null for an entry that uses none
  size_t stateSize = 0;
  std::unique_ptr<void, Free> arena;
};

/// A .so that `nacre compile --emit=so` made, with its weights. It is used through the C functions
/// that it carries, as any other program would.
class Artifact {
public:
  /// `weights` may be empty: the file beside the .so; so may `targetCpu`: as nacre_open chooses it.
  /// Reports why it cannot be opened.
  static std::unique_ptr<Artifact> open(llvm::StringRef path, llvm::StringRef weights,
                                        llvm::StringRef targetCpu, DiagnosticEngine &diags);
  ~Artifact();

  const std::vector<Signature> &entries() const { return signatures; }

  /// Sets the number of threads; 0 for the runtime's default.
  bool setThreads(int threads, DiagnosticEngine &diags);

  /// Makes an entry ready to run: buffers for its results, an arena and a state. Reports what does
  /// not fit; `command` is who asks. The call must not outlive the artifact.
  std::unique_ptr<Call> prepare(size_t entry, PreparedInputs inputs, llvm::StringRef command,
                                DiagnosticEngine &diags);

  /// A JSON object.
  llvm::StringRef metadata() const { return info->metadata; }
  /// The name of the target whose code runs, and the instruction sets that it needs: "avx2,fma".
  llvm::StringRef targetCpu() const { return functions.target(model); }
  llvm::StringRef cpuFeatures() const;

private:
  friend class Call;

  /// The functions of nacre.h, as the .so has them.
  struct Functions {
    decltype(&nacre_open_for) open;
    decltype(&nacre_model_target) target;
    decltype(&nacre_close) close;
    decltype(&nacre_message) message;
    decltype(&nacre_status_text) statusText;
    decltype(&nacre_set_threads) setThreads;
    decltype(&nacre_arena_size) arenaSize;
    decltype(&nacre_shapes) shapes;
    decltype(&nacre_run) run;
    decltype(&nacre_run_with) runWith;
    decltype(&nacre_run_profiled) runProfiled;
    decltype(&nacre_new_state) newState;
    decltype(&nacre_free_state) freeState;
    decltype(&nacre_state_size) stateSize;
    decltype(&nacre_save_state) saveState;
    decltype(&nacre_load_state) loadState;
  };

  Artifact() = default;
  bool load(llvm::StringRef path, DiagnosticEngine &diags);
  bool describeEntries(DiagnosticEngine &diags);
  void report(nacre_status status, DiagnosticEngine &diags);
  bool makeState(Call &call, DiagnosticEngine &diags);

  std::string path;
  void *library = nullptr;
  Functions functions{};
  const nacre_artifact *info = nullptr;
  nacre_model *model = nullptr;
  std::vector<Signature> signatures;
};

} // namespace nacre::tool

#endif
