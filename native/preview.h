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

/* The lowest numbers as floats, and the next ones. */
#if L == 16
/* A lane of an index is looked up by its lowest four bits: by two numbers. */
INLINE V preview_first(W fours) {
  return look_up(fours, _mm512_set_ps(3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0));
}

INLINE V preview_second(W fours) {
  return look_up(fours, _mm512_set_ps(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0));
}
#else
INLINE V preview_first(W fours) { return FLOATS(AND(fours, 3)); }

INLINE V preview_second(W fours) { return FLOATS(AND(SHIFT_RIGHT(fours, 2), 3)); }
#endif

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
      W upper = SHIFT_RIGHT(fours, 4);
      V factor = SPLAT(h[k]);
      a = FMA(preview_first(fours), factor, a);
      b = FMA(preview_second(fours), factor, b);
      c = FMA(preview_first(upper), factor, c);
      d = FMA(preview_second(upper), factor, d);
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
    if (column % 64 >= 32) {
      fours = SHIFT_RIGHT(fours, 4);
    }
    STORE(out + i, column % 32 < 16 ? preview_first(fours) : preview_second(fours));
  }
}

#endif
