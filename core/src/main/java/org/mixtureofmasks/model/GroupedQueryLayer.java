package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.ThreadTeam;

/** Computes {@link Attention.GroupedQuery} for the tokens of a pass. */
final class GroupedQueryLayer {
  private final int headDim;
  private final int heads;
  private final int kvHeads;
  private final int group; // query heads that share a key-value head
  private final float scale;
  private final ParallelKernels kernels;

  GroupedQueryLayer(ModelConfig config, ParallelKernels kernels) {
    headDim = config.headDim();
    heads = config.heads();
    kvHeads = config.kvHeads();
    group = heads / kvHeads;
    scale = (float) (1 / Math.sqrt(headDim));
    this.kernels = kernels;
  }

  /** Stores the keys and values of w.normed's tokens in their slots; leaves w.out. */
  void run(Workspace w, Attention.GroupedQuery weights, int l, Slots slots) {
    int n = slots.count();
    kernels.multiply(
        w.normed,
        new Matrix[] {weights.query(), weights.key(), weights.value()},
        new float[][] {w.q, w.k, w.v});
    kernels.forEach(n, (t, part) -> rotateAndStore(w, l, slots, t));
    int[] fours = slots.units(true);
    int[] singles = slots.units(false);
    kernels
        .team()
        .run(
            (part, parts) -> {
              float[] scores = w.scores[part];
              for (int i = part; i < fours.length * heads; i += parts) {
                fourTokens(w, l, slots, fours[i / heads], i % heads, scores);
              }
              if (singles.length < parts) {
                for (int t : singles) {
                  int from = ThreadTeam.start(heads, part, parts, 1);
                  int to = ThreadTeam.start(heads, part + 1, parts, 1);
                  oneToken(w, l, slots, t, from, to, scores);
                }
              } else { // whole groups, so that no thread reads what another one does
                for (int i = part; i < singles.length * kvHeads; i += parts) {
                  int from = i % kvHeads * group;
                  oneToken(w, l, slots, singles[i / kvHeads], from, from + group, scores);
                }
              }
            });
    w.attended.changed(n);
    kernels.multiply(w.attended, weights.output(), w.out);
  }

  private void rotateAndStore(Workspace w, int l, Slots slots, int t) {
    int angles = t * headDim / 2;
    Kernels own = kernels.kernels();
    own.rotate(w.q, at(t, 0), heads, headDim, w.cos, w.sin, angles);
    own.rotate(w.k, t * kvHeads * headDim, kvHeads, headDim, w.cos, w.sin, angles);
    for (int g = 0; g < kvHeads; g++) {
      int at = (t * kvHeads + g) * headDim;
      slots.texts()[t].head(l, g).put(slots.slots()[t], w.k, w.v, at);
    }
  }

  /** Where a token's query of a head begins, and what it attends to. */
  private int at(int t, int head) {
    return (t * heads + head) * headDim;
  }

  /** One head of four neighbouring tokens of a text. */
  private void fourTokens(Workspace w, int l, Slots slots, int t, int head, float[] scores) {
    int[] at = {at(t, head), at(t + 1, head), at(t + 2, head), at(t + 3, head)};
    int[][] spans = Arrays.copyOfRange(slots.spans(), t, t + 4);
    attend(w, slots.texts()[t].head(l, head / group), at, spans, scores);
  }

  /**
   * Heads [from, end) of one token: those of a group together, so that its keys and values are read
   * once for all of them.
   */
  private void oneToken(Workspace w, int l, Slots slots, int t, int from, int end, float[] scores) {
    for (int head = from; head < end; ) {
      int g = head / group;
      int[] at = new int[Math.min(end, (g + 1) * group) - head];
      int[][] spans = new int[at.length][];
      for (int i = 0; i < at.length; i++) {
        at[i] = at(t, head + i);
        spans[i] = slots.spans()[t];
      }
      attend(w, slots.texts()[t].head(l, g), at, spans, scores);
      head += at.length;
    }
  }

  private void attend(Workspace w, KvHead cache, int[] at, int[][] spans, float[] scores) {
    kernels.kernels().attend(w.q, at, cache, spans, scale, scores, w.attended.values());
  }
}
