package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Kernels for a step, one new token of each of several texts: weights come from memory once, are
 * widened once, and serve all tokens while they lie in the nearest caches. Every token has the bits
 * that its format's kernels for one token give it, as the format's {@link RowSum} says.
 */
final class StepKernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** A block of widened rows stays in the second-level cache while all tokens pass over it. */
  private static final int BLOCK_FLOATS = 32 << 10;

  /** Neurons whose down rows are added together. */
  private static final int DOWNS = 4;

  private StepKernels() {}

  /** See {@link Format#products}. */
  static void products(
      Matrix w,
      RowSum order,
      Input x,
      int tokens,
      float[] y,
      int stride,
      int yAt,
      int from,
      int to) {
    int n = w.columns();
    int block = Math.min(Math.max(0, to - from), Math.max(4, BLOCK_FLOATS / n / 4 * 4));
    float[] rows = new float[block * n];
    StepTile tile = new StepTile(order, rows, block, n);
    int[] at = new int[StepTile.TOKENS];
    for (int r = from; r < to; r += block) {
      int end = Math.min(to, r + block);
      w.format().widen(w, r, end, rows);
      for (int t = 0; t < tokens; t += StepTile.TOKENS) {
        int used = Math.min(StepTile.TOKENS, tokens - t);
        for (int i = 0; i < StepTile.TOKENS; i++) {
          at[i] = x.at(t + Math.min(i, used - 1));
        }
        tile.products(end - r, x.floats(), at, used, y, t * stride + yAt + r, stride);
      }
    }
  }

  /** See {@link Kernels#neuronsOfTokens}. */
  static void neurons(
      Matrix records,
      RowSum order,
      int[] list,
      int from,
      int to,
      float[] @Nullable [] scales,
      Input x,
      int[] tokens,
      float[] y,
      int[] yAt,
      float[] h,
      VectorKernels kernels) {
    int n = records.columns();
    Format format = records.format();
    float[] gateUp = new float[2 * n];
    StepTile tile = new StepTile(order, gateUp, 2, n);
    float[][] downs = new float[DOWNS][n];
    for (int b = from; b < to; b += Kernels.NEURON_BLOCK) {
      int count = Math.min(Kernels.NEURON_BLOCK, to - b);
      for (int k = 0; k < count; k++) {
        format.fetchAhead(records, list, b + k, to);
        format.widen(records, 3 * list[b + k], 3 * list[b + k] + 2, gateUp);
        gateUp(tile, x, tokens, h, k);
      }
      for (int t = 0; t < tokens.length; t++) {
        kernels.activate(h, t * Kernels.SCRATCH, count, scales[t], b);
      }
      for (int k = 0; k < count; k += DOWNS) {
        int used = Math.min(DOWNS, count - k);
        for (int i = 0; i < used; i++) {
          int row = 3 * list[b + k + i] + 2;
          format.widen(records, row, row + 1, downs[i]);
        }
        for (int t = 0; t < tokens.length; t++) {
          addDown(order, downs, used, h, t * Kernels.SCRATCH + k, y, yAt[t]);
        }
      }
    }
  }

  /** The products of one neuron's gate and up rows with all tokens. */
  private static void gateUp(StepTile tile, Input x, int[] tokens, float[] h, int k) {
    int[] at = new int[StepTile.TOKENS];
    float[] out = new float[2 * StepTile.TOKENS];
    for (int t = 0; t < tokens.length; t += StepTile.TOKENS) {
      int used = Math.min(StepTile.TOKENS, tokens.length - t);
      for (int i = 0; i < StepTile.TOKENS; i++) {
        at[i] = x.at(tokens[t + Math.min(i, used - 1)]);
      }
      tile.products(2, x.floats(), at, used, out, 0, 2);
      for (int i = 0; i < used; i++) {
        h[(t + i) * Kernels.SCRATCH + k] = out[2 * i];
        h[(t + i) * Kernels.SCRATCH + Kernels.NEURON_BLOCK + k] = out[2 * i + 1];
      }
    }
  }

  /** y[at ...] += Σ_k h[hAt + k] rows[k] for up to DOWNS widened rows. */
  private static void addDown(
      RowSum order, float[][] rows, int count, float[] h, int hAt, float[] y, int at) {
    if (count == DOWNS) {
      addFour(rows, h, hAt, order.first(), order.covered(), y, at);
      addFour(rows, h, hAt, order.second(), order.secondCovered(), y, at);
    }
    for (int k = 0; k < count; k++) {
      if (count < DOWNS) {
        addOne(rows[k], h[hAt + k], order.first(), order.covered(), y, at);
        addOne(rows[k], h[hAt + k], order.second(), order.secondCovered(), y, at);
      }
      for (int place : order.tail()) {
        y[at + place] += h[hAt + k] * rows[k][place];
      }
    }
  }

  private static void addFour(
      float[][] rows, float[] h, int hAt, int from, int n, float[] y, int at) {
    float[] w0 = rows[0];
    float[] w1 = rows[1];
    float[] w2 = rows[2];
    float[] w3 = rows[3];
    FloatVector h0 = FloatVector.broadcast(F, h[hAt]);
    FloatVector h1 = FloatVector.broadcast(F, h[hAt + 1]);
    FloatVector h2 = FloatVector.broadcast(F, h[hAt + 2]);
    FloatVector h3 = FloatVector.broadcast(F, h[hAt + 3]);
    for (int i = from; i < from + n; i += L) {
      FloatVector a = FloatVector.fromArray(F, y, at + i);
      a = FloatVector.fromArray(F, w0, i).fma(h0, a);
      a = FloatVector.fromArray(F, w1, i).fma(h1, a);
      a = FloatVector.fromArray(F, w2, i).fma(h2, a);
      a = FloatVector.fromArray(F, w3, i).fma(h3, a);
      a.intoArray(y, at + i);
    }
  }

  private static void addOne(float[] w, float h, int from, int n, float[] y, int at) {
    FloatVector times = FloatVector.broadcast(F, h);
    for (int i = from; i < from + n; i += L) {
      FloatVector a = FloatVector.fromArray(F, y, at + i);
      FloatVector.fromArray(F, w, i).fma(times, a).intoArray(y, at + i);
    }
  }
}
