package org.mixtureofmasks.sparsify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Tensors;

/** How the loss of the dense model answers to each layer's FFN: one backward pass a row. */
final class Sensitivity {
  /** Tokens that are looked at: the mean of squares hardly moves after a few thousand. */
  private static final int TOKENS = 4096;

  private Sensitivity() {}

  /**
   * Measures and hands over, layer by layer.
   *
   * @param rows token ids, rows x length, at least two tokens each; the first ones are read
   */
  static void measure(
      DecoderModule model, long[][] rows, Preparation.BySensitivity asks, Progress progress) {
    int layers = model.config().layers();
    double[][] sums = new double[layers][model.config().hiddenSize()];
    int count = Math.clamp(TOKENS / rows[0].length, 1, rows.length);
    long tokens = 0;
    for (int r = 0; r < count; r++) {
      try (PointerScope _ = new PointerScope();
          AutoGradMode _ = new AutoGradMode(true)) {
        add(model, rows[r], sums);
      }
      tokens += rows[r].length - 1;
      progress.at(r + 1L, count);
    }
    for (int l = 0; l < layers; l++) {
      float[] mean = new float[sums[l].length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sums[l][i] / tokens);
      }
      asks.sensitivity(l, mean);
    }
  }

  private static void add(DecoderModule model, long[] row, double[][] sums) {
    int length = row.length - 1;
    Tensor ids = Tensors.of(new long[][] {Arrays.copyOf(row, length)});
    Tensor targets = Tensors.of(Arrays.copyOfRange(row, 1, row.length), length);
    List<Tensor> added = new ArrayList<>();
    Tensor hidden =
        model.hidden(
            ids,
            (_, x, weights) -> {
              Tensor y = weights.dense(x);
              Tensor nothing = torch.zeros_like(y).set_requires_grad(true);
              added.add(nothing);
              return y.add(nothing);
            });
    NextTokenLoss.Differentiated head =
        new NextTokenLoss(model.precision())
            .differentiate(hidden, model.outputProjection().detach(), targets, Optional.empty(), 1);
    TensorVector by =
        torch.grad(
            new TensorVector(hidden),
            new TensorVector(added.toArray(Tensor[]::new)),
            new TensorVector(head.hidden()),
            new BoolOptional(),
            false,
            false);
    for (int l = 0; l < sums.length; l++) {
      float[] squares = Tensors.toFloats(by.get(l).pow(new Scalar(2)).sum(0));
      for (int i = 0; i < squares.length; i++) {
        sums[l][i] += squares[i];
      }
    }
  }
}
