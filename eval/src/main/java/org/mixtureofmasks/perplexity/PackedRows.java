package org.mixtureofmasks.perplexity;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** A file of token ids, little-endian unsigned 16-bit, in rows of equal length. Read row by row. */
public final class PackedRows implements AutoCloseable {
  private final Path file;
  private final int length;
  private final int vocabSize;
  private final long count;
  private final InputStream in;
  private long next;

  /**
   * @param file the file
   * @param length tokens in a row
   * @param vocabSize ids are below this
   * @throws UserError when the file cannot be read or is not a whole number of rows
   */
  public PackedRows(Path file, int length, int vocabSize) {
    this.file = file;
    this.length = length;
    this.vocabSize = vocabSize;
    try {
      long bytes = Files.size(file);
      if (bytes == 0 || bytes % (2L * length) != 0) {
        throw new UserError(
            file
                + ": "
                + bytes
                + " bytes are not a whole number of rows of "
                + length
                + " tokens of 2 bytes: give the row length that it was packed with by --row");
      }
      this.count = bytes / (2L * length);
      this.in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e, e);
    }
  }

  /** Rows in the file. */
  public long count() {
    return count;
  }

  /** The next row's ids; call it at most {@link #count} times. */
  public int[] next() {
    byte[] bytes;
    try {
      bytes = in.readNBytes(2 * length);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e, e);
    }
    if (bytes.length < 2 * length) {
      throw new UserError(file + ": became shorter while it was being read");
    }
    int[] row = new int[length];
    for (int i = 0; i < length; i++) {
      row[i] = (bytes[2 * i] & 0xff) | (bytes[2 * i + 1] & 0xff) << 8;
      if (row[i] >= vocabSize) {
        throw new UserError(
            file
                + ": row "
                + next
                + ", token "
                + i
                + " is id "
                + row[i]
                + ", outside the model's vocabulary of "
                + vocabSize
                + " tokens: was it packed with another tokenizer?");
      }
    }
    next++;
    return row;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UserError(file + ": cannot be closed: " + e, e);
    }
  }
}
