/*
 * Attention of several queries over the slots of one page, laid out as KvFormat in Java says: keys as
 * [block][n][KEY_BLOCK], so that a vector holds the same coordinate of neighbouring slots, values as [slot][n]. What each
 * query gets is added up over coordinates, or over slots, in order, whatever is computed beside it.
 */
#ifndef MOM_ATTENTION_H
#define MOM_ATTENTION_H

#include "tile.h"

#define KEY_BLOCK 16

/* Queries whose sums are in registers, and vectors of each of them; of one query twice as many. */
#define QUERIES 4
#define VECTORS 2

/* Of slots t, t + 1, ...: t is a multiple of L. */
INLINE const float *key_at(const float *keys, long t, long n) { return keys + t / KEY_BLOCK * KEY_BLOCK * n + t % KEY_BLOCK; }

/* Scores of slots [t, t + vectors L) to out[k] + t - from, but for those before `from`. */
INLINE void score_vectors(const int queries, const int vectors, const float *const *q, const float *keys, long t, long from,
                          long n, float scale, float *const *out) {
  V a[QUERIES * VECTORS];
  const float *at[2 * VECTORS];
  UNROLL_ALL for (int v = 0; v < vectors; v++) {
    at[v] = key_at(keys, t + v * L, n);
  }
  UNROLL_ALL for (int i = 0; i < queries * vectors; i++) {
    a[i] = ZERO();
  }
  for (long i = 0; i < n; i++) {
    V x[2 * VECTORS];
    UNROLL_ALL for (int v = 0; v < vectors; v++) {
      x[v] = LOAD(at[v] + i * KEY_BLOCK);
    }
    UNROLL_ALL for (int k = 0; k < queries; k++) {
      V w = SPLAT(q[k][i]);
      UNROLL_ALL for (int v = 0; v < vectors; v++) {
        a[k * vectors + v] = FMA(x[v], w, a[k * vectors + v]);
      }
    }
  }
  UNROLL_ALL for (int k = 0; k < queries; k++) {
    UNROLL_ALL for (int v = 0; v < vectors; v++) {
      V scores = MUL(a[k * vectors + v], SPLAT(scale));
      if (t + v * L >= from) {
        STORE(out[k] + t + v * L - from, scores);
      } else { /* the first vector begins before what is wanted */
        float lanes[L];
        STORE(lanes, scores);
        for (long lane = from - t; lane < L; lane++) {
          out[k][t + lane - from] = lanes[lane];
        }
      }
    }
  }
}

INLINE void score_queries(const int queries, const int vectors, const float *const *q, const float *keys, long from, long to,
                          long n, float scale, float *const *out) {
  long t = from / L * L;
  for (; t + (vectors - 1) * L < to; t += vectors * L) {
    score_vectors(queries, vectors, q, keys, t, from, n, scale, out);
  }
  for (; t < to; t += L) {
    score_vectors(queries, 1, q, keys, t, from, n, scale, out);
  }
}

/* Whole vectors are stored: up to L - 1 floats behind the last score are anything. */
static void page_scores(const float *q, const int *q_at, long queries, const float *keys, long from, long to, long n,
                        float scale, float *out, const int *out_at) {
  const float *of[QUERIES];
  float *scores[QUERIES];
  for (long k = 0; k < queries;) {
    int some = queries - k < QUERIES ? 1 : QUERIES;
    for (int i = 0; i < some; i++) {
      of[i] = q + q_at[k + i];
      scores[i] = out + out_at[k + i];
    }
    if (some == QUERIES) {
      score_queries(QUERIES, VECTORS, of, keys, from, to, n, scale, scores);
    } else {
      score_queries(1, 2 * VECTORS, of, keys, from, to, n, scale, scores);
    }
    k += some;
  }
}

/* Columns [i, i + vectors L) of the outputs. */
INLINE void mix_vectors(const int queries, const int vectors, const float *const *p, const float *values, long slots, long n,
                        float *const *out, long i) {
  V a[QUERIES * VECTORS];
  UNROLL_ALL for (int k = 0; k < queries; k++) {
    UNROLL_ALL for (int v = 0; v < vectors; v++) {
      a[k * vectors + v] = LOAD(out[k] + i + v * L);
    }
  }
  for (long t = 0; t < slots; t++) {
    V x[2 * VECTORS];
    UNROLL_ALL for (int v = 0; v < vectors; v++) {
      x[v] = LOAD(values + t * n + i + v * L);
    }
    UNROLL_ALL for (int k = 0; k < queries; k++) {
      V w = SPLAT(p[k][t]);
      UNROLL_ALL for (int v = 0; v < vectors; v++) {
        a[k * vectors + v] = FMA(x[v], w, a[k * vectors + v]);
      }
    }
  }
  UNROLL_ALL for (int k = 0; k < queries; k++) {
    UNROLL_ALL for (int v = 0; v < vectors; v++) {
      STORE(out[k] + i + v * L, a[k * vectors + v]);
    }
  }
}

INLINE void mix_queries(const int queries, const int vectors, const float *const *p, const float *values, long slots, long n,
                        float *const *out) {
  long i = 0;
  for (; i + vectors * L <= n; i += vectors * L) {
    mix_vectors(queries, vectors, p, values, slots, n, out, i);
  }
  for (; i + L <= n; i += L) {
    mix_vectors(queries, 1, p, values, slots, n, out, i);
  }
  for (int k = 0; k < queries; k++) {
    for (long c = i; c < n; c++) {
      float mixed = out[k][c];
      for (long t = 0; t < slots; t++) {
        mixed += p[k][t] * values[t * n + c];
      }
      out[k][c] = mixed;
    }
  }
}

static void page_mix(const float *p, const int *p_at, long queries, const float *values, long slots, long n, float *out,
                     const int *out_at) {
  const float *of[QUERIES];
  float *mixed[QUERIES];
  for (long k = 0; k < queries;) {
    int some = queries - k < QUERIES ? 1 : QUERIES;
    for (int i = 0; i < some; i++) {
      of[i] = p + p_at[k + i];
      mixed[i] = out + out_at[k + i];
    }
    if (some == QUERIES) {
      mix_queries(QUERIES, VECTORS, of, values, slots, n, mixed);
    } else {
      mix_queries(1, 2 * VECTORS, of, values, slots, n, mixed);
    }
    k += some;
  }
}

#endif
