/*
 * How rows of each format of quantised blocks become floats: with the bits of BlockFormat.widen in Java. Of each format:
 * its columns and bytes a block; a struct of what it knows of the same block of up to ROWS rows; _open, which finds that;
 * and _part, which gives the weights of PART columns of one of these rows in vectors.
 */
#ifndef MOM_BLOCKS_H
#define MOM_BLOCKS_H

#include "rows.h"

/* Keeps numbers in memory, from where they are broadcast for nothing: in registers that would take shuffles. */
#define IN_MEMORY(array) __asm__("" : "+m"(array))

/* The half-precision floats that lie at that byte of some rows; most machines convert four as fast as one. */
INLINE void halves_at(const int rows, const uint8_t *const *row, long at, float *out) {
  uint64_t bits = 0;
  for (int r = 0; r < rows; r++) {
    bits |= (uint64_t)u16(row[r] + at) << 16 * r;
  }
  float(*four)[4] = (float(*)[4])out;
  _mm_storeu_ps(out, _mm_cvtph_ps(_mm_cvtsi64_si128((long long)bits)));
  IN_MEMORY(*four);
}

/* What the formats of blocks of 32 know: where the bytes of q begin; scales d and minima m. */
typedef struct {
  const uint8_t *q[ROWS];
  float d[ROWS];
  float m[ROWS];
  uint32_t fifths[ROWS];
} Blocks;

INLINE void find(const int rows, const uint8_t *const *row, long at, Blocks *b) {
  for (int r = 0; r < rows; r++) {
    b->q[r] = row[r] + at;
  }
}

/* q4 and Q4_0: d (q - 8); of 32 weights the first 16 in the low nibbles of 16 bytes. */
INLINE void nibbles(const uint8_t *p, const float *d, V *w) {
#if L == 16
  V all = MUL(ADD(places(), SPLAT(-8)), SPLAT(*d)); /* what the 16 numbers that q can be come to */
  W q = unsigned_bytes(p);
  w[0] = look_up(q, all);
  w[1] = look_up(SHIFT_RIGHT(q, 4), all);
#else
  for (int i = 0; i < 2; i++) {
    W q = unsigned_bytes(p + i * L);
    w[i] = MUL(ADD(FLOATS(AND(q, 15)), SPLAT(-8)), SPLAT(*d));
    w[2 + i] = MUL(ADD(FLOATS(SHIFT_RIGHT(q, 4)), SPLAT(-8)), SPLAT(*d));
  }
#endif
}

#define q4_0_COLUMNS 32
#define q4_0_PART 32
#define q4_0_BYTES 18
typedef Blocks q4_0_Blocks;
INLINE void q4_0_open(const int rows, const uint8_t *const *row, long block, long n, q4_0_Blocks *b) {
  (void)n;
  find(rows, row, block * q4_0_BYTES + 2, b);
  halves_at(rows, row, block * q4_0_BYTES, b->d);
}
INLINE void q4_0_part(const q4_0_Blocks *b, int r, int part, V *w) {
  (void)part;
  nibbles(b->q[r], &b->d[r], w);
}

/* q4 has the scales behind the nibbles of the whole row. */
#define q4_COLUMNS 32
#define q4_PART 32
#define q4_BYTES 16
typedef Blocks q4_Blocks;
INLINE void q4_open(const int rows, const uint8_t *const *row, long block, long n, q4_Blocks *b) {
  find(rows, row, block * q4_BYTES, b);
  halves_at(rows, row, n / 2 + block * 2, b->d);
}
INLINE void q4_part(const q4_Blocks *b, int r, int part, V *w) {
  (void)part;
  nibbles(b->q[r], &b->d[r], w);
}

