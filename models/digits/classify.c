/* classify.c - handwritten digits through two compiled networks
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *   classify heldout.bin mlp.weights cnn.weights
 *
 * Links against mlp.o and cnn.o, both made by `nacre compile`. Classifies every held-out image with
 * both networks, draws some, and compares each answer with the one PyTorch gave (train.py wrote it
 * into heldout.bin). Exit status: 0 when all answers equal PyTorch's, 1 when one differs, 2 when a
 * file cannot be used.
 */
#include "cnn.h"
#include "mlp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIXELS = 64, CLASSES = 10, DRAWN = 8, DRAWN_PER_ROW = 4, ROUNDS = 20, NETWORKS = 2 };
enum { ALIGNMENT = 64 }; /* nacre.h asks it of an arena */

typedef struct {
  uint8_t pixels[PIXELS]; /* 0..16, row by row */
  uint8_t label;
  uint8_t pytorch[NETWORKS]; /* PyTorch's answers, in the order of `networks` */
} record;

/* The generated functions of both networks have one shape, so a table can hold them. */
typedef struct {
  const char *name;
  nacre_status (*open)(const char *weights_path, nacre_model **model);
  void (*close)(nacre_model *model);
  size_t (*arena_size)(int64_t B);
  nacre_status (*forward)(nacre_model *model, int64_t B, const float *images, float *result,
                          void *arena);
} network;

static const network networks[NETWORKS] = {
    {"mlp", mlp_open, mlp_close, mlp_forward_arena_size, mlp_forward},
    {"cnn", cnn_open, cnn_close, cnn_forward_arena_size, cnn_forward},
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  exit(2);
}

static void check(nacre_status status, const nacre_model *model) {
  if (status != NACRE_OK)
    fail(nacre_status_text(status), nacre_message(model));
}

static void *allocate(size_t bytes) {
  size_t whole = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  void *block = aligned_alloc(ALIGNMENT, whole);
  if (!block)
    fail("memory", "none left");
  return block;
}

static double microseconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

/* Reads heldout.bin; the format is described in train.py. */
static record *readRecords(const char *path, uint32_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(path, "cannot be opened");
  unsigned char head[12];
  if (fread(head, 1, sizeof head, file) != sizeof head || memcmp(head, "NCRDIGIT", 8) != 0)
    fail(path, "holds no digits");
  *count = head[8] | (uint32_t)head[9] << 8 | (uint32_t)head[10] << 16 | (uint32_t)head[11] << 24;
  if (*count < DRAWN || *count > 100000)
    fail(path, "has an unlikely number of images");
  record *records = allocate(*count * sizeof *records);
  if (fread(records, sizeof *records, *count, file) != *count)
    fail(path, "ends too early");
  fclose(file);
  return records;
}

