/*
 * Rows of a plane of a preview: numbers of two bits, of 64 the first 16 in the lowest bits of 16 bytes, the next in the two
 * bits above, and so on. Parts of them are summed in whole blocks of 64, and widened in whole vectors.
 */
#ifndef MOM_PREVIEW_H
#define MOM_PREVIEW_H

#include "rows.h"

INLINE long preview_row(long n) { return n / 4; }

INLINE long preview_at(long c) { return c / 4; }

INLINE float preview_times(const uint8_t *row, long n, float h) {
  (void)row;
  (void)n;
  return h;
}

/* The lowest numbers as floats; those above after a shift. */
INLINE V preview_numbers(W fours) {
#if L == 16
  return look_up(fours, _mm512_set_ps(3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0)); /* by four bits */
#else
  return FLOATS(AND(fours, 3));
#endif
}

/* Columns [from, n), both whole blocks. */
INLINE void preview_sums(const int count, const uint8_t *const *rows, const float *h, long from, long n, float *y) {
  for (long i = from / 4; i < n / 4; i += L) {
    float *at = y + i / 16 * 64 + i % 16;
    V a = LOAD(at);
    V b = LOAD(at + 16);
    V c = LOAD(at + 32);
    V d = LOAD(at + 48);
    UNROLL for (int k = 0; k < count; k++) {
      W fours = unsigned_bytes(rows[k] + i);
      V factor = SPLAT(h[k]);
      a = FMA(preview_numbers(fours), factor, a);
      b = FMA(preview_numbers(SHIFT_RIGHT(fours, 2)), factor, b);
      c = FMA(preview_numbers(SHIFT_RIGHT(fours, 4)), factor, c);
      d = FMA(preview_numbers(SHIFT_RIGHT(fours, 6)), factor, d);
    }
    STORE(at, a);
    STORE(at + 16, b);
    STORE(at + 32, c);
    STORE(at + 48, d);
  }
}

INLINE void preview_part_to_floats(const uint8_t *row, long n, long c, long count, float *out) {
  (void)n;
  for (long i = 0; i < count; i += L) {
    long column = c + i;
    W fours = unsigned_bytes(row + column / 64 * 16 + column % 16);
    switch (column % 64 / 16) {
      case 3: fours = SHIFT_RIGHT(fours, 6); break;
      case 2: fours = SHIFT_RIGHT(fours, 4); break;
      case 1: fours = SHIFT_RIGHT(fours, 2); break;
      default: break;
    }
    STORE(out + i, preview_numbers(fours));
  }
}

#endif
