package org.mixtureofmasks.kernel;

/**
 * The keys and values of one key-value head of a text, in fp32, in the pages that the text holds. A
 * page is an array with {@link #PAGE} slots for every key-value head of a layer: for each head its
 * keys as [block][head_dim][KEY_BLOCK], so that a vector holds the same coordinate of neighbouring
 * slots, then its values as [slot][head_dim]. Slot s lies in page s / PAGE.
 *
 * @param pages of the text in this layer, each {@link #pageFloats} long
 * @param head in [0, kvHeads)
 * @param headDim coordinates of a key or a value
 */
public record KvHead(float[][] pages, int head, int headDim) {
  /** Slots of a page, a multiple of {@link Kernels#KEY_BLOCK}. */
  public static final int PAGE = 128;

  private static final int BLOCK = Kernels.KEY_BLOCK;

  /** Floats of a page of one layer. */
  public static int pageFloats(int kvHeads, int headDim) {
    return Math.multiplyExact(2 * PAGE * headDim, kvHeads);
  }

  /** The page that holds a slot. */
  float[] page(int slot) {
    return pages[slot / PAGE];
  }

  /** Where the head's keys begin in every page; its values follow. */
  int keysAt() {
    return 2 * PAGE * headDim * head;
  }

  /** Where the first coordinate of the key in that slot lies in its page. */
  int keyAt(int slot) {
    int s = slot % PAGE;
    return keysAt() + s / BLOCK * BLOCK * headDim + s % BLOCK;
  }

  /** Where the value in that slot begins in its page. */
  int valueAt(int slot) {
    return keysAt() + (PAGE + slot % PAGE) * headDim;
  }

  /** Stores a key and a value of headDim floats, both from {@code offset} on. */
  public void put(int slot, float[] key, float[] value, int offset) {
    float[] page = page(slot);
    int at = keyAt(slot);
    for (int i = 0; i < headDim; i++) {
      page[at + i * BLOCK] = key[offset + i];
    }
    System.arraycopy(value, offset, page, valueAt(slot), headDim);
  }

  /** Copies what slot {@code from} holds to slot {@code to}. */
  public void copy(int from, int to) {
    int source = keyAt(from);
    int target = keyAt(to);
    for (int i = 0; i < headDim; i++) {
      page(to)[target + i * BLOCK] = page(from)[source + i * BLOCK];
    }
    System.arraycopy(page(from), valueAt(from), page(to), valueAt(to), headDim);
  }
}
