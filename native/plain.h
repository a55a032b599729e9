/* Rows that are no blocks: bf16, int8 and f32, of any number of columns. */
#ifndef MOM_PLAIN_H
#define MOM_PLAIN_H

#include "rows.h"

/*
 * bf16, the upper halves of floats: a lane of 32 bits is an even and an odd column. Tokens have first all even columns,
 * then all odd ones.
 */
INLINE long bf16_row(long n) { return 2 * n; }

INLINE long bf16_whole(long n) { return n / (2 * L) * (2 * L); }

INLINE V bf16_even(W pairs) { return AS_FLOATS(SHIFT_LEFT(pairs, 16)); }

INLINE V bf16_odd(W pairs) { return AS_FLOATS(AND(pairs, (int)0xffff0000)); }

INLINE float bf16_weight(const uint8_t *row, long c) {
  uint32_t bits = (uint32_t)u16(row + 2 * c) << 16;
  float weight;
  memcpy(&weight, &bits, sizeof weight);
  return weight;
}

INLINE long bf16_place(long c, long n) { return (c & 1) == 0 ? c / 2 : (n + 1) / 2 + c / 2; }

#define bf16_LAST 0.f
#define bf16_FACTOR 0

INLINE float bf16_finish(V v, const uint8_t *row, long n, const float *x) {
  float product = sum(v);
  if (bf16_whole(n) < n) {
    float tail = 0;
    for (long c = bf16_whole(n); c < n; c++) {
      tail += bf16_weight(row, c) * x[bf16_place(c, n)];
    }
    product += tail;
  }
  return product;
}

INLINE void bf16_dots(const uint8_t *row0, const uint8_t *row1, long ahead, long n, const float *x, float *y0, float *y1) {
  V a0 = ZERO(), b0 = ZERO();
  V a1 = ZERO(), b1 = ZERO();
  const float *odd = x + (n + 1) / 2;
  long whole = bf16_whole(n);
  for (long i = 0; i < whole; i += 2 * L) {
    FETCH_EARLY(row0 + 2 * i + ahead);
    FETCH_EARLY(row1 + 2 * i + ahead);
    W pairs0 = INTS(row0 + 2 * i);
    W pairs1 = INTS(row1 + 2 * i);
    a0 = FMA(bf16_even(pairs0), LOAD(x + i / 2), a0);
    b0 = FMA(bf16_odd(pairs0), LOAD(odd + i / 2), b0);
    a1 = FMA(bf16_even(pairs1), LOAD(x + i / 2), a1);
    b1 = FMA(bf16_odd(pairs1), LOAD(odd + i / 2), b1);
  }
  *y0 = bf16_finish(ADD(a0, b0), row0, n, x);
  *y1 = bf16_finish(ADD(a1, b1), row1, n, x);
}

/* Columns [from, n), `from` a whole number of vectors. */
INLINE void bf16_sums(const int count, const uint8_t *const *rows, const float *h, long from, long n, float *y) {
  float *odd = y + (n + 1) / 2;
  long whole = bf16_whole(n);
  for (long i = from; i < whole; i += 2 * L) {
    V a = LOAD(y + i / 2);
    V b = LOAD(odd + i / 2);
    UNROLL for (int k = 0; k < count; k++) {
      W pairs = INTS(rows[k] + 2 * i);
      a = FMA(bf16_even(pairs), SPLAT(h[k]), a);
      b = FMA(bf16_odd(pairs), SPLAT(h[k]), b);
    }
    STORE(y + i / 2, a);
    STORE(odd + i / 2, b);
  }
  for (int k = 0; k < count; k++) {
    for (long c = whole; c < n; c++) {
      y[bf16_place(c, n)] += h[k] * bf16_weight(rows[k], c);
    }
  }
}

