/*
 * How the rows of a matrix are gone over, the same for all formats. A format's _dot is the product of a row with a token,
 * its _axpys adds multiples of some rows to y in their order, its _to_floats widens a row. Products of one row after the
 * other are as fast as of several at once: the CPU begins with the next row while the last sums of one are under way.
 */
#ifndef MOM_ROWS_H
#define MOM_ROWS_H

#include "kernels.h"
#include "vectors.h"

/* Weights are asked for so many bytes ahead of their use. */
#define AHEAD_BYTES 4096

/* Neurons whose gates and ups are computed before their downs: they lie in the nearest caches. */
#define NEURON_BLOCK 16

/* Records of neurons are asked for so many bytes ahead, as by Format.AHEAD_BYTES in Java. */
#define RECORDS_AHEAD_BYTES 8192

/* F_LAST is what Java's kernels add to a product of the last rows, those that fill no group of four. */
#define MATVEC(F)                                                                                                      \
  static void F##_matvec(const uint8_t *w, long n, const float *x, float *y, long from, long to, long end) {           \
    long bytes = F##_row(n);                                                                                           \
    long fours = from + (to - from) / 4 * 4;                                                                           \
    for (long r = from; r < to; r++) {                                                                                 \
      /* Nothing behind the last row is wanted: then the line is asked for that is there already. */                   \
      long ahead = (end - r - 1) * bytes < AHEAD_BYTES ? 0 : AHEAD_BYTES;                                              \
      y[r] = F##_dot(w + r * bytes, ahead, n, x) + (r < fours ? -0.f : F##_LAST);                                      \
    }                                                                                                                  \
  }

#define WIDEN(F)                                                                                                       \
  static void F##_widen(const uint8_t *w, long n, long from, long to, float *out) {                                    \
    for (long r = from; r < to; r++) {                                                                                 \
      F##_to_floats(w + r * F##_row(n), n, out + (r - from) * n);                                                      \
    }                                                                                                                  \
  }

/* Down rows that are added up together, so that y is read and written once for them. */
#define AXPYS 4

#define NEURONS(F)                                                                                                     \
  static void F##_neurons(const uint8_t *w, long n, const int *list, long from, long to, const float *scales,          \
                          const float *x, float *y) {                                                                  \
    long bytes = F##_row(n);                                                                                           \
    long record = 3 * bytes;                                                                                           \
    long records = (RECORDS_AHEAD_BYTES + record - 1) / record;                                                        \
    for (long b = from; b < to; b += NEURON_BLOCK) {                                                                   \
      int count = to - b < NEURON_BLOCK ? (int)(to - b) : NEURON_BLOCK;                                                \
      float gates[NEURON_BLOCK] = {0};                                                                                 \
      float ups[NEURON_BLOCK] = {0};                                                                                   \
      const uint8_t *downs[NEURON_BLOCK];                                                                              \
      for (int k = 0; k < count; k++) {                                                                                \
        const uint8_t *gate = w + list[b + k] * record;                                                                \
        downs[k] = gate + 2 * bytes;                                                                                   \
        long ahead = 0;                                                                                                \
        if (b + k + records < to) {                                                                                    \
          ahead = (list[b + k + records] - (long)list[b + k]) * record;                                                \
          for (long at = 2 * bytes; at < record; at += 64) {                                                           \
            FETCH_LATER(gate + ahead + at); /* the down row */                                                         \
          }                                                                                                            \
        }                                                                                                              \
        gates[k] = F##_dot(gate, ahead, n, x);                                                                         \
        ups[k] = F##_dot(gate + bytes, ahead, n, x) * (scales ? scales[b + k] : 1);                                    \
      }                                                                                                                \
      for (int k = 0; k < NEURON_BLOCK; k += L) {                                                                      \
        STORE(gates + k, silu_times(LOAD(gates + k), LOAD(ups + k)));                                                  \
      }                                                                                                                \
      int k = 0;                                                                                                       \
      for (; k + AXPYS <= count; k += AXPYS) {                                                                         \
        F##_axpys(AXPYS, downs + k, gates + k, n, y);                                                                  \
      }                                                                                                                \
      for (; k < count; k++) {                                                                                         \
        F##_axpys(1, downs + k, gates + k, n, y);                                                                      \
      }                                                                                                                \
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
      int count = k + PARTS_TOGETHER <= to ? PARTS_TOGETHER : k + AXPYS <= to ? AXPYS : 1;                             \
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
        F##_sums(PARTS_TOGETHER, rows, h, c1 - c0, y);                                                                 \
      } else if (count == AXPYS) {                                                                                     \
        F##_sums(AXPYS, rows, h, c1 - c0, y);                                                                          \
      } else {                                                                                                         \
        F##_sums(1, rows, h, c1 - c0, y);                                                                              \
      }                                                                                                                \
      k += count;                                                                                                      \
    }                                                                                                                  \
  }

