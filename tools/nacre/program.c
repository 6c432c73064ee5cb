/*===- program.c - the program that `nacre compile --emit=exe` links around a model -*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Compiled with -DNACRE_PROGRAM_ARTIFACT=<name>_artifact. Tensors are read and written as raw
 * little-endian numbers, row by row, so that any language can make them. */

#include <nacre/artifact.h>
#include <nacre/nacre.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const nacre_artifact NACRE_PROGRAM_ARTIFACT;
static const nacre_artifact *const artifact = &NACRE_PROGRAM_ARTIFACT;

static size_t bytes_of(const nacre_tensor_info *tensor, const int64_t *sizes) {
  static const unsigned char width[] = {0, 4, 2, 2, 8, 8, 4, 2, 1, 1, 1, 1, 1, 1};
  size_t bytes = width[tensor->element_type];
  for (int32_t i = 0; i < tensor->rank; ++i)
    bytes *= (size_t)sizes[i];
  return bytes;
}

static void usage(const char *program) {
  printf(
      "usage: %s ENTRY [--weights FILE] [--state FILE] [SIZE=N]... [INPUT=FILE]... "
      "[OUTPUT=FILE]...\n\n"
      "Runs an entry of the model. Files hold raw little-endian numbers, row by row.\n\nentries\n",
      program);
  if (artifact->num_states)
    printf("  (some use the model's state: zeros, or --state FILE, read where there is one and "
           "written)\n");
  for (uint32_t e = 0; e < artifact->num_entries; ++e) {
    const nacre_entry *entry = &artifact->entries[e];
    printf("  %s\n", entry->name);
    for (uint32_t i = 0; i < entry->num_dims; ++i)
      printf("    size    %s\n", entry->dim_names[i]);
    for (uint32_t i = 0; i < entry->num_inputs + entry->num_outputs; ++i)
      printf("    %-7s %s: %s\n", i < entry->num_inputs ? "input" : "output",
             entry->tensors[i].name, entry->tensors[i].type);
  }
}

static int fail(const char *what, const char *why) {
  fprintf(stderr, "%s: error: %s\n", what, why);
  return 1;
}

/* The value of the last argument `name=value`, or null. */
static const char *argument(int argc, char **argv, const char *name) {
  size_t length = strlen(name);
  for (int i = argc - 1; i >= 2; --i)
    if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
      return argv[i] + length + 1;
  return NULL;
}

static int read_file(const char *path, void *to, size_t bytes) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return fail(path, "cannot be opened");
  int whole = fread(to, 1, bytes, file) == bytes && fgetc(file) == EOF;
  fclose(file);
  if (whole)
    return 0;
  fprintf(stderr, "%s: error: must hold %zu bytes\n", path, bytes);
  return 1;
}

static int write_file(const char *path, const void *from, size_t bytes) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return fail(path, "cannot be written");
  int whole = fwrite(from, 1, bytes, file) == bytes;
  return fclose(file) == 0 && whole ? 0 : fail(path, "cannot be written");
}

/* The size of a variable by the arguments. */
static int read_size(const char *name, int argc, char **argv, int64_t *size) {
  const char *text = argument(argc, argv, name);
  char *end = NULL;
  *size = text ? strtoll(text, &end, 10) : 0;
  return text && *text != 0 && *end == 0 ? 0 : fail(name, "is a size; give it as in 'B=1'");
}

/* The value of the last argument `--name VALUE`, or null. */
static const char *option(int argc, char **argv, const char *name) {
  for (int i = argc - 2; i >= 2; --i)
    if (strcmp(argv[i], name) == 0)
      return argv[i + 1];
  return NULL;
}

/* Runs an entry; where it uses a state, with the one of the file that --state names, which is
 * written again, or with zeros. */
