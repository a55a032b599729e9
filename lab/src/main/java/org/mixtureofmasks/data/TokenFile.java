package org.mixtureofmasks.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/**
 * Rows of token ids of one length, mapped: little-endian unsigned 16-bit ids ({@code .u16}), or
 * 32-bit ones ({@code .u32}) for vocabularies of more than 65,536. No header.
 */
public final class TokenFile implements AutoCloseable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final int rowLength;
  private final int rows;
  private final boolean wide;
  private final MemorySegment data;
  private final Arena arena;

  private TokenFile(
      Path file, int rowLength, int rows, boolean wide, MemorySegment data, Arena arena) {
    this.file = file;
    this.rowLength = rowLength;
    this.rows = rows;
    this.wide = wide;
    this.data = data;
    this.arena = arena;
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
    boolean wide = file.getFileName().toString().endsWith(".u32");
    int width = wide ? 4 : 2;
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      long rowBytes = (long) rowLength * width;
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
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      TokenFile tokens = new TokenFile(file, rowLength, (int) (size / rowBytes), wide, data, arena);
      tokens.check(vocabSize);
      return tokens;
    } catch (IOException e) {
      arena.close();
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void check(int vocabSize) {
    for (int row = 0; row < rows; row++) {
      long first = (long) row * rowLength;
      for (int i = 0; i < rowLength; i++) {
        long id = id(first + i);
        if (id >= vocabSize) {
          throw new UserError(
              file
                  + ": row "
                  + row
                  + " holds the token id "
                  + id
                  + ", but the model's vocabulary ends at "
                  + (vocabSize - 1)
                  + ": pack the text with this model's tokenizer");
        }
      }
    }
  }

  private long id(long index) {
    return wide
        ? data.getAtIndex(U32, index) & 0xffff_ffffL
        : data.getAtIndex(U16, index) & 0xffffL;
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

  /** A copy of a row's ids. */
  public long[] row(int row) {
    long first = (long) row * rowLength;
    long[] ids = new long[rowLength];
    for (int i = 0; i < rowLength; i++) {
      ids[i] = id(first + i);
    }
    return ids;
  }

  /** Unmaps the file. */
  @Override
  public void close() {
    arena.close();
  }
}
