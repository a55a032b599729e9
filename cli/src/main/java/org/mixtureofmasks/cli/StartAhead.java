package org.mixtureofmasks.cli;

import java.io.File;
import java.util.stream.Stream;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Loads what a text needs from a model folder while the command line is still read: the tokenizers
 * library, which is unpacked first, takes as long as the model itself. It finds no fault of its
 * own: whoever needs the library asks for it and is told.
 */
final class StartAhead implements AutoCloseable {
  private final Thread loading;

  /**
   * Begins.
   *
   * @param args of the command line, as they were given
   */
  StartAhead(String... args) {
    loading = new Thread(Tokenizer::obstacle, "mom-ahead");
    loading.setDaemon(true);
    if (wanted(args)) {
      loading.start();
    }
  }

  /** Whether the verb is to generate from a folder that has a tokenizer of this kind. */
  static boolean wanted(String... args) {
    return args.length > 1
        && args[0].equals("generate")
        && Stream.of(args).skip(1).anyMatch(arg -> new File(arg, "tokenizer.json").isFile());
  }

  /** Waits for it: what is unpacked is deleted when it is loaded. */
  @Override
  public void close() {
    try {
      loading.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the process ends
    }
  }
}
