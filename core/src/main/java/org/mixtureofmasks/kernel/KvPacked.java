package org.mixtureofmasks.kernel;

/**
 * Keys and values of which several numbers share an int, so that a lane of a vector gives all of
 * them by shifts. Of a key an int holds neighbouring coordinates of one slot: keys lie as
 * [block][rows][KEY_BLOCK] with rows = ⌈head_dim / {@link #per}⌉. Of a value part p of int i holds
 * column p rows + i: values lie as [slot][rows]. What exceeds head_dim is 0.
 */
abstract class KvPacked extends KvFormat {
  /** Numbers in an int. */
  abstract int per();

  /** A number as the low bits of an int, 32 / per of them; the others are 0. */
  abstract int encode(float value, float scale);

  /** The float of the part of an int. */
  abstract float decode(int bits, int part, float scale);

  /** The scale that numbers from {@code at} on want; 1 where there are none. */
  abstract float scale(float[] values, int at, int n);

  /** Keys of a block as floats: rows x KEY_BLOCK ints from {@code at} on, to room[to ...]. */
  abstract void widenKeys(
      int[] ints, int at, int headDim, float[] scales, int scaleAt, float[] room, int to);

  /** The value of a slot as floats: rows ints from {@code at} on, to room[to ...]. */
  abstract void widenValue(int[] ints, int at, int headDim, float scale, float[] room, int to);

  /** Whether slots have scales. */
  abstract boolean scaled();

  final int rows(int headDim) {
    return Math.ceilDiv(headDim, per());
  }

  @Override
  final int floats(int headDim) {
    return scaled() ? 2 * PAGE : 0; // one for each key, then one for each value
  }

  @Override
  final int ints(int headDim) {
    return 2 * PAGE * rows(headDim);
  }

  @Override
  final int room(int headDim) {
    return PAGE * headDim;
  }

  private int keyAt(int head, int headDim, int slot) {
    int rows = rows(headDim);
    return 2 * PAGE * rows * head + slot / BLOCK * BLOCK * rows + slot % BLOCK;
  }

  private int valueAt(int head, int headDim, int slot) {
    int rows = rows(headDim);
    return 2 * PAGE * rows * head + (PAGE + slot) * rows;
  }

  private int scaleAt(int head, int slot, boolean value) {
    return 2 * PAGE * head + (value ? PAGE : 0) + slot;
  }

  private float scaleOf(KvPage page, int head, int slot, boolean value) {
    return scaled() ? page.floats()[scaleAt(head, slot, value)] : 1;
  }

  private float newScale(
      KvPage page, int head, int slot, boolean value, float[] from, int at, int n) {
    float scale = scale(from, at, n);
    if (scaled()) {
      page.floats()[scaleAt(head, slot, value)] = scale;
    }
    return scale;
  }

  @Override
  final void put(
      KvPage page, int head, int headDim, int slot, float[] key, float[] value, int offset) {
    int bits = 32 / per();
    int rows = rows(headDim);
    float scale = newScale(page, head, slot, false, key, offset, headDim);
    int at = keyAt(head, headDim, slot);
    for (int i = 0; i < rows; i++) {
      int packed = 0;
      for (int p = 0; p < per() && i * per() + p < headDim; p++) {
        packed |= encode(key[offset + i * per() + p], scale) << p * bits;
      }
      page.ints()[at + i * BLOCK] = packed;
    }
    scale = newScale(page, head, slot, true, value, offset, headDim);
    at = valueAt(head, headDim, slot);
    for (int i = 0; i < rows; i++) {
      int packed = 0;
      for (int p = 0; p < per() && p * rows + i < headDim; p++) {
        packed |= encode(value[offset + p * rows + i], scale) << p * bits;
      }
      page.ints()[at + i] = packed;
    }
  }

  @Override
  final float key(KvPage page, int head, int headDim, int slot, int coordinate) {
    int packed = page.ints()[keyAt(head, headDim, slot) + coordinate / per() * BLOCK];
    return decode(packed, coordinate % per(), scaleOf(page, head, slot, false));
  }

  @Override
  final float value(KvPage page, int head, int headDim, int slot, int column) {
    int rows = rows(headDim);
    int packed = page.ints()[valueAt(head, headDim, slot) + column % rows];
    return decode(packed, column / rows, scaleOf(page, head, slot, true));
  }

  @Override
  final void copy(KvPage from, int slot, KvPage to, int target, int head, int headDim) {
    int rows = rows(headDim);
    int source = keyAt(head, headDim, slot);
    int at = keyAt(head, headDim, target);
    for (int i = 0; i < rows; i++) {
      to.ints()[at + i * BLOCK] = from.ints()[source + i * BLOCK];
    }
    source = valueAt(head, headDim, slot);
    System.arraycopy(from.ints(), source, to.ints(), valueAt(head, headDim, target), rows);
    for (boolean value : scaled() ? new boolean[] {false, true} : new boolean[0]) {
      to.floats()[scaleAt(head, target, value)] = from.floats()[scaleAt(head, slot, value)];
    }
  }

  @Override
  final float[] keys(KvPage page, int head, int headDim, int from, int to, float[] room) {
    for (int slot = from / BLOCK * BLOCK; slot < to; slot += BLOCK) {
      int at = keyAt(head, headDim, slot);
      int scales = scaleAt(head, slot, false);
      widenKeys(page.ints(), at, headDim, page.floats(), scales, room, slot * headDim);
    }
    return room;
  }

  @Override
  final int keysAt(int head, int headDim) {
    return 0;
  }

  @Override
  final float[] values(KvPage page, int head, int headDim, int from, int to, float[] room) {
    for (int slot = from; slot < to; slot++) {
      float scale = scaleOf(page, head, slot, true);
      int at = valueAt(head, headDim, slot);
      widenValue(page.ints(), at, headDim, scale, room, slot * headDim);
    }
    return room;
  }

  @Override
  final int valuesAt(int head, int headDim) {
    return 0;
  }
}