/* Q4_1: d q + m. */
#define q4_1_COLUMNS 32
#define q4_1_PART 32
#define q4_1_BYTES 20
typedef Blocks q4_1_Blocks;
INLINE void q4_1_open(const int rows, const uint8_t *const *row, long block, long n, q4_1_Blocks *b) {
  (void)n;
  find(rows, row, block * q4_1_BYTES + 4, b);
  halves_at(rows, row, block * q4_1_BYTES, b->d);
  halves_at(rows, row, block * q4_1_BYTES + 2, b->m);
}
INLINE void q4_1_part(const q4_1_Blocks *b, int r, int part, V *w) {
  (void)part;
#if L == 16
  V all = FMA(places(), SPLAT(b->d[r]), SPLAT(b->m[r]));
  W q = unsigned_bytes(b->q[r]);
  w[0] = look_up(q, all);
  w[1] = look_up(SHIFT_RIGHT(q, 4), all);
#else
  for (int i = 0; i < 2; i++) {
    W q = unsigned_bytes(b->q[r] + i * L);
    w[i] = FMA(FLOATS(AND(q, 15)), SPLAT(b->d[r]), SPLAT(b->m[r]));
    w[2 + i] = FMA(FLOATS(SHIFT_RIGHT(q, 4)), SPLAT(b->d[r]), SPLAT(b->m[r]));
  }
#endif
}

/* Q5_0: d (q - 16); the fifth bits of all q, then 16 bytes of the other four. */
#define q5_0_COLUMNS 32
#define q5_0_PART 32
#define q5_0_BYTES 22
typedef Blocks q5_0_Blocks;
INLINE void q5_0_open(const int rows, const uint8_t *const *row, long block, long n, q5_0_Blocks *b) {
  (void)n;
  find(rows, row, block * q5_0_BYTES + 6, b);
  halves_at(rows, row, block * q5_0_BYTES, b->d);
  for (int r = 0; r < rows; r++) {
    b->fifths[r] = u32(row[r] + block * q5_0_BYTES + 2);
  }
}
#if L == 8
INLINE V q5_0_weights(W low, uint32_t fifths, float d) {
  W bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  W clear = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)fifths), bits), _mm256_setzero_si256());
  W q = _mm256_sub_epi32(low, _mm256_and_si256(clear, _mm256_set1_epi32(16)));
  return MUL(FLOATS(q), SPLAT(d)); /* q - 16 is the low four bits where the fifth is set, and 16 less where it is not */
}
#endif
INLINE void q5_0_part(const q5_0_Blocks *b, int r, int part, V *w) {
  (void)part;
#if L == 16
  V d = SPLAT(b->d[r]);
  V set = MUL(places(), d);
  V clear = MUL(ADD(places(), SPLAT(-16)), d);
  W q = unsigned_bytes(b->q[r]);
  W high = SHIFT_RIGHT(q, 4);
  w[0] = _mm512_mask_permutexvar_ps(look_up(q, clear), (__mmask16)b->fifths[r], q, set);
  w[1] = _mm512_mask_permutexvar_ps(look_up(high, clear), (__mmask16)(b->fifths[r] >> 16), high, set);
#else
  for (int i = 0; i < 2; i++) {
    W q = unsigned_bytes(b->q[r] + i * L);
    w[i] = q5_0_weights(AND(q, 15), b->fifths[r] >> i * L, b->d[r]);
    w[2 + i] = q5_0_weights(SHIFT_RIGHT(q, 4), b->fifths[r] >> (16 + i * L), b->d[r]);
  }
#endif
}

/* Q8_0: d q. */
#define q8_0_COLUMNS 32
#define q8_0_PART 32
#define q8_0_BYTES 34
typedef Blocks q8_0_Blocks;
INLINE void q8_0_open(const int rows, const uint8_t *const *row, long block, long n, q8_0_Blocks *b) {
  (void)n;
  find(rows, row, block * q8_0_BYTES + 2, b);
  halves_at(rows, row, block * q8_0_BYTES, b->d);
}
INLINE void q8_0_part(const q8_0_Blocks *b, int r, int part, V *w) {
  (void)part;
  for (int i = 0; i < 32 / L; i++) {
    w[i] = MUL(FLOATS(signed_bytes(b->q[r] + i * L)), SPLAT(b->d[r]));
  }
}

/* Scales and minima of Q4_K and Q5_K, 6 bits each in 12 bytes: see SixBitScales in Java. */
INLINE __m256 six_bits(uint32_t first, uint32_t rest, const float *d) {
  uint64_t high = (rest & 0x0f0f0f0f) | (first >> 2 & 0x30303030);
  uint64_t all = (first & 0x3f3f3f3f) | high << 32;
  __m256i s = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)all));
  return _mm256_mul_ps(_mm256_cvtepi32_ps(s), _mm256_broadcast_ss(d));
}

