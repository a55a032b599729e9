/* The library's way in: which kernels this CPU can run. Compiled for any x86-64. */
#include "mom.h"

#include <string.h>

#include "kernels.h"

int mom_version(void) { return 4; }

static int can(int bits) {
  __builtin_cpu_init();
  int narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (bits == 256) {
    return narrow;
  }
  return bits == 512 && narrow && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

int mom_kernels(const char *format, int bits) {
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

void mom_matvec(int kernels, const uint8_t *w, long n, const float *x, long x_at, float *y, long y_at, long from, long to,
                long end) {
  of(kernels)->matvec(w, n, x + x_at, y + y_at, from, to, end);
}

void mom_neurons(int kernels, const uint8_t *w, long n, const int *list, long from, long to, const float *scales,
                 const float *x, long x_at, float *y, long y_at) {
  of(kernels)->neurons(w, n, list, from, to, scales, x + x_at, y + y_at);
}

static const TileKernels *tile_of(int bits) { return bits == 512 ? &mom_tile_512 : &mom_tile_256; }

void mom_tile(int bits, const float *w, long rows, long n, const float *tile, long tile_at, long tokens, float *y, long y_at,
              long stride) {
  tile_of(bits)->matmul(w, rows, n, tile + tile_at, tokens, y + y_at, stride);
}

void mom_tile_gate_up(int bits, const float *records, const int *list, long count, long n, const float *tile, long tile_at,
                      long tokens, float *h, long up) {
  tile_of(bits)->gate_up(records, list, count, n, tile + tile_at, tokens, h, h + up);
}

void mom_tile_add_down(int bits, const float *records, const int *list, long count, long n, const float *h, long tokens,
                       float *y, long y_at) {
  tile_of(bits)->add_down(records, list, count, n, h, tokens, y + y_at);
}

void mom_step(int bits, const float *w, long rows, long n, const float *x, long tokens, long second, long first_count,
              long second_count, long stride, float *y, long y_at, long y_stride, const uint8_t *next, long next_bytes) {
  tile_of(bits)->step(w, rows, n, x, tokens, second, first_count, second_count, stride, y + y_at, y_stride, next,
                      next_bytes);
}
