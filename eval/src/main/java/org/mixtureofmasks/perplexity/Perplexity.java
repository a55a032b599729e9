package org.mixtureofmasks.perplexity;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.LocalLanguageModel;
import org.mixtureofmasks.score.Scorer;
import org.mixtureofmasks.score.Window;
import org.mixtureofmasks.task.WikiText;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Perplexity of a text, of packed rows of token ids, and of WikiText by the harness's rules. */
public final class Perplexity {
  private final Model model;
  private final int threads;
  private final Progress progress;

  /**
   * @param model the model to evaluate
   * @param threads threads that turn logits into log-probabilities; the model has its own
   * @param progress hears how far the work is
   */
  public Perplexity(Model model, int threads, Progress progress) {
    this.model = model;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * One text, already tokens. Each token is scored once, the first excepted: it is what the second
   * is conditioned on.
   *
   * @param tokens the text, special tokens included
   * @param window tokens read in a pass, at most the model's context; 0: the model's context
   * @param stride distance of two windows, 1 .. window; 0: the window
   */
  public PerplexityResult ofText(int[] tokens, int window, int stride) {
    int context = model.config().maxPositions();
    int inputs = window == 0 ? Math.min(context, Math.max(1, tokens.length - 1)) : window;
    int step = stride == 0 ? inputs : stride;
    if (inputs < 1 || inputs > context) {
      throw UserError.usage(
          "window %s: it must be between 1 and the model's context, %s".formatted(inputs, context));
    }
    if (step < 1 || step > inputs) {
      throw UserError.usage(
          "stride %s: it must be between 1 and the window, %s".formatted(step, inputs));
    }
    if (tokens.length < 2) {
      throw new UserError(
          "the text has %s tokens: at least 2 are needed to score one".formatted(tokens.length));
    }
    TokenIds.require(
        tokens, model.config().vocabSize(), "the text", "is the tokenizer this model's?");
    Scorer scorer = new Scorer(model, inputs);
    long start = System.nanoTime();
    double sum = 0;
    long done = 0;
    for (Window w : Window.sliding(tokens.length, inputs, step)) {
      LanguageModel.Score score = scorer.score(tokens, w);
      sum -= score.logProbability();
      done += score.tokens();
      progress.at(done, tokens.length - 1L);
    }
    String first =
        tokens[0] == model.config().bosToken()
            ? "the BOS token that begins the text (not scored)"
            : "the text's own first token (not scored; no BOS is added)";
    return new PerplexityResult(
        "windows of "
            + inputs
            + " tokens every "
            + step
            + ", each token scored once; the first scored token is conditioned on "
            + first,
        sum,
        done,
        seconds(start),
        model.shares(scorer.expertLoad()),
        List.of(),
        Optional.empty());
  }

  /**
   * Packed rows: of each row all tokens but the last are read, all but the first scored.
   *
   * @param files files of ids, {@link TokenRows}
   * @param row tokens in a row, at least 2
   * @param limit rows of each file to read at most; 0: all
   */
  public PerplexityResult ofRows(List<Path> files, int row, long limit) {
    int context = model.config().maxPositions();
    if (row < 2 || row - 1 > context) {
      throw UserError.usage(
          "row %s: a row is 2 to %s tokens, one more than are read; the model's context is %s"
              .formatted(row, context + 1, context));
    }
    Scorer scorer = new Scorer(model, row - 1);
    Window all = new Window(0, row - 1, row - 1);
    long total = 0;
    for (Path file : files) {
      try (TokenRows rows = TokenRows.open(file, row, model.config().vocabSize())) {
        total += limited(rows.rows(), limit);
      }
    }
    long start = System.nanoTime();
    double sum = 0;
    long done = 0;
    List<PerplexityResult.Part> parts = new ArrayList<>();
    for (Path file : files) {
      double fileSum = 0;
      long count;
      try (TokenRows rows = TokenRows.open(file, row, model.config().vocabSize())) {
        count = limited(rows.rows(), limit);
        for (int r = 0; r < count; r++) {
          fileSum -= scorer.score(rows.row(r), all).logProbability();
          progress.at(++done, total);
        }
      }
      parts.add(new PerplexityResult.Part(file.toString(), fileSum, count * (row - 1)));
      sum += fileSum;
    }
    return new PerplexityResult(
        "rows of "
            + row
            + " tokens, "
            + (row - 1)
            + " scored; each row's first scored token is conditioned on the row's first token alone",
        sum,
        done * (row - 1),
        seconds(start),
        model.shares(scorer.expertLoad()),
        parts,
        Optional.empty());
  }

  /**
   * WikiText by the rules of lm-evaluation-harness (task wikitext): one document per page,
   * detokenised, rolling windows of the model's whole context.
   *
   * @param raw the raw file's text
   * @param tokenizer the model's tokenizer
   * @param limit pages to read at most; 0: all
   */
  public PerplexityResult ofWikiText(String raw, Tokenizer tokenizer, long limit) {
    List<String> pages = WikiText.pages(raw);
    if (pages.isEmpty()) {
      throw new UserError("the file has no pages: it must be the raw form of WikiText");
    }
    int count = (int) limited(pages.size(), limit);
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, threads);
    long start = System.nanoTime();
    double sum = 0;
    long tokens = 0;
    long words = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      String page = pages.get(i);
      LanguageModel.Score score = language.logLikelihoodRolling(WikiText.detokenise(page));
      sum -= score.logProbability();
      tokens += score.tokens();
      words += WikiText.words(page);
      bytes += WikiText.bytes(page);
      progress.at(i + 1L, count);
    }
    return new PerplexityResult(
        "lm-evaluation-harness's wikitext: "
            + count
            + " of "
            + pages.size()
            + " pages, rolling windows of "
            + model.config().maxPositions()
            + " tokens; each page's first token is conditioned on token "
            + language.prefixToken(),
        sum,
        tokens,
        seconds(start),
        language.shares(),
        List.of(),
        Optional.of(new PerplexityResult.Counts(count, words, bytes)));
  }

  private static long limited(long count, long limit) {
    return limit == 0 ? count : Math.min(count, limit);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
