package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Tensors;

/** Mean next-token loss over rows that are not trained on, by the trainer's own forward pass. */
public final class Validation {
  /**
   * Mean losses, nats a token.
   *
   * @param byFile by the end of the file's path as the recipe names it
   * @param mean over all tokens
   */
  public record Result(Map<String, Double> byFile, double mean) {}

  private final List<String> names;
  private final List<TokenRows> files;
  private final int batchRows;

  /**
   * @param named what the user named, absolute: text, or packed rows
   * @param files the same as packed rows
   * @param batchRows rows of one forward pass
   */
  public Validation(List<Path> named, List<TokenRows> files, int batchRows) {
    this.names = FileNames.of(named);
    this.files = List.copyOf(files);
    this.batchRows = batchRows;
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  /**
   * The losses of the model with this feed-forward part.
   *
   * @param progress hears the rows that are done
   */
  public Result run(DecoderModule model, FeedForward ffn, Progress progress) {
    long done = 0;
    long rowsInAll = files.stream().mapToLong(TokenRows::rows).sum();
    Map<String, Double> byFile = new LinkedHashMap<>();
    double all = 0;
    long tokens = 0;
    for (int f = 0; f < files.size(); f++) {
      TokenRows file = files.get(f);
      double sum = 0;
      for (int from = 0; from < file.rows(); from += batchRows) {
        long[][] rows = new long[Math.min(batchRows, file.rows() - from)][];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = file.longRow(from + i);
        }
        sum += crossEntropy(model, ffn, rows);
        done += rows.length;
        progress.at(done, rowsInAll);
      }
      long n = (long) file.rows() * (file.rowLength() - 1);
      byFile.put(names.get(f), sum / n);
      all += sum;
      tokens += n;
    }
    return new Result(byFile, all / tokens);
  }

  /** Sum over the rows' tokens, nats. */
  private static double crossEntropy(DecoderModule model, FeedForward ffn, long[][] rows) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Batch batch = Batch.of(rows);
      Tensor hidden = model.hidden(batch.ids(), ffn);
      return new NextTokenLoss(model.precision())
          .evaluate(hidden, model.outputProjection(), batch.targets())
          .crossEntropy();
    }
  }

  /**
   * Rows as libtorch takes them.
   *
   * @param ids rows x (length - 1)
   * @param targets rows · (length - 1): the token after each of ids
   */
  record Batch(Tensor ids, Tensor targets) {
    static Batch of(long[][] rows) {
      int length = rows[0].length - 1;
      long[][] ids = new long[rows.length][];
      long[] targets = new long[rows.length * length];
      for (int r = 0; r < rows.length; r++) {
        ids[r] = Arrays.copyOf(rows[r], length);
        System.arraycopy(rows[r], 1, targets, r * length, length);
      }
      return new Batch(Tensors.of(ids), Tensors.of(targets, targets.length));
    }
  }
}
