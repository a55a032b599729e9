package org.mixtureofmasks.score;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.Packed;

/**
 * Log-probabilities of given tokens. Sequences are sorted, so that those that begin alike follow
 * each other, and walked as the tree that they are: a token that several share is read once, and
 * passes are filled to the brim with the tokens of as many sequences as fit. One caller's: it has
 * the state that it runs the model in.
 */
public final class Scorer {
  private final Model model;
  private final ModelState state;

  /** The tokens that the state holds: sequences that begin with them need not read them again. */
  private int[] held = {};

  /**
   * @param model the model
   * @param contextLength most tokens that a sequence reads
   */
  public Scorer(Model model, int contextLength) {
    this.model = model;
    this.state = model.newScoringState(contextLength);
  }

  /**
   * Sum of the log-probabilities of a window's scored tokens (nats, at most 0), and whether each is
   * the most likely one.
   *
   * @param s the sequence that the window is in
   * @param window what is read and scored
   */
  public LanguageModel.Score score(int[] s, Window window) {
    int[] tokens = Arrays.copyOfRange(s, window.from(), window.from() + window.inputs() + 1);
    return score(List.of(new Sequence(tokens, window.scored())), done -> {})[0];
  }

  /**
   * The scores of all sequences, in their order.
   *
   * @param sequences each reads no more than the context
   * @param progress hears after each pass how many sequences are done
   * @throws CancellationException if the thread was interrupted; it is so still
   */
  LanguageModel.Score[] score(List<Sequence> sequences, IntConsumer progress) {
    Integer[] order =
        IntStream.range(0, sequences.size())
            .boxed()
            .sorted(
                Comparator.comparing((Integer i) -> sequences.get(i), Sequence::compareInputs)
                    .thenComparing(i -> i))
            .toArray(Integer[]::new);
    Sequence[] sorted = Arrays.stream(order).map(sequences::get).toArray(Sequence[]::new);
    LanguageModel.Score[] inTheirOrder = new LanguageModel.Score[sorted.length];
    LanguageModel.Score[] scores = walk(sorted, progress);
    for (int i = 0; i < sorted.length; i++) {
      inTheirOrder[order[i]] = scores[i];
    }
    return inTheirOrder;
  }

  private LanguageModel.Score[] walk(Sequence[] sorted, IntConsumer progress) {
    int[] shared = new int[sorted.length]; // tokens that are read for the sequence before already
    for (int i = 0; i < sorted.length; i++) {
      shared[i] =
          i == 0
              ? heldFor(sorted)
              : sorted[i].shared(sorted[i - 1].tokens(), sorted[i - 1].inputs());
    }
    Sums sums = new Sums(sorted.length);
    Packing packing = new Packing(state.packLimit());
    for (int i = 0; i < sorted.length; i++) {
      Sequence sequence = sorted[i];
      for (int depth = shared[i]; depth < sequence.inputs(); depth++) {
        if (packing.isFull()) {
          flush(packing, sequence.tokens(), depth, sums);
          progress.accept(i);
        }
        packing.add(sequence.tokens()[depth], depth);
        // What a sequence shares with the next ones is read now; so their targets are scored now.
        for (int k = i; k < sorted.length && (k == i || shared[k] > depth); k++) {
          if (depth >= sorted[k].unscored()) {
            packing.ask(sorted[k].tokens()[depth + 1], k);
          }
        }
      }
    }
    if (sorted.length > 0) {
      Sequence last = sorted[sorted.length - 1];
      flush(packing, last.tokens(), last.inputs(), sums);
      progress.accept(sorted.length);
    }
    return sums.scores(sorted);
  }

  /**
   * How much of what the state holds serves the first sequence: no token after which it, or one
   * that begins like it, is scored.
   */
  private int heldFor(Sequence[] sorted) {
    int common = held.length;
    int kept = sorted[0].shared(held, held.length);
    for (Sequence sequence : sorted) {
      common = sequence.shared(held, common);
      if (common > sequence.unscored()) {
        kept = Math.min(kept, sequence.unscored());
      }
    }
    return kept;
  }

  private void flush(Packing packing, int[] text, int kept, Sums sums) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("scoring was interrupted");
    }
    int[] owners = packing.owners();
    Packed.Scores scored = model.score(state, packing.take(kept));
    held = Arrays.copyOf(text, kept);
    sums.add(owners, scored);
  }

  /** Which experts the model used in all calls so far. */
  public ExpertLoad expertLoad() {
    return state.expertLoad();
  }
}
