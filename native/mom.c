/* The library's way in: which kernels this CPU can run. Compiled for any x86-64. */
#include "mom.h"

#include <string.h>

#include "kernels.h"

/* Each function has the places of all pointers before those of its longs. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

int mom_version(void) { return 12; }

/* What kernels ask of this CPU, see vectors.h and preview.h. */
int mom_prefetch_to_l1;
int mom_vnni;

__attribute__((constructor)) static void look(void) {
  __builtin_cpu_init();
  mom_prefetch_to_l1 = !__builtin_cpu_is("amd");
  mom_vnni = __builtin_cpu_supports("avx512vnni") != 0;
}

static int can(int bits) {
  int narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (bits == 256) {
    return narrow;
  }
  return bits == 512 && narrow && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

int mom_kernels(int bits, const char *format) {
  if (!can(bits)) {
    return -2;
  }
  for (int i = 0; i < FORMATS; i++) {
    if (strcmp(mom_kernels_512[i].format, format) == 0) {
      return bits == 512 ? i : FORMATS + i;
    }
  }
  return -1;
}

static const Kernels *of(int kernels) {
  return kernels < FORMATS ? &mom_kernels_512[kernels] : &mom_kernels_256[kernels - FORMATS];
}

void mom_matvec(int kernels, const uint8_t *w, const float *x, float *y, NONE a, NONE b, long n, long x_at, long y_at,
                long from, long to, long end) {
  of(kernels)->matvec(w, n, x + x_at, y + y_at, from, to, end);
}

void mom_widen(int kernels, const uint8_t *w, float *out, NONE a, NONE b, NONE c, long n, long from, long to, long out_at) {
  of(kernels)->widen(w, n, from, to, out + out_at);
}

void mom_neurons(int kernels, const uint8_t *w, const int *list, const float *scales, const float *x, float *y, long n,
                 long from, long to, long x_at, long y_at, long end) {
  of(kernels)->neurons(w, n, list, from, to, scales, x + x_at, y + y_at, end);
}

void mom_add_rows(int kernels, const uint8_t *w, const int *list, const float *factors, float *y, NONE a, long n, long from,
                  long to, long c0, long c1, long y_at) {
  of(kernels)->add_rows(w, n, list, from, to, factors, y + y_at, c0, c1);
}

void mom_preview(int kernels, const uint8_t *w, const int *list, const float *factors, float *y, NONE a, long n, long whole,
                 long count, long ups_at, long c0, long c1, long y_at) {
  of(kernels)->preview(w, n, list, whole, count, factors, ups_at, y + y_at, c0, c1);
}

void mom_widen_columns(int kernels, const uint8_t *w, float *out, NONE a, NONE b, NONE c, long n, long from, long to, long c0,
                       long c1, long stride, long out_at) {
  of(kernels)->widen_columns(w, n, from, to, c0, c1, stride, out + out_at);
}

static const TileKernels *tile_of(int bits) { return bits == 512 ? &mom_tile_512 : &mom_tile_256; }

void mom_few(int bits, const float *w, const float *x, float *y, NONE a, NONE b, long rows, long n, long x_at, long tokens,
             long y_at, long stride) {
  tile_of(bits)->few(w, rows, n, x + x_at, tokens, y + y_at, stride);
}

void mom_tile(int bits, const float *w, const float *tile, float *y, NONE a, NONE b, long rows, long n, long tile_at,
              long tokens, long y_at, long stride) {
  tile_of(bits)->matmul(w, rows, n, tile + tile_at, tokens, y + y_at, stride);
}

void mom_tile_neurons(int bits, const float *records, const int *held, const float *factors, const float *tile, float *y,
                      long count, long n, long width, long apart, long tile_at, long y_at) {
  tile_of(bits)->neurons(records, held, factors, apart, count, n, tile + tile_at, width, y + y_at);
}

void mom_step_lay(int bits, const float *x, float *out, NONE a, NONE b, NONE c, long n, long tokens, long second, long stride) {
  tile_of(bits)->step_lay(x, n, tokens, second, stride, out);
}

void mom_step(int kernels, const uint8_t *w, const float *x, float *y, NONE a, NONE b, long n, long from, long to, long tokens,
              long y_at, long stride, long end) {
  of(kernels)->step(w, n, from, to, x, tokens, y + y_at, stride, end);
}

static const FloatKernels *floats_of(int bits) { return bits == 512 ? &mom_floats_512 : &mom_floats_256; }

void mom_transpose(int bits, const float *x, float *tile, NONE a, NONE b, NONE c, long n, long x_at, long tokens,
                   long tile_at) {
  floats_of(bits)->transpose(x + x_at, tokens, n, tile + tile_at);
}

void mom_split(int bits, const float *x, float *y, NONE a, NONE b, NONE c, long n, long x_at, long y_at) {
  floats_of(bits)->split(x + x_at, n, y + y_at);
}

void mom_rms_norm(int bits, const float *x, const float *w, float *y, NONE a, NONE b, long n, long x_at, long y_at,
                  double eps) {
  floats_of(bits)->rms_norm(x + x_at, w, n, eps, y + y_at);
}

void mom_silu_times(int bits, float *gate, const float *up, NONE a, NONE b, NONE c, long n, long gate_at, long up_at) {
  floats_of(bits)->silu(gate + gate_at, up + up_at, n);
}

void mom_exponentials(int bits, float *x, float *out, NONE a, NONE b, NONE c, long n, long x_at) {
  floats_of(bits)->exponentials(x + x_at, n, out);
}

void mom_multiply(int bits, float *x, NONE a, NONE b, NONE c, NONE d, long n, long x_at, double factor) {
  floats_of(bits)->multiply(x + x_at, n, (float)factor);
}

void mom_add(int bits, float *x, const float *y, NONE a, NONE b, NONE c, long from, long to) {
  floats_of(bits)->add(x + from, y + from, to - from);
}

void mom_rotate(int bits, float *x, const float *cos, const float *sin, NONE a, NONE b, long x_at, long heads, long n,
                long at) {
  floats_of(bits)->rotate(x + x_at, heads, n, cos + at, sin + at);
}

void mom_scores(int bits, const float *q, const int *q_at, const float *keys, float *out, const int *out_at, long queries,
                long keys_at, long from, long to, long n, long first, long seen, double scale) {
  floats_of(bits)->scores(q, q_at + first, queries, keys + keys_at, from, to, n, (float)scale, out + seen, out_at + first);
}

void mom_mix(int bits, const float *p, const int *p_at, const float *values, float *out, const int *out_at, long queries,
             long values_at, long slots, long n, long first, long seen) {
  floats_of(bits)->mix(p + seen, p_at + first, queries, values + values_at, slots, n, out, out_at + first);
}
