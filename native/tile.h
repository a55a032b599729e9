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

/* Neurons that are computed at once. */
#define TILE_NEURONS 64

/* Which of some neurons the halves of a tile hold, and where their hidden activations go. */
typedef struct {
  int held[3][TILE_NEURONS]; /* by both halves, only by the first, only by the second */
  int counts[3];
  int downs[2][TILE_NEURONS]; /* of the tile or of each half: neurons in the order of their hidden activations */
  int at[2][TILE_NEURONS];    /* by neuron: where those of each half begin */
  float hidden[TILE_NEURONS * TOKENS];
} TileBlock;

INLINE unsigned low_half(int held) { return (unsigned)held & ((1u << L) - 1); }

INLINE unsigned high_half(int held) { return (unsigned)held >> L; }

/* Sorts neurons; whether their downs are added up for both halves at once: three of these cost what two of each half do. */
INLINE int tile_sort(const int *held, int count, long width, TileBlock *b) {
  int n[3] = {0, 0, 0};
  for (int k = 0; k < count; k++) {
    unsigned low = low_half(held[k]), high = high_half(held[k]);
    int which = low && high ? 0 : low ? 1 : 2;
    if (low | high) {
      b->held[which][n[which]++] = k;
    }
  }
  memcpy(b->counts, n, sizeof n);
  int firsts = n[0] + n[1], seconds = n[0] + n[2], all = firsts + n[2];
  int whole = width > L && 3 * all <= 2 * (firsts + seconds);
  int to[2] = {0, 0};
  for (int k = 0; k < count; k++) {
    unsigned low = low_half(held[k]), high = high_half(held[k]);
    if (whole && (low | high)) {
      b->at[0][k] = to[0] * TOKENS;
      b->at[1][k] = to[0] * TOKENS + L;
      b->downs[0][to[0]++] = k;
    } else {
      if (low) {
        b->at[0][k] = to[0] * L;
        b->downs[0][to[0]++] = k;
      }
      if (high) {
        b->at[1][k] = (firsts + to[1]) * L;
        b->downs[1][to[1]++] = k;
      }
    }
  }
  return whole;
}

/* What of v belongs to the lanes whose bits are set; 0 elsewhere. */
INLINE V tile_held(V v, unsigned bits) {
#if BITS == 512
  return _mm512_maskz_mov_ps((__mmask16)bits, v);
#else
  __m256i lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), lanes), lanes);
  return _mm256_and_ps(v, _mm256_castsi256_ps(set));
#endif
}

/* Hidden activations of some neurons for `width` halves, the first of which is the tile's half `from`. */
INLINE void tile_hidden(const int neurons, const int width, const int from, const float *records, const int *list, long n,
                        const int *held, const float *factors, long apart, const float *tile, const int stride, int whole,
                        TileBlock *b) {
  const float *rows[PAIRS];
  float products[2 * PAIRS * TOKENS];
  float *out[2 * PAIRS];
  UNROLL_ALL for (int p = 0; p < neurons; p++) {
    rows[p] = records + list[p] * 3 * n;
    out[2 * p] = products + 2 * p * TOKENS;
    out[2 * p + 1] = out[2 * p] + TOKENS;
  }
  tile_pairs(neurons, width, stride, rows, n, n, tile + from * L, out);
  for (int p = 0; p < neurons; p++) {
    int k = list[p];
    for (int v = 0; v < width; v++) {
      int half = from + v;
      V h = silu_times(LOAD(out[2 * p] + v * L), LOAD(out[2 * p + 1] + v * L));
      h = MUL(h, LOAD(factors + k * apart + half * L));
      STORE(b->hidden + b->at[half][k], tile_held(h, half ? high_half(held[k]) : low_half(held[k])));
    }
    if (width == 1 && whole) {
      STORE(b->hidden + b->at[1 - from][k], ZERO());
    }
  }
}

INLINE void tile_some(const int width, const int from, const float *records, const int *list, int count, long n,
                      const int *held, const float *factors, long apart, const float *tile, const int stride, int whole,
                      TileBlock *b) {
#define HIDDEN(neurons) \
  tile_hidden(neurons, width, from, records, list + k, n, held, factors, apart, tile, stride, whole, b)
  int k = 0;
  for (; k + PAIRS <= count; k += PAIRS) {
    HIDDEN(PAIRS);
  }
  switch (count - k) { /* together, or their sums would wait for one another */
#if PAIRS == 6
  case 5:
    HIDDEN(5);
    break;
  case 4:
    HIDDEN(4);
    break;
  case 3:
    HIDDEN(3);
    break;
#endif
  case 2:
    HIDDEN(2);
    break;
  case 1:
    HIDDEN(1);
    break;
  }
#undef HIDDEN
}

/* Some columns of the sum of the down rows. stride: from a column of y to the next. */
INLINE void tile_columns(const int columns, const int width, const int stride, const float *downs, const int *list, int count,
                         long n, const float *h, float *y) {
  V a[2 * PAIRS];
  V b[2 * PAIRS];
  UNROLL_ALL for (int i = 0; i < columns; i++) {
    a[i] = LOAD(y + i * stride);
    b[i] = width == 1 ? a[i] : LOAD(y + i * stride + L);
  }
  for (int k = 0; k < count; k++) {
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
    STORE(y + i * stride, a[i]);
    if (width == 2) {
      STORE(y + i * stride + L, b[i]);
    }
  }
}

INLINE void tile_downs(const int width, const int stride, const float *downs, const int *list, int count, long n,
                       const float *h, float *y) {
  if (count == 0) {
    return;
  }
  long c = 0;
  for (; c + 2 * PAIRS <= n; c += 2 * PAIRS) {
    tile_columns(2 * PAIRS, width, stride, downs + c, list, count, n, h, y + c * stride);
  }
  for (; c < n; c++) {
    tile_columns(1, width, stride, downs + c, list, count, n, h, y + c * stride);
  }
}

INLINE void tile_block_of_neurons(const int width, const float *records, const int *held, const float *factors, long apart,
                                  int count, long n, const float *tile, float *y) {
  TileBlock b;
  int whole = tile_sort(held, count, width, &b);
  if (width > L) {
    tile_some(2, 0, records, b.held[0], b.counts[0], n, held, factors, apart, tile, width, whole, &b);
    tile_some(1, 1, records, b.held[2], b.counts[2], n, held, factors, apart, tile, width, whole, &b);
  }
  tile_some(1, 0, records, b.held[1], b.counts[1], n, held, factors, apart, tile, width, whole, &b);
  const float *downs = records + 2 * n;
  int firsts = b.counts[0] + b.counts[1];
  if (whole) {
    tile_downs(2, width, downs, b.downs[0], firsts + b.counts[2], n, b.hidden, y);
  } else {
    tile_downs(1, width, downs, b.downs[0], firsts, n, b.hidden, y);
    if (width > L) {
      tile_downs(1, width, downs, b.downs[1], b.counts[0] + b.counts[2], n, b.hidden + firsts * L, y + L);
    }
  }
}

static void tile_neurons(const float *records, const int *held, const float *factors, long apart, long count, long n,
                         const float *tile, long tokens, float *y) {
  for (long k = 0; k < count; k += TILE_NEURONS) {
    int some = count - k < TILE_NEURONS ? (int)(count - k) : TILE_NEURONS;
    const float *from = records + k * 3 * n;
    if (tokens > L) {
      tile_block_of_neurons(TOKENS, from, held + k, factors + k * apart, apart, some, n, tile, y);
    } else {
      tile_block_of_neurons(L, from, held + k, factors + k * apart, apart, some, n, tile, y);
    }
  }
}

#endif
