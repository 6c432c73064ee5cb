//===- StateFile.cpp - saving and loading states ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "State.h"
#include "nacre/state_format.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace nacre;

namespace {

/// A file that is closed with the object.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  File(const File &) = delete;

  int number() const { return descriptor; }
  /// Writes all bytes. A failure is in errno.
  bool write(const void *data, size_t size);
  /// Reads up to so many bytes, fewer at the end of the file; -1 is a failure in errno.
  ssize_t read(void *data, size_t size);
  bool close() {
    int closed = ::close(descriptor);
    descriptor = -1;
    return closed == 0;
  }

private:
  int descriptor;
};

} // namespace

bool File::write(const void *data, size_t size) {
  auto *at = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t done = ::write(descriptor, at, size);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return false;
    at += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

ssize_t File::read(void *data, size_t size) {
  size_t got = 0;
  while (got < size) {
    ssize_t done = ::read(descriptor, static_cast<char *>(data) + got, size - got);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return -1;
    if (done == 0)
      break;
    got += static_cast<size_t>(done);
  }
  return static_cast<ssize_t>(got);
}

/// The checksum of state_format.h, from `sum` on. Blocks have whole words.
static uint64_t addToChecksum(uint64_t sum, const void *data, size_t size) {
  for (size_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, static_cast<const char *>(data) + i, 8);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
    sum = sum << 29 | sum >> 35;
  }
  return sum;
}

static size_t dimsBytes(const nacre_artifact &artifact) {
  return artifact.num_state_dims * sizeof(int64_t);
}

/// The header of the file that belongs to a state, less its checksum.
static nacre_state_header headerOf(const nacre_state &state) {
  nacre_state_header header = {};
  memcpy(header.magic, NACRE_STATE_MAGIC, sizeof(header.magic));
  header.version = NACRE_STATE_VERSION;
  header.num_dims = state.artifact->num_state_dims;
  memcpy(header.build_id, state.artifact->build_id, sizeof(header.build_id));
  size_t before = sizeof(header) + dimsBytes(*state.artifact);
  header.data_offset = (before + NACRE_ALIGNMENT - 1) / NACRE_ALIGNMENT * NACRE_ALIGNMENT;
  header.data_size = state.size;
  return header;
}

static uint64_t checksumOf(const nacre_state &state, const char *block) {
  return addToChecksum(addToChecksum(0, state.dims, dimsBytes(*state.artifact)), block, state.size);
}

static bool writeState(File &file, const nacre_state &state) {
  nacre_state_header header = headerOf(state);
  header.checksum = checksumOf(state, state.block);
  const char zeros[NACRE_ALIGNMENT] = {};
  size_t dims = dimsBytes(*state.artifact);
  return file.write(&header, sizeof(header)) && file.write(state.dims, dims) &&
         file.write(zeros, header.data_offset - sizeof(header) - dims) &&
         file.write(state.block, state.size) && fsync(file.number()) == 0 && file.close();
}

nacre_status nacre_save_state(const nacre_state *state, const char *path) {
  StateUse use(state);
  if (!use.isTaken())
    return use.refuse("nacre_save_state");
  if (!path)
    return fail(state->model, NACRE_ERROR_ARGUMENT, "nacre_save_state: no path given");
  // What stands there is replaced: it had better not be a device.
  struct stat status;
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
    return fail(state->model, NACRE_ERROR_FILE, "%s: not a regular file", path);

  // Beside it, so that both are on one disk. Other processes and other states have other names.
  size_t room = strlen(path) + 64;
  auto *partial = static_cast<char *>(malloc(room));
  if (!partial)
    return fail(state->model, NACRE_ERROR_MEMORY, "%s: out of memory", path);
  snprintf(partial, room, "%s.%ld-%llx.partial", path, static_cast<long>(getpid()),
           static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(state)));
  nacre_status result = NACRE_OK;
  File file(::open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.number() < 0) {
    result = fail(state->model, NACRE_ERROR_FILE, "%s: cannot make a file beside it: %s", path,
                  strerror(errno));
  } else if (!writeState(file, *state) || rename(partial, path) != 0) {
    result = fail(state->model, NACRE_ERROR_FILE, "%s: cannot write a state of %zu bytes: %s", path,
                  state->size, strerror(errno));
    unlink(partial);
  }
  free(partial);
  return result;
}

