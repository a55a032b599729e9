/*
 * How the rows of a matrix are gone over, the same for all formats. A format's _dots are the products of two rows with a
 * token, which is read once for both; its _downs adds multiples of some rows to y in their order; its _to_floats widens a
 * row. Dots and downs ask for a line ahead beside each line that they read, so that memory has work all the time. Into the
 * second level: more lines can be under way to there. (bf16 and f32, whose lines are read sooner, gain from the first.)
 */
#ifndef MOM_ROWS_H
#define MOM_ROWS_H

#include "kernels.h"
#include "vectors.h"

/* Weights are asked for so many bytes ahead of their use. */
#define AHEAD_BYTES 8192

/* Neurons whose gates and ups are computed before their downs: they lie in the nearest caches. */
#define NEURON_BLOCK 16

/* Records of neurons are asked for so many bytes ahead, as by Format.AHEAD_BYTES in Java. */
#define RECORDS_AHEAD_BYTES 8192

/* F_LAST is what Java's kernels add to a product of the last rows, those that fill no group of four. */
#define MATVEC(F)                                                                                                      \
  static void F##_matvec(const uint8_t *w, long n, const float *x, float *y, long from, long to, long end) {           \
    long bytes = F##_row(n);                                                                                           \
    long fours = from + (to - from) / 4 * 4;                                                                           \
    for (long r = from; r < to; r += 2) {                                                                              \
      long second = r + 1 < to ? r + 1 : r; /* a last row that has no neighbour is its own */                          \
      /* Nothing behind the last row is wanted: then the lines are asked for that are there already. */                \
      long ahead = (end - second - 1) * bytes < AHEAD_BYTES ? 0 : AHEAD_BYTES;                                         \
      float products[2];                                                                                               \
      F##_dots(w + r * bytes, w + second * bytes, ahead, n, x, products, products + 1);                                \
      y[second] = products[1] + (second < fours ? -0.f : F##_LAST);                                                    \
      y[r] = products[0] + (r < fours ? -0.f : F##_LAST);                                                              \
    }                                                                                                                  \
  }

#define WIDEN(F)                                                                                                       \
  static void F##_widen(const uint8_t *w, long n, long from, long to, float *out) {                                    \
    for (long r = from; r < to; r++) {                                                                                 \
      F##_to_floats(w + r * F##_row(n), n, out + (r - from) * n);                                                      \
    }                                                                                                                  \
  }

/*
 * Vectors of y that stay in registers while the down rows of a block are added to them, so that y is read and written once
 * for all of these.
 */
#define PANEL 4

/* end: of the neurons that are wanted in this and further calls, to be asked for ahead. */
#define NEURONS(F)                                                                                                     \
  static void F##_neurons(const uint8_t *w, long n, const int *list, long from, long to, const float *scales,          \
                          const float *x, float *y, long end) {                                                        \
    long bytes = F##_row(n);                                                                                           \
    long record = 3 * bytes;                                                                                           \
    long records = (RECORDS_AHEAD_BYTES + record - 1) / record;                                                        \
    for (long b = from; b < to; b += NEURON_BLOCK) {                                                                   \
      int count = to - b < NEURON_BLOCK ? (int)(to - b) : NEURON_BLOCK;                                                \
      float gates[NEURON_BLOCK] = {0};                                                                                 \
      float ups[NEURON_BLOCK] = {0};                                                                                   \
      const uint8_t *downs[NEURON_BLOCK];                                                                              \
      const uint8_t *later[NEURON_BLOCK]; /* the down rows of the next block */                                        \
      for (int k = 0; k < count; k++) {                                                                                \
        long at = b + k;                                                                                               \
        const uint8_t *gate = w + list[at] * record;                                                                   \
        long ahead = at + records < end ? (list[at + records] - (long)list[at]) * record : 0;                          \
        downs[k] = gate + 2 * bytes;                                                                                   \
        later[k] = at + NEURON_BLOCK < end ? w + list[at + NEURON_BLOCK] * record + 2 * bytes : downs[k];              \
        F##_dots(gate, gate + bytes, ahead, n, x, gates + k, ups + k);                                                 \
        ups[k] *= scales ? scales[at] : 1;                                                                             \
      }                                                                                                                \
      for (int k = 0; k < NEURON_BLOCK; k += L) {                                                                      \
        STORE(gates + k, silu_times(LOAD(gates + k), LOAD(ups + k)));                                                  \
      }                                                                                                                \
      F##_downs(count, downs, later, gates, n, y);                                                                     \
    }                                                                                                                  \
  }

/* Rows of which parts are widened lie far apart: so many are asked for ahead. */
#define ROWS_AHEAD 16

