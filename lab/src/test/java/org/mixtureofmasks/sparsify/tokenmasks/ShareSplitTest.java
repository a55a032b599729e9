package org.mixtureofmasks.sparsify.tokenmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShareSplitTest {
  private static final TokenChoice CHOICE = new ByInputs();

  private static double mean(List<Kept> split) {
    return split.stream().mapToDouble(CHOICE::share).average().orElseThrow();
  }

  /** Costs that fall with the square of what is left out, weighed by place. */
  private static LayerCosts costs(double inputs, double neurons) {
    int n = LayerCosts.STEPS;
    double[][] grid = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double x = 1 - (i + 1.0) / n;
        double a = 1 - (j + 1.0) / n;
        grid[i][j] = inputs * x * x + neurons * a * a;
      }
    }
    return new LayerCosts(grid);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.35, 0.5, 0.75, 0.9, 1})
  void theMeanShareIsTheTargetWithinAStep(double target) {
    List<Kept> split =
        ShareSplit.of(List.of(costs(1, 2), costs(3, 1), costs(0.1, 5)), CHOICE, target);
    assertTrue(mean(split) <= target + 1e-9, split.toString());
    assertEquals(target, mean(split), 2.0 / 50 / 3);
  }

  @Test
  void layersOfTheSameCostsHaveTheSameShares() {
    List<Kept> split = ShareSplit.of(List.of(costs(2, 1), costs(2, 1)), CHOICE, 0.5);
    assertEquals(CHOICE.share(split.get(0)), CHOICE.share(split.get(1)), 2.0 / 50);
  }

  @Test
  void whatCostsMoreIsReadMore() {
    List<Kept> split = ShareSplit.of(List.of(costs(1, 1), costs(9, 1), costs(1, 9)), CHOICE, 0.5);
    assertTrue(split.get(1).inputs() > split.get(0).inputs(), split.toString());
    assertTrue(split.get(2).neurons() > split.get(0).neurons(), split.toString());
    assertTrue(CHOICE.share(split.get(0)) < 0.5, split.toString());
  }

  @Test
  void noOtherSplitOnAGridCostsLess() {
    List<LayerCosts> layers = List.of(costs(1, 3), costs(4, 2));
    List<Kept> split = ShareSplit.of(layers, CHOICE, 0.5);
    double found = layers.get(0).at(split.get(0)) + layers.get(1).at(split.get(1));
    for (int a = 1; a <= 10; a++) {
      for (int b = 1; b <= 10; b++) {
        for (int c = 1; c <= 10; c++) {
          for (int d = 1; d <= 10; d++) {
            List<Kept> other = List.of(new Kept(a / 10.0, b / 10.0), new Kept(c / 10.0, d / 10.0));
            if (mean(other) <= 0.5 + 1e-9) {
              double cost = layers.get(0).at(other.get(0)) + layers.get(1).at(other.get(1));
              assertTrue(
                  found <= cost * 1.01, () -> "%s costs less than %s".formatted(other, split));
            }
          }
        }
      }
    }
  }
}