/* d s q - m t: what Q4_K and Q5_K share. */
typedef struct {
  const uint8_t *at[ROWS];
  float s[ROWS][8];
  float t[ROWS][8];
} Groups;

INLINE void groups(const int rows, const uint8_t *const *row, long at, Groups *b) {
  float d[ROWS];
  float m[ROWS];
  halves_at(rows, row, at, d);
  halves_at(rows, row, at + 2, m);
  _mm_storeu_ps(m, _mm_xor_ps(_mm_loadu_ps(m), _mm_set1_ps(-0.f))); /* -m */
  for (int r = 0; r < rows; r++) {
    const uint8_t *block = row[r] + at;
    uint32_t rest = u32(block + 12);
    b->at[r] = block;
    _mm256_storeu_ps(b->s[r], six_bits(u32(block + 4), rest, &d[r]));
    _mm256_storeu_ps(b->t[r], six_bits(u32(block + 8), rest >> 4, &m[r]));
    IN_MEMORY(b->s[r]);
    IN_MEMORY(b->t[r]);
  }
}

#define q4_k_COLUMNS 256
#define q4_k_PART 64
#define q4_k_BYTES 144
typedef Groups q4_k_Blocks;
INLINE void q4_k_open(const int rows, const uint8_t *const *row, long block, long n, q4_k_Blocks *b) {
  (void)n;
  groups(rows, row, block * q4_k_BYTES, b);
}
INLINE void q4_k_part(const q4_k_Blocks *b, int r, int part, V *w) {
  const uint8_t *at = b->at[r] + 16 + 32 * part;
  V s0 = SPLAT(b->s[r][2 * part]);
  V t0 = SPLAT(b->t[r][2 * part]);
  V s1 = SPLAT(b->s[r][2 * part + 1]);
  V t1 = SPLAT(b->t[r][2 * part + 1]);
#if L == 16
  V low = FMA(places(), s0, t0);
  V high = FMA(places(), s1, t1);
  for (int i = 0; i < 2; i++) {
    W q = unsigned_bytes(at + i * L);
    w[i] = look_up(q, low);
    w[2 + i] = look_up(SHIFT_RIGHT(q, 4), high);
  }
#else
  for (int i = 0; i < 4; i++) {
    W q = unsigned_bytes(at + i * L);
    w[i] = FMA(FLOATS(AND(q, 15)), s0, t0);
    w[4 + i] = FMA(FLOATS(SHIFT_RIGHT(q, 4)), s1, t1);
  }
#endif
}

/*
 * 64 numbers whose low four bits lie in nibbles, the rest elsewhere: bytes of lows at their places and of highs rotated
 * to theirs within each byte, of which the bits in mask are wanted.
 */
#if L == 16
INLINE __m512i twice(const uint8_t *p) { return _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)p)); }

INLINE __m512i first_and_second(int first, int second) {
  return _mm512_inserti64x4(_mm512_set1_epi32(first), _mm256_set1_epi32(second), 1);
}

INLINE __m512i join(__m512i lows, __m512i highs, char mask) {
  __m512i low = _mm512_and_si512(lows, _mm512_set1_epi8(15));
  return _mm512_ternarylogic_epi32(low, highs, _mm512_set1_epi8(mask), 0xf8); /* low | (highs & mask) */
}
#else
INLINE __m256i join(__m256i lows, __m256i highs, char mask) {
  __m256i low = _mm256_and_si256(lows, _mm256_set1_epi8(15));
  return _mm256_or_si256(low, _mm256_and_si256(highs, _mm256_set1_epi8(mask)));
}

/* Rotated left within 32 bits; what crosses bytes is masked out later. */
INLINE __m256i rotate(__m256i v, int bits) {
  return bits >= 0 ? _mm256_slli_epi32(v, bits) : _mm256_srli_epi32(v, -bits);
}
#endif

