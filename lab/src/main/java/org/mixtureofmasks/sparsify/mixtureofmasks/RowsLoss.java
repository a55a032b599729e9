package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Tensors;

/**
 * Loss on calibration rows. They hold inputs only, so the last token of a row has no target and
 * only is one.
 *
 * @param model with its dense weights
 * @param rows token ids, rows x length, at least two tokens each
 */
record RowsLoss(DecoderModule model, long[][] rows) {
  /** Rows are read up to about this many tokens: two passes a layer must stay cheap. */
  private static final int TOKENS = 24576;

  private static final int TOKENS_PER_PASS = 2048;

  /** Mean cross entropy of the next token, nats, with this feed-forward part. */
  double of(FeedForward ffn) {
    int length = rows[0].length - 1;
    int count = Math.clamp(TOKENS / length, 1, rows.length);
    int rowsPerPass = Math.max(1, TOKENS_PER_PASS / length);
    double sum = 0;
    for (int from = 0; from < count; from += rowsPerPass) {
      long[][] part = Arrays.copyOfRange(rows, from, Math.min(count, from + rowsPerPass));
      try (PointerScope _ = new PointerScope();
          NoGradGuard _ = new NoGradGuard()) {
        Tensor all = Tensors.of(part);
        Tensor targets = all.narrow(1, 1, length).reshape((long) part.length * length);
        Tensor hidden = model.hidden(all.narrow(1, 0, length), ffn);
        sum +=
            new NextTokenLoss(model.precision())
                .evaluate(hidden, model.outputProjection(), targets)
                .crossEntropy();
      }
    }
    return sum / ((double) count * length);
  }
}
