package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.BadCheckpoint;

/** Elements of stored tensors as Java numbers. */
public final class Elements {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Elements() {}

  /**
   * All elements in row-major order, dequantised; F64 is rounded to the nearest float.
   *
   * @param tensor of any float type, plain or quantised
   * @return its elements
   * @throws UserError if they are more than an array holds, or integers
   */
  public static float[] toFloats(StoredTensor tensor) {
    float[] out = new float[arrayLength(tensor)];
    copyTo(tensor, 0, out, 0, out.length);
    return out;
  }

  /**
   * A run of elements, dequantised, into an array.
   *
   * @param tensor of any float type, plain or quantised
   * @param first index of the first element, row-major, 0 to elements - count
   * @param out where they go, from outOffset on
   * @param outOffset index in out of the first
   * @param count how many
   * @throws IndexOutOfBoundsException if the run leaves the tensor or the array
   * @throws UserError if the tensor holds integers
   */
  public static void copyTo(
      StoredTensor tensor, long first, float[] out, int outOffset, int count) {
    Objects.checkFromIndexSize(first, count, tensor.elements());
    Objects.checkFromIndexSize(outOffset, count, out.length);
    MemorySegment data = tensor.data();
    switch (tensor.dtype()) {
      case F32 -> MemorySegment.copy(data, FLOAT, first * 4, out, outOffset, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = (float) data.get(DOUBLE, (first + i) * 8);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = Float.float16ToFloat(data.get(SHORT, (first + i) * 2));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = fromBf16(data.get(SHORT, (first + i) * 2));
        }
      }
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS ->
          copyBlocks(tensor, first, out, outOffset, count);
      case I64, I32, I16, I8, U8, BOOL ->
          throw new BadCheckpoint(
              tensor.file(),
              tensor.offset(),
              "tensor '%s' holds %s, not numbers with a point"
                  .formatted(tensor.name(), tensor.dtype()));
    }
  }

  /** A run may begin and end within a block: whole blocks are decoded, what lies in it is kept. */
  private static void copyBlocks(
      StoredTensor tensor, long first, float[] out, int outOffset, int count) {
    DType dtype = tensor.dtype();
    int size = dtype.blockSize();
    float[] block = new float[size];
    BlockDecoder decoder = BlockDecoder.of(dtype);
    int done = 0;
    while (done < count) {
      long element = first + done;
      int within = (int) (element % size);
      int n = Math.min(size - within, count - done);
      long at = element / size * dtype.blockBytes();
      decoder.decode(tensor.data(), at, block);
      System.arraycopy(block, within, out, outOffset + done, n);
      done += n;
    }
  }

  /**
   * All elements of a tensor of integers (BOOL as 0 and 1, U8 unsigned), row-major.
   *
   * @param tensor of any integer type
   * @return its elements
   * @throws UserError if the tensor holds no integers, too many for an array, or one that does not
   *     fit an int
   */
  public static int[] toInts(StoredTensor tensor) {
    int[] out = new int[arrayLength(tensor)];
    MemorySegment data = tensor.data();
    for (int i = 0; i < out.length; i++) {
      long value =
          switch (tensor.dtype()) {
            case I64 -> data.get(LONG, 8L * i);
            case I32 -> data.get(INT, 4L * i);
            case I16 -> data.get(SHORT, 2L * i);
            case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
            case U8, BOOL -> data.get(ValueLayout.JAVA_BYTE, i) & 255;
            default ->
                throw new BadCheckpoint(
                    tensor.file(),
                    tensor.offset(),
                    "tensor '%s' holds %s, not integers".formatted(tensor.name(), tensor.dtype()));
          };
      if (value != (int) value) {
        throw new BadCheckpoint(
            tensor.file(),
            tensor.offset() + 8L * i,
            "tensor '%s' holds %s, which does not fit 32 bits".formatted(tensor.name(), value));
      }
      out[i] = (int) value;
    }
    return out;
  }

  private static int arrayLength(StoredTensor tensor) {
    long n = tensor.elements();
    if (n > Integer.MAX_VALUE - 8) {
      throw new BadCheckpoint(
          tensor.file(),
          tensor.offset(),
          "tensor '%s' has %s elements, more than one Java array holds"
              .formatted(tensor.name(), n));
    }
    return (int) n;
  }

  /**
   * The bits of the nearest bfloat16, ties to even; a NaN stays a NaN, what overflows becomes
   * infinite.
   *
   * @param x any float
   * @return the bits
   */
  public static short bf16(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) (bits >>> 16 | 0x40); // quiet, so that no payload is rounded to infinity
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * Widens a bfloat16; exact.
   *
   * @param bits of a bfloat16
   * @return its value
   */
  public static float fromBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
