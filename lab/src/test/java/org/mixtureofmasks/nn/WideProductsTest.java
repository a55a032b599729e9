package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class WideProductsTest {
  /** Rows, inner and columns of a router's logits and gradient, of captured shares, of x^T x. */
  private static final long[][] SHAPES = {
    {15000, 576, 32}, {576, 15000, 32}, {6001, 1536, 33}, {576, 1000, 576}, {100, 20, 8}
  };

  @Test
  void rowsSharedOutAmongThreadsHaveTheBitsOfOneProduct() {
    Natives.start(2);
    for (long[] shape : SHAPES) {
      try (PointerScope _ = new PointerScope();
          NoGradGuard _ = new NoGradGuard()) {
        torch.manual_seed(1);
        Tensor a = torch.randn(shape[0], shape[1]);
        Tensor b = torch.randn(shape[1], shape[2]);
        Tensor product = WideProducts.matmul(a, b);
        assertTrue(product.equal(a.matmul(b)), () -> java.util.Arrays.toString(shape));
        Tensor turned = torch.randn(shape[1], shape[0]);
        assertTrue(WideProducts.matmul(turned.t(), b).equal(turned.t().matmul(b)));
      }
    }
  }

  @Test
  void oneThreadComputesAlone() {
    Natives.start(1);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor a = torch.ones(1000, 576);
      assertEquals(576, WideProducts.matmul(a, torch.ones(576, 64)).max().item_double());
    }
  }
}
