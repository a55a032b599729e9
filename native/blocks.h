/*
 * How rows of each format of quantised blocks become floats: with the bits of BlockFormat.widen in Java. Of each format:
 * its columns and bytes a block; what it knows of some neighbours, TOGETHER as a rule; _open, which finds that; and _part,
 * which gives the weights of PART columns of one of these blocks in vectors.
 */
#ifndef MOM_BLOCKS_H
#define MOM_BLOCKS_H

#include "rows.h"

/* Keeps numbers in memory, from where they are broadcast for nothing: in registers that would take shuffles. */
#define IN_MEMORY(array) __asm__("" : "+m"(array))

#define TOGETHER 4

/* Half-precision floats, so many bytes apart: four are converted as fast as one. */
INLINE void halves_at(const int count, const uint8_t *p, long apart, float *out) {
  uint64_t bits = 0;
  for (int i = 0; i < count; i++) {
    bits |= (uint64_t)u16(p + i * apart) << 16 * i;
  }
  float(*four)[TOGETHER] = (float(*)[TOGETHER])out;
  _mm_storeu_ps(out, _mm_cvtph_ps(_mm_cvtsi64_si128((long long)bits)));
  IN_MEMORY(*four);
}

/* What the formats of blocks of 32 know: where the bytes of q begin; scales d and minima m. */
typedef struct {
  const uint8_t *q[TOGETHER];
  float d[TOGETHER];
  float m[TOGETHER];
  uint32_t fifths[TOGETHER];
} Blocks;

INLINE void find(const int count, const uint8_t *p, long apart, Blocks *b) {
  for (int i = 0; i < count; i++) {
    b->q[i] = p + i * apart;
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
  for (int v = 0; v < 2; v++) {
    W q = unsigned_bytes(p + v * L);
    w[v] = MUL(ADD(FLOATS(AND(q, 15)), SPLAT(-8)), SPLAT(*d));
    w[2 + v] = MUL(ADD(FLOATS(SHIFT_RIGHT(q, 4)), SPLAT(-8)), SPLAT(*d));
  }
#endif
}

#define q4_0_COLUMNS 32
#define q4_0_PART 32
#define q4_0_BYTES 18
#define q4_0_TOGETHER TOGETHER
#define q4_0_TAIL -0.f
#define q4_0_LAST -0.f
#define q4_0_FACTOR 0
typedef Blocks q4_0_Blocks;
INLINE void q4_0_open(const int count, const uint8_t *row, long block, long n, q4_0_Blocks *b) {
  (void)n;
  find(count, row + block * q4_0_BYTES + 2, q4_0_BYTES, b);
  halves_at(count, row + block * q4_0_BYTES, q4_0_BYTES, b->d);
}
INLINE void q4_0_part(const q4_0_Blocks *b, int i, int part, V *w) {
  (void)part;
  nibbles(b->q[i], &b->d[i], w);
}

/* q4 has the scales behind the nibbles of the whole row. */
#define q4_COLUMNS 32
#define q4_PART 32
#define q4_BYTES 16
#define q4_TOGETHER TOGETHER
#define q4_TAIL -0.f
#define q4_LAST -0.f
#define q4_FACTOR 0
typedef Blocks q4_Blocks;
INLINE void q4_open(const int count, const uint8_t *row, long block, long n, q4_Blocks *b) {
  find(count, row + block * q4_BYTES, q4_BYTES, b);
  halves_at(count, row + n / 2 + block * 2, 2, b->d);
}
INLINE void q4_part(const q4_Blocks *b, int i, int part, V *w) {
  (void)part;
  nibbles(b->q[i], &b->d[i], w);
}

/* Q4_1: d q + m. */
#define q4_1_COLUMNS 32
#define q4_1_PART 32
#define q4_1_BYTES 20
#define q4_1_TOGETHER TOGETHER
#define q4_1_TAIL 0.f
#define q4_1_LAST -0.f
#define q4_1_FACTOR 0
typedef Blocks q4_1_Blocks;
INLINE void q4_1_open(const int count, const uint8_t *row, long block, long n, q4_1_Blocks *b) {
  (void)n;
  find(count, row + block * q4_1_BYTES + 4, q4_1_BYTES, b);
  halves_at(count, row + block * q4_1_BYTES, q4_1_BYTES, b->d);
  halves_at(count, row + block * q4_1_BYTES + 2, q4_1_BYTES, b->m);
}
INLINE void q4_1_part(const q4_1_Blocks *b, int i, int part, V *w) {
  (void)part;
  V d = SPLAT(b->d[i]);
  V m = SPLAT(b->m[i]);
#if L == 16
  V all = FMA(places(), d, m);
  W q = unsigned_bytes(b->q[i]);
  w[0] = look_up(q, all);
  w[1] = look_up(SHIFT_RIGHT(q, 4), all);
#else
  for (int v = 0; v < 2; v++) {
    W q = unsigned_bytes(b->q[i] + v * L);
    w[v] = FMA(FLOATS(AND(q, 15)), d, m);
    w[2 + v] = FMA(FLOATS(SHIFT_RIGHT(q, 4)), d, m);
  }
#endif
}

/* Q5_0: d (q - 16); the fifth bits of all q, then 16 bytes of the other four. */
#define q5_0_COLUMNS 32
#define q5_0_PART 32
#define q5_0_BYTES 22
#define q5_0_TOGETHER TOGETHER
#define q5_0_TAIL 0.f
#define q5_0_LAST -0.f
#define q5_0_FACTOR 0
typedef Blocks q5_0_Blocks;
INLINE void q5_0_open(const int count, const uint8_t *row, long block, long n, q5_0_Blocks *b) {
  (void)n;
  find(count, row + block * q5_0_BYTES + 6, q5_0_BYTES, b);
  halves_at(count, row + block * q5_0_BYTES, q5_0_BYTES, b->d);
  for (int i = 0; i < count; i++) {
    b->fifths[i] = u32(b->q[i] - 4);
  }
}
/* The low nibbles of 16 bytes, then the high ones, a byte each. */
INLINE __m256i low_and_high(const uint8_t *p) {
  __m256i twice = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)p));
  __m256i places = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
  return _mm256_and_si256(_mm256_srlv_epi32(twice, places), _mm256_set1_epi8(15));
}

