/*
 * Products of widened rows with a few tokens, each added up as VectorTile in Java does: one chain of whole vectors, the sum
 * of its lanes, then what no vector covers, column by column.
 */
#ifndef MOM_FEW_H
#define MOM_FEW_H

#include "tile.h"

#define FEW_TOKENS 4

#if BITS == 512
#define FEW_ROWS 4
#else
#define FEW_ROWS 2
#endif

INLINE void few_block(const int rows, const int tokens, const float *w, const float *x, long n, float *y, long stride) {
  V a[FEW_ROWS * FEW_TOKENS];
  UNROLL_ALL for (int i = 0; i < rows * tokens; i++) {
    a[i] = ZERO();
  }
  long whole = n / L * L;
  for (long c = 0; c < whole; c += L) {
    V z[FEW_TOKENS];
    UNROLL_ALL for (int t = 0; t < tokens; t++) {
      z[t] = LOAD(x + t * n + c);
    }
    UNROLL_ALL for (int r = 0; r < rows; r++) {
      V v = LOAD(w + r * n + c);
      UNROLL_ALL for (int t = 0; t < tokens; t++) {
        a[r * tokens + t] = FMA(v, z[t], a[r * tokens + t]);
      }
    }
  }
  UNROLL_ALL for (int r = 0; r < rows; r++) {
    UNROLL_ALL for (int t = 0; t < tokens; t++) {
      float product = sum(a[r * tokens + t]);
      for (long c = whole; c < n; c++) {
        product += w[r * n + c] * x[t * n + c];
      }
      y[t * stride + r] = product;
    }
  }
}

INLINE void few_tokens(const int tokens, const float *w, long rows, long n, const float *x, float *y, long stride) {
  long r = 0;
  for (; r + FEW_ROWS <= rows; r += FEW_ROWS) {
    few_block(FEW_ROWS, tokens, w + r * n, x, n, y + r, stride);
  }
  for (; r < rows; r++) {
    few_block(1, tokens, w + r * n, x, n, y + r, stride);
  }
}

static void few_products(const float *w, long rows, long n, const float *x, long tokens, float *y, long stride) {
  long t = 0;
  for (; t + FEW_TOKENS <= tokens; t += FEW_TOKENS) {
    few_tokens(FEW_TOKENS, w, rows, n, x + t * n, y + t * stride, stride);
  }
  if (t + 2 <= tokens) {
    few_tokens(2, w, rows, n, x + t * n, y + t * stride, stride);
    t += 2;
  }
  if (t < tokens) {
    few_tokens(1, w, rows, n, x + t * n, y + t * stride, stride);
  }
}

#endif
