package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.ArrayList;
import java.util.List;

/**
 * Spreads a share of the FFN's weights over layers and places so that the sum of the layers' costs
 * is least: every layer takes the shares at which one unit of weights more would lower its cost by
 * the same (a price, found by bisection), and what is left over goes to where it helps most.
 */
final class ShareSplit {
  /** Steps of a place's share that are tried. */
  private static final int STEPS = 50;

  private static final int BISECTIONS = 60;

  /** What sums of shares may be off. */
  private static final double ROUNDING = 1e-9;

  private final List<LayerCosts> layers;
  private final TokenChoice choice;
  private final double target;

  private ShareSplit(List<LayerCosts> layers, TokenChoice choice, double target) {
    this.layers = layers;
    this.choice = choice;
    this.target = target;
  }

  /**
   * The split of least cost.
   *
   * @param layers what each costs
   * @param choice whose shares they are
   * @param target mean share of the layers; where even the least shares that were measured are
   *     more, those are taken
   * @return by layer, with a mean share of the target at most
   */
  static List<Kept> of(List<LayerCosts> layers, TokenChoice choice, double target) {
    return new ShareSplit(layers, choice, target).split();
  }

  private List<Kept> split() {
    double low = 1e-9; // log-scale: nats for all of a layer's weights
    double high = 1e9;
    for (int i = 0; i < BISECTIONS; i++) {
      double price = Math.sqrt(low * high);
      if (mean(at(price)) > target) {
        low = price;
      } else {
        high = price;
      }
    }
    List<Kept> split = at(high);
    while (raise(split)) {
      // One step more where it helps most.
    }
    return List.copyOf(split);
  }

  private List<Kept> at(double price) {
    List<Kept> split = new ArrayList<>();
    for (LayerCosts costs : layers) {
      Kept best = new Kept(1, 1);
      double least = costs.at(best) + price;
      for (int i = STEPS / LayerCosts.STEPS; i <= STEPS; i++) {
        for (int j = STEPS / LayerCosts.STEPS; j <= STEPS; j++) {
          Kept kept = new Kept((double) i / STEPS, (double) j / STEPS);
          double cost = costs.at(kept) + price * choice.share(kept);
          if (cost < least) {
            least = cost;
            best = kept;
          }
        }
      }
      split.add(best);
    }
    return split;
  }

  /** One step of one place more where it lowers the cost most for its weights; false: none fits. */
  private boolean raise(List<Kept> split) {
    double left = (target - mean(split)) * split.size();
    double best = 0;
    int layer = -1;
    Kept raised = new Kept(1, 1);
    for (int l = 0; l < split.size(); l++) {
      Kept now = split.get(l);
      for (Kept more :
          List.of(
              new Kept(next(now.inputs()), now.neurons()),
              new Kept(now.inputs(), next(now.neurons())))) {
        double added = choice.share(more) - choice.share(now);
        double gain = (layers.get(l).at(now) - layers.get(l).at(more)) / added;
        if (added > 0 && added <= left + ROUNDING && gain > best) {
          best = gain;
          layer = l;
          raised = more;
        }
      }
    }
    if (layer < 0) {
      return false;
    }
    split.set(layer, raised);
    return true;
  }

  /** A step more, 1 at most. */
  private static double next(double share) {
    return Math.min(STEPS, Math.round(share * STEPS) + 1) / (double) STEPS;
  }

  private double mean(List<Kept> split) {
    return split.stream().mapToDouble(choice::share).average().orElse(0);
  }
}
