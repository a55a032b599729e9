/*
 * Rows of a preview: numbers of four bits, of 32 the first 16 in the low nibbles of 16 bytes. Parts of them are summed in
 * whole blocks of 32, and widened in whole vectors.
 */
#ifndef MOM_PREVIEW_H
#define MOM_PREVIEW_H

#include "rows.h"

INLINE long preview_row(long n) { return n / 2; }

INLINE long preview_at(long c) { return c / 2; }

INLINE float preview_times(const uint8_t *row, long n, float h) {
  (void)row;
  (void)n;
  return h;
}

/* The low nibbles as floats; the high ones after a shift. */
INLINE V preview_numbers(W pairs) {
#if L == 16
  return look_up(pairs, places());
#else
  return FLOATS(AND(pairs, 15));
#endif
}

/* Columns [from, n), both whole blocks. */
INLINE void preview_sums(const int count, const uint8_t *const *rows, const float *h, long from, long n, float *y) {
  for (long i = from / 2; i < n / 2; i += L) {
    float *at = y + i / 16 * 32 + i % 16;
    V a = LOAD(at);
    V b = LOAD(at + 16);
    UNROLL for (int k = 0; k < count; k++) {
      W pairs = unsigned_bytes(rows[k] + i);
      a = FMA(preview_numbers(pairs), SPLAT(h[k]), a);
      b = FMA(preview_numbers(SHIFT_RIGHT(pairs, 4)), SPLAT(h[k]), b);
    }
    STORE(at, a);
    STORE(at + 16, b);
  }
}

INLINE void preview_part_to_floats(const uint8_t *row, long n, long c, long count, float *out) {
  (void)n;
  for (long i = 0; i < count; i += L) {
    W pairs = unsigned_bytes(row + (c + i) / 32 * 16 + (c + i) % 16);
    STORE(out + i, preview_numbers((c + i) % 32 < 16 ? pairs : SHIFT_RIGHT(pairs, 4)));
  }
}

#endif