/* Columns [c0, c1) of rows [from, to) as floats, `stride` apart. */
#define WIDEN_COLUMNS(F)                                                                                               \
  static void F##_widen_columns(const uint8_t *w, long n, long from, long to, long c0, long c1, long stride, float *out) { \
    long bytes = F##_row(n);                                                                                           \
    for (long r = from; r < to; r++) {                                                                                 \
      const uint8_t *row = w + r * bytes;                                                                              \
      if (r + ROWS_AHEAD < to) {                                                                                       \
        for (long at = F##_at(c0); at < F##_at(c1); at += 64) {                                                        \
          FETCH(row + ROWS_AHEAD * bytes + at);                                                                        \
        }                                                                                                              \
        if (F##_at(c1) + 64 <= F##_at(n)) {                                                                            \
          FETCH_LATER(row + ROWS_AHEAD * bytes + F##_at(c1)); /* what the next call reads */                           \
        }                                                                                                              \
      }                                                                                                                \
      F##_part_to_floats(row, n, c0, c1 - c0, out + (r - from) * stride);                                              \
    }                                                                                                                  \
  }

/* Parts of rows that are added up together: short as they are, y is what takes the time. */
#define PARTS_TOGETHER 8
#define FEWER_PARTS 4

/* A sum of columns [c0, c1) of listed rows; the parts are asked for ahead, and what of a row its F_times reads with them. */
#define ADD_ROWS(F)                                                                                                    \
  static void F##_add_rows(const uint8_t *w, long n, const int *list, long from, long to, const float *factors, float *y, \
                           long c0, long c1) {                                                                         \
    long bytes = F##_row(n);                                                                                           \
    long first = F##_at(c0), part = F##_at(c1) - first;                                                                \
    long ahead = part == 0 ? 0 : (RECORDS_AHEAD_BYTES + part - 1) / part;                                              \
    const uint8_t *rows[PARTS_TOGETHER];                                                                               \
    float h[PARTS_TOGETHER];                                                                                           \
    for (long k = from; k < to;) {                                                                                     \
      int count = k + PARTS_TOGETHER <= to ? PARTS_TOGETHER : k + FEWER_PARTS <= to ? FEWER_PARTS : 1;                 \
      for (int i = 0; i < count; i++) {                                                                                \
        const uint8_t *row = w + list[k + i] * bytes;                                                                  \
        rows[i] = row + first;                                                                                         \
        h[i] = F##_times(row, n, factors[k + i]);                                                                      \
        if (k + i + ahead < to) {                                                                                      \
          const uint8_t *next = w + list[k + i + ahead] * bytes;                                                       \
          for (long at = first; at < first + part; at += 64) {                                                         \
            FETCH_LATER(next + at);                                                                                    \
          }                                                                                                            \
          if (F##_at(n) < bytes) {                                                                                     \
            FETCH_LATER(next + F##_at(n));                                                                             \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
      if (count == PARTS_TOGETHER) {                                                                                   \
        F##_sums(PARTS_TOGETHER, rows, h, 0, c1 - c0, y);                                                              \
      } else if (count == FEWER_PARTS) {                                                                               \
        F##_sums(FEWER_PARTS, rows, h, 0, c1 - c0, y);                                                                 \
      } else {                                                                                                         \
        F##_sums(1, rows, h, 0, c1 - c0, y);                                                                           \
      }                                                                                                                \
      k += count;                                                                                                      \
    }                                                                                                                  \
  }

/*
 * Rows of blocks, `together` of them at once: vectors of even number to one chain of sums, the others to another, as
 * RowSum.ofTwo in Java says. F_TAIL is what Java's kernels add for the columns that no vector covers, of which there are
 * none.
 */
#define BLOCK_DOTS(F, together)                                                                                        \
  {                                                                                                                    \
    F##_Blocks of[2];                                                                                                  \
    F##_open(together, row0, block, n, of);                                                                            \
    F##_open(together, row1, block, n, of + 1);                                                                        \
    for (int line = 0; line < together * F##_BYTES; line += 64) {                                                      \
      FETCH_LATER(row0 + block * F##_BYTES + line + ahead);                                                            \
      FETCH_LATER(row1 + block * F##_BYTES + line + ahead);                                                            \
    }                                                                                                                  \
    UNROLL for (int i = 0; i < together; i++) {                                                                        \
      UNROLL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                               \
        const float *at = x + (block + i) * F##_COLUMNS + part * F##_PART;                                             \
        V w0[F##_PART / L];                                                                                            \
        V w1[F##_PART / L];                                                                                            \
        F##_part(of, i, part, w0);                                                                                     \
        F##_part(of + 1, i, part, w1);                                                                                 \
        UNROLL for (int v = 0; v < F##_PART / L; v += 2) {                                                             \
          a0 = FMA(w0[v], LOAD(at + v * L), a0);                                                                       \
          b0 = FMA(w0[v + 1], LOAD(at + v * L + L), b0);                                                               \
          a1 = FMA(w1[v], LOAD(at + v * L), a1);                                                                       \
          b1 = FMA(w1[v + 1], LOAD(at + v * L + L), b1);                                                               \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }

#define BLOCK_DOWNS(F, together)                                                                                       \
  {                                                                                                                    \
    V a[together * F##_COLUMNS / L];                                                                                   \
    float *at = y + block * F##_COLUMNS;                                                                               \
    UNROLL_ALL for (int v = 0; v < together * F##_COLUMNS / L; v++) {                                                  \
      a[v] = LOAD(at + v * L);                                                                                         \
    }                                                                                                                  \
    for (int k = 0; k < count; k++) {                                                                                  \
      F##_Blocks of;                                                                                                   \
      F##_open(together, rows[k], block, n, &of);                                                                      \
      for (int line = 0; line < together * F##_BYTES; line += 64) {                                                    \
        FETCH_LATER(later[k] + block * F##_BYTES + line);                                                              \
      }                                                                                                                \
      V times = SPLAT(h[k]);                                                                                           \
      UNROLL_ALL for (int i = 0; i < together; i++) {                                                                  \
        UNROLL_ALL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                         \
          V w[F##_PART / L];                                                                                           \
          F##_part(&of, i, part, w);                                                                                   \
          UNROLL_ALL for (int v = 0; v < F##_PART / L; v++) {                                                          \
            V *sum = a + (i * F##_COLUMNS + part * F##_PART) / L + v;                                                  \
            *sum = FMA(w[v], times, *sum);                                                                             \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    UNROLL_ALL for (int v = 0; v < together * F##_COLUMNS / L; v++) {                                                  \
      STORE(at + v * L, a[v]);                                                                                         \
    }                                                                                                                  \
  }

#define BLOCK_TO_FLOATS(F, together)                                                                                   \
  {                                                                                                                    \
    F##_Blocks of;                                                                                                     \
    F##_open(together, row, block, n, &of);                                                                            \
    UNROLL for (int i = 0; i < together; i++) {                                                                        \
      UNROLL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                               \
        float *at = out + (block + i) * F##_COLUMNS + part * F##_PART;                                                 \
        V w[F##_PART / L];                                                                                             \
        F##_part(&of, i, part, w);                                                                                     \
        UNROLL for (int v = 0; v < F##_PART / L; v++) {                                                                \
          STORE(at + v * L, w[v]);                                                                                     \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }

/* What of a row lies behind its blocks is asked for with the first of them. */
#define BLOCK_ROWS(F)                                                                                                  \
  INLINE void F##_fetch_rest(const uint8_t *row, long n) {                                                             \
    for (long at = n / F##_COLUMNS * F##_BYTES; at < F##_row(n); at += 64) {                                           \
      FETCH_LATER(row + at);                                                                                           \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_dots(const uint8_t *row0, const uint8_t *row1, long ahead, long n, const float *x, float *y0, float *y1) {\
    V a0 = ZERO(), b0 = ZERO();                                                                                        \
    V a1 = ZERO(), b1 = ZERO();                                                                                        \
    F##_fetch_rest(row0 + ahead, n);                                                                                   \
    F##_fetch_rest(row1 + ahead, n);                                                                                   \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_DOTS(F, F##_TOGETHER)                 \
    for (; block < n / F##_COLUMNS; block++) BLOCK_DOTS(F, 1)                                                          \
    *y0 = sum(ADD(a0, b0)) + F##_TAIL;                                                                                 \
    *y1 = sum(ADD(a1, b1)) + F##_TAIL;                                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_downs(int count, const uint8_t *const *rows, const uint8_t *const *later, const float *h, long n, float *y) {\
    for (int k = 0; k < count; k++) {                                                                                  \
      F##_fetch_rest(later[k], n);                                                                                     \
    }                                                                                                                  \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_DOWNS(F, F##_TOGETHER)                \
    for (; block < n / F##_COLUMNS; block++) BLOCK_DOWNS(F, 1)                                                         \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_to_floats(const uint8_t *row, long n, float *out) {                                                  \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_TO_FLOATS(F, F##_TOGETHER)            \
    for (; block < n / F##_COLUMNS; block++) BLOCK_TO_FLOATS(F, 1)                                                     \
  }

#endif
