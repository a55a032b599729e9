package org.mixtureofmasks.perplexity;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.LocalLanguageModel;
import org.mixtureofmasks.score.Scorer;
import org.mixtureofmasks.score.Window;
import org.mixtureofmasks.task.WikiText;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Perplexity of a text, of packed rows of token ids, and of WikiText by the harness's rules. */
public final class Perplexity {
  /**
   * Tokens of a window unless said otherwise, in models whose context is as long. Published
   * perplexities of compressed models are mostly of 2,048 (GPTQ, SparseGPT, Wanda; llama.cpp takes
   * 512), and models of different contexts compare only at one window. A pass costs in each layer
   * as many products with earlier tokens as it has pairs of tokens: WikiText in windows of 8,192
   * took SmolLM2-135M over 100 minutes on two cores.
   */
  public static final int DEFAULT_WINDOW = 2048;

  private final Model model;
  private final int threads;
  private final Progress progress;
  private final KeptSums kept;

  /**
   * @param model the model to evaluate
   * @param threads threads that turn logits into log-probabilities; the model has its own
   * @param progress hears how far the work is
   */
  public Perplexity(Model model, int threads, Progress progress) {
    this(model, threads, progress, KeptSums.none());
  }

  /**
   * The same, and a text or WikiText that was read in part goes on from there.
   *
   * @param kept where sums are kept on the way
   */
  public Perplexity(Model model, int threads, Progress progress, KeptSums kept) {
    this.model = model;
    this.threads = threads;
    this.progress = progress;
    this.kept = kept;
  }

  /**
   * One text, already tokens. Each token is scored once, the first excepted: it is what the second
   * is conditioned on.
   *
   * @param tokens the text, special tokens included
   * @param window tokens read in a pass, at most the model's context; 0: {@link #DEFAULT_WINDOW},
   *     or the context if it is shorter
   * @param stride distance of two windows, 1 .. window; 0: the window
   */
  public PerplexityResult ofText(int[] tokens, int window, int stride) {
    int context = model.config().maxPositions();
    int inputs = window == 0 ? Math.min(usual(context), Math.max(1, tokens.length - 1)) : window;
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
    List<Window> windows = Window.sliding(tokens.length, inputs, step);
    String what = "text %s %s %s".formatted(inputs, step, hash(tokens));
    TextSums sums =
        sum(
            what,
            windows.size(),
            w -> scorer.score(tokens, windows.get(w)),
            scorer::expertLoad,
            so -> progress.at(so.tokens(), tokens.length - 1L));
    String first =
        tokens[0] == model.config().bosToken()
            ? "the BOS token that begins the text (not scored)"
            : "the text's own first token (not scored; no BOS is added)";
    return new PerplexityResult(
        "windows of "
            + inputs
            + " tokens every "
            + step
            + (window == 0 ? chosen(inputs, context) : "")
            + ", each token scored once; the first scored token is conditioned on "
            + first,
        sums.negativeLogLikelihood(),
        sums.tokens(),
        sums.seconds(),
        sums.shares(),
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
   * detokenised, rolling windows. The harness's own window is the model's whole context.
   *
   * @param raw the raw file's text
   * @param tokenizer the model's tokenizer
   * @param limit pages to read at most; 0: all
   * @param window tokens of a window, the harness's max_length; 0: {@link #DEFAULT_WINDOW}, or the
   *     context if it is shorter
   */
  public PerplexityResult ofWikiText(String raw, Tokenizer tokenizer, long limit, int window) {
    int context = model.config().maxPositions();
    int inputs = window == 0 ? usual(context) : window;
    if (inputs < 1 || inputs > context) {
      throw UserError.usage(
          "window %s: it must be between 1 and the model's context, %s".formatted(inputs, context));
    }
    List<String> pages = WikiText.pages(raw);
    if (pages.isEmpty()) {
      throw new UserError("the file has no pages: it must be the raw form of WikiText");
    }
    int count = (int) limited(pages.size(), limit);
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, threads, inputs);
    String what =
        "wikitext %s %s %s %s"
            .formatted(inputs, count, Sha256.of(raw), Sha256.of(tokenizer.toJson()));
    TextSums sums =
        sum(
            what,
            count,
            page -> language.logLikelihoodRolling(WikiText.detokenise(pages.get(page))),
            language::expertLoad,
            so -> progress.at(so.done(), count));
    List<String> read = pages.subList(0, count);
    return new PerplexityResult(
        "lm-evaluation-harness's wikitext: "
            + count
            + " of "
            + pages.size()
            + " pages, rolling windows of "
            + inputs
            + " tokens"
            + (window == 0 ? chosen(inputs, context) : "")
            + "; each page's first token is conditioned on token "
            + language.prefixToken(),
        sums.negativeLogLikelihood(),
        sums.tokens(),
        sums.seconds(),
        sums.shares(),
        List.of(),
        Optional.of(
            new PerplexityResult.Counts(
                count,
                read.stream().mapToLong(WikiText::words).sum(),
                read.stream().mapToLong(WikiText::bytes).sum())));
  }

  /** Scores the units that were not scored yet, and keeps what they come to. */
  private TextSums sum(
      String what,
      int units,
      IntFunction<LanguageModel.Score> score,
      Supplier<ExpertLoad> load,
      Consumer<TextSums> heard) {
    TextSums before = kept.find(what, units);
    long start = System.nanoTime();
    TextSums sums = before;
    for (int unit = before.done(); unit < units; unit++) {
      LanguageModel.Score one = score.apply(unit);
      long read = load.get().tokens();
      sums =
          new TextSums(
              unit + 1,
              sums.negativeLogLikelihood() - one.logProbability(),
              sums.tokens() + one.tokens(),
              before.seconds() + seconds(start),
              before.read() + read,
              before.with(read, model.shares(load.get())));
      kept.save(what, sums, units);
      heard.accept(sums);
    }
    return sums;
  }

  /** The window of a model of this context, unless another is asked for. */
  static int usual(int context) {
    return Math.min(context, DEFAULT_WINDOW);
  }

  /** Says so where another window could have been meant. */
  static String chosen(int inputs, int context) {
    return inputs == DEFAULT_WINDOW && context > inputs
        ? " (the default; the model's context is %s, and --window reads in more)".formatted(context)
        : "";
  }

  private static String hash(int[] tokens) {
    Sha256 hash = new Sha256();
    for (int token : tokens) {
      hash.add(Integer.toString(token));
    }
    return hash.hex();
  }

  private static long limited(long count, long limit) {
    return limit == 0 ? count : Math.min(count, limit);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
