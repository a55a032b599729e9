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

#define FORMATS 10

extern const Kernels mom_kernels_512[FORMATS];
extern const Kernels mom_kernels_256[FORMATS];

#endif
