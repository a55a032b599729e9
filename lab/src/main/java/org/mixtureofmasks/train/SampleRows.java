package org.mixtureofmasks.train;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.data.TextPacker;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Token ids of the beginning of the training data, round and round: something to measure speed on
 * before all of it is packed.
 *
 * @param ids at least one
 * @param rowTokens inputs of a row
 * @param encodePerByte seconds for each byte of text; 0 for data that is packed already
 * @param tokensPerByte of text; a packed file's are counted in its rows
 */
record SampleRows(long[] ids, int rowTokens, double encodePerByte, double tokensPerByte) {
  /** Characters of text that are encoded. */
  private static final int CHARACTERS = 1 << 15;

  /** Ids that are read of packed rows. */
  private static final int PACKED_TOKENS = 4096;

  /** The beginning of the first training file; ids 0, 1, ... where there is none. */
  static SampleRows of(Settings settings, ModelConfig config) {
    if (settings.trainFiles().isEmpty()) {
      long[] ids = new long[Math.min(config.vocabSize(), 256)];
      Arrays.setAll(ids, i -> i);
      return new SampleRows(ids, settings.rowTokens(), 0, 0);
    }
    Path first = settings.trainFiles().getFirst();
    if (TextPacker.isText(first)) {
      return ofText(settings, first);
    }
    try (TokenRows file =
        TokenRows.openChecked(first, settings.rowTokens() + 1, config.vocabSize())) {
      int rows = Math.min(file.rows(), Math.ceilDiv(PACKED_TOKENS, settings.rowTokens()));
      long[] ids =
          IntStream.range(0, rows)
              .mapToObj(file::row)
              .flatMapToInt(Arrays::stream)
              .asLongStream()
              .toArray();
      return new SampleRows(ids, settings.rowTokens(), 0, 0);
    }
  }

  private static SampleRows ofText(Settings settings, Path text) {
    String beginning = beginning(text);
    try (Tokenizer tokenizer = Tokenizer.open(settings.model())) {
      tokenizer.encode(beginning.substring(0, Math.min(1000, beginning.length()))); // warms up
      long from = System.nanoTime();
      long[] ids = Arrays.stream(tokenizer.encode(beginning)).asLongStream().toArray();
      double seconds = (System.nanoTime() - from) / 1e9;
      int bytes = beginning.getBytes(StandardCharsets.UTF_8).length;
      if (ids.length == 0) {
        throw new UserError("%s has no text to train on".formatted(text));
      }
      return new SampleRows(
          ids, settings.rowTokens(), seconds / bytes, (double) ids.length / bytes);
    }
  }

  private static String beginning(Path text) {
    char[] buffer = new char[CHARACTERS];
    int n = 0;
    try (Reader reader = TextFiles.reader(text)) {
      for (int more = 0; more >= 0 && n < buffer.length; ) {
        more = reader.read(buffer, n, buffer.length - n);
        n += Math.max(0, more);
      }
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(text, e.getMessage()), e);
    }
    return new String(buffer, 0, n);
  }

  /** Rows of inputs and one target more. */
  long[][] rows(int count) {
    return rows(count, rowTokens + 1);
  }

  /** Rows of inputs. */
  long[][] inputs(int count) {
    return rows(count, rowTokens);
  }

  private long[][] rows(int count, int length) {
    long[][] rows = new long[count][length];
    for (int i = 0; i < count * length; i++) {
      rows[i / length][i % length] = ids[i % ids.length];
    }
    return rows;
  }
}