#define q5_k_COLUMNS 256
#define q5_k_PART 64
#define q5_k_BYTES 176
typedef Groups q5_k_Blocks;
INLINE void q5_k_open(const int rows, const uint8_t *const *row, long block, long n, q5_k_Blocks *b) {
  (void)n;
  groups(rows, row, block * q5_k_BYTES, b);
}
INLINE void q5_k_part(const q5_k_Blocks *b, int r, int part, V *w) {
  const uint8_t *fifths = b->at[r] + 16;
  const uint8_t *lows = b->at[r] + 48 + 32 * part;
  uint8_t q[64] __attribute__((aligned(64)));
#if L == 16
  __m512i low = _mm512_srlv_epi32(twice(lows), first_and_second(0, 4));
  __m512i high = _mm512_rolv_epi32(twice(fifths), first_and_second(4 - 2 * part, 3 - 2 * part));
  _mm512_store_si512(q, join(low, high, 16));
#else
  __m256i low = _mm256_loadu_si256((const void *)lows);
  __m256i high = _mm256_loadu_si256((const void *)fifths);
  _mm256_store_si256((void *)q, join(low, rotate(high, 4 - 2 * part), 16));
  _mm256_store_si256((void *)(q + 32), join(_mm256_srli_epi32(low, 4), rotate(high, 3 - 2 * part), 16));
#endif
  IN_MEMORY(q);
  for (int i = 0; i < 64 / L; i++) {
    int group = 2 * part + i * L / 32;
    w[i] = FMA(FLOATS(unsigned_bytes(q + i * L)), SPLAT(b->s[r][group]), SPLAT(b->t[r][group]));
  }
}

/* Q6_K: d s (q - 32); low bits, high bits, a signed byte s for each 16, d. */
#define q6_k_COLUMNS 256
#define q6_k_PART 64
#define q6_k_BYTES 210
typedef struct {
  const uint8_t *at[ROWS];
  float s[ROWS][16];
} q6_k_Blocks;
INLINE void q6_k_open(const int rows, const uint8_t *const *row, long block, long n, q6_k_Blocks *b) {
  (void)n;
  float d[ROWS];
  halves_at(rows, row, block * q6_k_BYTES + 208, d);
  for (int r = 0; r < rows; r++) {
    b->at[r] = row[r] + block * q6_k_BYTES;
    for (int i = 0; i < 16; i += L) {
      STORE(b->s[r] + i, MUL(FLOATS(signed_bytes(b->at[r] + 192 + i)), SPLAT(d[r])));
    }
    IN_MEMORY(b->s[r]);
  }
}
INLINE void q6_k_part(const q6_k_Blocks *b, int r, int part, V *w) {
  const uint8_t *lows = b->at[r] + 64 * (part / 2);
  const uint8_t *highs = b->at[r] + 128 + 32 * (part / 2);
  int turn = part % 2 == 0 ? 4 : 0; /* to where the bits above the low four are */
  uint8_t q[64] __attribute__((aligned(64)));
#if L == 16
  __m512i low = _mm512_loadu_si512(lows);
  low = part % 2 == 0 ? low : _mm512_srli_epi32(low, 4);
  __m512i high = _mm512_rolv_epi32(twice(highs), first_and_second(turn, turn - 2));
  _mm512_store_si512(q, _mm512_sub_epi8(join(low, high, 0x30), _mm512_set1_epi8(32)));
#else
  __m256i high = _mm256_loadu_si256((const void *)highs);
  for (int i = 0; i < 2; i++) {
    __m256i low = _mm256_loadu_si256((const void *)(lows + 32 * i));
    low = part % 2 == 0 ? low : _mm256_srli_epi32(low, 4);
    __m256i six = join(low, rotate(high, turn - 2 * i), 0x30);
    _mm256_store_si256((void *)(q + 32 * i), _mm256_sub_epi8(six, _mm256_set1_epi8(32)));
  }
#endif
  IN_MEMORY(q);
  for (int i = 0; i < 64 / L; i++) {
    w[i] = MUL(FLOATS(signed_bytes(q + i * L)), SPLAT(b->s[r][4 * part + i * L / 16]));
  }
}

#endif
