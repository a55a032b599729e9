/* The kernels of one number format and one width of vectors; what they compute is said in mom.h. */
#ifndef MOM_KERNELS_H
#define MOM_KERNELS_H

#include <stdint.h>

typedef struct {
  const char *format;
  void (*matvec)(const uint8_t *w, long n, const float *x, float *y, long from, long to, long end);
  void (*neurons)(const uint8_t *w, long n, const int *list, long from, long to, const float *scales, const float *x,
                  float *y);
} Kernels;

/* Kernels of floats for several tokens. */
typedef struct {
  void (*matmul)(const float *w, long rows, long n, const float *tile, long tokens, float *y, long stride);
  void (*gate_up)(const float *records, const int *list, long count, long n, const float *tile, long tokens, float *gates,
                  float *ups);
  void (*add_down)(const float *records, const int *list, long count, long n, const float *h, long tokens, float *y);
  void (*step)(const float *w, long rows, long n, const float *x, long tokens, long second, long first_count,
               long second_count, long stride, float *y, long y_stride, const uint8_t *next, long next_bytes);
} TileKernels;

extern const TileKernels mom_tile_512;
extern const TileKernels mom_tile_256;

#define FORMATS 10

extern const Kernels mom_kernels_512[FORMATS];
extern const Kernels mom_kernels_256[FORMATS];

#endif
