package org.mixtureofmasks.model;

import java.util.ArrayDeque;
import java.util.Deque;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.KvHead;

/**
 * Pages for the keys and values of a model's texts. A page has {@link KvHead#PAGE} slots in every
 * layer. Pages that texts give back serve the next ones; those of a text that is simply forgotten
 * are the garbage collector's. Safe for concurrent use.
 */
final class KvPool {
  private final int layers;
  private final int floats;
  private final Deque<float[][]> free = new ArrayDeque<>();

  KvPool(ModelConfig config) {
    layers = config.layers();
    floats = KvHead.pageFloats(config.kvHeads(), config.headDim());
  }

  /** A page, [layers][floats of a layer's page]; what it holds is anything. */
  float[][] take() {
    synchronized (free) {
      float[][] page = free.poll();
      if (page != null) {
        return page;
      }
    }
    return new float[layers][floats];
  }

  /** Takes a page back. */
  void give(float[][] page) {
    synchronized (free) {
      free.push(page);
    }
  }

  /** Bytes of a page. */
  long pageBytes() {
    return 4L * layers * floats;
  }
}
