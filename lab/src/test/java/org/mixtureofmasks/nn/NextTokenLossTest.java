package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NextTokenLossTest {
  private static final int TOKENS = 37;
  private static final int WIDTH = 12;
  // Pieces hold 2^21 / vocabulary tokens: 10 here, so that the last one is shorter.
  private static final int VOCABULARY = 200_003;

  @BeforeAll
  static void start() {
    Natives.start(2);
  }

  @Test
  void lossAndGradientsEqualAutogradsOverSeveralPieces() {
    try (PointerScope _ = new PointerScope()) {
      torch.manual_seed(3);
      Tensor hidden = torch.randn(TOKENS, WIDTH).set_requires_grad(true);
      Tensor weight = torch.randn(VOCABULARY, WIDTH).mul_(new Scalar(0.5)).set_requires_grad(true);
      Tensor targets = torch.randint(VOCABULARY, new long[] {TOKENS});
      NextTokenLoss.Differentiated result =
          new NextTokenLoss(Precision.FP32)
              .differentiate(hidden, weight, targets, Optional.empty(), 1.0 / TOKENS);
      Tensor expected = torch.cross_entropy_loss(torch.linear(hidden, weight), targets);
      expected.backward();
      assertEquals(expected.item_double(), result.loss().crossEntropy() / TOKENS, 1e-5);
      assertClose(hidden.grad(), result.hidden());
      assertClose(weight.grad(), result.weight().orElseThrow());
    }
  }

  @Test
  void distillationEqualsAutogradsDivergence() {
    try (PointerScope _ = new PointerScope()) {
      torch.manual_seed(4);
      double w = 0.3;
      int vocabulary = 50;
      Tensor hidden = torch.randn(TOKENS, WIDTH).set_requires_grad(true);
      Tensor weight = torch.randn(vocabulary, WIDTH).set_requires_grad(true);
      Tensor teacherHidden = torch.randn(TOKENS, WIDTH);
      Tensor teacherWeight = torch.randn(vocabulary, WIDTH);
      Tensor targets = torch.randint(vocabulary, new long[] {TOKENS});
      NextTokenLoss.Differentiated result =
          new NextTokenLoss(Precision.FP32)
              .differentiate(
                  hidden,
                  weight,
                  targets,
                  Optional.of(new NextTokenLoss.Teacher(teacherHidden, teacherWeight, w)),
                  1.0 / TOKENS);
      Tensor logP = torch.linear(hidden, weight).log_softmax(-1);
      Tensor logQ = torch.linear(teacherHidden, teacherWeight).log_softmax(-1);
      Tensor ce = torch.nll_loss(logP, targets);
      Tensor kl = logQ.exp().mul(logQ.sub(logP)).sum().div(new Scalar(TOKENS));
      ce.mul(new Scalar(1 - w)).add(kl.mul(new Scalar(w))).backward();
      assertEquals(ce.item_double(), result.loss().crossEntropy() / TOKENS, 1e-5);
      assertEquals(kl.item_double(), result.loss().divergence() / TOKENS, 1e-5);
      assertClose(hidden.grad(), result.hidden());
      assertClose(weight.grad(), result.weight().orElseThrow());
    }
  }

  @Test
  void aFrozenProjectionGetsNoGradient() {
    try (PointerScope _ = new PointerScope()) {
      Tensor hidden = torch.randn(TOKENS, WIDTH);
      Tensor weight = torch.randn(50, WIDTH);
      Tensor targets = torch.randint(50, new long[] {TOKENS});
      assertEquals(
          Optional.empty(),
          new NextTokenLoss(Precision.FP32)
              .differentiate(hidden, weight, targets, Optional.empty(), 1)
              .weight());
    }
  }

  private static void assertClose(Tensor expected, Tensor actual) {
    assertArrayEquals(Tensors.toFloats(expected), Tensors.toFloats(actual), 2e-6f);
  }
}
