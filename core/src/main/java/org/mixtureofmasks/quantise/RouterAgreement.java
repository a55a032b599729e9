package org.mixtureofmasks.quantise;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.Model;

/**
 * How often two models that differ in their weights' rounding choose the same experts for the same
 * tokens: what each router decides of what its own model makes of the text, errors of all layers
 * before it included.
 *
 * @param layers by layer the mean over tokens of |A ∩ B| / max(|A|, |B|), A and B being the experts
 *     of a token before and after; 1 where both are empty
 * @param tokens that were compared
 */
public record RouterAgreement(List<Double> layers, long tokens) {
  /** Copies the list. */
  public RouterAgreement {
    layers = List.copyOf(layers);
  }

  /** {@return the mean over layers} */
  public double mean() {
    return layers.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /** {@return the least of all layers} */
  public double least() {
    return layers.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  /** Compares two sparse models of one shape on some windows. */
  static RouterAgreement of(Model before, Model after, List<int[]> windows, Progress progress) {
    Decisions first = Decisions.of(before, windows, progress);
    Decisions second = Decisions.of(after, windows, progress);
    List<Double> layers = new ArrayList<>();
    for (int l = 0; l < first.layers.size(); l++) {
      layers.add(agreement(first.layers.get(l), second.layers.get(l)));
    }
    return new RouterAgreement(layers, first.layers.getFirst().size());
  }

  private static double agreement(List<int[]> before, List<int[]> after) {
    double sum = 0;
    for (int t = 0; t < before.size(); t++) {
      int[] a = before.get(t);
      int[] b = after.get(t);
      long same = Arrays.stream(a).filter(e -> Arrays.stream(b).anyMatch(o -> o == e)).count();
      int most = Math.max(a.length, b.length);
      sum += most == 0 ? 1 : (double) same / most;
    }
    return sum / before.size();
  }

  /**
   * What all routers of a model decided.
   *
   * @param layers by layer the experts of each token in order
   */
  private record Decisions(List<List<int[]>> layers) implements LayerObserver {
    static Decisions of(Model model, List<int[]> windows, Progress progress) {
      List<List<int[]>> layers = new ArrayList<>();
      for (int l = 0; l < model.config().layers(); l++) {
        layers.add(new ArrayList<>());
      }
      Decisions decisions = new Decisions(layers);
      Windows.run(model, windows, decisions, progress);
      return decisions;
    }

    @Override
    public void routed(int layer, int position, int[] experts, float[] scores) {
      layers.get(layer).add(experts);
    }
  }
}
