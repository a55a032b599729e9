package org.mixtureofmasks.nn;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * fp32 products on all cores. libtorch leaves them to OpenBLAS, which has one thread ({@link
 * Natives} says why), so rows of the result are shared out among threads of our own ({@link
 * SideBySide}). Each is summed as it would be in one piece.
 */
public final class WideProducts {
  /** Multiplications below which handing over may cost more than it saves: some milliseconds. */
  private static final long SMALL = 1 << 28;

  /** Rows of OpenBLAS's inner loops: a piece ends where one of them does. */
  private static final long GRAIN = 64;

  private WideProducts() {}

  /**
   * a b, without gradients.
   *
   * @param a rows x inner, fp32
   * @param b inner x columns, fp32
   * @return rows x columns, fp32
   */
  public static Tensor matmul(Tensor a, Tensor b) {
    long rows = a.size(0);
    int threads = torch.get_num_threads();
    if (threads == 1 || rows * a.size(1) * b.size(1) < SMALL || rows < 2 * GRAIN) {
      return a.matmul(b);
    }
    Tensor product =
        torch.empty(new long[] {rows, b.size(1)}, new TensorOptions(torch.ScalarType.Float), null);
    long piece = Math.ceilDiv(Math.ceilDiv(rows, threads), GRAIN) * GRAIN;
    SideBySide.inOrder(
        Math.toIntExact(Math.ceilDiv(rows, piece)),
        threads,
        i -> {
          part(a, b, product, i * piece, Math.min(piece, rows - i * piece));
          return true;
        },
        _ -> {});
    return product;
  }

  private static void part(Tensor a, Tensor b, Tensor product, long from, long count) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      torch.mm_out(product.narrow(0, from, count), a.narrow(0, from, count), b);
    }
  }
}
