package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Elements of tensors whose scales are kept apart: {@link DType#INT8}, {@link DType#INT4}. */
public final class ScaledElements {
  private static final int OFFSET = 8;

  private ScaledElements() {}

  /**
   * Some whole numbers as they are stored, before they are scaled.
   *
   * @param tensor of INT8 or INT4
   * @param first index of the first element, row-major
   * @param out written from 0 on
   * @param count how many
   */
  public static void numbers(StoredTensor tensor, long first, byte[] out, int count) {
    MemorySegment data = tensor.data();
    if (tensor.dtype() == DType.INT8) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, first, out, 0, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      // Words are little-endian, so element 2i is the low half of byte i.
      int pair = data.get(ValueLayout.JAVA_BYTE, (first + i) / 2);
      int nibble = (((first + i) & 1) == 0 ? pair : pair >> 4) & 15;
      out[i] = (byte) (nibble - OFFSET);
    }
  }

  /**
   * {@return how many neighbours in a row share a scale}
   *
   * @param tensor of INT8 or INT4
   */
  public static int group(StoredTensor tensor) {
    return Math.toIntExact(
        tensor.shape().getLast() / tensor.scales().orElseThrow().shape().getLast());
  }

  /** A run of elements, scaled: {@link Elements#copyTo}. */
  static void copyTo(StoredTensor tensor, long first, float[] out, int outOffset, int count) {
    byte[] numbers = new byte[count];
    numbers(tensor, first, numbers, count);
    int group = group(tensor);
    long begin = first / group;
    float[] scales = new float[count == 0 ? 0 : (int) ((first + count - 1) / group - begin + 1)];
    Elements.copyTo(tensor.scales().orElseThrow(), begin, scales, 0, scales.length);
    for (int i = 0; i < count; i++) {
      out[outOffset + i] = scales[(int) ((first + i) / group - begin)] * numbers[i];
    }
  }
}