INLINE void q5_0_part(const q5_0_Blocks *b, int i, int part, V *w) {
  (void)part;
  uint8_t q[32] __attribute__((aligned(32))); /* q - 16, signed: bits 4-7 are 0 where the fifth is set, else 1 */
  __m256i low = low_and_high(b->q[i]);
#if L == 16
  _mm256_store_si256((void *)q, _mm256_mask_sub_epi8(low, ~b->fifths[i], low, _mm256_set1_epi8(16)));
#else
  __m256i bits = _mm256_set1_epi32((int)b->fifths[i]);
  bits = _mm256_shuffle_epi8(bits, _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
  __m256i clear = _mm256_or_si256(bits, _mm256_set1_epi64x((long long)0x7fbfdfeff7fbfdfe)); /* all but one are 1 */
  __m256i set = _mm256_cmpeq_epi8(clear, _mm256_set1_epi8(-1));
  _mm256_store_si256((void *)q, _mm256_or_si256(low, _mm256_andnot_si256(set, _mm256_set1_epi8((char)0xf0))));
#endif
  IN_MEMORY(q);
  for (int v = 0; v < 32 / L; v++) {
    w[v] = MUL(FLOATS(signed_bytes(q + v * L)), SPLAT(b->d[i]));
  }
}

/* Q8_0: d q. */
#define q8_0_COLUMNS 32
#define q8_0_PART 32
#define q8_0_BYTES 34
#define q8_0_TOGETHER TOGETHER
#define q8_0_TAIL -0.f
#define q8_0_LAST -0.f
#define q8_0_FACTOR 0
typedef Blocks q8_0_Blocks;
INLINE void q8_0_open(const int count, const uint8_t *row, long block, long n, q8_0_Blocks *b) {
  (void)n;
  find(count, row + block * q8_0_BYTES + 2, q8_0_BYTES, b);
  halves_at(count, row + block * q8_0_BYTES, q8_0_BYTES, b->d);
}
INLINE void q8_0_part(const q8_0_Blocks *b, int i, int part, V *w) {
  (void)part;
  for (int v = 0; v < 32 / L; v++) {
    w[v] = MUL(FLOATS(signed_bytes(b->q[i] + v * L)), SPLAT(b->d[i]));
  }
}

/* Scales and minima of Q4_K and Q5_K, 6 bits each in 12 bytes: see SixBitScales in Java. */
INLINE __m256 six_bits(uint32_t first, uint32_t rest, float d) {
  uint64_t high = (rest & 0x0f0f0f0f) | (first >> 2 & 0x30303030);
  uint64_t all = (first & 0x3f3f3f3f) | high << 32;
  __m256i s = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)all));
  return _mm256_mul_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(d));
}

/* d s q - m t: what Q4_K and Q5_K share; one block at a time. */
typedef struct {
  const uint8_t *at;
  float s[8];
  float t[8];
} Groups;

INLINE void groups(const uint8_t *at, Groups *b) {
  float d[TOGETHER]; /* d and m */
  halves_at(2, at, 2, d);
  uint32_t rest = u32(at + 12);
  b->at = at;
  _mm256_storeu_ps(b->s, six_bits(u32(at + 4), rest, d[0]));
  _mm256_storeu_ps(b->t, six_bits(u32(at + 8), rest >> 4, -d[1]));
  IN_MEMORY(b->s);
  IN_MEMORY(b->t);
}

