/*
 * Kernels of one token for the engine of Mixture of Masks: what its Java kernels of the same vector width compute, bit
 * for bit, with what Java has no words for, an instruction beside the loads that asks for weights ahead of their use.
 * Pointers may be of any alignment; nothing is kept.
 */
#ifndef MOM_H
#define MOM_H

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* Changes with every change of what is declared here; Java compares it before anything else is called. */
EXPORT int mom_version(void);

/*
 * The number of a format's kernels for vectors of so many bits; -1 where there are none, -2 where this CPU lacks what
 * vectors of that width need. format as Format.name() in Java has it.
 */
EXPORT int mom_kernels(const char *format, int bits);

/*
 * y[y_at + r] = sum over c of w[r, c] x[x_at + c] for rows r in [from, to).
 *
 * w: a matrix of n columns in the format; x in its order; end: of the rows that are wanted in this and further calls, to
 * be asked for ahead.
 */
EXPORT void mom_matvec(int kernels, const uint8_t *w, long n, const float *x, long x_at, float *y, long y_at, long from,
                       long to, long end);

/*
 * Neurons of a SwiGLU FFN: y[y_at + c] += sum over j of s_j SiLU(g_j x) (u_j x) d_j[c] for j = list[k], k in [from, to).
 *
 * w: records of three rows of n columns, gate g, up u and down d; scales: s by place in the list, NULL when all are 1.
 */
EXPORT void mom_neurons(int kernels, const uint8_t *w, long n, const int *list, long from, long to, const float *scales,
                        const float *x, long x_at, float *y, long y_at);

/*
 * A tile is n columns of 2 * bits / 32 tokens, transposed: token t of column c at tile[tile_at + c * 2 * bits / 32 + t].
 * mom_kernels has said that this CPU runs kernels of so many bits.
 *
 * y[y_at + t * stride + r] = sum over c of w[r * n + c] x[c, t] for the first tokens of the tile.
 */
EXPORT void mom_tile(int bits, const float *w, long rows, long n, const float *tile, long tile_at, long tokens, float *y,
                     long y_at, long stride);

/*
 * Here a tile is of `tokens` tokens, 2 * bits / 32 or half of that, and so far is it from a column of it to the next.
 *
 * g_j x to h[k * tokens + t], u_j x to h[up + k * tokens + t] for j = list[k], k in [0, count); records as in mom_neurons.
 */
EXPORT void mom_tile_gate_up(int bits, const float *records, const int *list, long count, long n, const float *tile,
                             long tile_at, long tokens, float *h, long up);

/* y[y_at + c * tokens + t] += sum over k of h[k * tokens + t] d_j[c] for j = list[k]. */
EXPORT void mom_tile_add_down(int bits, const float *records, const int *list, long count, long n, const float *h,
                              long tokens, float *y, long y_at);

/*
 * y[y_at + t * y_stride + r] = sum over c of w[r * n + c] x[t * n + c] over the columns that whole vectors cover: of
 * first_count vectors from the beginning of a row and second_count from `second`, each `stride` floats behind the last.
 *
 * next: what will be widened next, next_bytes of it; it is asked for meanwhile.
 */
EXPORT void mom_step(int bits, const float *w, long rows, long n, const float *x, long tokens, long second, long first_count,
                     long second_count, long stride, float *y, long y_at, long y_stride, const uint8_t *next,
                     long next_bytes);

#endif
