/*
 * Kernels for the engine of Mixture of Masks: what its Java kernels of the same vector width compute, bit for bit, ready
 * without a compiler at run time, and with what Java has no words for, an instruction beside the loads that asks for weights
 * ahead of their use. Pointers may be of any alignment; nothing is kept.
 *
 * The JVM makes the code of a call for each signature that it meets, so Java knows one for all functions: an int, five
 * pointers, nine longs, a double, and an int comes back. A function names the parameters that it reads, of pointers and
 * longs the first ones; by the calling convention of x86-64 the others do not disturb it.
 */
#ifndef MOM_H
#define MOM_H

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* A pointer that is not read. */
#define NONE const void *

/* Changes with every change of what is declared here; Java compares it before anything else is called. */
EXPORT int mom_version(void);

/*
 * The number of a format's kernels for vectors of so many bits; -1 where there are none, -2 where this CPU lacks what
 * vectors of that width need. format as Format.name() in Java has it.
 */
EXPORT int mom_kernels(int bits, const char *format);

/*
 * y[y_at + r] = sum over c of w[r, c] x[x_at + c] for rows r in [from, to).
 *
 * w: a matrix of n columns in the format; x in its order; end: of the rows that are wanted in this and further calls, to
 * be asked for ahead.
 */
EXPORT void mom_matvec(int kernels, const uint8_t *w, const float *x, float *y, NONE, NONE, long n, long x_at, long y_at,
                       long from, long to, long end);

/* Rows [from, to) as floats in the format's order, one behind the other. */
EXPORT void mom_widen(int kernels, const uint8_t *w, float *out, NONE, NONE, NONE, long n, long from, long to, long out_at);

/*
 * Neurons of a SwiGLU FFN: y[y_at + c] += sum over j of s_j SiLU(g_j x) (u_j x) d_j[c] for j = list[k], k in [from, to).
 *
 * w: records of three rows of n columns, gate g, up u and down d; scales: s by place in the list, NULL when all are 1;
 * end: of the places in the list that are wanted in this and further calls, to be asked for ahead.
 */
EXPORT void mom_neurons(int kernels, const uint8_t *w, const int *list, const float *scales, const float *x, float *y, long n,
                        long from, long to, long x_at, long y_at, long end);

/*
 * y[y_at + place of c - c0] += sum over k in [from, to) of factors[k] w[list[k], c] for columns c in [c0, c1), in the
 * format's order of so many; only for int8, bf16, f32 and whole blocks of a preview, whose factors are whole numbers in
 * [-127, 127] and whose y are whole numbers or halves.
 */
EXPORT void mom_add_rows(int kernels, const uint8_t *w, const int *list, const float *factors, float *y, NONE, long n,
                         long from, long to, long c0, long c1, long y_at);

/*
 * Sums of a preview's rows, of n columns, for columns [c0, c1) of its gates and n / 2 + [c0, c1) of its ups, whole blocks.
 * The list has `whole` rows of upper bits, as many of the same inputs' lower bits, and up to `count` rows of other upper
 * bits; of each of these three parts the sum of factors[k] w[list[k]] over the gates, then that of factors[ups_at + k]
 * w[list[k]] over the ups go to y, from y_at on, one behind the other. Factors are whole numbers in [-127, 127].
 */
EXPORT void mom_preview(int kernels, const uint8_t *w, const int *list, const float *factors, float *y, NONE, long n,
                        long whole, long count, long ups_at, long c0, long c1, long y_at);

/*
 * Columns [c0, c1) of rows [from, to) as floats in the format's order of so many, stride apart; only for int8, bf16,
 * f32 and whole vectors of a preview.
 */
EXPORT void mom_widen_columns(int kernels, const uint8_t *w, float *out, NONE, NONE, NONE, long n, long from, long to,
                              long c0, long c1, long stride, long out_at);

/*
 * From here on `bits` are those of vectors: mom_kernels has said that this CPU runs kernels of so many.
 *
 * y[y_at + t * stride + r] = sum over c of w[r * n + c] x[t * n + c] for a few tokens.
 */
EXPORT void mom_few(int bits, const float *w, const float *x, float *y, NONE, NONE, long rows, long n, long x_at, long tokens,
                    long y_at, long stride);

/*
 * A tile is n columns of 2 * bits / 32 tokens, transposed: token t of column c at tile[tile_at + c * 2 * bits / 32 + t].
 *
 * y[y_at + t * stride + r] = sum over c of w[r * n + c] x[c, t] for the first tokens of the tile.
 */