#define q4_k_COLUMNS 256
#define q4_k_PART 64
#define q4_k_BYTES 144
#define q4_k_TOGETHER 1
#define q4_k_TAIL 0.f
#define q4_k_LAST -0.f
#define q4_k_FACTOR 0
typedef Groups q4_k_Blocks;
INLINE void q4_k_open(const int count, const uint8_t *row, long block, long n, q4_k_Blocks *b) {
  (void)count;
  (void)n;
  groups(row + block * q4_k_BYTES, b);
}
INLINE void q4_k_part(const q4_k_Blocks *b, int i, int part, V *w) {
  (void)i;
  const uint8_t *at = b->at + 16 + 32 * part;
  V s0 = SPLAT(b->s[2 * part]);
  V t0 = SPLAT(b->t[2 * part]);
  V s1 = SPLAT(b->s[2 * part + 1]);
  V t1 = SPLAT(b->t[2 * part + 1]);
#if L == 16
  V low = FMA(places(), s0, t0);
  V high = FMA(places(), s1, t1);
  for (int v = 0; v < 2; v++) {
    W q = unsigned_bytes(at + v * L);
    w[v] = look_up(q, low);
    w[2 + v] = look_up(SHIFT_RIGHT(q, 4), high);
  }
#else
  for (int v = 0; v < 4; v++) {
    W q = unsigned_bytes(at + v * L);
    w[v] = FMA(FLOATS(AND(q, 15)), s0, t0);
    w[4 + v] = FMA(FLOATS(SHIFT_RIGHT(q, 4)), s1, t1);
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
#define q5_k_TOGETHER 1
#define q5_k_TAIL 0.f
#define q5_k_LAST -0.f
#define q5_k_FACTOR 0
typedef Groups q5_k_Blocks;
INLINE void q5_k_open(const int count, const uint8_t *row, long block, long n, q5_k_Blocks *b) {
  (void)count;
  (void)n;
  groups(row + block * q5_k_BYTES, b);
}
INLINE void q5_k_part(const q5_k_Blocks *b, int i, int part, V *w) {
  (void)i;
  const uint8_t *fifths = b->at + 16;
  const uint8_t *lows = b->at + 48 + 32 * part;
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
  for (int v = 0; v < 64 / L; v++) {
    int group = 2 * part + v * L / 32;
    w[v] = FMA(FLOATS(unsigned_bytes(q + v * L)), SPLAT(b->s[group]), SPLAT(b->t[group]));
  }
}

/* Q6_K: d s (q - 32); low bits, high bits, a signed byte s for each 16, d. */
#define q6_k_COLUMNS 256
#define q6_k_PART 64
#define q6_k_BYTES 210
#define q6_k_TOGETHER 1
#define q6_k_TAIL 0.f
#define q6_k_LAST -0.f
#define q6_k_FACTOR 0
typedef struct {
  const uint8_t *at;
  float s[16];
} q6_k_Blocks;
INLINE void q6_k_open(const int count, const uint8_t *row, long block, long n, q6_k_Blocks *b) {
  (void)count;
  (void)n;
  b->at = row + block * q6_k_BYTES;
  V d = SPLAT(half(b->at + 208));
  for (int v = 0; v < 16; v += L) {
    STORE(b->s + v, MUL(FLOATS(signed_bytes(b->at + 192 + v)), d));
  }
  IN_MEMORY(b->s);
}
INLINE void q6_k_part(const q6_k_Blocks *b, int i, int part, V *w) {
  (void)i;
  const uint8_t *lows = b->at + 64 * (part / 2);
  const uint8_t *highs = b->at + 128 + 32 * (part / 2);
  int turn = part % 2 == 0 ? 4 : 0; /* to where the bits above the low four are */
  uint8_t q[64] __attribute__((aligned(64)));
#if L == 16
  __m512i low = _mm512_loadu_si512(lows);
  low = part % 2 == 0 ? low : _mm512_srli_epi32(low, 4);
  __m512i high = _mm512_rolv_epi32(twice(highs), first_and_second(turn, turn - 2));
  _mm512_store_si512(q, _mm512_sub_epi8(join(low, high, 0x30), _mm512_set1_epi8(32)));
#else
  __m256i high = _mm256_loadu_si256((const void *)highs);
  for (int v = 0; v < 2; v++) {
    __m256i low = _mm256_loadu_si256((const void *)(lows + 32 * v));
    low = part % 2 == 0 ? low : _mm256_srli_epi32(low, 4);
    __m256i six = join(low, rotate(high, turn - 2 * v), 0x30);
    _mm256_store_si256((void *)(q + 32 * v), _mm256_sub_epi8(six, _mm256_set1_epi8(32)));
  }
#endif
  IN_MEMORY(q);
  for (int v = 0; v < 64 / L; v++) {
    w[v] = MUL(FLOATS(signed_bytes(q + v * L)), SPLAT(b->s[4 * part + v * L / 16]));
  }
}

#endif
