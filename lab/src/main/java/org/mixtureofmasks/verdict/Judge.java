package org.mixtureofmasks.verdict;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.bench.BenchResult;
import org.mixtureofmasks.bench.BenchSettings;
import org.mixtureofmasks.bench.Benchmark;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
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
        Words words = Words.of(dense)) {
      int rows = heldOut.count();
      progress.begin("judging on held-out text", "rows");
      Quality before = heldOut.judge(reference, (done, _) -> progress.at(done, 2L * rows));
      Quality after = heldOut.judge(model, (done, _) -> progress.at(rows + done, 2L * rows));
      progress.begin("timing both models", "repetitions");
      List<int[]> beginnings = new ArrayList<>();
      for (int i = 0; i < Math.min(SAMPLES, rows); i++) {
        beginnings.add(heldOut.beginning(i * rows / SAMPLES, share(model, PROMPT_TOKENS)));
      }
      BenchSettings settings =
          new BenchSettings(share(model, PREFILLED), share(model, DECODED), REPETITIONS, threads());
      BenchResult.Pair speed =
          new Benchmark(settings, progress::at).run(model, Optional.of(reference));
      return new Verdict(
          figures(reference, before, speed.reference().orElseThrow(), words, beginnings),
          figures(model, after, speed.model(), words, beginnings),
          model.shares(),
          beginnings.stream().map(words::of).toList());
    }
  }

  /** Of a model that has a tokenizer; of another, ids. */
  private record Words(Optional<Tokenizer> tokenizer) implements AutoCloseable {
    static Words of(Path folder) {
      boolean has = Files.exists(folder.resolve("tokenizer.json"));
      return new Words(has ? Optional.of(Tokenizer.open(folder)) : Optional.empty());
    }

    String of(int[] ids) {
      return tokenizer.map(t -> t.decode(ids, true)).orElse(Arrays.toString(ids));
    }

    String continued(Generation generation, int[] prompt) {
      GenerationResult result = generation.run(prompt, _ -> {});
      return tokenizer.isPresent() ? result.text() : result.tokenIds().toString();
    }

    @Override
    public void close() {
      tokenizer.ifPresent(Tokenizer::close);
    }
  }

  private static Figures figures(
      Model model, Quality quality, BenchResult speed, Words words, List<int[]> prompts) {
    List<String> texts = new ArrayList<>();
    GenerationOptions greedy = GenerationOptions.greedy(share(model, CONTINUED_TOKENS));
    for (int[] prompt : prompts) {
      texts.add(words.continued(new Generation(model, words.tokenizer, greedy), prompt));
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
    return Model.open(path, LoadOptions.defaults());
  }

  private static int threads() {
    return LoadOptions.defaults().threads();
  }

  /** So many tokens, or what half of a short context allows. */
  private static int share(Model model, int tokens) {
    return Math.clamp(model.config().maxPositions() / 2, 1, tokens);
  }
}
