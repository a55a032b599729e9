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
#define STEP_CHUNK (320 / L)

/* Chunks of a chain, and vectors of each but the last: about as many in all of them. */
INLINE long step_chunks(long count) { return (count + STEP_CHUNK - 1) / STEP_CHUNK; }

INLINE long step_chunk(long count) { return count == 0 ? 1 : (count + step_chunks(count) - 1) / step_chunks(count); }

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

/* Memory that is asked for while other things are computed: so many lines at a time. */
typedef struct {
  const uint8_t *at;
  const uint8_t *end;
  long lines;
} Ahead;

INLINE void ask(Ahead *ahead) {
  for (long i = 0; i < ahead->lines && ahead->at < ahead->end; i++) {
    FETCH_LATER(ahead->at);
    ahead->at += 64;
  }
}

/* Both chains of STEP_MOST_ROWS rows at most, to sums by row and token. */
INLINE void step_chains(const float *w, long rows, long n, const float *x, long tokens, const long *from, const long *count,
                        long stride, V (*sums)[(STEP_MOST_ROWS + STEP_ROWS) * STEP_BLOCK], Ahead *ahead) {
  for (int chain = 0; chain < 2; chain++) {
    for (long r = 0; r < rows + STEP_ROWS - 1; r++) {
      for (long t = 0; t < tokens; t++) {
        sums[chain][r * STEP_BLOCK + t] = ZERO();
      }
    }
    long chunk = step_chunk(count[chain]);
    for (long c = 0; c < count[chain]; c += chunk) {
      long some = count[chain] - c < chunk ? count[chain] - c : chunk;
      long at = from[chain] + c * stride;
      for (long r = 0; r < rows; r += STEP_ROWS) {
        const float *begins[STEP_ROWS];
        for (int i = 0; i < STEP_ROWS; i++) {
          begins[i] = w + (r + i < rows ? r + i : rows - 1) * n + at; /* behind the last row it is computed again */
        }
        ask(ahead);
        step_tokens(tokens, begins, x + at, n, some, stride, sums[chain] + r * STEP_BLOCK);
      }
    }
  }
}

static void step_products(const float *w, long rows, long n, const float *x, long tokens, long second, long first_count,
                          long second_count, long stride, float *y, long y_stride, const uint8_t *next, long next_bytes) {
  long units = (rows + STEP_ROWS - 1) / STEP_ROWS * (step_chunks(first_count) + step_chunks(second_count));
  Ahead ahead = {next, next + next_bytes, units == 0 ? 0 : next_bytes / 64 / units + 1};
  V chains[2][(STEP_MOST_ROWS + STEP_ROWS) * STEP_BLOCK];
  long from[2] = {0, second};
  long count[2] = {first_count, second_count};
  for (long r = 0; r < rows; r += STEP_MOST_ROWS) {
    long held = rows - r < STEP_MOST_ROWS ? rows - r : STEP_MOST_ROWS;
    for (long t = 0; t < tokens; t += STEP_BLOCK) {
      long some = tokens - t < STEP_BLOCK ? tokens - t : STEP_BLOCK;
      step_chains(w + r * n, held, n, x + t * n, some, from, count, stride, chains, &ahead);
      for (long i = 0; i < held; i++) {
        V both[STEP_BLOCK];
        float totals[STEP_BLOCK];
        for (long k = 0; k < some; k++) {
          both[k] = ADD(chains[0][i * STEP_BLOCK + k], chains[1][i * STEP_BLOCK + k]);
        }
        for (long k = some; k < (some + 3) / 4 * 4; k++) {
          both[k] = ZERO();
        }
        for (long k = 0; k < some; k += 4) {
          sums(both + k, totals + k);
        }
        for (long k = 0; k < some; k++) {
          y[(t + k) * y_stride + r + i] = totals[k];
        }
      }
    }
  }
}

#endif
