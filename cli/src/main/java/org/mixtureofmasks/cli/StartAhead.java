package org.mixtureofmasks.cli;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Opens a model's tokenizer while the command line is still read: the two take about as long, and
 * so does the model itself. It tells of no fault: whoever needs the tokenizer asks for it and is
 * told.
 */
final class StartAhead implements AutoCloseable {
  private record Opening(Path model, Beside<Tokenizer> tokenizer) {}

  /** What was begun and nobody has asked for yet. */
  private static final AtomicReference<@Nullable Opening> BEGUN = new AtomicReference<>();

  private final Thread loading;

  /**
   * Begins.
   *
   * @param args of the command line, as they were given
   */
  StartAhead(String... args) {
    loading = new Thread(Tokenizer::obstacle, "mom-ahead");
    loading.setDaemon(true);
    model(args)
        .ifPresent(
            model -> {
              loading.start();
              BEGUN.set(new Opening(model, new Beside<>(() -> Tokenizer.open(model))));
            });
  }

  /** The model, where the verb is to generate from one that has its own tokenizer. */
  static Optional<Path> model(String... args) {
    if (args.length == 0
        || !args[0].equals("generate")
        || Stream.of(args).anyMatch(arg -> arg.startsWith("--tokenizer"))) {
      return Optional.empty();
    }
    return Arrays.stream(args, 1, args.length)
        .filter(StartAhead::hasTokenizer)
        .findFirst()
        .map(Path::of);
  }

  private static boolean hasTokenizer(String arg) {
    return arg.toLowerCase(Locale.ROOT).endsWith(".gguf")
        ? new File(arg).isFile()
        : new File(arg, "tokenizer.json").isFile();
  }

  /** The tokenizer of a model, if it is being opened; the caller's from now on. */
  static Optional<Beside<Tokenizer>> tokenizer(Path model) {
    Opening begun = BEGUN.getAndSet(null);
    return Optional.ofNullable(begun)
        .filter(opening -> opening.model().equals(model))
        .map(Opening::tokenizer);
  }

  /** Waits for the library alone: what is unpacked of it is deleted when it is loaded. */
  @Override
  public void close() {
    try {
      loading.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the process ends
    }
  }
}
