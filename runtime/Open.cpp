//===- Open.cpp - opening and closing models --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Open.h"

#include "Model.h"
#include "Pool.h"
#include "nacre/weights_format.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights files are little-endian and are read in place"
#endif

using namespace nacre;

static_assert(sizeof(nacre_weights_header) <= 4096, "read in one piece, onto the stack");

/// Checks what the header says against the artifact and against the file's true size.
static nacre_status checkHeader(nacre_model *model, const nacre_artifact *artifact,
                                const char *path, const nacre_weights_header &header,
                                uint64_t fileSize) {
  if (header.version != NACRE_WEIGHTS_VERSION)
    return fail(model, NACRE_ERROR_VERSION,
                "%s: format version %u, but this runtime reads version %u; compile the model again",
                path, header.version, NACRE_WEIGHTS_VERSION);
  if (memcmp(header.build_id, artifact->build_id, sizeof(header.build_id)) != 0)
    return fail(
        model, NACRE_ERROR_WEIGHTS_MISMATCH,
        "%s: made by another build than the object of '%s'; use the .weights file that was written "
        "together with it",
        path, artifact->name);
  if (fileSize < header.file_size)
    return fail(model, NACRE_ERROR_FILE, "%s: cut off: has %llu of %llu bytes; copy it again", path,
                static_cast<unsigned long long>(fileSize),
                static_cast<unsigned long long>(header.file_size));
  if (header.header_size != NACRE_WEIGHTS_HEADER_SIZE ||
      header.data_offset != NACRE_WEIGHTS_HEADER_SIZE ||
      header.data_size != artifact->weights_size || header.file_size < header.data_offset ||
      header.data_size > header.file_size - header.data_offset)
    return fail(model, NACRE_ERROR_FILE,
                "%s: damaged header; copy the file again or compile the model again", path);
  return NACRE_OK;
}

/// Opens, checks and maps the weights file.
static nacre_status mapWeights(nacre_model *model, const nacre_artifact *artifact,
                               const char *path) {
  int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(model, NACRE_ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));

  nacre_weights_header header;
  struct stat status;
  nacre_status result;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    result = fail(model, NACRE_ERROR_FILE, "%s: not a regular file", path);
  } else if (ssize_t got = pread(file, &header, sizeof(header), 0); got < 0) {
    result = fail(model, NACRE_ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
  } else if (got < static_cast<ssize_t>(sizeof(header.magic)) ||
             memcmp(header.magic, NACRE_WEIGHTS_MAGIC, sizeof(header.magic)) != 0) {
    result = fail(
        model, NACRE_ERROR_WEIGHTS_MISMATCH,
        "%s: not a weights file of a compiled model; use the .weights file that `nacre compile` "
        "wrote beside the object",
        path);
  } else if (got < static_cast<ssize_t>(sizeof(header))) {
    result = fail(model, NACRE_ERROR_FILE, "%s: cut off within its header; copy it again", path);
  } else {
    result = checkHeader(model, artifact, path, header, static_cast<uint64_t>(status.st_size));
  }

  if (result == NACRE_OK) {
    size_t size = header.data_offset + header.data_size;
    void *mapping = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED) {
      result = fail(model, NACRE_ERROR_MEMORY, "%s: cannot map %zu bytes: %s", path, size,
                    strerror(errno));
    } else {
      // Only advice: read ahead while the program prepares its first call.
      madvise(mapping, size, MADV_WILLNEED);
      model->mapping = mapping;
      model->mappingSize = size;
      model->weights = static_cast<const char *>(mapping) + header.data_offset;
    }
  }
  ::close(file);
  return result;
}

/// Chooses the target whose code the model runs: that of the name, or the first that can run.
static nacre_status chooseTarget(nacre_model *model, const nacre_artifact *artifact,
                                 const char *name, CpuHasFeature has) {
  const char *feature = nullptr;
  size_t length = 0;
  bool isKnown = false;
  for (uint32_t i = 0; i < artifact->num_targets; ++i) {
    const nacre_target &target = artifact->targets[i];
    if (name && strcmp(name, target.name) != 0)
      continue;
    isKnown = true;
    model->target = i;
    if (cpuHasFeatures(target.cpu_features, has, feature, length))
      return NACRE_OK;
  }
  if (isKnown)
    return fail(model, NACRE_ERROR_CPU,
                "'%s' was compiled for processors with '%.*s', which this one lacks; compile it "
                "for this one with --target-cpu",
                artifact->name, static_cast<int>(length), feature);
  // As many names as fit.
  char names[256] = "";
  for (uint32_t i = 0, at = 0; i < artifact->num_targets && at < sizeof(names); ++i)
    at += static_cast<uint32_t>(
        snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "", artifact->targets[i].name));
  return fail(model, NACRE_ERROR_ARGUMENT,
              "'%s' has no code for the target CPU '%s'; it was compiled for %s", artifact->name,
              name, names);
}

nacre_status nacre::open(const nacre_artifact *artifact, const char *weightsPath,
                         const char *targetCpu, CpuHasFeature has, nacre_model **result) {
  if (!result)
    return NACRE_ERROR_ARGUMENT;
  auto *model = static_cast<nacre_model *>(calloc(1, sizeof(nacre_model)));
  *result = model;
  if (!model)
    return NACRE_ERROR_MEMORY;

  if (!artifact)
    return fail(model, NACRE_ERROR_ARGUMENT, "no artifact given");
  if (artifact->magic != NACRE_ARTIFACT_MAGIC)
    return fail(model, NACRE_ERROR_VERSION, "not a compiled model: its first bytes are wrong");
  if (artifact->abi_version != NACRE_ABI_VERSION)
    return fail(model, NACRE_ERROR_VERSION,
                "compiled for version %u of the runtime, but this is version %u; compile the model "
                "again, or "
                "link the runtime that came with its compiler",
                artifact->abi_version, NACRE_ABI_VERSION);

  if (nacre_status status = chooseTarget(model, artifact, targetCpu, has); status != NACRE_OK)
    return status;
  if (artifact->weights_size) {
    if (!weightsPath)
      return fail(model, NACRE_ERROR_ARGUMENT, "'%s' needs its weights file, but no path was given",
                  artifact->name);
    if (nacre_status status = mapWeights(model, artifact, weightsPath); status != NACRE_OK)
      return status;
  }
  model->artifact = artifact;
  return NACRE_OK;
}

nacre_status nacre_open(const nacre_artifact *artifact, const char *weights_path,
                        nacre_model **model) {
  return nacre_open_for(artifact, weights_path, nullptr, model);
}

nacre_status nacre_open_for(const nacre_artifact *artifact, const char *weights_path,
                            const char *target_cpu, nacre_model **model) {
  if (!target_cpu)
    target_cpu = getenv("NACRE_TARGET_CPU");
  return nacre::open(artifact, weights_path, target_cpu, cpuHasFeature, model);
}

void nacre_close(nacre_model *model) {
  if (!model)
    return;
  closePool(model->pool);
  if (model->mapping)
    munmap(model->mapping, model->mappingSize);
  free(model);
}

const char *nacre_model_target(const nacre_model *model) {
  return model && model->artifact ? model->artifact->targets[model->target].name : nullptr;
}

const nacre_artifact *nacre_model_artifact(const nacre_model *model) {
  return model ? model->artifact : nullptr;
}