static int largest(const float *logits) {
  int best = 0;
  for (int i = 1; i < CLASSES; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

/* The first half of the drawn images are simply the first ones, the rest are images on which a
 * network errs. */
static void choose(const record *records, uint32_t count, const uint8_t *answers,
                   uint32_t *chosen) {
  int found = 0;
  for (uint32_t i = 0; i < DRAWN / 2; ++i)
    chosen[found++] = i;
  for (int wanted = 1; wanted >= 0; --wanted)
    for (uint32_t i = DRAWN / 2; i < count && found < DRAWN; ++i) {
      int errs = answers[i * NETWORKS] != records[i].label ||
                 answers[i * NETWORKS + 1] != records[i].label;
      if (errs == wanted)
        chosen[found++] = i;
    }
}

static void draw(const record *records, const uint8_t *answers, const uint32_t *chosen) {
  static const char *shades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  for (int row = 0; row < DRAWN; row += DRAWN_PER_ROW) {
    for (int y = 0; y < 8; ++y) {
      for (int i = row; i < row + DRAWN_PER_ROW; ++i) {
        printf("  ");
        for (int x = 0; x < 8; ++x)
          fputs(shades[(records[chosen[i]].pixels[y * 8 + x] * 4 + 8) / 16], stdout);
      }
      putchar('\n');
    }
    for (int i = row; i < row + DRAWN_PER_ROW; ++i) {
      const uint8_t *answer = answers + chosen[i] * NETWORKS;
      int label = records[chosen[i]].label;
      printf("  mlp %d %s cnn %d %s ", answer[0], answer[0] == label ? "✓" : "✗", answer[1],
             answer[1] == label ? "✓" : "✗");
    }
    printf("\n\n");
  }
}

static int compareDoubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median over rounds of the microseconds per image, `batch` images a call. */
static double timePerImage(const network *net, nacre_model *model, uint32_t count, uint32_t batch,
                           const float *images, float *logits, void *arena) {
  double rounds[ROUNDS];
  for (int round = 0; round < ROUNDS; ++round) {
    double start = microseconds();
    for (uint32_t i = 0; i + batch <= count; i += batch)
      check(net->forward(model, batch, images + i * PIXELS, logits + i * CLASSES, arena), model);
    rounds[round] = (microseconds() - start) / (count / batch * batch);
  }
  qsort(rounds, ROUNDS, sizeof *rounds, compareDoubles);
  return rounds[ROUNDS / 2];
}

int main(int argc, char **argv) {
  if (argc != 2 + NETWORKS) {
    fprintf(stderr, "usage: classify heldout.bin mlp.weights cnn.weights\n");
    return 2;
  }
  uint32_t count;
  record *records = readRecords(argv[1], &count);
  float *images = allocate(count * PIXELS * sizeof *images);
  float *logits = allocate(count * CLASSES * sizeof *logits);
  uint8_t *answers = allocate(count * NETWORKS);
  for (uint32_t i = 0; i < count * PIXELS; ++i)
    images[i] = records[i / PIXELS].pixels[i % PIXELS] / 16.0f;

  char lines[NETWORKS][160];
  int differing = 0;
  for (int n = 0; n < NETWORKS; ++n) {
    const network *net = &networks[n];
    nacre_model *model;
    nacre_status opened = net->open(argv[2 + n], &model);
    check(opened, model);
    /* Both networks are done sooner than a second thread is woken. */
    check(nacre_set_threads(model, 1), model);
    size_t arenaBytes = net->arena_size(1);
    void *arena = allocate(net->arena_size(count));

    uint32_t right = 0, same = 0;
    for (uint32_t i = 0; i < count; ++i) {
      check(net->forward(model, 1, images + i * PIXELS, logits + i * CLASSES, arena), model);
      int answer = largest(logits + i * CLASSES);
      answers[i * NETWORKS + n] = (uint8_t)answer;
      right += answer == records[i].label;
      same += answer == records[i].pytorch[n];
    }
    differing += (int)(count - same);

    double single = timePerImage(net, model, count, 1, images, logits, arena);
    double together = timePerImage(net, model, count, count, images, logits, arena);
    for (uint32_t i = 0; i < count; ++i)
      if (largest(logits + i * CLASSES) != answers[i * NETWORKS + n])
        ++differing;
    snprintf(lines[n], sizeof lines[n],
             "%-4s %4u of %u %7.1f %% %7u of %u %10.2f us %10.2f us %10zu B", net->name, right,
             count, 100.0 * right / count, same, count, single, together, arenaBytes);
    free(arena);
    net->close(model);
  }

  uint32_t chosen[DRAWN];
  choose(records, count, answers, chosen);
  draw(records, answers, chosen);
  printf("net         right  accuracy  as PyTorch    one by one   %u at once  arena of one\n",
         count);
  for (int n = 0; n < NETWORKS; ++n)
    puts(lines[n]);
  free(records);
  free(images);
  free(logits);
  free(answers);
  if (differing)
    printf("%d answers differ from PyTorch's\n", differing);
  return differing != 0;
}
