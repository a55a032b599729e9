/*
 * Products of rows with the tokens of a step, added up as RowSum in Java says: two chains of vectors, neither of which waits
 * for the other, then their sum's lanes. Rows that whole pairs of vectors do not cover are Java's.
 *
 * What is read again and again lies in the first-level cache, at addresses that do not push one another out: the tokens'
 * vectors are laid one behind the other as they are read (step_lay), and of a few rows only a piece is widened at a time.
 * Sums of one chain wait in memory between the pieces. Tokens, pieces and sums take some 40 KB together.
 */
#ifndef MOM_STEP_H
#define MOM_STEP_H

#include "tile.h"

/* Rows and tokens whose sums are in registers. */
#if BITS == 512
#define STEP_ROWS 4
#else
#define STEP_ROWS 3
#endif
#define STEP_TOKENS 4

/* Tokens, and rows, whose sums wait in memory. */
#define STEP_BLOCK 16
#define STEP_MOST_ROWS 12

/* Vectors of a piece of a chain; both chains' cover a multiple of 256 columns, whole blocks of every format. */
#define STEP_PIECE (384 / L)

/*
 * The tokens [0, tokens), n floats each, as step_products reads them: of each STEP_BLOCK of them the first chain's vectors,
 * the first of each token, then the second of each ..., then those of the other chain. The second chain begins at `second`;
 * stride: from one vector of a chain to the next.
 */
static void step_lay(const float *x, long n, long tokens, long second, long stride, float *out) {
  for (long b = 0; b < tokens; b += STEP_BLOCK) {
    long some = tokens - b < STEP_BLOCK ? tokens - b : STEP_BLOCK;
    for (long chain = 0; chain < 2; chain++) {
      for (long v = 0; v < n / (2 * L); v++) {
        for (long t = b; t < b + some; t++) {
          STORE(out, LOAD(x + t * n + chain * second + v * stride));
          out += L;
        }
      }
    }
  }
}

/* Memory that is asked for while other things are computed: so many bytes for each vector of a few rows. */
typedef struct {
  const uint8_t *at;
  long bytes;
} Ahead;

INLINE void ask(Ahead *ahead) {
  for (long i = 0; i < ahead->bytes; i += 64) {
    FETCH_LATER(ahead->at + i);
  }
  ahead->at += ahead->bytes;
}

/* Goes on with one chain of STEP_ROWS rows, pieces of `count` vectors each, with some of `all` tokens. */
INLINE void step_chain(const int tokens, const float *piece, const float *x, long all, long count, V *out, Ahead *next) {
  V a[STEP_ROWS * STEP_TOKENS];
  Ahead ahead = *next;
  UNROLL_ALL for (int i = 0; i < STEP_ROWS * tokens; i++) {
    a[i] = out[i / tokens * STEP_BLOCK + i % tokens];
  }
  for (long c = 0; c < count; c++) {
    V z[STEP_TOKENS];
    ask(&ahead);
    UNROLL_ALL for (int t = 0; t < tokens; t++) {
      z[t] = LOAD(x + (c * all + t) * L);
    }
    UNROLL_ALL for (int r = 0; r < STEP_ROWS; r++) {
      V v = LOAD(piece + (r * STEP_PIECE + c) * L);
      UNROLL_ALL for (int t = 0; t < tokens; t++) {
        a[r * tokens + t] = FMA(v, z[t], a[r * tokens + t]);
      }
    }
  }
  UNROLL_ALL for (int i = 0; i < STEP_ROWS * tokens; i++) {
    out[i / tokens * STEP_BLOCK + i % tokens] = a[i];
  }
  *next = ahead;
}

INLINE void step_tokens(const float *piece, const float *x, long tokens, long count, V *out, Ahead *next) {
  long t = 0;
  for (; t + STEP_TOKENS <= tokens; t += STEP_TOKENS) {
    step_chain(STEP_TOKENS, piece, x + t * L, tokens, count, out + t, next);
  }
  if (t + 2 <= tokens) {
    step_chain(2, piece, x + t * L, tokens, count, out + t, next);
    t += 2;
  }
  if (t < tokens) {
    step_chain(1, piece, x + t * L, tokens, count, out + t, next);
  }
}

/* Calls of step_chain that some tokens take. */
INLINE long step_groups(long tokens) { return tokens / 4 + (tokens % 4 + 1) / 2; }

/* A chain's vectors [from, from + count) of a row as floats. */
typedef void StepPiece(const uint8_t *row, long n, int chain, long from, long count, float *out);

/* One chain of up to STEP_MOST_ROWS rows, to sums by row and token. */
INLINE void step_rows(StepPiece *widen, const uint8_t *w, long bytes, long rows, long n, int chain, const float *x, long tokens,
                      V *sums, Ahead *ahead) {
  float piece[STEP_ROWS * STEP_PIECE * L] __attribute__((aligned(64)));
  long vectors = n / (2 * L);
  for (long i = 0; i < STEP_MOST_ROWS * STEP_BLOCK; i++) {
    sums[i] = ZERO();
  }
  for (long c = 0; c < vectors; c += STEP_PIECE) {
    long some = vectors - c < STEP_PIECE ? vectors - c : STEP_PIECE;
    for (long r = 0; r < rows; r += STEP_ROWS) {
      for (long i = 0; i < STEP_ROWS; i++) {
        long row = r + i < rows ? r + i : rows - 1; /* behind the last row it is computed again */
        widen(w + row * bytes, n, chain, c, some, piece + i * STEP_PIECE * L);
      }
      step_tokens(piece, x + c * tokens * L, tokens, some, sums + r * STEP_BLOCK, ahead);
    }
  }
}

