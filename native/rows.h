/*
 * How the matrix's rows are gone over, the same for all formats. A format's _dots gives the products of up to ROWS rows
 * with one token, its _axpys adds multiples of up to ROWS rows. Several rows at once hide the time that one sum waits for
 * its last addition, and share the loads of the token; every row is added up by itself, so its bits do not know of the
 * others.
 */
#ifndef MOM_ROWS_H
#define MOM_ROWS_H

#include "kernels.h"
#include "vectors.h"

#define ROWS 4

/* Weights are asked for so many bytes of a row ahead of their use. */
#define AHEAD_BYTES 2048

/* Records of neurons are asked for so many bytes ahead, as Format.AHEAD_BYTES in Java. */
#define RECORDS_AHEAD_BYTES 8192

/* Where the bytes lie that are to be asked for: near bytes behind those of a row that come before turn, else far. */
typedef struct {
  long near;
  long far;
  long turn;
} Ahead;

#define FETCH_AHEAD(p, at, ahead) FETCH((p) + (at) + ((at) < (ahead).turn ? (ahead).near : (ahead).far))

/* For rows that are computed `rows` at a time: a row's end is followed by its successor's beginning. */
INLINE Ahead ahead_of(long bytes, int rows, long left) {
  long near = bytes > AHEAD_BYTES ? AHEAD_BYTES : 0;
  long groups = bytes > AHEAD_BYTES ? 1 : (AHEAD_BYTES + bytes - 1) / bytes;
  long far = near > 0 ? near - bytes + rows * bytes : groups * rows * bytes;
  /* Nothing behind the last row is wanted: then the line is asked for that is there already. */
  return (Ahead){near, left < (groups + 1) * rows ? 0 : far, bytes - near > 0 && near > 0 ? bytes - near : 0};
}

#define MATVEC(F)                                                                                                      \
  static void F##_matvec(const uint8_t *w, long n, const float *x, float *y, long from, long to, long end) {           \
    long bytes = F##_row(n);                                                                                           \
    long r = from;                                                                                                     \
    for (; r + ROWS <= to; r += ROWS) {                                                                                \
      const uint8_t *rows[ROWS];                                                                                       \
      for (int k = 0; k < ROWS; k++) {                                                                                 \
        rows[k] = w + (r + k) * bytes;                                                                                 \
      }                                                                                                                \
      F##_dots(ROWS, rows, ahead_of(bytes, ROWS, end - r), n, x, y + r);                                               \
    }                                                                                                                  \
    for (; r < to; r++) {                                                                                              \
      const uint8_t *row = w + r * bytes;                                                                              \
      F##_dots(1, &row, ahead_of(bytes, 1, end - r), n, x, y + r);                                                     \
      y[r] += 0.f; /* the Java kernels add the tail of a last row even where there is none */                          \
    }                                                                                                                  \
  }

#define GATE_UP(F)                                                                                                     \
  static void F##_gate_up(const uint8_t *w, long n, const int *list, long from, long count, long end, const float *x,  \
                          float *h) {                                                                                  \
    long bytes = F##_row(n);                                                                                           \
    long record = 3 * bytes;                                                                                           \
    long ahead = (RECORDS_AHEAD_BYTES + record - 1) / record;                                                          \
    for (long k = from; k < from + count; k++) {                                                                       \
      const uint8_t *gate = w + list[k] * record;                                                                      \
      const uint8_t *rows[2] = {gate, gate + bytes};                                                                   \
      long far = 0;                                                                                                    \
      if (k + ahead < end) {                                                                                           \
        far = (list[k + ahead] - (long)list[k]) * record;                                                              \
        for (const uint8_t *line = gate + far + 2 * bytes; line < gate + far + record; line += 64) {                   \
          _mm_prefetch((const char *)line, _MM_HINT_T1); /* the down row is wanted later */                            \
        }                                                                                                              \
      }                                                                                                                \
      float two[2];                                                                                                    \
      F##_dots(2, rows, (Ahead){0, far, 0}, n, x, two);                                                                \
      h[k - from] = two[0];                                                                                            \
      h[NEURON_BLOCK + k - from] = two[1];                                                                             \
    }                                                                                                                  \
  }

