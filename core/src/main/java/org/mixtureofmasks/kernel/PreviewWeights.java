package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.mixtureofmasks.UserError;

/**
 * Two bits a weight, a plane of a preview: whole numbers q in [0, 3], which stand for (q - {@link
 * #CENTRE}) s with a scale s that their rows have. Whoever adds up rows multiplies the scales into
 * the factors, and takes off once what all centres come to. Of 64 weights the first 16 are in the
 * lowest bits of 16 bytes, the next in the two bits above, and so on.
 *
 * <p>Factors of rows that are added up are whole numbers in [-127, 127], and the sums that they are
 * added to whole numbers or halves: then a sum of up to 2^15 rows is exact, in floats as well as in
 * the integers of the native library, whatever the order.
 */
public final class PreviewWeights extends Format {
  /** The format. */
  public static final PreviewWeights FORMAT = new PreviewWeights();

  /** Weights whose numbers lie together. */
  static final int BLOCK = 64;

  /** Bytes of a block. */
  private static final int BYTES = 16;

  private static final int IN_BYTE = BLOCK / BYTES;
  private static final int BITS = Byte.SIZE / IN_BYTE;
  private static final int MOST = (1 << BITS) - 1;
  private static final int L = ByteLanes.L;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  /** Bytes of a row that a vector of ints holds: whole blocks in every width. */
  private static final int GROUP = Integer.BYTES * L;

  /** Numbers of a lane of a group that are summed at a time, each kind in a register of its own. */
  private static final int TOGETHER = 8;

  /** As a vector: with more calls of scalars C2 no longer makes registers of all vectors. */
  private static final IntVector LOW = IntVector.broadcast(I, MOST);

  /** Rows that a group is summed over at a time; the next ones are asked for ahead. */
  private static final int ROWS = 32;

  /** What of a number is no weight. */
  static final float CENTRE = MOST / 2f;

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
    return columns / IN_BYTE;
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return data.get(ValueLayout.JAVA_BYTE, row + at(column)) >> shift(column) & MOST;
  }

  /** In which byte of a row a column is. */
  private static int at(int column) {
    return column / BLOCK * BYTES + column % BYTES;
  }

  /** By how many bits it is shifted there. */
  private static int shift(int column) {
    return column % BLOCK / BYTES * BITS;
  }

  /** Rounds to the nearest of the 4 numbers that there are. */
  @Override
  public void put(float[] values, MemorySegment data, long row) {
    byte[] bytes = new byte[values.length / IN_BYTE];
    for (int c = 0; c < values.length; c++) {
      bytes[at(c)] |= (byte) (Math.clamp(Math.round(values[c]), 0, MOST) << shift(c));
    }
    MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, row, bytes.length);
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
    long first = column0 / IN_BYTE;
    int bytes = (column1 - column0) / IN_BYTE;
    int grouped = bytes / GROUP * GROUP;
    float[] sums = new float[IN_BYTE * grouped];
    for (int c = 0; c < sums.length; c++) {
      sums[c] = y[yAt + column(c)];
    }
    for (int k = from; k < to; k += ROWS) {
      int end = Math.min(to, k + ROWS);
      for (int i = k; i < end; i++) {
        fetchPart(data, row, first, bytes, list, i + ROWS, to);
      }
      for (int at = 0; at < grouped; at += GROUP) {
        for (int part = 0; part < Integer.SIZE / BITS; part += TOGETHER) {
          int shift = part * BITS;
          int sum = IN_BYTE * at + part * L;
          addGroup(data, row, first + at, shift, list, k, end, factors, sums, sum);
        }
      }
      for (int i = k; i < end && grouped < bytes; i++) {
        long rest = list[i] * row + first + grouped;
        axpy(data, rest, factors[i], y, yAt + IN_BYTE * grouped, bytes - grouped);
      }
    }
    for (int c = 0; c < sums.length; c++) {
      y[yAt + column(c)] = sums[c];
    }
  }

  /** Which column of a part its sum c in groups is of: c counts the lanes of a group's vectors. */
  private static int column(int c) {
    int group = IN_BYTE * GROUP;
    int number = c % group / L;
    int b = c % L * Integer.BYTES + number / IN_BYTE;
    return c / group * group + place(b) + number % IN_BYTE * BYTES;
  }

  /**
   * Half of a group of columns of some rows: each lane of the ints that it lies in has eight
   * numbers of it.
   *
   * @param first byte of the group within its row
   * @param shift how many bits up the first of them is
   * @param sums of the group, from {@code at}: those of the lowest numbers, then of the next
   */
  private static void addGroup(
      MemorySegment w,
      long row,
      long first,
      int shift,
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
          IntVector.fromMemorySegment(I, w, list[k] * row + first, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.LSHR, shift);
      FloatVector v = broadcast(h[k]);
      a0 = low(eights).fma(v, a0);
      a1 = number(eights, 2).fma(v, a1);
      a2 = number(eights, 4).fma(v, a2);
      a3 = number(eights, 6).fma(v, a3);
      a4 = number(eights, 8).fma(v, a4);
      a5 = number(eights, 10).fma(v, a5);
      a6 = number(eights, 12).fma(v, a6);
      a7 = number(eights, 14).fma(v, a7);
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

  /** The numbers in the lowest bits of each lane. */
  private static FloatVector low(IntVector numbers) {
    return ByteLanes.floats(numbers.and(LOW));
  }

  /** The numbers so many bits up. */
  private static FloatVector number(IntVector numbers, int bits) {
    return low(numbers.lanewise(VectorOperators.LSHR, bits));
  }

  /** Where the lowest numbers of byte i of a row belong: the next ones are BYTES behind. */
  private static int place(int i) {
    return i / BYTES * BLOCK + i % BYTES;
  }

  /** y += h w[row] of as many bytes. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int at, int bytes) {
    FloatVector v = broadcast(h);
    for (int i = 0; i < bytes; i += L) {
      IntVector fours = ByteLanes.unsigned(w, row + i);
      for (int n = 0; n < IN_BYTE; n++) {
        int c = at + place(i) + n * BYTES;
        number(fours, n * BITS).fma(v, ByteLanes.floats(y, c)).intoArray(y, c);
      }
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
        IntVector fours = ByteLanes.unsigned(w.data(), r * row + at(c));
        number(fours, shift(c)).intoArray(out, (r - from) * stride + c - column0);
      }
    }
  }
}