INLINE void bf16_downs(int count, const uint8_t *const *rows, const uint8_t *const *later, const float *h, long n, float *y) {
  float *odd = y + (n + 1) / 2;
  long i = 0;
  for (; i + PANEL * L <= n; i += PANEL * L) {
    V a[PANEL / 2], b[PANEL / 2];
    UNROLL for (int v = 0; v < PANEL / 2; v++) {
      a[v] = LOAD(y + i / 2 + v * L);
      b[v] = LOAD(odd + i / 2 + v * L);
    }
    for (int k = 0; k < count; k++) {
      for (int line = 0; line < 2 * PANEL * L; line += 64) {
        FETCH_LATER(later[k] + 2 * i + line);
      }
      V times = SPLAT(h[k]);
      UNROLL for (int v = 0; v < PANEL / 2; v++) {
        W pairs = INTS(rows[k] + 2 * i + 4 * v * L);
        a[v] = FMA(bf16_even(pairs), times, a[v]);
        b[v] = FMA(bf16_odd(pairs), times, b[v]);
      }
    }
    UNROLL for (int v = 0; v < PANEL / 2; v++) {
      STORE(y + i / 2 + v * L, a[v]);
      STORE(odd + i / 2 + v * L, b[v]);
    }
  }
  for (int k = 0; k < count; k++) {
    bf16_sums(1, rows + k, h + k, i, n, y);
  }
}

/* Where a column begins within a row, by what a sum multiplies the row, and the sum of parts of rows. */
INLINE long bf16_at(long c) { return 2 * c; }

INLINE float bf16_times(const uint8_t *row, long n, float h) {
  (void)row;
  (void)n;
  return h;
}

INLINE void bf16_to_floats(const uint8_t *row, long n, float *out) {
  float *odd = out + (n + 1) / 2;
  long whole = bf16_whole(n);
  for (long i = 0; i < whole; i += 2 * L) {
    W pairs = INTS(row + 2 * i);
    STORE(out + i / 2, bf16_even(pairs));
    STORE(odd + i / 2, bf16_odd(pairs));
  }
  for (long c = whole; c < n; c++) {
    out[bf16_place(c, n)] = bf16_weight(row, c);
  }
}

INLINE void bf16_part_to_floats(const uint8_t *row, long n, long c, long count, float *out) {
  (void)n;
  bf16_to_floats(row + 2 * c, count, out);
}

INLINE void bf16_piece(const uint8_t *row, long n, int chain, long from, long count, float *out) {
  (void)n;
  for (long v = 0; v < count; v++) {
    W pairs = INTS(row + 4 * (from + v) * L);
    STORE(out + v * L, chain == 0 ? bf16_even(pairs) : bf16_odd(pairs));
  }
}

/* int8: n signed bytes, then the row's scale, by which its whole sum is multiplied. */
INLINE long int8_row(long n) { return n + 4; }

INLINE float int8_scale(const uint8_t *row, long n) {
  float scale;
  memcpy(&scale, row + n, sizeof scale);
  return scale;
}

INLINE V int8_weights(const uint8_t *at) { return FLOATS(signed_bytes(at)); }

#define int8_LAST -0.f
#define int8_FACTOR int8_scale

INLINE float int8_finish(V v, const uint8_t *row, long n, const float *x) {
  float tail = 0;
  for (long c = n / L * L; c < n; c++) {
    tail += (int8_t)row[c] * x[c];
  }
  return (sum(v) + tail) * int8_scale(row, n);
}

/* Two vectors of each row to the row's two chains of sums. */
INLINE void int8_two(const uint8_t *row0, const uint8_t *row1, const float *x, long i, V *chains) {
  chains[0] = FMA(int8_weights(row0 + i), LOAD(x + i), chains[0]);
  chains[1] = FMA(int8_weights(row0 + i + L), LOAD(x + i + L), chains[1]);
  chains[2] = FMA(int8_weights(row1 + i), LOAD(x + i), chains[2]);
  chains[3] = FMA(int8_weights(row1 + i + L), LOAD(x + i + L), chains[3]);
}

