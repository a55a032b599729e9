/* The kernels of one number format and one width of vectors; what they compute is said in mom.h. */
#ifndef MOM_KERNELS_H
#define MOM_KERNELS_H

#include <stdint.h>

typedef struct {
  const char *format;
  void (*matvec)(const uint8_t *w, long n, const float *x, float *y, long from, long to, long end);
  void (*neurons)(const uint8_t *w, long n, const int *list, long from, long to, const float *scales, const float *x,
                  float *y, long end);
  void (*widen)(const uint8_t *w, long n, long from, long to, float *out);
  void (*step)(const uint8_t *w, long n, long from, long to, const float *x, long tokens, float *y, long stride, long end);
  void (*add_rows)(const uint8_t *w, long n, const int *list, long from, long to, const float *factors, float *y, long c0,
                   long c1);
  void (*widen_columns)(const uint8_t *w, long n, long from, long to, long c0, long c1, long stride, float *out);
  void (*preview)(const uint8_t *w, long n, const int *list, long whole, long count, const float *factors, long ups_at,
                  float *y, long c0, long c1);
} Kernels;

/* Kernels of floats for several tokens. */
typedef struct {
  void (*matmul)(const float *w, long rows, long n, const float *tile, long tokens, float *y, long stride);
  void (*neurons)(const float *records, const int *held, const float *factors, long apart, long count, long n,
                  const float *tile, long tokens, float *y);
  void (*step_lay)(const float *x, long n, long tokens, long second, long stride, float *out);
  void (*few)(const float *w, long rows, long n, const float *x, long tokens, float *y, long stride);
} TileKernels;

extern const TileKernels mom_tile_512;
extern const TileKernels mom_tile_256;

/* What lies between the products. */
typedef struct {
  void (*split)(const float *x, long n, float *y);
  void (*transpose)(const float *x, long tokens, long n, float *tile);
  void (*rms_norm)(const float *x, const float *w, long n, double eps, float *y);
  void (*silu)(float *gate, const float *up, long n);
  void (*exponentials)(float *x, long n, float *out);
  void (*multiply)(float *x, long n, float scale);
  void (*add)(float *x, const float *y, long n);
  void (*rotate)(float *x, long heads, long n, const float *cos, const float *sin);
  void (*scores)(const float *q, const int *q_at, long queries, const float *keys, long from, long to, long n, float scale,
                 float *out, const int *out_at);
  void (*mix)(const float *p, const int *p_at, long queries, const float *values, long slots, long n, float *out,
              const int *out_at);
} FloatKernels;

extern const FloatKernels mom_floats_512;
extern const FloatKernels mom_floats_256;

#define FORMATS 13

extern const Kernels mom_kernels_512[FORMATS];
extern const Kernels mom_kernels_256[FORMATS];

#endif
