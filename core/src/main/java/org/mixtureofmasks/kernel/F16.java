package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Half-precision floats (IEEE 754 binary16), read in pairs as {@link Bf16} reads its own, in loops
 * of this class's own, for calls through a shared one would not be inlined. Sign and magnitude are
 * moved to where a float has them, which gives the number times 2^-112, subnormal ones included;
 * one product undoes that. Infinities and NaN would come out finite: matrices that have any, by
 * {@link #isFinite}, are not kept in this format.
 *
 * <p>Offsets into segments are bytes; e and o are where the even and the odd half of the ordered
 * activations begin; n is columns.
 */
public final class F16 extends Format {
  /** The format. */
  public static final Format FORMAT = new F16();

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int KEPT = 0x8fffe000;
  private static final float SCALE = 0x1p112f;
  private static final int EXPONENT = 0x7c00;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private F16() {}

  @Override
  public String name() {
    return "f16";
  }

  @Override
  public long rowBytes(int columns) {
    return 2L * columns;
  }

  @Override
  public boolean isStoredAs(String type) {
    return type.equals("F16");
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return Float.float16ToFloat(data.get(SHORT, row + 2L * column));
  }

  @Override
  public void put(float[] values, MemorySegment data, long row) {
    for (int c = 0; c < values.length; c++) {
      data.set(SHORT, row + 2L * c, Float.floatToFloat16(values[c]));
    }
  }

  /**
   * {@return whether halves are numbers all, as the kernels need them}
   *
   * @param halves a matrix of this format, or a part of one
   */
  public static boolean isFinite(MemorySegment halves) {
    long whole = halves.byteSize() / 8 * 8;
    long found = 0;
    for (long at = 0; at < whole; at += 8) {
      // In each half: the largest exponent, and only that, carries into the sign's place.
      found |= (halves.get(LONG, at) & 0x7c007c007c007c00L) + 0x0400040004000400L;
    }
    for (long at = whole; at < halves.byteSize(); at += 2) {
      found |= (halves.get(SHORT, at) & EXPONENT) + 0x0400;
    }
    return (found & 0x8000800080008000L) == 0;
  }

  @Override
  public Order order() {
    return Order.SPLIT;
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      widen(w.data(), 2L * r * n, n, out, (r - from) * n);
    }
  }

  @Override
  public void matvec(Matrix w, Input input, int token, float[] y, int yAt, int from, int to) {
    MemorySegment data = w.data();
    float[] x = input.floats();
    int n = w.columns();
    int even = input.at(token);
    int odd = even + (n + 1) / 2;
    for (int r = from; r < to; r++) {
      fetchRow(data, 2L * r * n, 2L * n, 2L * to * n);
      y[yAt + r] = dot(data, 2L * r * n, x, even, odd, n);
    }
  }

  @Override
  RowSum rowSum(int columns) {
    return RowSum.ofHalves(columns, false);
  }

  @Override
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input input, int token, float[] h) {
    MemorySegment w = records.data();
    float[] x = input.floats();
    int n = records.columns();
    int e = input.at(token);
    int o = e + (n + 1) / 2;
    long row = rowBytes(n);
    int ahead = ahead(3 * row);
    for (int k = 0; k < count; k++) {
      long at = 3 * row * list[from + k];
      fetch(w, 3 * row, list, from + k + ahead, end);
      h[k] = dot(w, at, x, e, o, n);
      h[Kernels.NEURON_BLOCK + k] = dot(w, at + row, x, e, o, n);
    }
  }

  @Override
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    int n = records.columns();
    for (int k = 0; k < count; k++) {
      long row = down(rowBytes(n), list, from + k);
      axpy(records.data(), row, h[k], y, yAt, yAt + (n + 1) / 2, n);
    }
  }

  private static FloatVector even(IntVector pairs) {
    return odd(pairs.lanewise(VectorOperators.LSHL, 16));
  }

  private static FloatVector odd(IntVector pairs) {
    return pairs.lanewise(VectorOperators.ASHR, 3).and(KEPT).reinterpretAsFloats().mul(SCALE);
  }

  private static IntVector load(MemorySegment w, long at) {
    return IntVector.fromMemorySegment(I, w, at, ByteOrder.LITTLE_ENDIAN);
  }

  /** Elements that whole vectors cover; the rest is done one by one. */
  private static int whole(int n) {
    return n / (2 * L) * (2 * L);
  }

  private static float dot(MemorySegment w, long row, float[] x, int e, int o, int n) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      a = even(v).fma(FloatVector.fromArray(F, x, e + i / 2), a);
      b = odd(v).fma(FloatVector.fromArray(F, x, o + i / 2), b);
    }
    float sum = VectorMath.sum(a.add(b));
    for (int c = end; c < n; c++) {
      float weight = Float.float16ToFloat(w.get(SHORT, row + 2L * c));
      sum += weight * x[((c & 1) == 0 ? e : o) + c / 2];
    }
    return sum;
  }

  /** y += h w[row], y ordered with halves at e and o. */
  private static void axpy(MemorySegment w, long row, float h, float[] y, int e, int o, int n) {
    int end = whole(n);
    FloatVector times = FloatVector.broadcast(F, h);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      even(v).fma(times, FloatVector.fromArray(F, y, e + i / 2)).intoArray(y, e + i / 2);
      odd(v).fma(times, FloatVector.fromArray(F, y, o + i / 2)).intoArray(y, o + i / 2);
    }
    for (int c = end; c < n; c++) {
      y[((c & 1) == 0 ? e : o) + c / 2] += h * Float.float16ToFloat(w.get(SHORT, row + 2L * c));
    }
  }

  /** Row to out[at, at + n) as floats in split order. */
  private static void widen(MemorySegment w, long row, int n, float[] out, int at) {
    int o = at + (n + 1) / 2;
    int end = whole(n);
    for (int i = 0; i < end; i += 2 * L) {
      IntVector v = load(w, row + 2L * i);
      even(v).intoArray(out, at + i / 2);
      odd(v).intoArray(out, o + i / 2);
    }
    for (int c = end; c < n; c++) {
      out[((c & 1) == 0 ? at : o) + c / 2] = Float.float16ToFloat(w.get(SHORT, row + 2L * c));
    }
  }
}