INLINE void int8_dots(const uint8_t *row0, const uint8_t *row1, long ahead, long n, const float *x, float *y0, float *y1) {
  V chains[] = {ZERO(), ZERO(), ZERO(), ZERO()};
  long i = 0;
  for (; i + 64 <= n; i += 64) {
    FETCH_LATER(row0 + i + ahead);
    FETCH_LATER(row1 + i + ahead);
    UNROLL for (int v = 0; v < 64; v += 2 * L) {
      int8_two(row0, row1, x, i + v, chains);
    }
  }
  FETCH_LATER(row1 + i + ahead); /* the last columns and the scale; row0's lie beside row1 */
  for (; i + 2 * L <= n; i += 2 * L) {
    int8_two(row0, row1, x, i, chains);
  }
  if (i + L <= n) {
    chains[0] = FMA(int8_weights(row0 + i), LOAD(x + i), chains[0]);
    chains[2] = FMA(int8_weights(row1 + i), LOAD(x + i), chains[2]);
  }
  *y0 = int8_finish(ADD(chains[0], chains[1]), row0, n, x);
  *y1 = int8_finish(ADD(chains[2], chains[3]), row1, n, x);
}

INLINE float int8_times(const uint8_t *row, long n, float h) { return h * int8_scale(row, n); }

/* Columns [from, n), `from` a whole number of vectors. */
INLINE void int8_sums(const int count, const uint8_t *const *rows, const float *h, long from, long n, float *y) {
  long i = from;
  for (; i + L <= n; i += L) {
    V a = LOAD(y + i);
    UNROLL for (int k = 0; k < count; k++) {
      a = FMA(int8_weights(rows[k] + i), SPLAT(h[k]), a);
    }
    STORE(y + i, a);
  }
  for (int k = 0; k < count; k++) {
    for (long c = i; c < n; c++) {
      y[c] += h[k] * (int8_t)rows[k][c];
    }
  }
}

INLINE void int8_downs(int count, const uint8_t *const *rows, const uint8_t *const *later, const float *h, long n, float *y) {
  float scaled[NEURON_BLOCK];
  for (int k = 0; k < count; k++) {
    scaled[k] = int8_times(rows[k], n, h[k]);
    FETCH_LATER(later[k] + n);
  }
  long i = 0;
  for (; i + PANEL * L <= n; i += PANEL * L) {
    V a[PANEL];
    UNROLL for (int v = 0; v < PANEL; v++) {
      a[v] = LOAD(y + i + v * L);
    }
    for (int k = 0; k < count; k++) {
      for (int line = 0; line < PANEL * L; line += 64) {
        FETCH_LATER(later[k] + i + line);
      }
      V times = SPLAT(scaled[k]);
      UNROLL for (int v = 0; v < PANEL; v++) {
        a[v] = FMA(int8_weights(rows[k] + i + v * L), times, a[v]);
      }
    }
    UNROLL for (int v = 0; v < PANEL; v++) {
      STORE(y + i + v * L, a[v]);
    }
  }
  for (int k = 0; k < count; k++) {
    int8_sums(1, rows + k, scaled + k, i, n, y);
  }
}

INLINE long int8_at(long c) { return c; }

INLINE void int8_part_to_floats(const uint8_t *row, long n, long c, long count, float *out) {
  float scale = int8_scale(row, n);
  const uint8_t *part = row + c;
  long i = 0;
  for (; i + L <= count; i += L) {
    STORE(out + i, MUL(int8_weights(part + i), SPLAT(scale)));
  }
  for (; i < count; i++) {
    out[i] = scale * (int8_t)part[i];
  }
}

INLINE void int8_to_floats(const uint8_t *row, long n, float *out) { int8_part_to_floats(row, n, 0, n, out); }

/* Without the row's scale. */
INLINE void int8_piece(const uint8_t *row, long n, int chain, long from, long count, float *out) {
  (void)n;
  for (long v = 0; v < count; v++) {
    STORE(out + v * L, int8_weights(row + (2 * (from + v) + chain) * L));
  }
}

/* f32, of any alignment. */
INLINE long f32_row(long n) { return 4 * n; }

INLINE float f32_weight(const uint8_t *row, long c) {
  float weight;
  memcpy(&weight, row + 4 * c, sizeof weight);
  return weight;
}

INLINE V f32_weights(const uint8_t *row, long c) { return AS_FLOATS(INTS(row + 4 * c)); }

#define f32_LAST -0.f
#define f32_FACTOR 0

