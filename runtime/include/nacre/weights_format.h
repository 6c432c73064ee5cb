/*===- weights_format.h - the header of a .weights file ------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* A weights file is this header, the data, and a table of contents. The data is mapped and read in
 * place; where each tensor lies in it is known to the object, so the runtime never reads the table
 * of contents. It is for people and tools: a JSON object, described in docs/artifact.md.
 *
 * All numbers are little-endian. */

#ifndef NACRE_WEIGHTS_FORMAT_H
#define NACRE_WEIGHTS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define NACRE_WEIGHTS_MAGIC "NACREWTS" /* 8 bytes, without the closing zero */
#define NACRE_WEIGHTS_VERSION 1u
#define NACRE_WEIGHTS_HEADER_SIZE 4096u

typedef struct nacre_weights_header {
  char magic[8];
  uint32_t version;
  uint32_t header_size;       /* NACRE_WEIGHTS_HEADER_SIZE */
  unsigned char build_id[32]; /* of the object that this file belongs to */
  uint64_t file_size;         /* of the whole file; a shorter one was cut off */
  uint64_t data_offset; /* NACRE_WEIGHTS_HEADER_SIZE; a multiple of the page size that mmap wants */
  uint64_t data_size;   /* equals nacre_artifact.weights_size; tensors in it are 64-byte aligned */
  uint64_t contents_offset; /* of the table of contents, after the data */
  uint64_t contents_size;
  unsigned char reserved[NACRE_WEIGHTS_HEADER_SIZE - 88]; /* zeros */
} nacre_weights_header;

#ifdef __cplusplus
static_assert(sizeof(nacre_weights_header) == NACRE_WEIGHTS_HEADER_SIZE, "no padding");
static_assert(offsetof(nacre_weights_header, reserved) == 88, "no padding");
#else
_Static_assert(sizeof(nacre_weights_header) == NACRE_WEIGHTS_HEADER_SIZE, "no padding");
_Static_assert(offsetof(nacre_weights_header, reserved) == 88, "no padding");
#endif

#endif /* NACRE_WEIGHTS_FORMAT_H */
