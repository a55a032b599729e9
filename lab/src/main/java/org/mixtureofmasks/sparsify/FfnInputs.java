package org.mixtureofmasks.sparsify;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.nn.DecoderModule;

/** What calibration looks at: the input of every layer's FFN in the dense model. */
final class FfnInputs {
  private FfnInputs() {}

  /**
   * One pass of the dense model over the rows. Inputs are kept in the products' precision (N x d a
   * layer: 28 MB in bf16 at 24k tokens and d = 576).
   *
   * @param rows token ids, rows x length, at least one row
   * @param progress hears the tokens that are through
   * @return for each layer tokens x hidden_size, tokens in the rows' order; the caller's to close
   */
  static List<Tensor> of(DecoderModule model, long[][] rows, Progress progress) {
    progress.begin("preparing: the dense model on the calibration text", "tokens");
    long tokens = (long) rows.length * rows[0].length;
    List<Tensor> inputs = new ArrayList<>();
    try (NoGradGuard _ = new NoGradGuard()) {
      torch.ScalarType type = model.precision().cast(torch.zeros(1)).scalar_type();
      for (int l = 0; l < model.config().layers(); l++) {
        inputs.add(
            torch.empty(
                new long[] {tokens, model.config().hiddenSize()}, new TensorOptions(type), null));
      }
      long[] filled = new long[inputs.size()];
      new WholePasses(model, progress)
          .run(
              rows,
              (layer, x, weights) -> {
                inputs.get(layer).narrow(0, filled[layer], x.size(0)).copy_(x);
                filled[layer] += x.size(0);
                return weights.dense(x);
              });
    }
    return inputs;
  }
}
