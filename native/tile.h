/*
 * Products of rows of floats with a tile of tokens, which are the lanes: TOKENS of them, transposed, so that a weight is
 * broadcast and its products need no sum across lanes. Each product is added up over the columns in order, whatever rows
 * are computed beside it, as VectorTokens in Java does. Rows come in pairs at one distance, so that half as many addresses
 * are kept. As many rows at once as there are registers for their sums: 12 of 512 bits, 6 of 256.
 */
#ifndef MOM_TILE_H
#define MOM_TILE_H

#include "vectors.h"

#define TOKENS (2 * L)

#if BITS == 512
#define PAIRS 6
#else
#define PAIRS 3
#endif

#define UNROLL_ALL _Pragma("GCC unroll 16")

/*
 * Pairs of rows, rows[p] and rows[p] + distance, times as many tokens as `width` vectors hold, to out[2 p] and
 * out[2 p + 1]. stride: from a column of the tile to the next.
 */
INLINE void tile_pairs(const int pairs, const int width, const int stride, const float *const *rows, long distance, long n,
                       const float *tile, float *const *out) {
  V a[2 * PAIRS];
  V b[2 * PAIRS];
  UNROLL_ALL for (int i = 0; i < 2 * pairs; i++) {
    a[i] = ZERO();
    b[i] = ZERO();
  }
  for (long c = 0; c < n; c++) {
    V x = LOAD(tile + c * stride);
    V z = width == 1 ? x : LOAD(tile + c * stride + L);
    UNROLL_ALL for (int i = 0; i < 2 * pairs; i++) {
      V v = SPLAT(rows[i / 2][c + (i % 2) * distance]);
      a[i] = FMA(v, x, a[i]);
      if (width == 2) {
        b[i] = FMA(v, z, b[i]);
      }
    }
  }
  UNROLL_ALL for (int i = 0; i < 2 * pairs; i++) {
    STORE(out[i], a[i]);
    if (width == 2) {
      STORE(out[i] + L, b[i]);
    }
  }
}

/* rows of n floats, one behind the other, times the tile's first tokens. */
INLINE void tile_block(const int pairs, const int width, const float *w, long distance, long n, const float *tile, long tokens,
                       long rows, float *y, long stride) {
  const float *at[PAIRS];
  float sums[2 * PAIRS * TOKENS];
  float *out[2 * PAIRS];
  UNROLL_ALL for (int p = 0; p < pairs; p++) {
    at[p] = w + 2 * p * n;
    out[2 * p] = sums + 2 * p * TOKENS;
    out[2 * p + 1] = out[2 * p] + TOKENS;
  }
  tile_pairs(pairs, width, TOKENS, at, distance, n, tile, out);
  for (long t = 0; t < tokens; t++) {
    for (long i = 0; i < rows; i++) {
      y[t * stride + i] = sums[i * TOKENS + t];
    }
  }
}

INLINE void tile_of(const int width, const float *w, long rows, long n, const float *tile, long tokens, float *y, long stride) {
  long r = 0;
  for (; r + 2 * PAIRS <= rows; r += 2 * PAIRS) {
    tile_block(PAIRS, width, w + r * n, n, n, tile, tokens, 2 * PAIRS, y + r, stride);
  }
  for (; r + 2 <= rows; r += 2) {
    tile_block(1, width, w + r * n, n, n, tile, tokens, 2, y + r, stride);
  }
  if (r < rows) {
    tile_block(1, width, w + r * n, 0, n, tile, tokens, 1, y + r, stride);
  }
}

static void tile_matmul(const float *w, long rows, long n, const float *tile, long tokens, float *y, long stride) {
  if (tokens > L) {
    tile_of(2, w, rows, n, tile, tokens, y, stride);
  } else {
    tile_of(1, w, rows, n, tile, tokens, y, stride);
  }
}

INLINE void tile_neurons(const int pairs, const int width, const float *records, const int *list, long n, const float *tile,
                         float *gates, float *ups) {
  const float *at[PAIRS];
  float *out[2 * PAIRS];
  UNROLL_ALL for (int p = 0; p < pairs; p++) {
    at[p] = records + list[p] * 3 * n;
    out[2 * p] = gates + p * width * L;
    out[2 * p + 1] = ups + p * width * L;
  }
  tile_pairs(pairs, width, width * L, at, n, n, tile, out);
}

INLINE void tile_gates(const int width, const float *records, const int *list, long count, long n, const float *tile,
                       float *gates, float *ups) {
  long k = 0;
  for (; k + PAIRS <= count; k += PAIRS) {
    tile_neurons(PAIRS, width, records, list + k, n, tile, gates + k * width * L, ups + k * width * L);
  }
  list += k;
  gates += k * width * L;
  ups += k * width * L;
  switch (count - k) { /* together, or their sums would wait for one another */
#if PAIRS == 6
  case 5:
    tile_neurons(5, width, records, list, n, tile, gates, ups);
    break;
  case 4:
    tile_neurons(4, width, records, list, n, tile, gates, ups);
    break;
  case 3:
    tile_neurons(3, width, records, list, n, tile, gates, ups);
    break;
#endif
  case 2:
    tile_neurons(2, width, records, list, n, tile, gates, ups);
    break;
  case 1:
    tile_neurons(1, width, records, list, n, tile, gates, ups);
    break;
  }
}

static void tile_gate_up(const float *records, const int *list, long count, long n, const float *tile, long tokens,
                         float *gates, float *ups) {
  if (tokens > L) {
    tile_gates(2, records, list, count, n, tile, gates, ups);
  } else {
    tile_gates(1, records, list, count, n, tile, gates, ups);
  }
}

/* Some columns of the sum of the down rows. */
INLINE void tile_columns(const int columns, const int width, const float *downs, const int *list, long count, long n,
                         const float *h, float *y) {
  V a[2 * PAIRS];
  V b[2 * PAIRS];
  UNROLL_ALL for (int i = 0; i < columns; i++) {
    a[i] = LOAD(y + i * width * L);
    b[i] = width == 1 ? a[i] : LOAD(y + i * width * L + L);
  }
  for (long k = 0; k < count; k++) {
    const float *row = downs + list[k] * 3 * n;
    V x = LOAD(h + k * width * L);
    V z = width == 1 ? x : LOAD(h + k * width * L + L);
    FETCH(row + 2 * columns); /* for the next columns: rows are too far apart for the hardware to guess */
    UNROLL_ALL for (int i = 0; i < columns; i++) {
      V v = SPLAT(row[i]);
      a[i] = FMA(v, x, a[i]);
      if (width == 2) {
        b[i] = FMA(v, z, b[i]);
      }
    }
  }
  UNROLL_ALL for (int i = 0; i < columns; i++) {
    STORE(y + i * width * L, a[i]);
    if (width == 2) {
      STORE(y + i * width * L + L, b[i]);
    }
  }
}

INLINE void tile_downs(const int width, const float *downs, const int *list, long count, long n, const float *h, float *y) {
  long c = 0;
  for (; c + 2 * PAIRS <= n; c += 2 * PAIRS) {
    tile_columns(2 * PAIRS, width, downs + c, list, count, n, h, y + c * width * L);
  }
  for (; c < n; c++) {
    tile_columns(1, width, downs + c, list, count, n, h, y + c * width * L);
  }
}

static void tile_add_down(const float *records, const int *list, long count, long n, const float *h, long tokens, float *y) {
  if (tokens > L) {
    tile_downs(2, records + 2 * n, list, count, n, h, y);
  } else {
    tile_downs(1, records + 2 * n, list, count, n, h, y);
  }
}

#endif
