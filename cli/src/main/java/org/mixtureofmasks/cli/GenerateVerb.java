package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.FinishReason;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.generate.Sampling;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code mom generate}: continues a text. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Continues a text; prints it as it comes.",
    footer = {
      "",
      "Examples:",
      "  mom generate MODEL --prompt \"Once upon a time\" --max-tokens 64",
      "  mom generate MODEL --prompt-file story.txt --temperature 0.8 --top-p 0.95 --seed 1",
      "  mom generate MODEL --prompt \"Q: Why?\" --stop \"Q:\" --json",
      "  head -c 2000 story.txt | mom generate MODEL --prompt-file -",
      "",
      "The filters act in transformers' order: repetition penalty, temperature, top-k, top-p, min-p.",
      "--json gives text, token_ids (the generated ones, with the token that ended the text),",
      "prompt_token_ids, finish_reason (stop, length or cancelled), prompt_tokens_per_second and",
      "decode_tokens_per_second (of the tokens after the first; null when there is only one)."
    })
public final class GenerateVerb implements Verb {
  @Mixin private ModelOptions model;

  /** Where the prompt comes from: exactly one of these. */
  static final class Prompt {
    @Option(
        names = "--prompt",
        paramLabel = "TEXT",
        required = true,
        converter = AnyText.class,
        description = "The text to continue.")
    private @Nullable String text;

    @Option(
        names = "--prompt-file",
        paramLabel = "FILE",
        required = true,
        description =
            "A UTF-8 file with the text to continue, taken to the last byte; -: standard input.")
    private @Nullable Path file;

    @Option(
        names = "--prompt-ids",
        paramLabel = "ID",
        split = ",",
        required = true,
        description = "Token ids, separated by commas; nothing is added to them.")
    private @Nullable List<Integer> ids;

    /** The text; picocli demands one of the three. */
    String read() {
      if (text != null) {
        return text;
      }
      Path named = Objects.requireNonNull(file);
      return named.equals(STANDARD_INPUT)
          ? TextFiles.read(System.in, "standard input")
          : TextFiles.read(named);
    }
  }

  private static final Path STANDARD_INPUT = Path.of("-");

