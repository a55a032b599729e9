package org.mixtureofmasks.model;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.KvFormat;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvPage;

/**
 * Pages for the keys and values of a model's texts. A page has {@link KvHead#PAGE} slots in every
 * layer. Pages that texts give back serve the next ones; those of a text that is simply forgotten
 * are the garbage collector's. Safe for concurrent use.
 */
final class KvPool {
  private final ModelConfig config;
  private final KvFormat format;
  private final Deque<KvPage[]> free = new ArrayDeque<>();

  KvPool(ModelConfig config, KvFormat format) {
    this.config = config;
    this.format = format;
  }

  /** How keys and values are stored. */
  KvFormat format() {
    return format;
  }

  /** A page, by layer; what it holds is anything. */
  KvPage[] take() {
    synchronized (free) {
      KvPage[] page = free.poll();
      if (page != null) {
        return page;
      }
    }
    KvPage[] page = new KvPage[config.layers()];
    Arrays.setAll(page, _ -> format.newPage(config.kvHeads(), config.headDim()));
    return page;
  }

  /** Takes a page back. */
  void give(KvPage[] page) {
    synchronized (free) {
      free.push(page);
    }
  }

  /** Bytes of a page in all layers. */
  long pageBytes() {
    return config.layers() * format.pageBytes(config.kvHeads(), config.headDim());
  }
}
