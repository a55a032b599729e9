package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvPage;

/**
 * What a model holds of one text: its position, and the keys and values of its tokens in pages that
 * come from the model's pool as tokens come. So a long context costs nothing before it is used, and
 * a text costs no working memory: that is the {@link Workspace}'s, which texts can share. Made by
 * {@link Model#newText}; not for concurrent use.
 */
public final class TextState implements AutoCloseable {
  /** Takes the place of a page that was given back. */
  private static final KvPage NO_PAGE = new KvPage(new float[0], new int[0]);

  final Model model;
  private final KvPool pool;
  private final int contextLength;
  private final int headDim;
  private int pages;
  private final KvPage[][] table; // [layer][page]: the text's pages, as kernels want them
  private int position;

  TextState(Model model, KvPool pool, int contextLength) {
    ModelConfig config = model.config();
    this.model = model;
    this.pool = pool;
    this.contextLength = contextLength;
    headDim = config.headDim();
    table = new KvPage[config.layers()][0];
  }

  /** {@return tokens that the text has: the next one gets this position} */
  public int position() {
    return position;
  }

  /** {@return tokens that it can have} */
  public int contextLength() {
    return contextLength;
  }

  /** {@return bytes of the pages that it holds} */
  public long bytes() {
    return pages * pool.pageBytes();
  }

  /**
   * Forgets all tokens from {@code newPosition} on; pages that are not needed any more go back to
   * the pool.
   *
   * @param newPosition tokens that stay
   * @throws IllegalArgumentException if it is negative or beyond {@link #position}
   */
  public void truncate(int newPosition) {
    if (newPosition < 0 || newPosition > position) {
      throw new IllegalArgumentException(
          "cannot go back to position %d from %d".formatted(newPosition, position));
    }
    position = newPosition;
    int needed = Math.ceilDiv(position, KvHead.PAGE);
    while (pages > needed) {
      pages--;
      KvPage[] page = new KvPage[table.length];
      for (int l = 0; l < table.length; l++) {
        page[l] = table[l][pages];
        table[l][pages] = NO_PAGE;
      }
      pool.give(page);
    }
  }

  /** Forgets all tokens and gives all pages back; it may be used again. */
  @Override
  public void close() {
    truncate(0);
  }

  /** Makes room for {@code slots} tokens; what is stored stays. */
  void reserve(int slots) {
    int needed = Math.ceilDiv(slots, KvHead.PAGE);
    while (pages < needed) {
      KvPage[] page = pool.take();
      for (int l = 0; l < table.length; l++) {
        if (pages == table[l].length) {
          table[l] = Arrays.copyOf(table[l], Math.max(needed, 2 * pages));
        }
        table[l][pages] = page[l];
      }
      pages++;
    }
  }

  /** The keys and values of one head, for slots that were reserved. */
  KvHead head(int layer, int kvHead) {
    return new KvHead(pool.format(), table[layer], kvHead, headDim);
  }

  /**
   * After a pass: from now on the text is the first {@code count} tokens of some KV spans, which
   * are moved to the slots from 0 on.
   *
   * @param kvHeads of the model
   */
  void hold(int[] spans, int count, int kvHeads) {
    int to = 0;
    for (int s = 0; to < count; s += 2) {
      int n = Math.min(spans[s + 1] - spans[s], count - to);
      if (spans[s] != to) {
        move(spans[s], to, n, kvHeads);
      }
      to += n;
    }
    position = count;
  }

  private void move(int from, int to, int n, int kvHeads) {
    for (int l = 0; l < table.length; l++) {
      for (int g = 0; g < kvHeads; g++) {
        KvHead head = head(l, g);
        for (int t = 0; t < n; t++) {
          head.copy(from + t, to + t);
        }
      }
    }
  }
}