/*
 * Rows of blocks, `together` of them at once: vectors of even number to one chain of sums, the others to another, as
 * RowSum.ofTwo in Java says. F_TAIL is what Java's kernels add for the columns that no vector covers, of which there are
 * none.
 */
#define BLOCK_DOT(F, together)                                                                                         \
  {                                                                                                                    \
    F##_Blocks of;                                                                                                     \
    F##_open(together, row, block, n, &of);                                                                            \
    for (int line = 0; line < together * F##_BYTES; line += 64) {                                                      \
      FETCH(row + block * F##_BYTES + line + ahead);                                                                   \
    }                                                                                                                  \
    UNROLL for (int i = 0; i < together; i++) {                                                                        \
      UNROLL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                               \
        const float *at = x + (block + i) * F##_COLUMNS + part * F##_PART;                                             \
        V w[F##_PART / L];                                                                                             \
        F##_part(&of, i, part, w);                                                                                     \
        UNROLL for (int v = 0; v < F##_PART / L; v += 2) {                                                             \
          a = FMA(w[v], LOAD(at + v * L), a);                                                                          \
          b = FMA(w[v + 1], LOAD(at + v * L + L), b);                                                                  \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }

#define BLOCK_AXPY(F, together)                                                                                        \
  {                                                                                                                    \
    F##_Blocks of;                                                                                                     \
    F##_open(together, row, block, n, &of);                                                                            \
    UNROLL for (int i = 0; i < together; i++) {                                                                        \
      UNROLL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                               \
        float *at = y + (block + i) * F##_COLUMNS + part * F##_PART;                                                   \
        V w[F##_PART / L];                                                                                             \
        F##_part(&of, i, part, w);                                                                                     \
        UNROLL for (int v = 0; v < F##_PART / L; v++) {                                                                \
          STORE(at + v * L, FMA(w[v], times, LOAD(at + v * L)));                                                       \
        }                                                                                                              \
      }                                                                                                                \
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

#define BLOCK_ROWS(F)                                                                                                  \
  INLINE float F##_dot(const uint8_t *row, long ahead, long n, const float *x) {                                       \
    V a = ZERO();                                                                                                      \
    V b = ZERO();                                                                                                      \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_DOT(F, F##_TOGETHER)                  \
    for (; block < n / F##_COLUMNS; block++) BLOCK_DOT(F, 1)                                                           \
    return sum(ADD(a, b)) + F##_TAIL;                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_axpy(const uint8_t *row, float h, long n, float *y) {                                                \
    V times = SPLAT(h);                                                                                                \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_AXPY(F, F##_TOGETHER)                 \
    for (; block < n / F##_COLUMNS; block++) BLOCK_AXPY(F, 1)                                                          \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_axpys(const int count, const uint8_t *const *rows, const float *h, long n, float *y) {               \
    for (int k = 0; k < count; k++) {                                                                                  \
      F##_axpy(rows[k], h[k], n, y);                                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_to_floats(const uint8_t *row, long n, float *out) {                                                  \
    long block = 0;                                                                                                    \
    for (; block + F##_TOGETHER <= n / F##_COLUMNS; block += F##_TOGETHER) BLOCK_TO_FLOATS(F, F##_TOGETHER)            \
    for (; block < n / F##_COLUMNS; block++) BLOCK_TO_FLOATS(F, 1)                                                     \
  }

#endif
