package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Order;

/**
 * A further number format, as a stranger to the kernels would write one: a float scale for each
 * row, then a signed byte for each weight; rows in blocks of eight, columns read from the last to
 * the first.
 */
final class RowScaledInt8 extends Format {
  static final Format FORMAT = new RowScaledInt8();

  private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final Order REVERSED =
      new Order() {
        @Override
        public int place(int column, int columns) {
          return columns - 1 - column;
        }

        @Override
        public int column(int place, int columns) {
          return columns - 1 - place;
        }
      };

  private RowScaledInt8() {}

  @Override
  public String name() {
    return "int8";
  }

  @Override
  public long rowBytes(int columns) {
    if (columns % 8 != 0) {
      throw new UserError(
          "int8 holds rows of whole blocks of 8 weights, not %d; %d would fit"
              .formatted(columns, columns / 8 * 8));
    }
    return 4L + columns;
  }

  @Override
  public float get(MemorySegment data, long row, int column, int columns) {
    return data.get(SCALE, row) * data.get(ValueLayout.JAVA_BYTE, row + 4 + column);
  }

  @Override
  public void put(float[] values, MemorySegment data, long row) {
    float most = 0;
    for (float value : values) {
      most = Math.max(most, Math.abs(value));
    }
    float scale = most == 0 ? 1 : most / 127;
    data.set(SCALE, row, scale);
    for (int c = 0; c < values.length; c++) {
      data.set(ValueLayout.JAVA_BYTE, row + 4 + c, (byte) Math.round(values[c] / scale));
    }
  }

  @Override
  public Order order() {
    return REVERSED;
  }
}
