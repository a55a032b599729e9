package org.mixtureofmasks.quantise;

import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.QuantisedTensor;
import org.mixtureofmasks.format.Roundable;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.kernel.Rounding;

/** Each weight to the nearest number that the format has: nothing but the weights is needed. */
final class NearestRounding {
  /** Rows that a thread does at a time. */
  private static final int PIECE = 64;

  private final ParallelKernels kernels;

  /**
   * Uses the threads of a team.
   *
   * @param kernels whose threads share the rows
   */
  NearestRounding(ParallelKernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Rounds a tensor.
   *
   * @param part what is to be rounded
   * @return its numbers and scales
   */
  QuantisedTensor round(Roundable part) {
    int n = part.columns();
    QuantisedTensor rounded = empty(part);
    int pieces = Math.ceilDiv(part.rows(), PIECE);
    kernels.forEach(
        pieces,
        (piece, _) -> {
          float[] row = new float[n];
          byte[] q = new byte[n];
          int end = Math.min(part.rows(), (piece + 1) * PIECE);
          for (int r = piece * PIECE; r < end; r++) {
            part.row(r, row);
            rounded.put(r, q, scales(part.dtype(), row, q));
          }
        });
    return rounded;
  }

  /** Refuses rows that the format cannot hold. */
  static void require(Roundable part) {
    if (part.dtype() == DType.INT4) {
      Q4.requireBlocks(part.columns());
    }
  }

  /** Room for what becomes of a tensor. */
  static QuantisedTensor empty(Roundable part) {
    boolean four = part.dtype() == DType.INT4;
    return new QuantisedTensor(part.dtype(), part.shape(), four ? Q4.BLOCK : part.columns());
  }

  private static float[] scales(DType dtype, float[] row, byte[] q) {
    if (dtype == DType.INT8) {
      return new float[] {Rounding.int8(row, q)};
    }
    float[] scales = new float[row.length / Q4.BLOCK];
    for (int b = 0; b < scales.length; b++) {
      scales[b] = Rounding.q4(row, b * Q4.BLOCK, q);
    }
    return scales;
  }
}
