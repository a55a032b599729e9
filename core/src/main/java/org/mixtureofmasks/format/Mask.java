package org.mixtureofmasks.format;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Which elements of a dimension (neurons, inputs) an expert uses: an immutable set of bits, the one
 * form of a mask from the method that learns it to the engine that runs it.
 */
public final class Mask {
  private final int length;
  private final long[] words;
  private final int count;

  private Mask(int length, long[] words) {
    this.length = length;
    this.words = words;
    int n = 0;
    for (long word : words) {
      n += Long.bitCount(word);
    }
    this.count = n;
  }

  /**
   * @param length elements of the dimension, at least 0
   * @param on asked once for each element, in order
   */
  public static Mask of(int length, IntPredicate on) {
    long[] words = new long[Math.ceilDiv(length, Long.SIZE)];
    for (int i = 0; i < length; i++) {
      if (on.test(i)) {
        words[i / Long.SIZE] |= 1L << i;
      }
    }
    return new Mask(length, words);
  }

  /** A mask with these elements on. */
  public static Mask of(boolean... on) {
    return of(on.length, i -> on[i]);
  }

  /** A mask with every element on. */
  public static Mask all(int length) {
    return of(length, _ -> true);
  }

  /** Elements of the dimension. */
  public int length() {
    return length;
  }

  /** Elements that are on. */
  public int count() {
    return count;
  }

  /**
   * @param i from 0 to below {@link #length}
   */
  public boolean on(int i) {
    return (words[i / Long.SIZE] >>> i & 1) != 0;
  }

  /** The elements that are on, ascending. */
  public IntStream indices() {
    return IntStream.range(0, length).filter(this::on);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mask m && m.length == length && Arrays.equals(m.words, words);
  }

  @Override
  public int hashCode() {
    return 31 * length + Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return "%d of %d".formatted(count, length);
  }
}
