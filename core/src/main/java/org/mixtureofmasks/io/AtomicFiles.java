package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.mixtureofmasks.UserError;

/**
 * Files that are whole or absent: written beside the target under a temporary name, brought to the
 * disk, then renamed over it. A run that is killed leaves the old file and perhaps a hidden {@code
 * .NAME.partial-*}, which nothing reads.
 */
public final class AtomicFiles {
  static final String PARTIAL = ".partial-";

  private static final AtomicLong COUNTER = new AtomicLong();
  private static final boolean WINDOWS =
      System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");

  private AtomicFiles() {}

  /** What fills a new file. */
  @FunctionalInterface
  public interface Body {
    /**
     * Writes the whole content.
     *
     * @param channel of the temporary file
     * @throws IOException if writing fails; the target is then untouched
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * UTF-8 text; the rest as {@link #write}.
   *
   * @param target the file
   * @param text its content
   */
  public static void writeString(Path target, String text) {
    writeBytes(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Bytes; the rest as {@link #write}.
   *
   * @param target the file
   * @param bytes its content
   */
  public static void writeBytes(Path target, byte[] bytes) {
    write(target, channel -> Channels.writeFully(channel, ByteBuffer.wrap(bytes)));
  }

  /**
   * Writes a file, making the folders above it; an older file is replaced at the end, at once.
   *
   * @param target the file
   * @param body writes its content
   * @throws UserError if the disk is full, the folder not writable, or the body fails; the older
   *     file is then untouched
   */
  public static void write(Path target, Body body) {
    Path partial = partial(target);
    try {
      Files.createDirectories(partial.getParent());
      try (FileChannel channel =
          FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        body.writeTo(channel);
        channel.force(true);
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      discard(partial, e);
      throw IoReasons.notWritten(target, e);
    } catch (RuntimeException | Error e) {
      discard(partial, e);
      throw e;
    }
    // The new file stands; what may still fail is that a power cut forgets the rename.
    forceFolderOf(partial);
  }

  /**
   * Makes a folder and tries to write there, so that hours of work do not end at a full disk or a
   * folder of somebody else.
   *
   * @param folder made with the folders above it
   * @throws UserError if nothing can be written
   */
  public static void requireWritable(Path folder) {
    Path probe = partial(folder.resolve("probe"));
    try {
      Files.createDirectories(folder);
      Files.write(probe, new byte[1]);
      Files.delete(probe);
    } catch (IOException e) {
      discard(probe, e);
      throw IoReasons.notWritten(folder, e);
    }
  }

  /** A hidden name in the same folder that no other writer uses. */
  static Path partial(Path target) {
    Path whole = target.toAbsolutePath();
    return whole.resolveSibling(
        "."
            + whole.getFileName()
            + PARTIAL
            + ProcessHandle.current().pid()
            + "-"
            + COUNTER.incrementAndGet());
  }

  /** Brings the entry of a file or folder, an absolute path below the root, to the disk. */
  static void forceFolderOf(Path entry) {
    forceFolder(Objects.requireNonNull(entry.getParent()));
  }

  /** Brings a folder's entries to the disk. */
  static void forceFolder(Path folder) {
    if (WINDOWS) {
      return; // Windows opens no folders as files; NTFS journals the rename by itself
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      throw new UserError("cannot bring %s to the disk: %s".formatted(folder, IoReasons.of(e)), e);
    }
  }

  private static void discard(Path partial, Throwable cause) {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
