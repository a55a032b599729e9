package org.mixtureofmasks.model;

import java.util.Arrays;
import java.util.Objects;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.ParallelKernels;

/** Runs a {@link Packed} and scores its targets. */
final class PackedPass {
  /** The likely reason of ids outside the vocabulary. */
  static final String OTHER_TOKENIZER = "were they made by another model's tokenizer?";

  private final ModelConfig config;
  private final ParallelKernels kernels;
  private final ForwardPass forward;

  PackedPass(ModelConfig config, ParallelKernels kernels, ForwardPass forward) {
    this.config = config;
    this.kernels = kernels;
    this.forward = forward;
  }

  Packed.Scores run(ModelState s, Packed pack) {
    check(s, pack);
    Slots slots = Slots.of(s.text(), pack.parents());
    checkSlots(s, pack, slots);
    Workspace w = s.workspace();
    forward.run(w, pack.tokens(), 0, slots);
    forward.hold(slots, slots.count() - 1, pack.kept());

    int[] rows = Arrays.stream(pack.scored()).distinct().toArray();
    int most = Math.min(rows.length, Workspace.LOGIT_ROWS);
    float[] logits = w.rowsOfLogits(most);
    Packed.Scores scores =
        new Packed.Scores(new double[pack.scored().length], new boolean[pack.scored().length]);
    int target = 0;
    for (int from = 0; from < rows.length; from += most) {
      int to = Math.min(rows.length, from + most);
      forward.logits(w, rows, from, to, logits);
      target = score(logits, rows, from, to, pack, target, scores);
    }
    return scores;
  }

  /** Scores the targets of rows [from, to), the first of which is {@code target}; the next one. */
  private int score(
      float[] logits, int[] rows, int from, int to, Packed pack, int target, Packed.Scores scores) {
    Kernels own = kernels.kernels();
    int vocabulary = config.vocabSize();
    float[] max = new float[to - from];
    double[] logSum = new double[to - from];
    kernels.forEach(
        to - from,
        (i, part) -> {
          max[i] = own.max(logits, i * vocabulary, vocabulary);
          logSum[i] = Math.log(own.sumOfExps(logits, i * vocabulary, vocabulary, max[i]));
        });
    int next = target;
    for (int i = 0; i < to - from; i++) {
      for (; next < pack.scored().length && pack.scored()[next] == rows[from + i]; next++) {
        float logit = logits[i * vocabulary + pack.targets()[next]];
        scores.logProbabilities()[next] = (double) logit - max[i] - logSum[i];
        scores.greedy()[next] = logit == max[i];
      }
    }
    return next;
  }

  private void check(ModelState s, Packed pack) {
    int n = pack.tokens().length;
    if (n < 1 || n > s.packLimit() || pack.parents().length != n) {
      throw new IllegalArgumentException(
          "%d tokens with %d parents; at most %d"
              .formatted(n, pack.parents().length, s.packLimit()));
    }
    if (pack.scored().length != pack.targets().length) {
      throw new IllegalArgumentException("each scored token has a target");
    }
    TokenIds.require(pack.tokens(), config.vocabSize(), "the pass", OTHER_TOKENIZER);
    TokenIds.require(pack.targets(), config.vocabSize(), "the targets", OTHER_TOKENIZER);
    for (int t = 0; t < n; t++) {
      int parent = pack.parents()[t];
      if (parent >= t || parent < ~s.position()) {
        throw new IllegalArgumentException("token %d follows %d".formatted(t, parent));
      }
    }
    for (int i = 0; i < pack.scored().length; i++) {
      Objects.checkIndex(pack.scored()[i], n);
      if (i > 0 && pack.scored()[i] < pack.scored()[i - 1]) {
        throw new IllegalArgumentException("scored tokens must be in order");
      }
    }
  }

  private static void checkSlots(ModelState s, Packed pack, Slots slots) {
    for (int position : slots.positions()) {
      if (position >= s.contextLength()) {
        throw new UserError(
            "context exceeded: a text of %d tokens does not fit into %d"
                .formatted(position + 1, s.contextLength()));
      }
    }
    if (pack.kept() < 0 || pack.kept() > slots.lastLength()) {
      throw new IllegalArgumentException(
          "%d tokens of %d cannot be kept".formatted(pack.kept(), slots.lastLength()));
    }
  }
}
