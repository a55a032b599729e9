package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.sparsify.mixtureofmasks.JointHardening.Kept;
import org.mixtureofmasks.sparsify.mixtureofmasks.JointHardening.Scores;

class JointHardeningTest {
  private static Kept one(double target) {
    Scores scores = new Scores(new float[] {5, 1}, new float[] {4, 0, 3, 2});
    return JointHardening.choose(new Scores[] {scores}, Budget.EXPERT, new double[] {target}, 1, 1)[
        0];
  }

  /**
   * d = 2, m = 4, 24 weights: with one input each neuron is 4 of them, the second input 2 a neuron.
   */
  @Test
  void oneThresholdCutsBothSetsWhereTheTrueShareIsNearest() {
    Kept half = one(0.5); // 12: one input, three neurons
    assertArrayEquals(new boolean[] {true, false}, half.inputs());
    assertArrayEquals(new boolean[] {true, false, true, true}, half.neurons());
    Kept below = one(0.6); // 14.4 is nearer to 12 than to 18
    assertArrayEquals(new boolean[] {true, false}, below.inputs());
    Kept above = one(0.65); // 15.6 is nearer to 18
    assertArrayEquals(new boolean[] {true, true}, above.inputs());
    assertArrayEquals(new boolean[] {true, false, true, true}, above.neurons());
    assertArrayEquals(new boolean[] {true, true, true, true}, one(1).neurons());
  }

  /** d = 1, m = 2: 6 weights a mask, 3 for each neuron of a mask that reads its input. */
  @Test
  void widerBudgetsLetMasksDiffer() {
    Scores scores = new Scores(new float[] {9, 6}, new float[] {8, 7, 5, 4});
    Scores[] layers = {scores, scores};
    double[] half = {0.5, 0.5};
    for (Kept kept : JointHardening.choose(layers, Budget.EXPERT, half, 2, 1)) {
      assertArrayEquals(new boolean[] {true, true}, kept.inputs());
      assertArrayEquals(new boolean[] {true, false, true, false}, kept.neurons());
    }
    for (Kept kept : JointHardening.choose(layers, Budget.LAYER, half, 2, 1)) {
      assertArrayEquals(new boolean[] {true, false}, kept.inputs());
      assertArrayEquals(new boolean[] {true, true, false, false}, kept.neurons());
    }
    Scores lower = new Scores(new float[] {3, 3}, new float[] {2, 2, 1, 1});
    Kept[] global = JointHardening.choose(new Scores[] {scores, lower}, Budget.GLOBAL, half, 2, 1);
    assertArrayEquals(new boolean[] {true, true, true, true}, global[0].neurons());
    assertArrayEquals(new boolean[] {false, false, false, false}, global[1].neurons());
  }

  @Test
  void theShareIsNeverFurtherOffThanHalfTheGateThatCrossesIt() {
    int d = 16;
    int m = 24;
    SplittableRandom random = new SplittableRandom(5);
    for (int block : new int[] {1, 4}) {
      float[] inputs = new float[3 * d];
      float[] neurons = new float[3 * m / block];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = (float) (1 + random.nextGaussian());
      }
      for (int i = 0; i < neurons.length; i++) {
        neurons[i] = (float) random.nextGaussian();
      }
      for (double target : new double[] {0.1, 0.37, 0.5, 0.81, 1}) {
        Kept kept =
            JointHardening.choose(
                new Scores[] {new Scores(inputs, neurons)},
                Budget.EXPERT,
                new double[] {target},
                3,
                block)[0];
        for (int e = 0; e < 3; e++) {
          int in = 0;
          int mid = 0;
          for (int i = 0; i < d; i++) {
            in += kept.inputs()[e * d + i] ? 1 : 0;
          }
          for (int j = 0; j < m / block; j++) {
            mid += kept.neurons()[e * m / block + j] ? block : 0;
          }
          double share = (2.0 * in * mid + mid * d) / (3 * d * m);
          assertEquals(target, share, block / 48.0 + 1e-9);
        }
      }
    }
  }

  @Test
  void tiesFallToInputsThenToTheLowerIndex() {
    Scores scores = new Scores(new float[] {1, 1}, new float[] {1, 1, 1, 1});
    Kept kept =
        JointHardening.choose(new Scores[] {scores}, Budget.EXPERT, new double[] {0.5}, 1, 1)[0];
    assertArrayEquals(new boolean[] {true, true}, kept.inputs());
    assertArrayEquals(new boolean[] {true, true, false, false}, kept.neurons());
  }
}
