/*
 * Rows of a plane of a preview: numbers of two bits, of 64 the first 16 in the lowest bits of 16 bytes, the next in the two
 * bits above, and so on. Parts of them are summed in whole blocks of 64, and widened in whole vectors. Factors are whole
 * numbers in [-127, 127], so that sums are too, and have the same bits however they are added up.
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

#if BITS == 512

/* Whether this CPU has products of bytes. */
extern int mom_vnni __attribute__((visibility("hidden")));

/* Rows of which a product takes the sum: four bytes of a lane. */
#define PREVIEW_ROWS 4

/* Rows that are gone over at a time for all their bytes, while the lines of as many others are asked for. */
#define PREVIEW_ROWS_AT_A_TIME 64

#define VNNI __attribute__((target("avx512vnni")))

/* Asks for bytes of listed rows. */
INLINE void preview_fetch(const uint8_t *w, long bytes, const int *list, long from, long to, long part) {
  for (long k = from; k < to; k++) {
    const uint8_t *row = w + list[k] * bytes;
    for (long at = 0; at < part; at += 64) {
      FETCH_LATER(row + at);
    }
    FETCH_LATER(row + part - 1);
  }
}

/*
 * Adds a block of rows to y, 64 of their bytes at a time, by products of bytes (AVX-512 VNNI); asks for the lines of rows
 * [end, later) of the list, of as many bytes.
 */
VNNI static void preview_block(const uint8_t *w, long bytes, const int *list, long from, long end, long later,
                               const float *factors, long part, float *y) {
  for (long at = 0; at < part; at += 64) {
    long left = part - at < 64 ? part - at : 64;
    __mmask64 mask = left < 64 ? (1ull << left) - 1 : ~0ull;
    W sums[4][4]; /* by place of a number in its byte, by four bytes of the 16 of a block */
    UNROLL for (int p = 0; p < 4; p++) {
      UNROLL for (int q = 0; q < 4; q++) {
        sums[p][q] = _mm512_setzero_si512();
      }
    }
    for (long k = from, next = end; k < end; k += PREVIEW_ROWS) {
      W rows[PREVIEW_ROWS];
      uint32_t four = 0;
      UNROLL for (int i = 0; i < PREVIEW_ROWS; i++) {
        long one = k + i < end ? k + i : end - 1;
        rows[i] = _mm512_maskz_loadu_epi8(mask, w + list[one] * bytes + at);
        four |= (k + i < end ? (uint32_t)(uint8_t)(int)factors[one] : 0) << 8 * i;
        if (next < later) {
          const uint8_t *line = w + list[next++] * bytes + at;
          FETCH_LATER(line);
          FETCH_LATER(line + left - 1);
        }
      }
      W factor = _mm512_set1_epi32((int)four);
      W ab = _mm512_unpacklo_epi8(rows[0], rows[1]), cd = _mm512_unpacklo_epi8(rows[2], rows[3]);
      W ef = _mm512_unpackhi_epi8(rows[0], rows[1]), gh = _mm512_unpackhi_epi8(rows[2], rows[3]);
      W fours[4] = {_mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd), _mm512_unpacklo_epi16(ef, gh),
                    _mm512_unpackhi_epi16(ef, gh)};
      UNROLL for (int p = 0; p < 4; p++) { /* numbers stay where they are: these count 1, 4, 16 and 64 times */
        UNROLL for (int q = 0; q < 4; q++) {
          sums[p][q] = _mm512_dpbusd_epi32(sums[p][q], AND(fours[q], (int)(0x03030303u << 2 * p)), factor);
        }
      }
    }
    UNROLL for (int p = 0; p < 4; p++) {
      UNROLL for (int q = 0; q < 4; q++) {
        float lanes[L];
        STORE(lanes, FLOATS(_mm512_srai_epi32(sums[p][q], 2 * p)));
        for (int block = 0; 16 * block < left; block++) {
          float *columns = y + 4 * at + 64 * block + 16 * p + 4 * q;
          _mm_storeu_ps(columns, _mm_add_ps(_mm_loadu_ps(columns), _mm_loadu_ps(lanes + 4 * block)));
        }
      }
    }
  }
}

INLINE long preview_end(long from, long to) { return from + PREVIEW_ROWS_AT_A_TIME < to ? from + PREVIEW_ROWS_AT_A_TIME : to; }

VNNI static void preview_add_vnni(const uint8_t *w, long n, const int *list, long from, long to, const float *factors,
                                   float *y, long c0, long c1) {
  long part = (c1 - c0) / 4;
  preview_fetch(w + c0 / 4, n / 4, list, from, preview_end(from, to), part);
  for (long k = from; k < to; k += PREVIEW_ROWS_AT_A_TIME) {
    long end = preview_end(k, to);
    preview_block(w + c0 / 4, n / 4, list, k, end, preview_end(end, to), factors, part, y);
  }
}

VNNI static void preview_all_vnni(const uint8_t *w, long n, const int *list, long whole, long count, const float *factors,
                                   long ups_at, float *y, long c0, long c1) {
  long bytes = n / 4, columns = c1 - c0, part = columns / 4;
  const uint8_t *gates = w + c0 / 4, *ups = gates + bytes / 2;
  long ends[3] = {whole, 2 * whole, count};
  preview_fetch(gates, bytes, list, 0, preview_end(0, count), part);
  preview_fetch(ups, bytes, list, 0, preview_end(0, count), part);
  for (long k = 0, i = 0; k < count; i++) {
    for (; k < ends[i];) {
      long end = preview_end(k, ends[i]);
      long later = preview_end(end, count);
      preview_block(gates, bytes, list, k, end, later, factors, part, y + 2 * i * columns);
      preview_block(ups, bytes, list, k, end, later, factors + ups_at, part, y + (2 * i + 1) * columns);
      k = end;
    }
  }
}
#endif

ADD_ROWS(preview)

static void preview_add(const uint8_t *w, long n, const int *list, long from, long to, const float *factors, float *y,
                        long c0, long c1) {
#if BITS == 512
  if (mom_vnni) {
    preview_add_vnni(w, n, list, from, to, factors, y, c0, c1);
    return;
  }
#endif
  preview_add_rows(w, n, list, from, to, factors, y, c0, c1);
}

static void preview_all(const uint8_t *w, long n, const int *list, long whole, long count, const float *factors,
                        long ups_at, float *y, long c0, long c1) {
  long columns = c1 - c0;
  memset(y, 0, 6 * columns * sizeof *y);
#if BITS == 512
  if (mom_vnni) {
    preview_all_vnni(w, n, list, whole, count, factors, ups_at, y, c0, c1);
    return;
  }
#endif
  long ends[4] = {0, whole, 2 * whole, count};
  for (int i = 0; i < 3; i++) {
    preview_add_rows(w, n, list, ends[i], ends[i + 1], factors, y + 2 * i * columns, c0, c1);
    preview_add_rows(w, n, list, ends[i], ends[i + 1], factors + ups_at, y + (2 * i + 1) * columns, n / 2 + c0, n / 2 + c1);
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