EXPORT void mom_tile(int bits, const float *w, const float *tile, float *y, NONE, NONE, long rows, long n, long tile_at,
                     long tokens, long y_at, long stride);

/* x[x_at + t * n + c] to the tile, for its first tokens. */
EXPORT void mom_transpose(int bits, const float *x, float *tile, NONE, NONE, NONE, long n, long x_at, long tokens,
                          long tile_at);

/*
 * y[y_at + c * width + t] += sum over k of f SiLU(g_k x_t) (u_k x_t) d_k[c] over the records k in [0, count) for which bit
 * t of held[k] is set, in their order; f = factors[k * apart + t]; records as in mom_neurons. A tile is of `width` tokens
 * here, 2 * bits / 32 or half of that, and so far is it from a column of it to the next.
 */
EXPORT void mom_tile_neurons(int bits, const float *records, const int *held, const float *factors, const float *tile,
                             float *y, long count, long n, long width, long apart, long tile_at, long y_at);

/*
 * Tokens as mom_step reads them, from x one behind the other: tokens * n floats, n a multiple of 2 * bits / 32. Of a row's
 * two chains of vectors the second begins at `second`; each vector lies `stride` floats behind the last of its chain.
 */
EXPORT void mom_step_lay(int bits, const float *x, float *out, NONE, NONE, NONE, long n, long tokens, long second, long stride);

/*
 * y[y_at + t * stride + r] = sum over c of w[r, c] x[t, c] for rows r in [from, to) of the format of `kernels`, added up as
 * mom_matvec does.
 *
 * x: by mom_step_lay, chains as the format's vectors go; at a multiple of 64 bytes it is read at full speed.
 * end: of the rows that are wanted in this and further calls, to be asked for ahead.
 */
EXPORT void mom_step(int kernels, const uint8_t *w, const float *x, float *y, NONE, NONE, long n, long from, long to,
                     long tokens, long y_at, long stride, long end);

/* Elements of even number from x[x_at] on to y[y_at ...], those of odd number behind them. */
EXPORT void mom_split(int bits, const float *x, float *y, NONE, NONE, NONE, long n, long x_at, long y_at);

/* y[y_at + i] = w[i] x[x_at + i] / sqrt(mean of squares + eps) for n elements. */
EXPORT void mom_rms_norm(int bits, const float *x, const float *w, float *y, NONE, NONE, long n, long x_at, long y_at,
                         double eps);

/* gate_i = SiLU(gate_i) up_i for those of n elements that whole vectors cover. */
EXPORT void mom_silu_times(int bits, float *gate, const float *up, NONE, NONE, NONE, long n, long gate_at, long up_at);

/*
 * The first step of a softmax: to out[1] the largest of n numbers; x_i = e^(x_i - out[1]) for those that whole vectors cover,
 * to out[0] the sum of these.
 */
EXPORT void mom_exponentials(int bits, float *x, float *out, NONE, NONE, NONE, long n, long x_at);

/* x_i *= factor, a float. */
EXPORT void mom_multiply(int bits, float *x, NONE, NONE, NONE, NONE, long n, long x_at, double factor);

/* x_i += y_i for i in [from, to). */
EXPORT void mom_add(int bits, float *x, const float *y, NONE, NONE, NONE, long from, long to);

/*
 * Heads of n elements each, one behind the other from x[x_at] on: (x_i, x_{i + n / 2}) is turned by the angle of
 * (cos[at + i], sin[at + i]).
 */
EXPORT void mom_rotate(int bits, float *x, const float *cos, const float *sin, NONE, NONE, long x_at, long heads, long n,
                       long at);

/*
 * out[out_at[k] + seen + t - from] = scale q_k k_t for the slots t in [from, to) of a page, q_k = q[q_at[k] ...] of n
 * coordinates; up to bits / 32 - 1 floats behind them are overwritten. Keys as [block][n][16].
 */
EXPORT void mom_scores(int bits, const float *q, const int *q_at, const float *keys, float *out, const int *out_at,
                       long queries, long keys_at, long from, long to, long n, long first, long seen, double scale);

/* out[out_at[k] + c] += sum over slots t of p[p_at[k] + seen + t] values[values_at + t * n + c]. */
EXPORT void mom_mix(int bits, const float *p, const int *p_at, const float *values, float *out, const int *out_at,
                    long queries, long values_at, long slots, long n, long first, long seen);

#endif
