package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LoadCount;
import org.mixtureofmasks.sparsify.Sums;

class RouterTest {
  private static final int TOKENS = 7;
  private static final int D = 6;
  private static final int M = 10;
  private static final int E = 4;

  @BeforeAll
  static void natives() {
    Natives.start(2);
  }

  private static Tensor random(SplittableRandom r, long rows, long columns) {
    float[] v = new float[(int) (rows * columns)];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) r.nextGaussian();
    }
    return Tensors.of(v, rows, columns);
  }

  private static List<Mask> randomMasks(SplittableRandom r) {
    return IntStream.range(0, E).mapToObj(_ -> Mask.of(M, _ -> r.nextBoolean())).toList();
  }

  /** A layer whose parts a test can vary. */
  private record Rig(MaskedLayer layer, Tensor x, FfnWeights ffn, Tensor direction) {
    static Rig of(int topK, boolean straightThrough, long seed) {
      SplittableRandom r = new SplittableRandom(seed);
      Tensor weight = random(r, E, D).set_requires_grad(true);
      MaskedLayer layer =
          new MaskedLayer(
              new Router(weight, topK, straightThrough),
              new LayerGates(new Gates(torch.zeros(E, M), 1), Optional.empty(), Optional.empty()));
      layer.gates().harden(ExpertMasks.ofNeurons(List.of(randomMasks(r))), 0);
      FfnWeights ffn =
          new FfnWeights(random(r, M, D), random(r, M, D), random(r, D, M), Precision.FP32);
      return new Rig(layer, random(r, TOKENS, D), ffn, random(r, TOKENS, D));
    }

    /** A scalar of the output, so that there is something to differentiate. */
    Tensor loss() {
      return layer.apply(x, layer.router().route(x), ffn, true).mul(direction).sum();
    }

    /** The same with v = Σ (w0 + p - p0) V_e, in double precision, w0 and p0 fixed. */
    double surrogate(Tensor weight, Router.Routing fixed) {
      try (NoGradGuard _ = new NoGradGuard()) {
        Tensor p = inDouble(x).matmul(inDouble(weight).t()).softmax(1);
        Tensor p0 = inDouble(x).matmul(inDouble(layer.router().weight()).t()).softmax(1);
        Tensor w = inDouble(fixed.weights()).add(p).sub(p0);
        Tensor v = w.matmul(inDouble(layer.gates().neurons().hard()));
        Tensor gate = inDouble(x).matmul(inDouble(ffn.gate()).t());
        Tensor a = torch.silu(gate).mul(inDouble(x).matmul(inDouble(ffn.up()).t()));
        Tensor y = a.mul(v).matmul(inDouble(ffn.down()).t());
        return y.mul(inDouble(direction)).sum().item_double();
      }
    }
  }

  private static Tensor inDouble(Tensor t) {
    return t.detach().to(torch.ScalarType.Double);
  }

  private static void routerGradientEqualsFiniteDifferences(int topK) {
    try (PointerScope _ = new PointerScope()) {
      Rig rig = Rig.of(topK, true, 11 + topK);
      rig.loss().backward();
      Tensor weight = rig.layer().router().weight();
      float[] gradient = Tensors.toFloats(weight.grad());
      Router.Routing fixed = rig.layer().router().route(rig.x());
      double step = 1e-5;
      double scale = 0;
      for (float g : gradient) {
        scale = Math.max(scale, Math.abs(g));
      }
      for (int i = 0; i < gradient.length; i++) {
        Tensor up = inDouble(weight);
        Tensor down = inDouble(weight);
        try (NoGradGuard _ = new NoGradGuard()) {
          up.view(-1).select(0, i).add_(new Scalar(step));
          down.view(-1).select(0, i).sub_(new Scalar(step));
        }
        double expected = (rig.surrogate(up, fixed) - rig.surrogate(down, fixed)) / (2 * step);
        assertEquals(expected, gradient[i], 1e-4 * scale, "weight " + i);
      }
    }
  }

  @Test
  void theGradientEqualsFiniteDifferencesOfTheSurrogateForOneMask() {
    routerGradientEqualsFiniteDifferences(1);
  }

  @Test
  void theGradientEqualsFiniteDifferencesOfTheSurrogateForTwoMasks() {
    routerGradientEqualsFiniteDifferences(2);
  }

  @Test
  void withoutStraightThroughOneMaskGivesTheRouterNoGradient() {
    try (PointerScope _ = new PointerScope()) {
      Rig rig = Rig.of(1, false, 5);
      rig.ffn().gate().set_requires_grad(true);
      rig.loss().backward();
      assertEquals(false, rig.layer().router().weight().grad().defined());
    }
  }

  @Test
  void theChosenWeightsSumToOneAndFollowTheProbabilities() {
    try (PointerScope _ = new PointerScope()) {
      Rig rig = Rig.of(2, true, 3);
      Router.Routing routing = rig.layer().router().route(rig.x());
      float[] p = Tensors.toFloats(routing.probabilities());
      float[] w = Tensors.toFloats(routing.weights());
      long[] chosen = Tensors.toLongs(routing.chosen());
      for (int t = 0; t < TOKENS; t++) {
        int a = t * E + (int) chosen[2 * t];
        int b = t * E + (int) chosen[2 * t + 1];
        float[] expected = new float[E];
        expected[a % E] = p[a] / (p[a] + p[b]);
        expected[b % E] = p[b] / (p[a] + p[b]);
        assertArrayEquals(
            expected, java.util.Arrays.copyOfRange(w, t * E, (t + 1) * E), 1e-6f, "token " + t);
        for (int e = 0; e < E; e++) {
          assertEquals(true, expected[e] > 0 || p[t * E + e] <= Math.min(p[a], p[b]));
        }
      }
    }
  }

  @Test
  void balanceOfAHandMadeLoad() {
    try (PointerScope _ = new PointerScope()) {
      // Three of four tokens chose mask 0: f = (3/4, 1/4, 0); mean p = (0.5, 0.3, 0.2).
      Tensor p =
          Tensors.of(
              new float[] {.6f, .3f, .1f, .5f, .2f, .3f, .7f, .1f, .2f, .2f, .6f, .2f}, 4, 3);
      Tensor chosen = Tensors.of(new long[] {0, 0, 0, 1}, 4, 1);
      Router.Routing routing = new Router.Routing(p, chosen, p);
      LoadCount load = new LoadCount(new Sums(), 0, 3);
      load.add(routing.counts());
      assertEquals(3 * (0.75 * 0.5 + 0.25 * 0.3), routing.balance(load).item_double(), 1e-6);
      // Six tokens before them went to masks 1 and 2: f = (3/10, 4/10, 3/10).
      load.add(Tensors.of(new long[] {0, 3, 3}, 3));
      assertEquals(
          3 * (0.3 * 0.5 + 0.4 * 0.3 + 0.3 * 0.2), routing.balance(load).item_double(), 1e-6);
    }
  }
}
