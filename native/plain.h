/* Rows that are no blocks: bf16 and int8, of any number of columns. */
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

INLINE void bf16_dots(const int count, const uint8_t *const *rows, Ahead ahead, long n, const float *x, float *y) {
  V a[ROWS];
  V b[ROWS];
  for (int r = 0; r < count; r++) {
    a[r] = b[r] = ZERO();
  }
  const float *odd = x + (n + 1) / 2;
  long whole = bf16_whole(n);
  for (long i = 0; i < whole; i += 2 * L) {
    V even_x = LOAD(x + i / 2);
    V odd_x = LOAD(odd + i / 2);
    for (int r = 0; r < count; r++) {
      FETCH_AHEAD(rows[r], 2 * i, ahead);
      W pairs = INTS(rows[r] + 2 * i);
      a[r] = FMA(bf16_even(pairs), even_x, a[r]);
      b[r] = FMA(bf16_odd(pairs), odd_x, b[r]);
    }
  }
  for (int r = 0; r < count; r++) {
    y[r] = sum(ADD(a[r], b[r]));
    if (whole < n) {
      float tail = 0;
      for (long c = whole; c < n; c++) {
        tail += bf16_weight(rows[r], c) * x[bf16_place(c, n)];
      }
      y[r] += tail;
    }
  }
}

INLINE void bf16_axpys(const int count, const uint8_t *const *rows, const float *h, long n, float *y) {
  float *odd = y + (n + 1) / 2;
  long whole = bf16_whole(n);
  for (long i = 0; i < whole; i += 2 * L) {
    V a = LOAD(y + i / 2);
    V b = LOAD(odd + i / 2);
    for (int r = 0; r < count; r++) {
      W pairs = INTS(rows[r] + 2 * i);
      a = FMA(bf16_even(pairs), SPLAT(h[r]), a);
      b = FMA(bf16_odd(pairs), SPLAT(h[r]), b);
    }
    STORE(y + i / 2, a);
    STORE(odd + i / 2, b);
  }
  for (int r = 0; r < count; r++) {
    for (long c = whole; c < n; c++) {
      y[bf16_place(c, n)] += h[r] * bf16_weight(rows[r], c);
    }
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

INLINE void int8_dots(const int count, const uint8_t *const *rows, Ahead ahead, long n, const float *x, float *y) {
  V a[ROWS];
  V b[ROWS];
  for (int r = 0; r < count; r++) {
    a[r] = b[r] = ZERO();
  }
  long i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    V x0 = LOAD(x + i);
    V x1 = LOAD(x + i + L);
    for (int r = 0; r < count; r++) {
      FETCH_AHEAD(rows[r], i, ahead);
      a[r] = FMA(int8_weights(rows[r] + i), x0, a[r]);
      b[r] = FMA(int8_weights(rows[r] + i + L), x1, b[r]);
    }
  }
  if (i + L <= n) {
    for (int r = 0; r < count; r++) {
      a[r] = FMA(int8_weights(rows[r] + i), LOAD(x + i), a[r]);
    }
    i += L;
  }
  for (int r = 0; r < count; r++) {
    float tail = 0;
    for (long c = i; c < n; c++) {
      tail += (int8_t)rows[r][c] * x[c];
    }
    y[r] = (sum(ADD(a[r], b[r])) + tail) * int8_scale(rows[r], n);
  }
}

INLINE void int8_axpys(const int count, const uint8_t *const *rows, const float *h, long n, float *y) {
  float scaled[ROWS];
  for (int r = 0; r < count; r++) {
    scaled[r] = h[r] * int8_scale(rows[r], n);
  }
  long whole = n / L * L;
  for (long i = 0; i < whole; i += L) {
    V a = LOAD(y + i);
    for (int r = 0; r < count; r++) {
      a = FMA(int8_weights(rows[r] + i), SPLAT(scaled[r]), a);
    }
    STORE(y + i, a);
  }
  for (int r = 0; r < count; r++) {
    for (long c = whole; c < n; c++) {
      y[c] += scaled[r] * (int8_t)rows[r][c];
    }
  }
}

#endif
