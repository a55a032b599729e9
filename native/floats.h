/* What is computed element by element, or of one row of floats, between the products. */
#ifndef MOM_FLOATS_H
#define MOM_FLOATS_H

#include "tile.h"

static void split_row(const float *x, long n, float *y) {
  float *odd = y + (n + 1) / 2;
  for (long i = 0; i < n / 2; i++) {
    y[i] = x[2 * i];
    odd[i] = x[2 * i + 1];
  }
  if (n & 1) {
    y[n / 2] = x[n - 1];
  }
}

/* Columns of a strip: the lines that are written stay in the first-level cache. */
#define STRIP 16

static void transpose_rows(const float *x, long tokens, long n, float *tile) {
  for (long strip = 0; strip < n; strip += STRIP) {
    long end = n - strip < STRIP ? n : strip + STRIP;
    for (long t = 0; t < tokens; t++) {
      for (long c = strip; c < end; c++) {
        tile[c * TOKENS + t] = x[t * n + c];
      }
    }
  }
}

static void rms_norm(const float *x, const float *w, long n, double eps, float *y) {
  long whole = n / L * L;
  V squares = ZERO();
  for (long i = 0; i < whole; i += L) {
    V v = LOAD(x + i);
    squares = FMA(v, v, squares);
  }
  float total = sum(squares);
  for (long i = whole; i < n; i++) {
    total += x[i] * x[i];
  }
  __m128d mean = _mm_set_sd(total / (float)n + eps);
  float scale = (float)(1 / _mm_cvtsd_f64(_mm_sqrt_sd(mean, mean)));
  for (long i = 0; i < whole; i += L) {
    STORE(y + i, MUL(MUL(LOAD(x + i), SPLAT(scale)), LOAD(w + i)));
  }
  for (long i = whole; i < n; i++) {
    y[i] = w[i] * (x[i] * scale);
  }
}

/* Of n elements those that whole vectors cover, here and below. */
static void silu_row(float *gate, const float *up, long n) {
  for (long i = 0; i + L <= n; i += L) {
    STORE(gate + i, silu_times(LOAD(gate + i), LOAD(up + i)));
  }
}

/* x_i to e^(x_i - max), to out[0] their sum, to out[1] the largest of all n. */
static void exponentials(float *x, long n, float *out) {
  long whole = n / L * L;
  float max = -__builtin_inff();
  V most = SPLAT(max);
  for (long i = 0; i < whole; i += L) {
    most = MAX(most, LOAD(x + i));
  }
  float lanes[L];
  STORE(lanes, most);
  for (int i = 0; i < L; i++) {
    max = max > lanes[i] ? max : lanes[i];
  }
  for (long i = whole; i < n; i++) {
    max = max > x[i] ? max : x[i];
  }
  V sums = ZERO();
  for (long i = 0; i < whole; i += L) {
    V e = exponential(SUB(LOAD(x + i), SPLAT(max)));
    STORE(x + i, e);
    sums = ADD(sums, e);
  }
  out[0] = sum(sums);
  out[1] = max;
}

static void multiply_row(float *x, long n, float scale) {
  for (long i = 0; i < n; i++) {
    x[i] *= scale;
  }
}

static void add_row(float *x, const float *y, long n) {
  for (long i = 0; i < n; i++) {
    x[i] += y[i];
  }
}

static void rotate_heads(float *x, long heads, long n, const float *cos, const float *sin) {
  long half = n / 2;
  for (long h = 0; h < heads; h++) {
    float *first = x + n * h;
    float *second = first + half;
    for (long i = 0; i < half; i++) {
      float a = first[i];
      float b = second[i];
      first[i] = a * cos[i] - b * sin[i];
      second[i] = b * cos[i] + a * sin[i];
    }
  }
}

#endif