static int run_once(nacre_model *model, uint32_t index, void **buffers, const int64_t *dims,
                    int argc, char **argv) {
  const nacre_entry *entry = &artifact->entries[index];
  if (!entry->uses_states) {
    nacre_status status = nacre_run(model, index, buffers, dims, NULL);
    return status == NACRE_OK ? 0 : fail(entry->name, nacre_message(model));
  }
  int64_t *sizes = calloc(artifact->num_state_dims + 1, sizeof *sizes);
  if (!sizes)
    return fail(entry->name, "out of memory");
  for (uint32_t i = 0; i < artifact->num_state_dims; ++i) {
    int64_t dim = entry->state_dims[i];
    if (dim == NACRE_DIM_FORMULA) {
      if (read_size(artifact->state_dim_names[i], argc, argv, &sizes[i]) != 0)
        return 1;
    } else {
      sizes[i] = dim >= 0 ? dim : dims[-1 - dim];
    }
  }
  nacre_state *state;
  nacre_status status = nacre_new_state(model, sizes, &state);
  const char *path = option(argc, argv, "--state");
  FILE *there = status == NACRE_OK && path ? fopen(path, "rb") : NULL;
  if (there) {
    fclose(there);
    status = nacre_load_state(state, path);
  }
  if (status == NACRE_OK)
    status = nacre_run_with(model, index, state, buffers, dims, NULL);
  if (status == NACRE_OK && path)
    status = nacre_save_state(state, path);
  nacre_free_state(state);
  free(sizes);
  return status == NACRE_OK ? 0 : fail(entry->name, nacre_message(model));
}

static int run(nacre_model *model, uint32_t index, int argc, char **argv) {
  const nacre_entry *entry = &artifact->entries[index];
  uint32_t tensors = entry->num_inputs + entry->num_outputs;
  size_t ranks = 0;
  for (uint32_t i = 0; i < tensors; ++i)
    ranks += (size_t)entry->tensors[i].rank;
  int64_t *dims = calloc(entry->num_dims + 1, sizeof *dims);
  int64_t *sizes = calloc(ranks + 1, sizeof *sizes);
  void **buffers = calloc(tensors + 1, sizeof *buffers);
  if (!dims || !sizes || !buffers)
    return fail(entry->name, "out of memory");
  for (uint32_t i = 0; i < entry->num_dims; ++i)
    if (read_size(entry->dim_names[i], argc, argv, &dims[i]) != 0)
      return 1;
  if (nacre_shapes(artifact, index, dims, sizes) != NACRE_OK) {
    nacre_run(model, index, buffers, dims, NULL); /* leaves the reason in the model */
    return fail(entry->name, nacre_message(model));
  }
  const int64_t *shape = sizes;
  for (uint32_t i = 0; i < tensors; ++i) {
    const nacre_tensor_info *tensor = &entry->tensors[i];
    size_t bytes = bytes_of(tensor, shape);
    const char *path = argument(argc, argv, tensor->name);
    shape += tensor->rank;
    buffers[i] = malloc(bytes + 1);
    if (!buffers[i])
      return fail(tensor->name, "out of memory");
    if (i < entry->num_inputs && !path)
      return fail(tensor->name, "is an input; give it as in 'x=x.bin'");
    if (i < entry->num_inputs && read_file(path, buffers[i], bytes) != 0)
      return 1;
  }
  if (run_once(model, index, buffers, dims, argc, argv) != 0)
    return 1;
  shape = sizes;
  for (uint32_t i = 0; i < tensors; ++i) {
    const nacre_tensor_info *tensor = &entry->tensors[i];
    size_t bytes = bytes_of(tensor, shape);
    const char *path = argument(argc, argv, tensor->name);
    shape += tensor->rank;
    if (i >= entry->num_inputs && path && write_file(path, buffers[i], bytes) != 0)
      return 1;
    free(buffers[i]);
  }
  free(buffers);
  free(sizes);
  free(dims);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--help") == 0) {
    usage(argv[0]);
    return argc < 2;
  }
  uint32_t index = 0;
  while (index < artifact->num_entries && strcmp(artifact->entries[index].name, argv[1]) != 0)
    ++index;
  if (index == artifact->num_entries)
    return fail(argv[1], "is no entry of the model; --help lists them");

  char beside[4096];
  const char *weights = NULL;
  if (artifact->weights_size > 0) {
    snprintf(beside, sizeof beside, "%s.weights", argv[0]);
    weights = beside;
    if (option(argc, argv, "--weights"))
      weights = option(argc, argv, "--weights");
  }
  nacre_model *model = NULL;
  if (nacre_open(artifact, weights, &model) != NACRE_OK) {
    fprintf(stderr, "%s: error: %s\n", weights ? weights : argv[0], nacre_message(model));
    nacre_close(model);
    return 1;
  }
  int status = run(model, index, argc, argv);
  nacre_close(model);
  return status;
}
