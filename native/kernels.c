/* All kernels for vectors of BITS bits. */
#include "attention.h"
#include "blocks.h"
#include "few.h"
#include "floats.h"
#include "plain.h"
#include "preview.h"
#include "rows.h"
#include "step.h"
#include "tile.h"

#define ALL(F) MATVEC(F) NEURONS(F) WIDEN(F) STEP(F)
#define PARTS(F) ADD_ROWS(F) WIDEN_COLUMNS(F)
#define ALL_OF_BLOCKS(F) BLOCK_ROWS(F) BLOCK_PIECE(F) ALL(F)

/* Bytes of a row. */
#define WHOLE_BLOCKS(F) (n / F##_COLUMNS * F##_BYTES)

INLINE long q4_k_row(long n) { return WHOLE_BLOCKS(q4_k); }
INLINE long q5_k_row(long n) { return WHOLE_BLOCKS(q5_k); }
INLINE long q6_k_row(long n) { return WHOLE_BLOCKS(q6_k); }
INLINE long q4_0_row(long n) { return WHOLE_BLOCKS(q4_0); }
INLINE long q4_1_row(long n) { return WHOLE_BLOCKS(q4_1); }
INLINE long q5_0_row(long n) { return WHOLE_BLOCKS(q5_0); }
INLINE long q8_0_row(long n) { return WHOLE_BLOCKS(q8_0); }
INLINE long q4_row(long n) { return n / 2 + n / 32 * 2; }

ALL_OF_BLOCKS(q4_k)
ALL_OF_BLOCKS(q5_k)
ALL_OF_BLOCKS(q6_k)
ALL_OF_BLOCKS(q4_0)
ALL_OF_BLOCKS(q4_1)
ALL_OF_BLOCKS(q5_0)
ALL_OF_BLOCKS(q8_0)
ALL_OF_BLOCKS(q4)
ALL(int8)
ALL(bf16)
ALL(f32)
PARTS(int8)
PARTS(bf16)
PARTS(f32)
WIDEN_COLUMNS(preview)
STEP(split_floats)

#if BITS == 512
#define OF_WIDTH(name) name##_512
#else
#define OF_WIDTH(name) name##_256
#endif

const TileKernels OF_WIDTH(mom_tile) = {tile_matmul, tile_neurons, step_lay, few_products};

const FloatKernels OF_WIDTH(mom_floats) = {
    split_row, transpose_rows, rms_norm, silu_row, exponentials, multiply_row, add_row, rotate_heads, page_scores, page_mix,
};

#define KERNELS(F) {#F, F##_matvec, F##_neurons, F##_widen, F##_step, 0, 0, 0}
#define PLAIN_KERNELS(F) {#F, F##_matvec, F##_neurons, F##_widen, F##_step, F##_add_rows, F##_widen_columns, 0}

const Kernels OF_WIDTH(mom_kernels)[FORMATS] = {
    KERNELS(q4_k), KERNELS(q5_k), KERNELS(q6_k), KERNELS(q4_0), KERNELS(q4_1),
    KERNELS(q5_0), KERNELS(q8_0), KERNELS(q4),   PLAIN_KERNELS(int8), PLAIN_KERNELS(bf16), PLAIN_KERNELS(f32),
    {"split_floats", 0, 0, 0, split_floats_step, 0, 0, 0},
    {"preview", 0, 0, 0, 0, preview_add, preview_widen_columns, preview_all},
};
