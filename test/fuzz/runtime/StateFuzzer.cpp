//===- StateFuzzer.cpp - any bytes as a file of a state -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "State.h"
#include "nacre/state_format.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace {

constexpr int64_t vector[] = {NACRE_DIM_VARIABLE(0)};
constexpr nacre_tensor_info tensors[] = {{"sum", "f32[B]", vector, NACRE_F32, 1},
                                         {"calls", "i64[]", nullptr, NACRE_I64, 0}};
constexpr const char *sizeName[] = {"B"};
constexpr nacre_target anyTarget = {"any", ""};
constexpr int64_t sizes[] = {3};

struct Fixture {
  nacre_artifact artifact = {};
  nacre_model *model = nullptr;
  nacre_state *state = nullptr;
  std::string path;

  Fixture() {
    artifact.magic = NACRE_ARTIFACT_MAGIC;
    artifact.abi_version = NACRE_ABI_VERSION;
    artifact.name = "fuzz";
    artifact.targets = &anyTarget;
    artifact.num_targets = 1;
    artifact.states = tensors;
    artifact.state_dim_names = sizeName;
    artifact.num_states = 2;
    artifact.num_state_dims = 1;
    if (nacre_open(&artifact, nullptr, &model) != NACRE_OK ||
        nacre_new_state(model, sizes, &state) != NACRE_OK)
      abort();
    char name[] = "/tmp/nacre-state-fuzz-XXXXXX";
    int file = mkstemp(name);
    if (file < 0)
      abort();
    close(file);
    path = name;
  }
  ~Fixture() { remove(path.c_str()); }

  /// Aborts where the file is neither taken whole nor refused with a reason and without a trace.
  void load(const std::string &content) {
    FILE *file = fopen(path.c_str(), "wb");
    if (!file || fwrite(content.data(), 1, content.size(), file) != content.size() ||
        fclose(file) != 0)
      abort();
    std::string before(state->block, state->size);
    bool taken = nacre_load_state(state, path.c_str()) == NACRE_OK;
    std::string after(state->block, state->size);
    if (taken ? content.compare(128, after.size(), after) != 0
              : before != after || !*nacre_message(model))
      abort();
  }

  /// The file that the bytes after the header make, with what a guess seldom hits set right.
  void loadRepaired(std::string content) {
    content.resize(128 + state->size);
    nacre_state_header header;
    memcpy(&header, content.data(), sizeof(header));
    memcpy(header.magic, NACRE_STATE_MAGIC, sizeof(header.magic));
    memcpy(header.build_id, artifact.build_id, sizeof(header.build_id));
    header.version = NACRE_STATE_VERSION;
    header.num_dims = 1;
    header.data_offset = 128;
    header.data_size = state->size;
    memcpy(content.data() + sizeof(header), sizes, sizeof(sizes));
    header.checksum = 0;
    auto add = [&](size_t from, size_t size) {
      for (size_t i = from; i < from + size; i += 8) {
        uint64_t word;
        memcpy(&word, content.data() + i, 8);
        header.checksum = (header.checksum ^ word) * 0x9e3779b97f4a7c15u;
        header.checksum = header.checksum << 29 | header.checksum >> 35;
      }
    };
    add(sizeof(header), sizeof(sizes));
    add(128, state->size);
    memcpy(content.data(), &header, sizeof(header));
    load(content);
    if (memcmp(state->block, content.data() + 128, state->size) != 0)
      abort();
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Fixture fixture;
  std::string content(reinterpret_cast<const char *>(data), size);
  fixture.load(content);
  fixture.loadRepaired(std::move(content));
  return 0;
}