/* What a row's whole sum is multiplied by. */
typedef float StepFactor(const uint8_t *row, long n);

/* The lanes of both chains, times the rows' factors unless there are none, to y by row and token. */
INLINE void step_finish(StepFactor *factor, const uint8_t *w, long bytes, long n, const V *first, const V *second, long rows,
                        long tokens, float *y, long stride) {
  for (long r = 0; r < rows; r++) {
    float times = factor ? factor(w + r * bytes, n) : 1;
    V both[STEP_BLOCK];
    float totals[STEP_BLOCK];
    for (long t = 0; t < STEP_BLOCK; t++) {
      both[t] = ADD(first[r * STEP_BLOCK + t], second[r * STEP_BLOCK + t]);
    }
    for (long t = 0; t < tokens; t += 4) {
      sums(both + t, totals + t);
    }
    for (long t = 0; t < tokens; t++) {
      y[t * stride + r] = factor ? totals[t] * times : totals[t];
    }
  }
}

/*
 * y[t * stride + r] = row r times token t.
 *
 * x: as by step_lay; left: rows of w behind these that are wanted next, to be asked for
 */
INLINE void step_products(StepPiece *widen, StepFactor *factor, long bytes, const uint8_t *w, long rows, long n,
                          const float *x, long tokens, float *y, long stride, long left) {
  V chains[2][STEP_MOST_ROWS * STEP_BLOCK];
  for (long r = 0; r < rows; r += STEP_MOST_ROWS) {
    long held = rows - r < STEP_MOST_ROWS ? rows - r : STEP_MOST_ROWS;
    long next = rows + left - r - held < held ? rows + left - r - held : held;
    long vectors = (tokens / STEP_BLOCK * step_groups(STEP_BLOCK) + step_groups(tokens % STEP_BLOCK)) * (n / (2 * L)) * 2 *
                   ((held + STEP_ROWS - 1) / STEP_ROWS);
    /* Nothing behind the last row is wanted: then a line is asked for that is there already. */
    Ahead ahead = {w + (r + (next > 0 ? held : 0)) * bytes, next > 0 ? (next * bytes + vectors - 1) / vectors : 0};
    for (long t = 0; t < tokens; t += STEP_BLOCK) {
      long some = tokens - t < STEP_BLOCK ? tokens - t : STEP_BLOCK;
      for (int chain = 0; chain < 2; chain++) {
        step_rows(widen, w + r * bytes, bytes, held, n, chain, x + t * n + chain * some * (n / 2), some, chains[chain], &ahead);
      }
      step_finish(factor, w + r * bytes, bytes, n, chains[0], chains[1], held, some, y + t * stride + r, stride);
    }
  }
}

#define PIECE_OF_BLOCKS(F, together)                                                                                   \
  {                                                                                                                    \
    F##_Blocks of;                                                                                                     \
    F##_open(together, row, block, n, &of);                                                                            \
    UNROLL for (int i = 0; i < together; i++) {                                                                        \
      UNROLL for (int part = 0; part < F##_COLUMNS / F##_PART; part++) {                                               \
        V w[F##_PART / L];                                                                                             \
        F##_part(&of, i, part, w);                                                                                     \
        UNROLL for (int v = 0; v < F##_PART / L; v += 2) {                                                             \
          STORE(out, w[v + chain]);                                                                                    \
          out += L;                                                                                                    \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }

#define BLOCK_PIECE(F)                                                                                                 \
  INLINE void F##_piece(const uint8_t *row, long n, const int chain, long from, long count, float *out) {              \
    long block = from * 2 * L / F##_COLUMNS;                                                                           \
    long end = (from + count) * 2 * L / F##_COLUMNS;                                                                   \
    for (; block + F##_TOGETHER <= end; block += F##_TOGETHER) PIECE_OF_BLOCKS(F, F##_TOGETHER)                        \
    for (; block < end; block++) PIECE_OF_BLOCKS(F, 1)                                                                 \
  }

/* F_piece has a chain as a constant here; F_FACTOR: a StepFactor, or 0 for none. */
#define STEP(F)                                                                                                        \
  static void F##_widen_piece(const uint8_t *row, long n, int chain, long from, long count, float *out) {              \
    if (chain == 0) {                                                                                                  \
      F##_piece(row, n, 0, from, count, out);                                                                          \
    } else {                                                                                                           \
      F##_piece(row, n, 1, from, count, out);                                                                          \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void F##_step(const uint8_t *w, long n, long from, long to, const float *x, long tokens, float *y, long stride,\
                       long end) {                                                                                     \
    long bytes = F##_row(n);                                                                                           \
    step_products(F##_widen_piece, F##_FACTOR, bytes, w + from * bytes, to - from, n, x, tokens, y + from, stride,     \
                  end - to);                                                                                           \
  }

#endif
