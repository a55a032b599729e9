package org.mixtureofmasks.sparsify;

import java.util.Arrays;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Tensors;

/**
 * Passes of rows through the whole model, without gradients.
 *
 * @param model as it stands
 * @param progress hears of each pass how many tokens of all are done
 */
public record WholePasses(DecoderModule model, Progress progress) {
  /** Rows whose loss is taken have up to about this many tokens: two passes a layer stay cheap. */
  private static final int LOSS_TOKENS = 24576;

  private static final int TOKENS_PER_PASS = LayerByLayer.TOKENS_PER_PASS;

  /** Passes that nobody waits for. */
  public WholePasses(DecoderModule model) {
    this(model, Progress.SILENT);
  }

  /**
   * Passes all rows through; what is of interest the feed-forward part sees for itself.
   *
   * @param rows token ids, rows x length
   */
  public void run(long[][] rows, FeedForward ffn) {
    eachPass(rows, rows.length, rows[0].length, ids -> model.hidden(ids, ffn));
  }

  /**
   * Mean cross entropy of the next token, nats. Rows hold inputs only, so the last token of a row
   * has no target and only is one.
   *
   * @param rows token ids, rows x length, at least two tokens each; the first ones are read
   * @param ffn the feed-forward part of every layer
   */
  public double loss(long[][] rows, FeedForward ffn) {
    int length = rows[0].length - 1;
    int count = Math.clamp(LOSS_TOKENS / length, 1, rows.length);
    double[] sum = new double[1];
    eachPass(
        rows,
        count,
        length,
        all -> {
          Tensor targets = all.narrow(1, 1, length).reshape(all.size(0) * length);
          Tensor hidden = model.hidden(all.narrow(1, 0, length), ffn);
          sum[0] +=
              new NextTokenLoss(model.precision())
                  .evaluate(hidden, model.outputProjection(), targets)
                  .crossEntropy();
        });
    return sum[0] / ((double) count * length);
  }

  /**
   * @param length tokens of a row that a pass computes
   */
  private void eachPass(long[][] rows, int count, int length, Consumer<Tensor> pass) {
    int rowsPerPass = Math.max(1, TOKENS_PER_PASS / length);
    for (int from = 0; from < count; from += rowsPerPass) {
      long[][] part = Arrays.copyOfRange(rows, from, Math.min(count, from + rowsPerPass));
      try (PointerScope _ = new PointerScope();
          NoGradGuard _ = new NoGradGuard()) {
        pass.accept(Tensors.of(part));
      }
      progress.at((long) (from + part.length) * length, (long) count * length);
    }
  }
}
