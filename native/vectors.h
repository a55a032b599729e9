/* Vectors of BITS bits, 512 or 256, as the Java kernels of that width use them. */
#ifndef MOM_VECTORS_H
#define MOM_VECTORS_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* What asks for a cache line ahead of its use: into the first level, from which the next loads read. */
#define FETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)

/* Into the second level. */
#define FETCH_LATER(address) _mm_prefetch((const char *)(address), _MM_HINT_T1)

/* Whether the first-level cache takes many lines that are asked for ahead; AMD's does not. */
extern int mom_prefetch_to_l1 __attribute__((visibility("hidden")));

/* Of rows whose lines are read soon: into the first level where that takes them. */
#define FETCH_EARLY(address)                                                                                           \
  do {                                                                                                                 \
    if (mom_prefetch_to_l1) {                                                                                             \
      FETCH(address);                                                                                                  \
    } else {                                                                                                           \
      FETCH_LATER(address);                                                                                            \
    }                                                                                                                  \
  } while (0)

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#define UNROLL_ALL _Pragma("GCC unroll 16")

#if BITS == 512

#define L 16
typedef __m512 V;  /* L floats */
typedef __m512i W; /* L ints */

#define LOAD(x) _mm512_loadu_ps(x)
#define STORE(x, v) _mm512_storeu_ps(x, v)
#define ZERO() _mm512_setzero_ps()
#define SPLAT(f) _mm512_set1_ps(f)
#define ADD(a, b) _mm512_add_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define SUB(a, b) _mm512_sub_ps(a, b)
#define DIV(a, b) _mm512_div_ps(a, b)
#define MAX(a, b) _mm512_max_ps(a, b) /* b if one is NaN */
#define MIN(a, b) _mm512_min_ps(a, b)
#define FLOATS(w) _mm512_cvtepi32_ps(w)
#define SHIFT_LEFT(w, bits) _mm512_slli_epi32(w, bits)
#define SHIFT_RIGHT(w, bits) _mm512_srli_epi32(w, bits)
#define FLIP(w, bits) _mm512_xor_si512(w, _mm512_set1_epi32((int)(bits)))
#define AND(w, bits) _mm512_and_si512(w, _mm512_set1_epi32(bits))
#define AS_FLOATS(w) _mm512_castsi512_ps(w)
#define AS_INTS(v) _mm512_castps_si512(v)
#define ADD_INTS(w, i) _mm512_add_epi32(w, _mm512_set1_epi32(i))
#define INTS(p) _mm512_loadu_si512(p)

/* L bytes as they are signed. */
INLINE W signed_bytes(const void *p) { return _mm512_cvtepi8_epi32(_mm_loadu_si128(p)); }

/* L bytes in [0, 256). */
INLINE W unsigned_bytes(const void *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128(p)); }

/* 0, 1, 2 ... */
INLINE V places(void) { return _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0); }

/* table[index mod 16], lane by lane. */
INLINE V look_up(W index, V table) { return _mm512_permutexvar_ps(index, table); }

INLINE __m256 halves(V v) {
  return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

#elif BITS == 256

#define L 8
typedef __m256 V;
typedef __m256i W;

#define LOAD(x) _mm256_loadu_ps(x)
#define STORE(x, v) _mm256_storeu_ps(x, v)
#define ZERO() _mm256_setzero_ps()
#define SPLAT(f) _mm256_set1_ps(f)
#define ADD(a, b) _mm256_add_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define SUB(a, b) _mm256_sub_ps(a, b)
#define DIV(a, b) _mm256_div_ps(a, b)
#define MAX(a, b) _mm256_max_ps(a, b)
#define MIN(a, b) _mm256_min_ps(a, b)
#define FLOATS(w) _mm256_cvtepi32_ps(w)
#define SHIFT_LEFT(w, bits) _mm256_slli_epi32(w, bits)
#define SHIFT_RIGHT(w, bits) _mm256_srli_epi32(w, bits)
#define FLIP(w, bits) _mm256_xor_si256(w, _mm256_set1_epi32((int)(bits)))
#define AND(w, bits) _mm256_and_si256(w, _mm256_set1_epi32(bits))
#define AS_FLOATS(w) _mm256_castsi256_ps(w)
#define AS_INTS(v) _mm256_castps_si256(v)
#define ADD_INTS(w, i) _mm256_add_epi32(w, _mm256_set1_epi32(i))
#define INTS(p) _mm256_loadu_si256((const __m256i *)(p))

INLINE W signed_bytes(const void *p) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64(p)); }

INLINE W unsigned_bytes(const void *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64(p)); }

INLINE __m256 halves(V v) { return v; }

#else
#error "BITS is 512 or 256"
#endif

/* The sum of all lanes, halves first: the order of VectorMath.sum in Java. */
INLINE float sum(V v) {
  __m256 eight = halves(v);
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* e^x, step by step as VectorMath.exp in Java. */
INLINE V exponential(V x) {
  V z = MIN(SPLAT(88), MAX(SPLAT(-87), x));
  V t = ADD(MUL(z, SPLAT(1.44269504f)), SPLAT(12582912));
  V whole = SUB(t, SPLAT(12582912));
  V r = FMA(whole, SPLAT(-0.693359375f), z);
  r = FMA(whole, SPLAT(2.12194440e-4f), r);
  V p = SPLAT(1.9875691500e-4f);
  p = FMA(p, r, SPLAT(1.3981999507e-3f));
  p = FMA(p, r, SPLAT(8.3334519073e-3f));
  p = FMA(p, r, SPLAT(4.1665795894e-2f));
  p = FMA(p, r, SPLAT(1.6666665459e-1f));
  p = FMA(p, r, SPLAT(5.0000001201e-1f));
  p = FMA(p, MUL(r, r), ADD(r, SPLAT(1)));
  return MUL(p, AS_FLOATS(ADD_INTS(SHIFT_LEFT(AS_INTS(t), 23), 0x3f800000)));
}

/* SiLU(gate) up, as VectorKernels.siluTimes in Java. */
INLINE V silu_times(V gate, V up) {
  V negative = AS_FLOATS(FLIP(AS_INTS(gate), 0x80000000));
  return MUL(DIV(gate, ADD(exponential(negative), SPLAT(1))), up);
}

INLINE __m128 quarters(V v) {
  __m256 eight = halves(v);
  return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}

/* The sums of four vectors, each added up as by sum. */
INLINE void sums(const V *v, float *out) {
  __m128 s0 = quarters(v[0]), s1 = quarters(v[1]), s2 = quarters(v[2]), s3 = quarters(v[3]);
  __m128 a = _mm_add_ps(_mm_unpacklo_ps(s0, s1), _mm_unpackhi_ps(s0, s1));
  __m128 b = _mm_add_ps(_mm_unpacklo_ps(s2, s3), _mm_unpackhi_ps(s2, s3));
  _mm_storeu_ps(out, _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a)));
}

INLINE uint16_t u16(const uint8_t *p) {
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE uint32_t u32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* A half-precision float. */
INLINE float half(const uint8_t *p) { return _cvtsh_ss(u16(p)); }

#endif
