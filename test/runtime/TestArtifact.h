//===- TestArtifact.h - a hand-made artifact and its weights file -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/artifact.h"
#include "nacre/nacre.h"
#include "nacre/weights_format.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cfenv>
#include <cstring>
#include <string>
#include <vector>

namespace nacre::test {

/// Runs a step as generated code does: `kernel(share, shares)`. `place` is the step's number where
/// none is in a loop.
template <typename Kernel>
void runStepAt(nacre_team *team, int64_t thread, int64_t place, int64_t step, double work,
               Kernel kernel) {
  int64_t shares = nacre_shares(team, work), share = -1;
  while ((share = nacre_next_share(team, thread, NACRE_STEP(step, place), shares, share)) >= 0)
    kernel(share, shares);
}
template <typename Kernel>
void runStep(nacre_team *team, int64_t thread, int64_t step, double work, Kernel kernel) {
  runStepAt(team, thread, step, step, work, kernel);
}

/// Work that is worth any number of threads.
inline constexpr double muchWork = 1e9;

/// mirror(x: f32[B, S]) -> f32[B, S]: y[i] = w * x[n - 1 - i], over the n = B * S elements. Each
/// share is first copied into the arena, so a step that begins too early gives wrong numbers.
inline void runMirror(const void *weights, void *const *buffers, const int64_t *dims, void *arena,
                      void *const *, int64_t thread, int64_t, nacre_team *team) {
  auto *x = static_cast<const float *>(buffers[0]);
  auto *y = static_cast<float *>(buffers[1]);
  auto *scratch = static_cast<float *>(arena);
  int64_t n = dims[0] * dims[1];
  runStep(team, thread, 0, muchWork, [&](int64_t share, int64_t shares) {
    for (int64_t i = n * share / shares; i < n * (share + 1) / shares; ++i)
      scratch[i] = x[i];
  });
  float w = static_cast<const float *>(weights)[0];
  runStep(team, thread, 1, muchWork, [&](int64_t share, int64_t shares) {
    for (int64_t i = n * share / shares; i < n * (share + 1) / shares; ++i)
      y[i] = w * scratch[n - 1 - i];
  });
}

inline int64_t mirrorArena(const int64_t *dims) { return dims[0] * dims[1] * 4; }

inline void mirrorShapes(const int64_t *dims, int64_t *sizes) {
  sizes[0] = sizes[2] = dims[0];
  sizes[1] = sizes[3] = dims[1];
}

inline const char *mirrorCheck(const int64_t *dims) {
  return dims[1] > 1000000 ? "S must be at most 1000000" : nullptr;
}

inline const nacre_run_function mirrorRuns[] = {runMirror};

inline const nacre_target anyTarget = {"any", ""};

inline const char *const mirrorDimNames[] = {"B", "S"};
inline const int64_t mirrorDims[] = {NACRE_DIM_VARIABLE(0), NACRE_DIM_VARIABLE(1)};
inline const nacre_tensor_info mirrorTensors[] = {
    {"x", "f32[B, S]", mirrorDims, NACRE_F32, 2},
    {"result", "f32[B, S]", mirrorDims, NACRE_F32, 2}};

inline nacre_entry mirrorEntry() {
  nacre_entry entry = {};
  entry.name = "mirror";
  entry.doc = "";
  entry.dim_names = mirrorDimNames;
  entry.tensors = mirrorTensors;
  entry.num_dims = 2;
  entry.num_inputs = 1;
  entry.num_outputs = 1;
  entry.check = mirrorCheck;
  entry.shapes = mirrorShapes;
  entry.arena_size = mirrorArena;
  entry.run = mirrorRuns;
  return entry;
}

inline nacre_artifact artifactOf(const nacre_entry &entry, uint64_t weightsSize) {
  nacre_artifact artifact = {};
  artifact.magic = NACRE_ARTIFACT_MAGIC;
  artifact.abi_version = NACRE_ABI_VERSION;
  artifact.name = "test";
  memcpy(artifact.build_id, "0123456789abcdef0123456789abcdef", 32);
  artifact.weights_size = weightsSize;
  artifact.targets = &anyTarget;
  artifact.num_targets = 1;
  artifact.entries = &entry;
  artifact.num_entries = 1;
  artifact.metadata = "{}";
  return artifact;
}

/// The header that belongs to `artifact`, with an empty table of contents.
inline nacre_weights_header headerOf(const nacre_artifact &artifact) {
  nacre_weights_header header = {};
  memcpy(header.magic, NACRE_WEIGHTS_MAGIC, sizeof(header.magic));
  header.version = NACRE_WEIGHTS_VERSION;
  header.header_size = NACRE_WEIGHTS_HEADER_SIZE;
  memcpy(header.build_id, artifact.build_id, 32);
  header.data_offset = NACRE_WEIGHTS_HEADER_SIZE;
  header.data_size = artifact.weights_size;
  header.contents_offset = header.data_offset + header.data_size;
  header.file_size = header.contents_offset;
  return header;
}

/// A file that lives as long as the object.
class TemporaryFile {
public:
  explicit TemporaryFile(llvm::StringRef content) {
    int descriptor;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("nacre-runtime", "weights", descriptor, name));
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << content;
  }
  ~TemporaryFile() { llvm::sys::fs::remove(name); }
  const char *path() { return name.c_str(); }

private:
  llvm::SmallString<128> name;
};

inline std::string fileContent(const nacre_weights_header &header, llvm::ArrayRef<float> data) {
  std::string content(reinterpret_cast<const char *>(&header), sizeof(header));
  content.append(reinterpret_cast<const char *>(data.data()), data.size() * sizeof(float));
  return content;
}

} // namespace nacre::test
