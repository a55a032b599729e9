package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.mixtureofmasks.UserError;

/**
 * Four bits a weight: whole numbers q in [0, 15], which stand for (q - {@link #CENTRE}) s with a
 * scale s for each row. Whoever adds up rows multiplies the scales into the factors, and takes off
 * once what all centres come to. Of 32 weights the first 16 are in the low nibbles of 16 bytes, as
 * in {@link Q4}.
 */
public final class PreviewWeights extends Format {
  /** The format. */
  public static final PreviewWeights FORMAT = new PreviewWeights();

  /** Weights whose nibbles lie together. */
  static final int BLOCK = 32;

  private static final int HALF = BLOCK / 2;
  private static final int L = ByteLanes.L;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  /** Bytes of a row that a vector of ints holds: whole blocks in every width. */
  private static final int GROUP = Integer.BYTES * L;

  /** As a vector: with more calls of scalars C2 no longer makes registers of all vectors. */
  private static final IntVector LOW = IntVector.broadcast(I, 15);

  /** Rows that a group is summed over at a time; the next ones are asked for ahead. */
  private static final int ROWS = 32;

  /** What of a number is no weight. */
  static final float CENTRE = 7.5f;

  private PreviewWeights() {}

  @Override
  public String name() {
    return "preview";
  }

  @Override
  public long rowBytes(int columns) {
    if (columns % BLOCK != 0) {
      throw new UserError(
          "a preview has rows of whole blocks of %d weights, not %d".formatted(BLOCK, columns));
    }
    return columns / 2;
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return Nibbles.get(data, row + column / BLOCK * (long) HALF, column % BLOCK);
  }

  /** Rounds to the nearest of the 16 numbers that there are. */
  @Override
  public void put(float[] values, MemorySegment data, long row) {
    for (int at = 0; at < values.length; at += BLOCK) {
      Nibbles.put(values, at, 0, 1, 0, 15, data, row + at / 2);
    }
  }

  /** Whether whole blocks make up a part of a row. */
  static boolean wholeBlocks(int column0, int column1) {
    return column0 % BLOCK == 0 && column1 % BLOCK == 0;
  }

  @Override
  public void addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1) {
    if (!wholeBlocks(column0, column1)) {
      super.addRows(w, list, from, to, factors, y, yAt, column0, column1);
      return;
    }
    MemorySegment data = w.data();
    long row = rowBytes(w.columns());
    long first = column0 / 2;
    int bytes = (column1 - column0) / 2;
    int grouped = bytes / GROUP * GROUP;
    float[] sums = new float[2 * grouped];
    for (int c = 0; c < sums.length; c++) {
      sums[c] = y[yAt + column(c)];
    }
    for (int k = from; k < to; k += ROWS) {
      int end = Math.min(to, k + ROWS);
      for (int i = k; i < end; i++) {
        fetchPart(data, row, first, bytes, list, i + ROWS, to);
      }
      for (int at = 0; at < grouped; at += GROUP) {
        addGroup(data, row, first + at, list, k, end, factors, sums, 2 * at);
      }
      for (int i = k; i < end && grouped < bytes; i++) {
        long rest = list[i] * row + first + grouped;
        axpy(data, rest, factors[i], y, yAt + 2 * grouped, bytes - grouped);
      }
    }
    for (int c = 0; c < sums.length; c++) {
      y[yAt + column(c)] = sums[c];
    }
  }

  /** Which column of a part its sum c in groups is of: c counts the lanes of a group's vectors. */
  private static int column(int c) {
    int number = c % (2 * GROUP) / L;
    int b = c % L * 4 + number / 2;
    return c / (2 * GROUP) * (2 * GROUP) + place(b) + number % 2 * HALF;
  }

  /**
   * A group of columns of some rows: each lane of the ints that it lies in has eight numbers.
   *
   * @param first byte of the group within its row
   * @param sums of the group, from {@code at}: those of the lowest numbers, then of the next
   */
  private static void addGroup(
      MemorySegment w,
      long row,
      long first,
      int[] list,
      int from,
      int to,
      float[] h,
      float[] sums,
      int at) {
    FloatVector a0 = ByteLanes.floats(sums, at);
    FloatVector a1 = ByteLanes.floats(sums, at + L);
    FloatVector a2 = ByteLanes.floats(sums, at + 2 * L);
    FloatVector a3 = ByteLanes.floats(sums, at + 3 * L);
    FloatVector a4 = ByteLanes.floats(sums, at + 4 * L);
    FloatVector a5 = ByteLanes.floats(sums, at + 5 * L);
    FloatVector a6 = ByteLanes.floats(sums, at + 6 * L);
    FloatVector a7 = ByteLanes.floats(sums, at + 7 * L);
    for (int k = from; k < to; k++) {
      IntVector eights =
          IntVector.fromMemorySegment(I, w, list[k] * row + first, ByteOrder.LITTLE_ENDIAN);
      FloatVector v = broadcast(h[k]);
      a0 = low(eights).fma(v, a0);
      a1 = number(eights, 4).fma(v, a1);
      a2 = number(eights, 8).fma(v, a2);
      a3 = number(eights, 12).fma(v, a3);
      a4 = number(eights, 16).fma(v, a4);
      a5 = number(eights, 20).fma(v, a5);
      a6 = number(eights, 24).fma(v, a6);
      a7 = number(eights, 28).fma(v, a7);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
    a4.intoArray(sums, at + 4 * L);
    a5.intoArray(sums, at + 5 * L);
    a6.intoArray(sums, at + 6 * L);
    a7.intoArray(sums, at + 7 * L);
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, value);
  }

  /** The numbers in the lowest four bits of each lane. */
  private static FloatVector low(IntVector numbers) {
    return ByteLanes.floats(numbers.and(LOW));
  }

  /** The numbers so many bits up. */
  private static FloatVector number(IntVector numbers, int bits) {
    return low(numbers.lanewise(VectorOperators.LSHR, bits));
  }

  /** Where the low nibbles of byte i of a row belong: those of the high ones are HALF behind. */
  private static int place(int i) {
    return i / HALF * BLOCK + i % HALF;
  }

  /** y += h w[row] of as many bytes. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int at, int bytes) {
    FloatVector v = broadcast(h);
    for (int i = 0; i < bytes; i += L) {
      int c = at + place(i);
      IntVector pairs = ByteLanes.unsigned(w, row + i);
      low(pairs).fma(v, ByteLanes.floats(y, c)).intoArray(y, c);
      number(pairs, 4).fma(v, ByteLanes.floats(y, c + HALF)).intoArray(y, c + HALF);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    if (column0 % L != 0 || column1 % L != 0) {
      super.widenColumns(w, from, to, column0, column1, out, stride);
      return;
    }
    long row = rowBytes(w.columns());
    for (int r = from; r < to; r++) {
      for (int c = column0; c < column1; c += L) {
        int within = c % BLOCK;
        IntVector pairs =
            ByteLanes.unsigned(w.data(), r * row + c / BLOCK * (long) HALF + within % HALF);
        (within < HALF ? low(pairs) : number(pairs, 4))
            .intoArray(out, (r - from) * stride + c - column0);
      }
    }
  }
}
