package org.mixtureofmasks.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.Sampler;
import org.mixtureofmasks.generate.Sampling;
import org.mixtureofmasks.ledger.ResidentMemory;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/**
 * Times models: a prompt in one pass, then tokens one by one, and the read-only stream, taken in
 * turns so that all of them see the same moods of the machine.
 *
 * <p>Batches of texts, one token of each in a step, are timed after that, then tokens behind texts
 * of some length, the models in turns again.
 *
 * <p>The text that is read is one that the first model itself wrote (temperature 1, seed 0): which
 * experts are active, and so the speed, depends on the text. All models read the same one. The
 * texts of a batch are different ones (seeds 0, 1, ...).
 */
public final class Benchmark {
  /** Time for the compiler to finish with the kernels, for each model. */
  private static final long WARM_UP_NANOS = 1_500_000_000L;

  private static final int WARM_UP_PASSES = 2;

  private final BenchSettings settings;
  private final BiConsumer<Integer, Integer> progress;

  /**
   * @param settings what is timed
   * @param progress hears the repetitions done, of each batch and context too, and their number
   */
  public Benchmark(BenchSettings settings, BiConsumer<Integer, Integer> progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Times a model, and a reference in turns with it.
   *
   * @throws UserError when prompt and tokens pass a model's context, or the vocabularies differ
   */
  public BenchResult.Pair run(Model model, Optional<Model> reference) {
    List<Subject> subjects = new ArrayList<>();
    subjects.add(new Subject(model));
    reference.map(Subject::new).ifPresent(subjects::add);
    subjects.forEach(subject -> check(subject.model, model));
    int[] text = write(model, settings.promptTokens() + settings.tokens());
    for (Subject subject : subjects) {
      subject.model.settle();
      long start = System.nanoTime();
      for (int i = 0; i < WARM_UP_PASSES || System.nanoTime() - start < WARM_UP_NANOS; i++) {
        subject.pass(text, settings);
      }
      subject.forget();
    }
    OptionalLong resident = ResidentMemory.now(); // the stream's buffer is no part of it
    for (int r = 0; r < settings.repetitions(); r++) {
      for (Subject subject : subjects) {
        subject.pass(text, settings);
        subject.stream(settings.threads());
      }
      progress.accept(r + 1, turns());
    }
    if (!settings.batches().isEmpty()) {
      timeBatches(model, subjects);
    }
    timeContexts(text, subjects);
    List<BenchResult> results =
        subjects.stream().map(subject -> subject.result(settings.threads())).toList();
    return new BenchResult.Pair(
        results.get(0),
        reference.isPresent() ? Optional.of(results.get(1)) : Optional.empty(),
        resident);
  }

  /** Batch by batch, so that no more texts are held than one batch of each model has. */
  private void timeBatches(Model model, List<Subject> subjects) {
    int most = Collections.max(settings.batches());
    int done = settings.repetitions();
    int[][] texts = TextBatch.write(model, most, settings.promptTokens() + settings.tokens());
    for (int n : settings.batches()) {
      int[][] some = Arrays.copyOf(texts, n);
      List<TextBatch> batches = new ArrayList<>();
      for (Subject subject : subjects) {
        TextBatch batch = new TextBatch(subject.model, some, settings.promptTokens());
        batches.add(batch);
        batch.pass(); // the compiler has seen single tokens only
      }
      List<List<Double>> speeds = new ArrayList<>();
      subjects.forEach(_ -> speeds.add(new ArrayList<>()));
      for (int r = 0; r < settings.repetitions(); r++) {
        for (int i = 0; i < subjects.size(); i++) {
          speeds.get(i).add(batches.get(i).pass());
        }
        progress.accept(++done, turns());
      }
      for (int i = 0; i < subjects.size(); i++) {
        subjects.get(i).batches.add(new BenchResult.Batch(n, speeds.get(i)));
        batches.get(i).close();
      }
    }
  }

  /** Repetitions of single tokens, of each batch and of each context. */
  private int turns() {
    return settings.repetitions() * (1 + settings.batches().size() + settings.contexts().size());
  }

  /** Length by length, so that a model holds one long text at a time. */
  private void timeContexts(int[] piece, List<Subject> subjects) {
    int done = settings.repetitions() * (1 + settings.batches().size());
    for (int length : settings.contexts()) {
      List<LongText> texts = new ArrayList<>();
      List<List<Double>> speeds = new ArrayList<>();
      for (Subject subject : subjects) {
        LongText text = new LongText(subject.model, piece, length, settings.tokens());
        text.pass(); // the compiler has seen short texts only
        texts.add(text);
        speeds.add(new ArrayList<>());
      }
      for (int r = 0; r < settings.repetitions(); r++) {
        for (int i = 0; i < subjects.size(); i++) {
          speeds.get(i).add(texts.get(i).pass());
        }
        progress.accept(++done, turns());
      }
      for (int i = 0; i < subjects.size(); i++) {
        subjects.get(i).contexts.add(new BenchResult.Context(length, speeds.get(i)));
        texts.get(i).close();
      }
    }
  }

  private void check(Model subject, Model first) {
    int asked = settings.promptTokens() + settings.tokens();
    int context = subject.config().maxPositions();
    for (int length : settings.contexts()) {
      if (length + settings.tokens() > context) {
        throw new UserError(
            "the model's context is %d tokens, but %d behind %d are asked for: lower --context or --tokens"
                .formatted(context, settings.tokens(), length));
      }
    }
    if (asked > context) {
      throw new UserError(
          ("the model's context is %s tokens, but %s of a prompt and %s more are asked for:"
                  + " lower --prompt-tokens or --tokens")
              .formatted(context, settings.promptTokens(), settings.tokens()));
    }
    if (subject.config().vocabSize() != first.config().vocabSize()) {
      throw new UserError(
          ("the model has a vocabulary of %s tokens, the reference one of %s: they cannot"
                  + " read the same text")
              .formatted(first.config().vocabSize(), subject.config().vocabSize()));
    }
  }

  /** Token ids that the model itself makes up, the beginning of a text first. */
  private static int[] write(Model model, int count) {
    Sampler sampler = new Sampler(Sampling.of(1, 0));
    ModelState state = model.newState(count);
    int[] text = new int[count];
    text[0] = Math.max(0, model.config().bosToken());
    for (int i = 1; i < count; i++) {
      text[i] = sampler.next(model.forward(state, text, i - 1, 1));
    }
    return text;
  }

  /** A model with what was measured of it so far. */
  private static final class Subject {
    private final Model model;
    private final List<Double> prompt = new ArrayList<>();
    private final List<Double> decode = new ArrayList<>();
    private final List<Stream.Reading> stream = new ArrayList<>();
    private final List<BenchResult.Batch> batches = new ArrayList<>();
    private final List<BenchResult.Context> contexts = new ArrayList<>();

    /** Of the last pass; the text is the same in all. */
    private Optional<ExpertLoad> load = Optional.empty();

    private long decodeBytes;

    Subject(Model model) {
      this.model = model;
    }

    void pass(int[] text, BenchSettings settings) {
      ModelState state = model.newState(text.length);
      long start = System.nanoTime();
      model.forward(state, text, 0, settings.promptTokens());
      long middle = System.nanoTime();
      for (int i = settings.promptTokens(); i < text.length; i++) {
        model.forward(state, text, i, 1);
      }
      long end = System.nanoTime();
      prompt.add(settings.promptTokens() / ((middle - start) * 1e-9));
      decode.add(settings.tokens() / ((end - middle) * 1e-9));
      ExpertLoad used = state.expertLoad();
      load = Optional.of(used);
      decodeBytes = model.bytesPerToken(used);
    }

    void stream(int threads) {
      stream.add(Stream.best(streamBytes(), threads));
    }

    /**
     * A dense model reads the same weights for each token; a sparse one reads others for each, so
     * that over a text all of them have to be at hand.
     */
    long streamBytes() {
      return model.config().sparse() ? model.weightBytes() : decodeBytes;
    }

    void forget() {
      prompt.clear();
      decode.clear();
    }

    BenchResult result(int threads) {
      return new BenchResult(
          prompt,
          decode,
          stream,
          streamBytes(),
          CacheLevel.of(streamBytes(), threads),
          model.weightBytes(),
          decodeBytes,
          model.shares(),
          model.shares(load.orElseThrow()),
          model.config().sparse(),
          batches,
          contexts);
    }
  }
}
