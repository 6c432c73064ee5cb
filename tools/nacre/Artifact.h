//===- Artifact.h - a compiled model, loaded --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_ARTIFACT_H
#define NACRE_TOOLS_NACRE_ARTIFACT_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/weights/Npy.h"
#include "runtime/include/nacre/artifact.h"
#include "runtime/include/nacre/nacre.h"
#include "tools/nacre/Installation.h"
#include "tools/nacre/Signature.h"

#include <memory>
#include <optional>

namespace nacre::tool {

/// A .so that `nacre compile --emit=so` made, with its weights. It is used through the C functions
/// that it carries, as any other program would.
class Artifact {
public:
  /// `weights` may be empty: the file beside the .so. Reports why it cannot be opened.
  static std::unique_ptr<Artifact> open(llvm::StringRef path, llvm::StringRef weights,
                                        const Installation &installation, DiagnosticEngine &diags);
  ~Artifact();

  const std::vector<Signature> &entries() const { return signatures; }

  /// Sets the number of threads; 0 for OpenMP's default.
  bool setThreads(int threads, DiagnosticEngine &diags);

  struct Result {
    std::vector<NpyArray> outputs;
    size_t arenaBytes = 0;
    std::vector<double> seconds; ///< of each repetition
  };
  /// Runs an entry `repeat` times on the same inputs.
  std::optional<Result> run(size_t entry, llvm::ArrayRef<int64_t> sizes,
                            llvm::MutableArrayRef<NpyArray> inputs, int64_t repeat,
                            DiagnosticEngine &diags);

private:
  /// The functions of nacre.h, as the .so has them.
  struct Functions {
    decltype(&nacre_open) open;
    decltype(&nacre_close) close;
    decltype(&nacre_message) message;
    decltype(&nacre_status_text) statusText;
    decltype(&nacre_set_threads) setThreads;
    decltype(&nacre_arena_size) arenaSize;
    decltype(&nacre_shapes) shapes;
    decltype(&nacre_run) run;
  };

  Artifact() = default;
  bool load(llvm::StringRef path, const Installation &installation, DiagnosticEngine &diags);
  bool describeEntries(DiagnosticEngine &diags);
  void report(nacre_status status, DiagnosticEngine &diags);

  std::string path;
  void *library = nullptr;
  Functions functions{};
  const nacre_artifact *info = nullptr;
  nacre_model *model = nullptr;
  std::vector<Signature> signatures;
};

} // namespace nacre::tool

#endif
