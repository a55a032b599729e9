package org.mixtureofmasks.kernel;

/**
 * A number format of cached keys and values, as {@link Format} is one of weights: how a page stores
 * them, and how the vector kernels read them as floats. Whatever it is, attention sees a page as
 * floats: for each head its keys as [block][head_dim][KEY_BLOCK], so that a vector holds the same
 * coordinate of neighbouring slots, and its values as [slot][head_dim]. {@link KvF32} stores just
 * that; others widen what is wanted of a page into a room in the nearest cache, once for all
 * queries that go together. {@link ScalarKernels}, the reference, needs {@link #key} and {@link
 * #value} alone.
 *
 * <p>A format has no state; each has one instance. Slots count within their page here.
 */
public abstract class KvFormat {
  static final int PAGE = KvHead.PAGE;
  static final int BLOCK = Kernels.KEY_BLOCK;

  KvFormat() {}

  /** As options and reports name it, such as "bf16". */
  public abstract String name();

  /** Floats of a page for each head. */
  abstract int floats(int headDim);

  /** Ints of a page for each head. */
  abstract int ints(int headDim);

  /** Floats that {@link #keys} and {@link #values} want to widen into. */
  abstract int room(int headDim);

  /** Bytes of a page of one layer. */
  public final long pageBytes(int kvHeads, int headDim) {
    return 4L * kvHeads * (floats(headDim) + ints(headDim));
  }

  /** A page of one layer. */
  public final KvPage newPage(int kvHeads, int headDim) {
    return new KvPage(
        new float[Math.multiplyExact(floats(headDim), kvHeads)],
        new int[Math.multiplyExact(ints(headDim), kvHeads)]);
  }

  /** Stores a key and a value of headDim floats, both from {@code offset} on. */
  abstract void put(
      KvPage page, int head, int headDim, int slot, float[] key, float[] value, int offset);

  /** A coordinate of a key as a float, exactly. */
  abstract float key(KvPage page, int head, int headDim, int slot, int coordinate);

  /** A column of a value as a float, exactly. */
  abstract float value(KvPage page, int head, int headDim, int slot, int column);

  /** Copies what a slot of a page holds to a slot of the same or another page, exactly. */
  abstract void copy(KvPage from, int slot, KvPage to, int target, int head, int headDim);

  /**
   * The keys of some slots as floats; those of the blocks around them may be among them.
   *
   * @param from first slot
   * @param to after the last one
   * @return where they lie, see {@link #keysAt}
   */
  abstract float[] keys(KvPage page, int head, int headDim, int from, int to, float[] room);

  /** Where the key of the page's first slot would begin in what {@link #keys} gives. */
  abstract int keysAt(int head, int headDim);

  /** The values of some slots as floats; see {@link #keys}. */
  abstract float[] values(KvPage page, int head, int headDim, int from, int to, float[] room);

  /** Where the value of the page's first slot would begin in what {@link #values} gives. */
  abstract int valuesAt(int head, int headDim);
}
