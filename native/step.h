/*
 * Products of widened rows with the tokens of a step, added up as RowSum in Java says: two chains of vectors, the first
 * from the beginning of a row, the second from `second`, both with the same stride; then their sum's lanes. What no vector
 * covers is Java's to add.
 */
#ifndef MOM_STEP_H
#define MOM_STEP_H

#include "tile.h"

/* Rows and tokens whose sums are in registers. */
#define STEP_ROWS PAIRS
#define STEP_TOKENS 4

/* Tokens whose sums are kept in memory between the chunks of a chain, and rows of which that is so. */
#define STEP_BLOCK 16
#define STEP_MOST_ROWS (4 * STEP_ROWS)

/* Vectors of a chunk: those of STEP_BLOCK tokens stay in the first-level cache while all rows pass over them. */
#define STEP_CHUNK (256 / L)

/* Goes on with one chain of STEP_ROWS rows, each with some tokens, n floats apart. */
INLINE void step_chain(const int tokens, const float *const *rows, const float *x, long n, long count, long stride, V *out) {
  V a[STEP_ROWS * STEP_TOKENS];
  UNROLL_ALL for (int i = 0; i < STEP_ROWS * tokens; i++) {
    a[i] = out[i / tokens * STEP_BLOCK + i % tokens];
  }
  for (long c = 0; c < count * stride; c += stride) {
    V z[STEP_TOKENS];
    UNROLL_ALL for (int t = 0; t < tokens; t++) {
      z[t] = LOAD(x + t * n + c);
    }
    UNROLL_ALL for (int r = 0; r < STEP_ROWS; r++) {
      V v = LOAD(rows[r] + c);
      UNROLL_ALL for (int t = 0; t < tokens; t++) {
        a[r * tokens + t] = FMA(v, z[t], a[r * tokens + t]);
      }
    }
  }
  UNROLL_ALL for (int r = 0; r < STEP_ROWS; r++) {
    UNROLL_ALL for (int t = 0; t < tokens; t++) {
      out[r * STEP_BLOCK + t] = a[r * tokens + t];
    }
  }
}

INLINE void step_tokens(long tokens, const float *const *rows, const float *x, long n, long count, long stride, V *out) {
  long t = 0;
  for (; t + STEP_TOKENS <= tokens; t += STEP_TOKENS) {
    step_chain(STEP_TOKENS, rows, x + t * n, n, count, stride, out + t);
  }
  if (t + 2 <= tokens) {
    step_chain(2, rows, x + t * n, n, count, stride, out + t);
    t += 2;
  }
  if (t < tokens) {
    step_chain(1, rows, x + t * n, n, count, stride, out + t);
  }
}

/* Both chains of STEP_MOST_ROWS rows at most, to sums by row and token. */
INLINE void step_chains(const float *w, long rows, long n, const float *x, long tokens, const long *from, const long *count,
                        long stride, V (*sums)[STEP_MOST_ROWS * STEP_BLOCK]) {
  for (int chain = 0; chain < 2; chain++) {
    for (long i = 0; i < STEP_MOST_ROWS * STEP_BLOCK; i++) {
      sums[chain][i] = ZERO();
    }
    for (long c = 0; c < count[chain]; c += STEP_CHUNK) {
      long some = count[chain] - c < STEP_CHUNK ? count[chain] - c : STEP_CHUNK;
      long at = from[chain] + c * stride;
      for (long r = 0; r < rows; r += STEP_ROWS) {
        const float *begins[STEP_ROWS];
        for (int i = 0; i < STEP_ROWS; i++) {
          begins[i] = w + (r + i < rows ? r + i : rows - 1) * n + at; /* behind the last row it is computed again */
        }
        step_tokens(tokens, begins, x + at, n, some, stride, sums[chain] + r * STEP_BLOCK);
      }
    }
  }
}

static void step_products(const float *w, long rows, long n, const float *x, long tokens, long second, long first_count,
                          long second_count, long stride, float *y, long y_stride) {
  V sums[2][STEP_MOST_ROWS * STEP_BLOCK];
  long from[2] = {0, second};
  long count[2] = {first_count, second_count};
  for (long r = 0; r < rows; r += STEP_MOST_ROWS) {
    long held = rows - r < STEP_MOST_ROWS ? rows - r : STEP_MOST_ROWS;
    for (long t = 0; t < tokens; t += STEP_BLOCK) {
      long some = tokens - t < STEP_BLOCK ? tokens - t : STEP_BLOCK;
      step_chains(w + r * n, held, n, x + t * n, some, from, count, stride, sums);
      for (long i = 0; i < held; i++) {
        for (long k = 0; k < some; k++) {
          y[(t + k) * y_stride + r + i] = sum(ADD(sums[0][i * STEP_BLOCK + k], sums[1][i * STEP_BLOCK + k]));
        }
      }
    }
  }
}

#endif
