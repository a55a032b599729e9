package org.mixtureofmasks.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.mixtureofmasks.UserError;

/**
 * A file of token ids in rows of one length, without a header: little-endian unsigned 32-bit ids in
 * a {@code .u32} file, 16-bit ones in a {@code .u16} file, and no others. Rows are read from the
 * disk one by one; callers on several threads may share one file.
 */
public final class TokenRows implements AutoCloseable {
  /** Largest vocabulary whose ids fit into 16 bits. */
  private static final int NARROW = 1 << 16;

  /** {@link #openChecked} reads about this many bytes at a time. */
  private static final int PIECE = 1 << 20;

  private final Path file;
  private final int rowLength;
  private final int vocabSize;
  private final int rows;
  private final int width;
  private final SeekableByteChannel channel;

  private TokenRows(
      Path file, int rowLength, int vocabSize, int rows, SeekableByteChannel channel) {
    this.file = file;
    this.rowLength = rowLength;
    this.vocabSize = vocabSize;
    this.rows = rows;
    this.width = width(file);
    this.channel = channel;
  }

  /**
   * Opens a file and checks its size; ids are checked as they are read.
   *
   * @param file of ids
   * @param rowLength tokens in a row, at least 1
   * @param vocabSize ids are below it
   * @return the open file
   * @throws UserError if the file is missing, has another ending, or is not made of whole rows
   */
  public static TokenRows open(Path file, int rowLength, int vocabSize) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          "no file of token rows at %s: check the path that names it".formatted(file));
    }
    if (!isNamed(file)) {
      throw new UserError(
          "%s: is no file of token rows: those are named .u16 or .u32, by the bytes of an id"
              .formatted(file));
    }
    long rowBytes = (long) rowLength * width(file);
    try {
      Placeholder.refuse(file);
      long size = Files.size(file);
      if (size == 0 || size % rowBytes != 0 || size / rowBytes > Integer.MAX_VALUE) {
        throw new UserError(
            "%s: %d bytes are not whole rows of %d tokens (%d bytes each): give the row length that it was packed with (data.row in a recipe, --row of a verb)"
                .formatted(file, size, rowLength, rowBytes));
      }
      return new TokenRows(
          file, rowLength, vocabSize, (int) (size / rowBytes), Files.newByteChannel(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Opens a file and reads all of it once, so that a run that would fail after hours fails now.
   *
   * @param file of ids
   * @param rowLength tokens in a row, at least 1
   * @param vocabSize ids are below it
   * @return the open file
   * @throws UserError as {@link #open}, or if an id is outside the vocabulary
   */
  public static TokenRows openChecked(Path file, int rowLength, int vocabSize) {
    TokenRows tokens = open(file, rowLength, vocabSize);
    try {
      int step = Math.max(1, PIECE / (rowLength * tokens.width));
      for (int from = 0; from < tokens.rows; from += step) {
        tokens.read(from, Math.min(step, tokens.rows - from));
      }
      return tokens;
    } catch (RuntimeException e) {
      tokens.close();
      throw e;
    }
  }

  /**
   * Says what a file of ids of a vocabulary is called.
   *
   * @param vocabSize tokens in it
   * @return ".u16", or ".u32" where ids do not fit into 16 bits
   */
  public static String ending(int vocabSize) {
    return vocabSize > NARROW ? ".u32" : ".u16";
  }

  /**
   * {@return whether a file is one of ids by its name}
   *
   * @param file that may be text as well
   */
  public static boolean isNamed(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".u16") || name.endsWith(".u32");
  }

  /** Bytes of an id in a file of that name. */
  private static int width(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".u32") ? 4 : 2;
  }

  /** {@return the file that is open} */
  public Path file() {
    return file;
  }

  /** {@return rows in the file} */
  public int rows() {
    return rows;
  }

  /** {@return tokens in a row} */
  public int rowLength() {
    return rowLength;
  }

  /**
   * Reads a row.
   *
   * @param row in [0, rows)
   * @return its ids
   * @throws UserError if an id is outside the vocabulary, or the file cannot be read any more
   */
  public int[] row(int row) {
    return read(row, 1);
  }

  /**
   * Reads a row as 64-bit numbers, the type of libtorch's indices.
   *
   * @param row in [0, rows)
   * @return its ids
   * @throws UserError as {@link #row}
   */
  public long[] longRow(int row) {
    return Arrays.stream(row(row)).asLongStream().toArray();
  }

  /** The ids of n rows, one after another. */
  private int[] read(int firstRow, int n) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(n * width, rowLength))
            .order(ByteOrder.LITTLE_ENDIAN);
    fill(bytes, (long) firstRow * rowLength * width);
    int[] ids = new int[n * rowLength];
    for (int i = 0; i < ids.length; i++) {
      long id =
          width == 2
              ? Short.toUnsignedLong(bytes.getShort(2 * i))
              : Integer.toUnsignedLong(bytes.getInt(4 * i));
      if (id >= vocabSize) {
        throw TokenIds.outside(
            "%s: row %d, token %d".formatted(file, firstRow + i / rowLength, i % rowLength),
            id,
            vocabSize,
            "pack the text with this model's tokenizer");
      }
      ids[i] = (int) id;
    }
    return ids;
  }

  private synchronized void fill(ByteBuffer bytes, long from) {
    try {
      channel.position(from);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes) < 0) {
          throw new EOFException("it became shorter while it was being read");
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static UserError unreadable(Path file, IOException e) {
    return new UserError("%s: cannot be read: %s".formatted(file, IoReasons.of(e)), e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UserError("%s: cannot be closed: %s".formatted(file, IoReasons.of(e)), e);
    }
  }
}
