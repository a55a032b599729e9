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
   * A mask by a rule.
   *
   * @param length elements of the dimension, at least 0
   * @param on asked once for each element, in order
   * @return the elements for which it says yes
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

  /**
   * {@return a mask with these elements on}
   *
   * @param on whether each is, one for each element of the dimension
   */
  public static Mask of(boolean... on) {
    return of(on.length, i -> on[i]);
  }

  /**
   * {@return a mask with every element on}
   *
   * @param length elements of the dimension, at least 0
   */
  public static Mask all(int length) {
    return of(length, _ -> true);
  }

  /** {@return elements of the dimension} */
  public int length() {
    return length;
  }

  /** {@return elements that are on, in [0, length]} */
  public int count() {
    return count;
  }

  /**
   * {@return whether an element is on}
   *
   * @param i from 0 to below {@link #length}
   */
  public boolean on(int i) {
    return (words[i / Long.SIZE] >>> i & 1) != 0;
  }

  /** {@return the elements that are on, ascending} */
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