/// Checks a file's header and sizes against a state.
static nacre_status checkFile(File &file, const char *path, const nacre_state &state,
                              nacre_state_header &header) {
  nacre_model *model = state.model;
  const nacre_artifact &artifact = *state.artifact;
  nacre_state_header wanted = headerOf(state);
  struct stat status;
  if (fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(model, NACRE_ERROR_FILE, "%s: not a regular file", path);
  ssize_t got = file.read(&header, sizeof(header));
  if (got < 0)
    return fail(model, NACRE_ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
  if (got < static_cast<ssize_t>(sizeof(header.magic)) ||
      memcmp(header.magic, wanted.magic, sizeof(header.magic)) != 0)
    return fail(model, NACRE_ERROR_STATE_MISMATCH,
                "%s: not a state file; nacre_save_state writes them", path);
  if (got < static_cast<ssize_t>(sizeof(header)))
    return fail(model, NACRE_ERROR_FILE, "%s: cut off within its header; save the state again",
                path);
  if (header.version != wanted.version)
    return fail(model, NACRE_ERROR_VERSION,
                "%s: format version %u, but this runtime reads version %u; save the state again",
                path, header.version, wanted.version);
  if (memcmp(header.build_id, wanted.build_id, sizeof(header.build_id)) != 0)
    return fail(model, NACRE_ERROR_STATE_MISMATCH,
                "%s: saved by another build than the object of '%s'; a state goes with the build "
                "that made it",
                path, artifact.name);
  if (header.num_dims != wanted.num_dims || header.data_offset != wanted.data_offset)
    return fail(model, NACRE_ERROR_FILE, "%s: damaged header; save the state again", path);
  for (uint32_t i = 0; i < artifact.num_state_dims; ++i) {
    int64_t size;
    if (file.read(&size, sizeof(size)) != sizeof(size))
      return fail(model, NACRE_ERROR_FILE, "%s: cut off within its header; save the state again",
                  path);
    if (size != state.dims[i])
      return fail(model, NACRE_ERROR_STATE_MISMATCH,
                  "%s: saved with %s = %lld, but this state was made with %lld; make one of the "
                  "file's sizes",
                  path, artifact.state_dim_names[i], static_cast<long long>(size),
                  static_cast<long long>(state.dims[i]));
  }
  if (header.data_size != wanted.data_size)
    return fail(model, NACRE_ERROR_FILE, "%s: damaged header; save the state again", path);
  uint64_t size = header.data_offset + header.data_size;
  if (static_cast<uint64_t>(status.st_size) < size)
    return fail(
        model, NACRE_ERROR_FILE, "%s: cut off: has %llu of %llu bytes; save the state again", path,
        static_cast<unsigned long long>(status.st_size), static_cast<unsigned long long>(size));
  return NACRE_OK;
}

nacre_status nacre_load_state(nacre_state *state, const char *path) {
  StateUse use(state);
  if (!use.isTaken())
    return use.refuse("nacre_load_state");
  nacre_model *model = state->model;
  if (!path)
    return fail(model, NACRE_ERROR_ARGUMENT, "nacre_load_state: no path given");
  // Not to wait for whoever may write into a pipe of that name.
  File file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0)
    return fail(model, NACRE_ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
  nacre_state_header header;
  if (nacre_status status = checkFile(file, path, *state, header); status != NACRE_OK)
    return status;

  // Into memory of its own: the state stays as it is until all is known to be well.
  void *memory;
  char *block;
  if (!allocateBlock(state->size, memory, block))
    return fail(model, NACRE_ERROR_MEMORY, "%s: no memory for a state of %zu bytes", path,
                state->size);
  nacre_status result = NACRE_OK;
  ssize_t got = -1;
  if (lseek(file.number(), static_cast<off_t>(header.data_offset), SEEK_SET) >= 0)
    got = file.read(block, state->size);
  if (got < 0)
    result = fail(model, NACRE_ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
  else if (static_cast<size_t>(got) != state->size)
    result = fail(model, NACRE_ERROR_FILE, "%s: changed while it was read", path);
  else if (checksumOf(*state, block) != header.checksum)
    result = fail(model, NACRE_ERROR_FILE,
                  "%s: damaged: its checksum does not fit its data; save the state again", path);
  if (result == NACRE_OK)
    setBlock(*state, memory, block);
  else
    free(memory);
  return result;
}
