package org.mixtureofmasks.verdict;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.bench.BenchResult;
import org.mixtureofmasks.bench.BenchSettings;
import org.mixtureofmasks.bench.Benchmark;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.Progress;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Compares a run's model with the dense one.
 *
 * @param dense its folder
 * @param heldOut text that neither has seen
 */
public record Judge(Path dense, HeldOut heldOut) {
  private static final int PROMPT_TOKENS = 24;
  private static final int CONTINUED_TOKENS = 40;
  private static final int SAMPLES = 2;
  private static final int PREFILLED = 64;
  private static final int DECODED = 48;
  private static final int REPETITIONS = 5;

  /**
   * The comparison.
   *
   * @param sparse the run's model
   * @param progress hears the sequences done, of both models
   */
  public Verdict compare(Path sparse, Progress progress) {
    try (Model model = open(sparse);
        Model reference = open(dense);
        Tokenizer tokenizer = Tokenizer.open(dense)) {
      int rows = heldOut.count();
      Quality before = heldOut.judge(reference, (done, _) -> progress.at(done, 2L * rows));
      Quality after = heldOut.judge(model, (done, _) -> progress.at(rows + done, 2L * rows));
      List<int[]> beginnings = new ArrayList<>();
      for (int i = 0; i < Math.min(SAMPLES, rows); i++) {
        beginnings.add(heldOut.beginning(i * rows / SAMPLES, share(model, PROMPT_TOKENS)));
      }
      BenchSettings settings =
          new BenchSettings(share(model, PREFILLED), share(model, DECODED), REPETITIONS, threads());
      BenchResult.Pair speed =
          new Benchmark(settings, (_, _) -> {}).run(model, Optional.of(reference));
      return new Verdict(
          figures(reference, before, speed.reference().orElseThrow(), tokenizer, beginnings),
          figures(model, after, speed.model(), tokenizer, beginnings),
          model.shares(),
          beginnings.stream().map(ids -> tokenizer.decode(ids, true)).toList());
    }
  }

  private static Figures figures(
      Model model, Quality quality, BenchResult speed, Tokenizer tokenizer, List<int[]> prompts) {
    List<String> texts = new ArrayList<>();
    GenerationOptions greedy = GenerationOptions.greedy(share(model, CONTINUED_TOKENS));
    for (int[] prompt : prompts) {
      texts.add(new Generation(model, Optional.of(tokenizer), greedy).run(prompt, _ -> {}).text());
    }
    return new Figures(
        quality,
        speed.weightBytes(),
        speed.bytesPerToken(),
        speed.medianDecode(),
        speed.medianPrompt(),
        texts);
  }

  private static Model open(Path path) {
    return Model.open(path, Model.LoadOptions.defaults());
  }

  private static int threads() {
    return Model.LoadOptions.defaults().threads();
  }

  /** So many tokens, or what half of a short context allows. */
  private static int share(Model model, int tokens) {
    return Math.clamp(model.config().maxPositions() / 2, 1, tokens);
  }
}
