package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Writing that does not stop half-way. */
public final class Channels {
  private Channels() {}

  /**
   * Writes all that remains in the buffer; a channel may take less at a time.
   *
   * @param channel where to
   * @param buffer its remaining bytes; none remain afterwards
   * @throws IOException if the channel fails
   */
  public static void writeFully(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Counts what goes through. */
  public static final class Counting implements WritableByteChannel {
    private final WritableByteChannel to;
    private long count;

    /**
     * Counts from 0.
     *
     * @param to where the bytes go
     */
    public Counting(WritableByteChannel to) {
      this.to = to;
    }

    /** {@return bytes written so far} */
    public long count() {
      return count;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      int n = to.write(from);
      count += n;
      return n;
    }

    @Override
    public boolean isOpen() {
      return to.isOpen();
    }

    @Override
    public void close() throws IOException {
      to.close();
    }
  }
}
