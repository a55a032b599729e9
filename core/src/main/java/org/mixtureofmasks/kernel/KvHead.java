package org.mixtureofmasks.kernel;

/**
 * The keys and values of one key-value head of a text, in the pages that the text holds: slot s
 * lies in page s / PAGE. How a page lies is its {@link KvFormat}'s.
 *
 * @param format of all pages
 * @param pages of the text in this layer
 * @param head in [0, kvHeads)
 * @param headDim coordinates of a key or a value
 */
public record KvHead(KvFormat format, KvPage[] pages, int head, int headDim) {
  /** Slots of a page, a multiple of {@link Kernels#KEY_BLOCK}. */
  public static final int PAGE = 128;

  private KvPage page(int slot) {
    return pages[slot / PAGE];
  }

  /** A coordinate of the key in that slot. */
  float key(int slot, int coordinate) {
    return format.key(page(slot), head, headDim, slot % PAGE, coordinate);
  }

  /** A column of the value in that slot. */
  float value(int slot, int column) {
    return format.value(page(slot), head, headDim, slot % PAGE, column);
  }

  /** The keys of slots [from, to) of one page; see {@link KvFormat#keys}. */
  float[] keys(int from, int to, float[] room) {
    int first = from % PAGE;
    return format.keys(page(from), head, headDim, first, first + to - from, room);
  }

  /** Where the key of the page's first slot would begin in what {@link #keys} gives. */
  int keysAt() {
    return format.keysAt(head, headDim);
  }

  /** The values of slots [from, to) of one page; see {@link KvFormat#values}. */
  float[] values(int from, int to, float[] room) {
    int first = from % PAGE;
    return format.values(page(from), head, headDim, first, first + to - from, room);
  }

  /** Where the value of the page's first slot would begin in what {@link #values} gives. */
  int valuesAt() {
    return format.valuesAt(head, headDim);
  }

  /** Stores a key and a value of headDim floats, both from {@code offset} on. */
  public void put(int slot, float[] key, float[] value, int offset) {
    format.put(page(slot), head, headDim, slot % PAGE, key, value, offset);
  }

  /** Copies what slot {@code from} holds to slot {@code to}. */
  public void copy(int from, int to) {
    format.copy(page(from), from % PAGE, page(to), to % PAGE, head, headDim);
  }
}
