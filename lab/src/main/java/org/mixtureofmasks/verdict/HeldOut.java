package org.mixtureofmasks.verdict;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.Scorer;
import org.mixtureofmasks.score.Window;

/** Sequences that no model was trained on; all models are judged by the same ones. */
public final class HeldOut {
  private final List<int[]> rows;

  private HeldOut(List<int[]> rows) {
    this.rows = rows;
  }

  /**
   * The first sequences of each file, in turns.
   *
   * @param files packed rows, not empty
   * @param row tokens of a row, at least 2
   * @param vocabulary ids are below it
   * @param limit rows at most, over all files
   * @throws UserError if no file has a row
   */
  public static HeldOut of(List<Path> files, int row, int vocabulary, int limit) {
    List<int[]> rows = new ArrayList<>();
    int each = Math.ceilDiv(limit, files.size());
    for (Path file : files) {
      try (TokenRows stored = TokenRows.open(file, row, vocabulary)) {
        for (int i = 0; i < Math.min(each, stored.rows()); i++) {
          rows.add(stored.row(i));
        }
      }
    }
    if (rows.isEmpty()) {
      throw new UserError("the held-out text has no sequence of %s tokens".formatted(row));
    }
    return new HeldOut(rows.subList(0, Math.min(limit, rows.size())));
  }

  /** Number of sequences. */
  public int count() {
    return rows.size();
  }

  /** The first tokens of a sequence. */
  public int[] beginning(int row, int tokens) {
    int[] ids = rows.get(row);
    return Arrays.copyOf(ids, Math.min(tokens, ids.length));
  }

  /**
   * Judges a model: of each sequence all tokens but the first are scored.
   *
   * @param progress hears the sequences done
   */
  public Quality judge(Model model, Progress progress) {
    int scored = rows.getFirst().length - 1;
    Scorer scorer = new Scorer(model, scored);
    Window all = new Window(0, scored, scored);
    double[] losses = new double[rows.size()];
    long begun = System.nanoTime();
    for (int i = 0; i < losses.length; i++) {
      losses[i] = -scorer.score(rows.get(i), all).logProbability();
      progress.at(i + 1L, losses.length);
    }
    ExpertLoad load = scorer.expertLoad();
    List<Double> layers =
        IntStream.range(0, model.config().layers()).mapToObj(load::activeFfnShare).toList();
    double seconds = (System.nanoTime() - begun) * 1e-9;
    return new Quality(losses, scored, model.shares(load), layers, seconds);
  }
}
