package org.mixtureofmasks.analyse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/**
 * The loss without single experts: a removed expert's router score is -∞, so its tokens go to the
 * next best one. Sequences in which no token chose the expert keep their loss, and are not run
 * again.
 */
final class Removal {
  /** Most experts that are removed, one at a time. */
  static final int MOST = 128;

  /**
   * The loss without one expert.
   *
   * @param loss nats per token
   */
  record Effect(int layer, int expert, double loss) {}

  /**
   * @param tokens scored
   * @param baseLoss with all experts, nats per token
   * @param effects by layer and expert
   * @param leftOut experts that were not removed
   */
  record Result(long tokens, double baseLoss, List<Effect> effects, int leftOut) {}

  private record Candidate(int layer, int expert, long tokens) {}

  private final Model model;
  private final ModelState state;
  private final List<int[]> sequences;
  private final long scored;
  private final BitSet[][] users; // layers x E: sequences with a token that chose the expert
  private final double[] losses; // by sequence, with all experts: sums

  /**
   * @param sequences those of fewer than two tokens are left out
   */
  Removal(Model model, List<int[]> sequences) {
    this.model = model;
    this.sequences = sequences.stream().filter(s -> s.length > 1).toList();
    scored = this.sequences.stream().mapToLong(s -> s.length - 1).sum();
    state = model.newState(sequences.stream().mapToInt(s -> s.length).max().orElse(1));
    int experts = model.config().mixtureOfMasks().orElseThrow().experts();
    users = new BitSet[model.config().layers()][experts];
    for (BitSet[] layer : users) {
      Arrays.setAll(layer, _ -> new BitSet());
    }
    losses = new double[this.sequences.size()];
  }

  /** Whether tokens can do without an expert: not when each of them goes through all. */
  static boolean possible(ModelConfig.MixtureOfMasks mom) {
    return mom.routing().select() == Routing.Select.THRESHOLD
        || mom.expertsPerToken() < mom.experts();
  }

  /**
   * The first tokens of each data set, about as many of each.
   *
   * @param tokens in all
   */
  static List<int[]> sample(List<DataSet> data, int tokens) {
    int left = tokens;
    List<int[]> sample = new ArrayList<>();
    for (int d = 0; d < data.size(); d++) {
      int part = left / (data.size() - d); // what one does not have the others may
      for (DataSet.Sequence sequence : data.get(d).sequences()) {
        if (part == 0) {
          break;
        }
        int n = Math.min(part, sequence.ids().length);
        sample.add(Arrays.copyOf(sequence.ids(), n));
        part -= n;
        left -= n;
      }
    }
    return sample;
  }

  /**
   * @param counts layers x E: the tokens of each expert; those with the most are removed
   */
  Result run(long[][] counts, Progress progress) {
    runWhole();
    double base = Arrays.stream(losses).sum();
    List<Candidate> all = new ArrayList<>();
    for (int l = 0; l < counts.length; l++) {
      for (int e = 0; e < counts[l].length; e++) {
        all.add(new Candidate(l, e, counts[l][e]));
      }
    }
    List<Candidate> chosen =
        all.stream()
            .sorted(Comparator.comparingLong(c -> -c.tokens))
            .limit(MOST)
            .sorted(Comparator.comparingInt(Candidate::layer).thenComparingInt(Candidate::expert))
            .toList();
    List<Effect> effects = new ArrayList<>();
    for (Candidate c : chosen) {
      effects.add(new Effect(c.layer, c.expert, without(c.layer, c.expert) / scored));
      progress.at(effects.size(), chosen.size());
    }
    return new Result(scored, base / scored, effects, all.size() - chosen.size());
  }

  private void runWhole() {
    int[] current = new int[1];
    state.observe(
        new LayerObserver() {
          @Override
          public void routed(int layer, int position, int[] experts, float[] scores) {
            for (int e : experts) {
              users[layer][e].set(current[0]);
            }
          }
        });
    for (int s = 0; s < losses.length; s++) {
      current[0] = s;
      losses[s] = loss(sequences.get(s));
    }
    state.observe(null);
  }

  /** The summed loss without an expert. */
  private double without(int layer, int expert) {
    state.removeExpert(layer, expert);
    double sum = 0;
    for (int s = 0; s < losses.length; s++) {
      sum += users[layer][expert].get(s) ? loss(sequences.get(s)) : losses[s];
    }
    state.restoreExpert();
    return sum;
  }

  private double loss(int[] sequence) {
    double[] sum = new double[1];
    state.truncate(0);
    model.forwardEach(
        state,
        sequence,
        0,
        sequence.length - 1,
        (i, logits) -> sum[0] -= logProbability(logits, sequence[i + 1]));
    return sum[0];
  }

  /** ln softmax(logits)[token]. */
  static double logProbability(float[] logits, int token) {
    Kernels kernels = KernelChoice.get().kernels();
    float largest = kernels.max(logits, 0, logits.length);
    double sum = kernels.sumOfExps(logits, 0, logits.length, largest);
    return logits[token] - largest - Math.log(sum);
  }
}
