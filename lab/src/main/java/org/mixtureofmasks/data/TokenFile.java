package org.mixtureofmasks.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/**
 * Rows of token ids of one length: little-endian unsigned 16-bit ids ({@code .u16}), or 32-bit ones
 * ({@code .u32}) for vocabularies of more than 65,536. No header.
 */
public final class TokenFile implements AutoCloseable {
  /** Rows are checked in pieces of about this many bytes. */
  private static final int PIECE = 1 << 20;

  private final Path file;
  private final int rowLength;
  private final int rows;
  private final int width;
  private final SeekableByteChannel channel;

  private TokenFile(Path file, int rowLength, int rows, int width, SeekableByteChannel channel) {
    this.file = file;
    this.rowLength = rowLength;
    this.rows = rows;
    this.width = width;
    this.channel = channel;
  }

  /**
   * Opens a file and checks every id in it: a run that would fail after hours fails now.
   *
   * @param rowLength tokens of a row
   * @param vocabSize ids must be below it
   * @throws UserError if the file is missing, is not made of whole rows, or holds another id
   */
  public static TokenFile open(Path file, int rowLength, int vocabSize) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          "no file of token rows at " + file + ": check data.train and evaluate.rows");
    }
    int width = file.getFileName().toString().endsWith(".u32") ? 4 : 2;
    long rowBytes = (long) rowLength * width;
    TokenFile tokens;
    try {
      long size = Files.size(file);
      if (size == 0 || size % rowBytes != 0 || size / rowBytes > Integer.MAX_VALUE) {
        throw new UserError(
            file
                + ": "
                + size
                + " bytes are not whole rows of "
                + rowLength
                + " tokens ("
                + rowBytes
                + " bytes each): set data.row to the length the file was packed with");
      }
      tokens =
          new TokenFile(
              file, rowLength, (int) (size / rowBytes), width, Files.newByteChannel(file));
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e, e);
    }
    try {
      tokens.check(vocabSize);
    } catch (RuntimeException e) {
      tokens.close();
      throw e;
    }
    return tokens;
  }

  private void check(int vocabSize) {
    int pieceRows = Math.max(1, PIECE / (rowLength * width));
    for (int from = 0; from < rows; from += pieceRows) {
      int n = Math.min(pieceRows, rows - from);
      long[] ids = read(from, n);
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] >= vocabSize) {
          throw new UserError(
              file
                  + ": row "
                  + (from + i / rowLength)
                  + " holds the token id "
                  + ids[i]
                  + ", but the model's vocabulary ends at "
                  + (vocabSize - 1)
                  + ": pack the text with this model's tokenizer");
        }
      }
    }
  }

  /** The ids of n rows, one after another. */
  private synchronized long[] read(int firstRow, int n) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(n * width, rowLength))
            .order(ByteOrder.LITTLE_ENDIAN);
    try {
      channel.position((long) firstRow * rowLength * width);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes) < 0) {
          throw new EOFException("the file was cut short while it was read");
        }
      }
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
    long[] ids = new long[n * rowLength];
    for (int i = 0; i < ids.length; i++) {
      ids[i] =
          width == 2
              ? Short.toUnsignedLong(bytes.getShort(2 * i))
              : Integer.toUnsignedLong(bytes.getInt(4 * i));
    }
    return ids;
  }

  public Path file() {
    return file;
  }

  public int rows() {
    return rows;
  }

  /** Tokens of a row. */
  public int rowLength() {
    return rowLength;
  }

  /** A row's ids. */
  public long[] row(int row) {
    return read(row, 1);
  }

  /** Closes the file. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UserError(file + ": cannot be closed: " + e.getMessage(), e);
    }
  }
}
