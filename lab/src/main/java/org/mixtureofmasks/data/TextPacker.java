package org.mixtureofmasks.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Text to packed rows of token ids. Each line of a {@code .jsonl} file is a document (its member
 * {@code text}), any other file but those of ids ({@code .u16}, {@code .u32}) is one. Documents are
 * framed as the tokenizer does by itself, ended with the end-of-sequence token, joined, and cut
 * into rows; what does not fill the last row is left out.
 *
 * <p>The rows are kept in a cache under the hash of text, tokenizer and row length, so that the
 * same text is packed once.
 */
public final class TextPacker {
  /** Part of the hash: to be raised whenever the same text gives other rows. */
  private static final int VERSION = 2;

  /** Longer documents are encoded in pieces that end with a line, characters. */
  private static final int PIECE = 1 << 24;

  private final Path cache;
  private final Tokenizer tokenizer;
  private final int rowLength;

  /**
   * @param cache folder of packed files
   * @param rowLength tokens of a row
   */
  public TextPacker(Path cache, Tokenizer tokenizer, int rowLength) {
    this.cache = cache;
    this.tokenizer = tokenizer;
    this.rowLength = rowLength;
  }

  /** The cache of this user: MOM_CACHE, or .cache/mixture-of-masks at home. */
  public static Path defaultCache() {
    return Optional.ofNullable(System.getenv("MOM_CACHE"))
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".cache", "mixture-of-masks"))
        .resolve("tokens");
  }

  private static boolean isLines(Path text) {
    return text.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".jsonl");
  }

  /** Whether a file is text to pack rather than packed rows. */
  public static boolean isText(Path file) {
    return !TokenRows.isNamed(file);
  }

  /**
   * The packed rows of a text, made now or found in the cache.
   *
   * @return a .u16 file, or .u32 when the vocabulary needs it
   * @throws UserError if the text is missing, is not UTF-8, a line is no document, or the whole is
   *     shorter than a row
   */
  public Path pack(Path text) {
    if (!Files.isRegularFile(text)) {
      throw new UserError("no text at %s: check data.train and evaluate.rows".formatted(text));
    }
    Path packed = packed(text);
    if (!Files.exists(packed)) {
      boolean wide = ending().equals(".u32");
      AtomicFiles.write(packed, channel -> new Rows(channel, wide).write(text));
    }
    return packed;
  }

  /** Whether the cache has the rows of a text. */
  public boolean has(Path text) {
    return Files.exists(packed(text));
  }

  private String ending() {
    return TokenRows.ending(tokenizer.vocabularySize());
  }

  private Path packed(Path text) {
    return cache.resolve(name(text) + ending());
  }

  private String name(Path text) {
    String key =
        VERSION
            + "\n"
            + (isLines(text) ? "jsonl" : "txt")
            + "\n"
            + Fingerprint.of(text)
            + "\n"
            + rowLength
            + "\n"
            + tokenizer.toJson();
    return Sha256.of(key);
  }

  /** The rows on their way to a file. */
  private final class Rows {
    private final WritableByteChannel channel;
    private final boolean wide;
    private final ByteBuffer row;
    private long written;

    Rows(WritableByteChannel channel, boolean wide) {
      this.channel = channel;
      this.wide = wide;
      this.row =
          ByteBuffer.allocate(Math.multiplyExact(rowLength, wide ? 4 : 2))
              .order(ByteOrder.LITTLE_ENDIAN);
    }

    void write(Path text) throws IOException {
      try (BufferedReader reader = TextFiles.reader(text)) {
        if (isLines(text)) {
          documents(text, reader);
        } else {
          document(reader);
        }
      } catch (CharacterCodingException e) {
        throw new UserError("%s is not UTF-8: convert it first".formatted(text), e);
      }
      if (written == 0) {
        throw new UserError(
            "%s has fewer tokens than one row of %s: give more text".formatted(text, rowLength));
      }
    }

    private void documents(Path text, BufferedReader reader) throws IOException {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        JsonNode body;
        try {
          body = Json.parse(line).path("text");
        } catch (JsonProcessingException e) {
          throw new UserError("%s:%s: not JSON: one object a line".formatted(text, number), e);
        }
        if (!body.isTextual()) {
          throw new UserError("%s:%s: no member \"text\" with a string".formatted(text, number));
        }
        put(tokenizer.encode(body.asText()));
        end();
      }
    }

    private void document(BufferedReader reader) throws IOException {
      char[] buffer = new char[PIECE];
      StringBuilder pending = new StringBuilder();
      boolean first = true;
      for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
        pending.append(buffer, 0, n);
        int cut = pending.length() < PIECE ? 0 : pending.lastIndexOf("\n") + 1;
        if (cut > 0) {
          put(tokenizer.encode(pending.substring(0, cut), first));
          pending.delete(0, cut);
          first = false;
        }
      }
      put(tokenizer.encode(pending.toString(), first));
      end();
    }

    private void end() throws IOException {
      OptionalInt separator = tokenizer.separator();
      if (separator.isPresent()) {
        put(new int[] {separator.getAsInt()});
      }
    }

    private void put(int[] ids) throws IOException {
      for (int id : ids) {
        if (wide) {
          row.putInt(id);
        } else {
          row.putShort((short) id);
        }
        if (!row.hasRemaining()) {
          row.flip();
          while (row.hasRemaining()) {
            channel.write(row);
          }
          row.clear();
          written++;
        }
      }
    }
  }
}
