package org.mixtureofmasks.plan;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Channels;

/**
 * Texts to train on and texts to judge by.
 *
 * @param train never holds what is held out
 * @param heldOut a file for each text, or the user's own
 */
public record OwnTexts(List<Path> train, List<Path> heldOut) {
  /** Of each text this share is held out, at least and at most so many bytes. */
  private static final double HELD_OUT = 0.05;

  private static final long LEAST = 16 << 10;
  private static final long MOST = 256 << 10;

  /** Texts larger than this are not copied to cut their end off. */
  private static final long LARGE = 4L << 30;

  /** So much of a text is looked at before it is taken for one. */
  private static final int LOOKED_AT = 64 << 10;

  public OwnTexts {
    train = List.copyOf(train);
    heldOut = List.copyOf(heldOut);
  }

  /**
   * Refuses what is no text.
   *
   * @throws UserError naming the file: missing, empty, packed ids, or binary
   */
  public static void check(Path text) {
    String name = String.valueOf(text.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".u16") || name.endsWith(".u32")) {
      throw UserError.usage(
          "%s holds packed token ids, --text takes plain text or .jsonl: name it in a recipe under data.train"
              .formatted(text));
    }
    if (!Files.isRegularFile(text)) {
      throw UserError.usage("no text at %s".formatted(text));
    }
    try (SeekableByteChannel channel = Files.newByteChannel(text)) {
      if (channel.size() == 0) {
        throw UserError.usage("%s is empty: give text to learn from".formatted(text));
      }
      ByteBuffer head = ByteBuffer.allocate((int) Math.min(LOOKED_AT, channel.size()));
      while (head.hasRemaining() && channel.read(head) >= 0) {
        // Until it is full.
      }
      requireText(text, head.flip(), channel.size() > LOOKED_AT);
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(text, e.getMessage()), e);
    }
  }

  private static void requireText(Path text, ByteBuffer head, boolean cut) {
    for (int i = 0; i < head.limit(); i++) {
      if (head.get(i) == 0) {
        throw UserError.usage("%s is no text: byte %d is 0".formatted(text, i));
      }
    }
    if (cut) { // not within a character
      while (head.limit() > 0 && (head.get(head.limit() - 1) & 0x80) != 0) {
        head.limit(head.limit() - 1);
      }
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(head);
    } catch (CharacterCodingException e) {
      throw new UserError("%s is not UTF-8: convert it first".formatted(text), e);
    }
  }

  /**
   * Cuts the ends of texts off, at the end of a line.
   *
   * @param texts checked
   * @param to a folder that exists; gets train-1, held-out-1 and so on
   * @throws UserError if a text is too short or too large to be cut, or to cannot be written
   */
  public static OwnTexts cut(List<Path> texts, Path to) {
    List<Path> train = new ArrayList<>();
    List<Path> heldOut = new ArrayList<>();
    for (Path text : texts) {
      String name = String.valueOf(text.getFileName());
      String ending = name.endsWith(".jsonl") ? ".jsonl" : ".txt";
      String number = texts.size() == 1 ? "" : "-" + (train.size() + 1);
      train.add(to.resolve("train" + number + ending));
      heldOut.add(to.resolve("held-out" + number + ending));
      try (SeekableByteChannel channel = Files.newByteChannel(text)) {
        long size = channel.size();
        long at = cutAt(text, channel, size);
        copy(channel, 0, at, train.getLast());
        copy(channel, at, size, heldOut.getLast());
      } catch (IOException e) {
        throw new UserError("cannot read %s: %s".formatted(text, e.getMessage()), e);
      }
    }
    return new OwnTexts(train, heldOut);
  }

  private static long cutAt(Path text, SeekableByteChannel channel, long size) throws IOException {
    if (size > LARGE) {
      throw UserError.usage(
          "%s has more than %d GB, of which no copy is made: give --held-out FILE"
              .formatted(text, LARGE >> 30));
    }
    long held = Math.clamp((long) (HELD_OUT * size), LEAST, MOST);
    if (2 * held > size) {
      throw UserError.usage(
          "%s has %d bytes, too few to learn from some and be judged by others: at least %d are needed, or --held-out FILE"
              .formatted(text, size, 2 * LEAST));
    }
    ByteBuffer tail = ByteBuffer.allocate((int) held);
    channel.position(size - held);
    while (tail.hasRemaining() && channel.read(tail) >= 0) {
      // Until it is full.
    }
    for (int i = 0; i < held / 2; i++) {
      if (tail.get(i) == '\n') {
        return size - held + i + 1;
      }
    }
    for (int i = 0; i < held / 2; i++) {
      if (tail.get(i) == ' ') {
        return size - held + i + 1;
      }
    }
    throw UserError.usage(
        "%s has neither lines nor blanks at its end to cut it at: give --held-out FILE"
            .formatted(text));
  }

  private static void copy(SeekableByteChannel from, long begin, long end, Path to) {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    AtomicFiles.write(
        to,
        channel -> {
          from.position(begin);
          for (long at = begin; at < end; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
            if (from.read(buffer) < 0) {
              throw new IOException("it became shorter while it was read");
            }
            Channels.writeFully(channel, buffer.flip());
          }
        });
  }
}
