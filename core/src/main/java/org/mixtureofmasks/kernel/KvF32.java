package org.mixtureofmasks.kernel;

/** Keys and values as they were computed: 32-bit floats that kernels read where they lie. */
public final class KvF32 extends KvFormat {
  /** The format. */
  public static final KvFormat FORMAT = new KvF32();

  private KvF32() {}

  @Override
  public String name() {
    return "f32";
  }

  @Override
  int floats(int headDim) {
    return 2 * PAGE * headDim;
  }

  @Override
  int ints(int headDim) {
    return 0;
  }

  @Override
  int room(int headDim) {
    return 0;
  }

  private int keyAt(int head, int headDim, int slot) {
    return keysAt(head, headDim) + slot / BLOCK * BLOCK * headDim + slot % BLOCK;
  }

  private int valueAt(int head, int headDim, int slot) {
    return valuesAt(head, headDim) + slot * headDim;
  }

  @Override
  void put(KvPage page, int head, int headDim, int slot, float[] key, float[] value, int offset) {
    int at = keyAt(head, headDim, slot);
    for (int i = 0; i < headDim; i++) {
      page.floats()[at + i * BLOCK] = key[offset + i];
    }
    System.arraycopy(value, offset, page.floats(), valueAt(head, headDim, slot), headDim);
  }

  @Override
  float key(KvPage page, int head, int headDim, int slot, int coordinate) {
    return page.floats()[keyAt(head, headDim, slot) + coordinate * BLOCK];
  }

  @Override
  float value(KvPage page, int head, int headDim, int slot, int column) {
    return page.floats()[valueAt(head, headDim, slot) + column];
  }

  @Override
  void copy(KvPage from, int slot, KvPage to, int target, int head, int headDim) {
    int source = keyAt(head, headDim, slot);
    int at = keyAt(head, headDim, target);
    for (int i = 0; i < headDim; i++) {
      to.floats()[at + i * BLOCK] = from.floats()[source + i * BLOCK];
    }
    System.arraycopy(
        from.floats(),
        valueAt(head, headDim, slot),
        to.floats(),
        valueAt(head, headDim, target),
        headDim);
  }

  @Override
  float[] keys(KvPage page, int head, int headDim, int from, int to, float[] room) {
    return page.floats();
  }

  @Override
  int keysAt(int head, int headDim) {
    return 2 * PAGE * headDim * head;
  }

  @Override
  float[] values(KvPage page, int head, int headDim, int from, int to, float[] room) {
    return page.floats();
  }

  @Override
  int valuesAt(int head, int headDim) {
    return keysAt(head, headDim) + PAGE * headDim;
  }
}
