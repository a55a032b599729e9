package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.kernel.ParallelKernels;

/** Chooses the experts of the tokens of a pass. */
final class RoutingLayer {
  private final ParallelKernels kernels;

  RoutingLayer(ParallelKernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Leaves the decisions in w.sparse(), counts them and tells the observer.
   *
   * @param slots by token: where it stands, for the observer
   */
  void route(Workspace w, Router router, int l, int[] slots) {
    Workspace.Sparse sparse = w.sparse();
    kernels.multiply(w.normed, router.weight(), sparse.routerProducts);
    LayerObserver observer = w.observer;
    int removed = l == w.removedLayer ? w.removedExpert : Router.NONE;
    for (int t = 0; t < w.normed.tokens(); t++) {
      int at = t * router.weight().rows();
      router.choose(sparse.routerProducts, at, sparse.decisions, t, removed);
      if (observer != null) {
        float[] scores = Arrays.copyOfRange(sparse.routerProducts, at, at + router.experts());
        observer.routed(l, slots[t], sparse.decisions.of(t), scores);
      }
      for (int i = 0; i < sparse.decisions.count(t); i++) {
        sparse.counts[l][sparse.decisions.expert(t, i)]++;
      }
    }
  }
}