INLINE float f32_finish(V v, const uint8_t *row, long n, const float *x) {
  float tail = 0;
  for (long c = n / L * L; c < n; c++) {
    tail += f32_weight(row, c) * x[c];
  }
  return sum(v) + tail;
}

INLINE void f32_dots(const uint8_t *row0, const uint8_t *row1, long ahead, long n, const float *x, float *y0, float *y1) {
  V a0 = ZERO(), b0 = ZERO();
  V a1 = ZERO(), b1 = ZERO();
  long i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    for (int line = 0; line < 8 * L; line += 64) {
      FETCH_EARLY(row0 + 4 * i + line + ahead);
      FETCH_EARLY(row1 + 4 * i + line + ahead);
    }
    a0 = FMA(f32_weights(row0, i), LOAD(x + i), a0);
    b0 = FMA(f32_weights(row0, i + L), LOAD(x + i + L), b0);
    a1 = FMA(f32_weights(row1, i), LOAD(x + i), a1);
    b1 = FMA(f32_weights(row1, i + L), LOAD(x + i + L), b1);
  }
  if (i + L <= n) {
    a0 = FMA(f32_weights(row0, i), LOAD(x + i), a0);
    a1 = FMA(f32_weights(row1, i), LOAD(x + i), a1);
  }
  *y0 = f32_finish(ADD(a0, b0), row0, n, x);
  *y1 = f32_finish(ADD(a1, b1), row1, n, x);
}

/* Columns [from, n), `from` a whole number of vectors. */
INLINE void f32_sums(const int count, const uint8_t *const *rows, const float *h, long from, long n, float *y) {
  long i = from;
  for (; i + L <= n; i += L) {
    V a = LOAD(y + i);
    UNROLL for (int k = 0; k < count; k++) {
      a = FMA(f32_weights(rows[k], i), SPLAT(h[k]), a);
    }
    STORE(y + i, a);
  }
  for (int k = 0; k < count; k++) {
    for (long c = i; c < n; c++) {
      y[c] += h[k] * f32_weight(rows[k], c);
    }
  }
}

INLINE void f32_downs(int count, const uint8_t *const *rows, const uint8_t *const *later, const float *h, long n, float *y) {
  long i = 0;
  for (; i + PANEL * L <= n; i += PANEL * L) {
    V a[PANEL];
    UNROLL for (int v = 0; v < PANEL; v++) {
      a[v] = LOAD(y + i + v * L);
    }
    for (int k = 0; k < count; k++) {
      for (int line = 0; line < 4 * PANEL * L; line += 64) {
        FETCH_LATER(later[k] + 4 * i + line);
      }
      V times = SPLAT(h[k]);
      UNROLL for (int v = 0; v < PANEL; v++) {
        a[v] = FMA(f32_weights(rows[k], i + v * L), times, a[v]);
      }
    }
    UNROLL for (int v = 0; v < PANEL; v++) {
      STORE(y + i + v * L, a[v]);
    }
  }
  for (int k = 0; k < count; k++) {
    f32_sums(1, rows + k, h + k, i, n, y);
  }
}

INLINE long f32_at(long c) { return 4 * c; }

INLINE float f32_times(const uint8_t *row, long n, float h) {
  (void)row;
  (void)n;
  return h;
}

INLINE void f32_to_floats(const uint8_t *row, long n, float *out) { memcpy(out, row, 4 * n); }

INLINE void f32_part_to_floats(const uint8_t *row, long n, long c, long count, float *out) {
  (void)n;
  f32_to_floats(row + 4 * c, count, out);
}

INLINE void f32_piece(const uint8_t *row, long n, int chain, long from, long count, float *out) {
  (void)n;
  for (long v = 0; v < count; v++) {
    STORE(out + v * L, f32_weights(row, (2 * (from + v) + chain) * L));
  }
}

/* Floats of which the even columns come first, then the odd ones: what Java widens for a step. */
INLINE long split_floats_row(long n) { return 4 * n; }

#define split_floats_FACTOR 0

INLINE void split_floats_piece(const uint8_t *row, long n, int chain, long from, long count, float *out) {
  memcpy(out, row + 4 * (chain * (n / 2) + from * L), 4 * count * L);
}

#endif