#define ADD_DOWN(F)                                                                                                    \
  static void F##_add_down(const uint8_t *w, long n, const int *list, long from, long count, const float *h,           \
                           float *y) {                                                                                 \
    long bytes = F##_row(n);                                                                                           \
    long k = 0;                                                                                                        \
    for (; k + ROWS <= count; k += ROWS) {                                                                             \
      const uint8_t *rows[ROWS];                                                                                       \
      for (int i = 0; i < ROWS; i++) {                                                                                 \
        rows[i] = w + (3 * (long)list[from + k + i] + 2) * bytes;                                                      \
      }                                                                                                                \
      F##_axpys(ROWS, rows, h + k, n, y);                                                                              \
    }                                                                                                                  \
    for (; k < count; k++) {                                                                                           \
      const uint8_t *row = w + (3 * (long)list[from + k] + 2) * bytes;                                                 \
      F##_axpys(1, &row, h + k, n, y);                                                                                 \
    }                                                                                                                  \
  }

/* Rows of blocks: vectors of even number to one chain, the others to another, as RowSum.ofTwo in Java says. */
#define BLOCK_ROWS(F)                                                                                                  \
  INLINE void F##_dots(const int count, const uint8_t *const *rows, Ahead ahead, long n, const float *x, float *y) {   \
    V a[ROWS];                                                                                                         \
    V b[ROWS];                                                                                                         \
    for (int r = 0; r < count; r++) {                                                                                  \
      a[r] = b[r] = ZERO();                                                                                            \
    }                                                                                                                  \
    for (long block = 0; block < n / F##_COLUMNS; block++) {                                                           \
      F##_Blocks of;                                                                                                   \
      F##_open(count, rows, block, n, &of);                                                                            \
      for (int r = 0; r < count; r++) {                                                                                \
        for (int line = 0; line < F##_BYTES; line += 64) {                                                             \
          FETCH_AHEAD(rows[r], block * F##_BYTES + line, ahead);                                                       \
        }                                                                                                              \
      }                                                                                                                \
      _Pragma("GCC unroll 4") for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                              \
        const float *at = x + block * F##_COLUMNS + part * F##_PART;                                                   \
        _Pragma("GCC unroll 4") for (int r = 0; r < count; r++) {                                                      \
          V w[F##_PART / L];                                                                                           \
          F##_part(&of, r, part, w);                                                                                   \
          _Pragma("GCC unroll 8") for (int i = 0; i < F##_PART / L; i += 2) {                                          \
            a[r] = FMA(w[i], LOAD(at + i * L), a[r]);                                                                  \
            b[r] = FMA(w[i + 1], LOAD(at + i * L + L), b[r]);                                                          \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    for (int r = 0; r < count; r++) {                                                                                  \
      y[r] = sum(ADD(a[r], b[r]));                                                                                     \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  INLINE void F##_axpys(const int count, const uint8_t *const *rows, const float *h, long n, float *y) {               \
    for (long block = 0; block < n / F##_COLUMNS; block++) {                                                           \
      F##_Blocks of;                                                                                                   \
      F##_open(count, rows, block, n, &of);                                                                            \
      _Pragma("GCC unroll 4") for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                              \
        float *at = y + block * F##_COLUMNS + part * F##_PART;                                                         \
        V sums[F##_PART / L];                                                                                          \
        _Pragma("GCC unroll 8") for (int i = 0; i < F##_PART / L; i++) {                                               \
          sums[i] = LOAD(at + i * L);                                                                                  \
        }                                                                                                              \
        _Pragma("GCC unroll 4") for (int r = 0; r < count; r++) {                                                      \
          V w[F##_PART / L];                                                                                           \
          F##_part(&of, r, part, w);                                                                                   \
          _Pragma("GCC unroll 8") for (int i = 0; i < F##_PART / L; i++) {                                             \
            sums[i] = FMA(w[i], SPLAT(h[r]), sums[i]);                                                                 \
          }                                                                                                            \
        }                                                                                                              \
        _Pragma("GCC unroll 8") for (int i = 0; i < F##_PART / L; i++) {                                               \
          STORE(at + i * L, sums[i]);                                                                                  \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }

#endif
