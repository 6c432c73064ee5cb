/*===- state_format.h - the header of a state's file ---------------*- C -*-===*/
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* What nacre_save_state writes: this header, the sizes of the artifact's state dimension variables,
 * one int64 each, zeros up to the next multiple of 64 bytes, and the state's tensors as they lie in
 * memory: in the artifact's order, dense and row-major, each from a multiple of 64 bytes on.
 *
 * All numbers are little-endian. */

#ifndef NACRE_STATE_FORMAT_H
#define NACRE_STATE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define NACRE_STATE_MAGIC "NACRESTA" /* 8 bytes, without the closing zero */
#define NACRE_STATE_VERSION 1u

typedef struct nacre_state_header {
  char magic[8];
  uint32_t version;
  uint32_t num_dims;          /* of the artifact's state dimension variables */
  unsigned char build_id[32]; /* of the object that the state was made for */
  uint64_t data_offset;       /* of the tensors */
  uint64_t data_size;         /* of the tensors, gaps among them: up to the end of the file */
  /* Of the sizes and of the data: of each 8 bytes of them, as a number w, from c = 0 on:
   * c = rotate_left((c ^ w) * 0x9e3779b97f4a7c15, 29). A change within 8 bytes always shows. */
  uint64_t checksum;
  uint64_t reserved; /* 0 */
} nacre_state_header;

#ifdef __cplusplus
static_assert(sizeof(nacre_state_header) == 80, "no padding");
#else
_Static_assert(sizeof(nacre_state_header) == 80, "no padding");
#endif

#endif /* NACRE_STATE_FORMAT_H */