  /** Of English texts, about. */
  private static final int CHARACTERS_OF_A_TOKEN = 4;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Prompt prompt;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Most tokens to generate. Default: 256, or what the context leaves.")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0: always the most likely token. Default: ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Draw from the K most likely tokens; 0: from all. Default: ${DEFAULT-VALUE}.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "Draw from the most likely tokens that together reach probability P. Default: ${DEFAULT-VALUE}.")
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description =
          "Draw from tokens at least P times as likely as the likeliest. Default: ${DEFAULT-VALUE}.")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description =
          "Divides positive logits (multiplies negative ones) of tokens already there. Default: ${DEFAULT-VALUE}.")
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Start of the random numbers: the same seed gives the same text. Default: a new one, printed.")
  private @Nullable Long seed;

  @Option(
      names = "--stop",
      paramLabel = "S",
      converter = AnyText.class,
      description = "End before this text; may be given several times.")
  private List<String> stop = List.of();

  @Option(names = "--ignore-eos", description = "Go on after a token that ends a text.")
  private boolean ignoreEos;

  @Mixin private TokenizerOptions tokenizer;
  @Mixin private OutputOptions output;

  @Override
  public Integer call() {
    long seedUsed = seed == null ? ThreadLocalRandom.current().nextInt(1 << 30) : seed;
    Sampling sampling = new Sampling(temperature, topK, topP, minP, repetitionPenalty, seedUsed);
    List<Integer> given = prompt.ids;
    String text = given == null ? prompt.read() : "";
    int expected = given == null ? text.length() / CHARACTERS_OF_A_TOKEN : given.size();
    try (Beside<Tokenizer> beside =
            StartAhead.tokenizer(model.path())
                .orElseGet(() -> new Beside<>(() -> tokenizer.open(model.path())));
        Model llama = model.open()) {
      llama.warmUp(Math.max(1, expected), beside::isDone);
      Optional<String> form = given == null ? PromptForm.of(model.path(), text) : Optional.empty();
      Optional<Tokenizer> words = words(beside);
      form.ifPresent(Terminal::note);
      int[] ids = promptIds(text, words);
      int room = llama.config().maxPositions() - ids.length;
      int most = maxTokens == null ? Math.max(1, Math.min(256, room)) : maxTokens;
      GenerationOptions options = new GenerationOptions(most, stop, ignoreEos, sampling);
      SamplingOfFile.of(model.path())
          .filter(_ -> temperature == 0 && repetitionPenalty == 1)
          .ifPresent(Terminal::note);
      run(new Generation(llama, words, options), ids, sampling, words.isPresent());
    }
    return 0;
  }

  private void run(Generation generation, int[] ids, Sampling sampling, boolean hasText) {
    CountDownLatch printed = new CountDownLatch(1);
    Thread onInterrupt = new Thread(() -> endCleanly(generation, printed));
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      GenerationResult result = generation.run(ids, output.json() ? piece -> {} : Terminal::text);
      report(result, sampling, hasText);
    } finally {
      printed.countDown();
      forget(onInterrupt);
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the program is already being ended, and the hook is what waits for us
    }
  }

  /** On Ctrl-C: the text so far is finished and the result printed before the program ends. */
  private static void endCleanly(Generation generation, CountDownLatch printed) {
    generation.cancel();
    try {
      if (!printed.await(5, TimeUnit.SECONDS)) {
        Terminal.note("mom: the model did not stop within 5 seconds");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void report(GenerationResult result, Sampling sampling, boolean hasText) {
    if (hasText && result.text().isBlank()) {
      Terminal.note(
          "mom: the answer is blank: %s"
              .formatted(
                  result.finishReason() == FinishReason.STOP
                      ? "the model ended the text at once, or --stop did (--ignore-eos goes on after an end)"
                      : "only spaces, or tokens that stand for no text"));
    }
    if (output.json()) {
      ObjectNode json = Json.object();
      json.put("text", hasText ? result.text() : null);
      result.tokenIds().forEach(json.putArray("token_ids")::add);
      result.promptTokenIds().forEach(json.putArray("prompt_token_ids")::add);
      json.put("finish_reason", result.finishReason().toString());
      json.put(
          "prompt_tokens_per_second",
          Json.number(result.promptTokensPerSecond().orElse(Double.NaN)));
      json.put(
          "decode_tokens_per_second",
          Json.number(result.decodeTokensPerSecond().orElse(Double.NaN)));
      json.put("seed", sampling.temperature() == 0 ? null : sampling.seed());
      Terminal.json(json);
      return;
    }
    Terminal.line(hasText ? "" : "token ids: " + result.tokenIds());
    Terminal.note(
        "mom: %s prompt tokens%s, %s generated%s, finish reason: %s%s"
            .formatted(
                result.promptTokenIds().size(),
                rate(result.promptTokensPerSecond()),
                result.tokenIds().size(),
                rate(result.decodeTokensPerSecond()),
                result.finishReason(),
                sampling.temperature() == 0 ? "" : ", seed " + sampling.seed()));
  }

  private static String rate(OptionalDouble tokensPerSecond) {
    return tokensPerSecond.isEmpty()
        ? ""
        : String.format(Locale.ROOT, " at %.1f tokens/s", tokensPerSecond.getAsDouble());
  }

  /** With a prompt of ids the text is welcome, but it can be done without. */
  private Optional<Tokenizer> words(Beside<Tokenizer> opening) {
    try {
      return Optional.of(opening.get());
    } catch (UserError e) {
      if (prompt.ids == null || tokenizer.given() || !stop.isEmpty()) {
        throw e;
      }
      Terminal.note("mom: token ids only, without text: %s".formatted(e.getMessage()));
      return Optional.empty();
    }
  }

  /** Those given, else those of the text. */
  private int[] promptIds(String text, Optional<Tokenizer> words) {
    if (prompt.ids != null) {
      return prompt.ids.stream().mapToInt(Integer::intValue).toArray();
    }
    return words.orElseThrow().encode(text);
  }
}
