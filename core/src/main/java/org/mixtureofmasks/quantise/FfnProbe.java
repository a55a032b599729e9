package org.mixtureofmasks.quantise;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import org.mixtureofmasks.format.Roundable;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;

/** Computes what the down projection of one layer reads: SiLU(gate x) ⊙ up x of each neuron. */
final class FfnProbe {
  private final Matrix gate;
  private final Matrix up;
  private final List<BitSet> held; // by expert: the neurons that it holds; none when dense

  /**
   * @param gate rows of neurons; of records with a step of 3
   * @param up the same rows
   * @param held by expert the neurons that it holds; empty when dense
   */
  private FfnProbe(Matrix gate, Matrix up, List<BitSet> held) {
    this.gate = gate;
    this.up = up;
    this.held = held;
  }

  static FfnProbe dense(Roundable gate, Roundable up, Arena arena) {
    return new FfnProbe(matrix(gate, 0, 1, arena), matrix(up, 0, 1, arena), List.of());
  }

  static FfnProbe sparse(Roundable records, List<BitSet> held, Arena arena) {
    return new FfnProbe(matrix(records, 0, 3, arena), matrix(records, 1, 3, arena), held);
  }

  private static Matrix matrix(Roundable part, int first, int step, Arena arena) {
    int n = part.columns();
    int rows = part.rows() / step;
    long bytes = (long) Float.BYTES * n;
    MemorySegment data = arena.allocate(Math.max(1, rows * bytes), 64).asSlice(0, rows * bytes);
    float[] row = new float[n];
    for (int r = 0; r < rows; r++) {
      part.row(first + r * step, row);
      MemorySegment.copy(row, 0, data, ValueLayout.JAVA_FLOAT, r * bytes, n);
    }
    return new Matrix(data, rows, n, F32.FORMAT);
  }

  /** Bytes of one. */
  static long bytes(int neurons, int inputs) {
    return 2L * Float.BYTES * neurons * inputs;
  }

  int neurons() {
    return gate.rows();
  }

  /**
   * @param x tokens x inputs
   * @param experts by token those it goes through; empty arrays when dense
   * @return tokens x neurons; 0 for neurons that none of a token's experts hold
   */
  float[] activations(ParallelKernels kernels, float[] x, int tokens, List<int[]> experts) {
    Activations inputs = new Activations(tokens, gate.columns());
    System.arraycopy(x, 0, inputs.values(), 0, tokens * gate.columns());
    inputs.changed(tokens);
    Activations h = new Activations(tokens, neurons());
    kernels.gated(inputs, gate, up, h, new float[tokens * neurons()]);
    if (!held.isEmpty()) {
      for (int t = 0; t < tokens; t++) {
        BitSet live = new BitSet();
        for (int e : experts.get(t)) {
          live.or(held.get(e));
        }
        for (int j = live.nextClearBit(0); j < neurons(); j = live.nextClearBit(j + 1)) {
          h.values()[t * neurons() + j] = 0;
        }
      }
    }
    return h.values();
  }
}
