package org.mixtureofmasks.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * JSON of untrusted files: strict UTF-8, no duplicate keys, nothing after the value, bounded depth.
 * Two parsers that disagree about a duplicate key see two different models, so it is refused.
 */
public final class StrictJson {
  /** A tree costs up to about thirty times its text; this keeps a config within some 100 MB. */
  public static final long CONFIG_LIMIT = 4L << 20;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names from files go into no table that outlives the file.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build())
          .build();
  private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private StrictJson() {}

  /**
   * What reads one document.
   *
   * @param <T> what is read
   */
  @FunctionalInterface
  public interface Reading<T> {
    /**
     * Reads the document to its end.
     *
     * @param parser stands before the first token
     * @param at the byte of the file at which the current token begins, for error messages
     * @return what was read
     * @throws IOException if the text is no JSON
     */
    public T read(JsonParser parser, LongSupplier at) throws IOException;
  }

  /**
   * The object in a JSON file.
   *
   * @param file UTF-8
   * @param limit the largest size in bytes that is read
   * @return the object
   * @throws BadCheckpoint if the file is absent, too large, or not one strict JSON object
   */
  public static ObjectNode readObject(Path file, long limit) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = MappedFile.map(file, arena);
      requireSize(file, text.byteSize(), limit);
      return read(
          file,
          0,
          text,
          (parser, _) -> {
            JsonNode node = MAPPER.readTree(parser);
            if (node instanceof ObjectNode object) {
              return object;
            }
            throw new BadCheckpoint(file, 0, "must hold a JSON object");
          });
    }
  }

  /**
   * Refuses files that are too large to be what they should be.
   *
   * @param file named in the error
   * @param bytes its size
   * @param limit the largest size that is read
   * @throws BadCheckpoint if it is larger
   */
  public static void requireSize(Path file, long bytes, long limit) {
    if (bytes > limit) {
      throw new BadCheckpoint(
          file,
          -1,
          "has %s bytes; at most %s are read of a file of its kind".formatted(bytes, limit));
    }
  }

  /**
   * Reads one document that fills the segment (spaces may follow).
   *
   * @param <T> what is read
   * @param file named in errors
   * @param base offset of the segment in the file, for error messages
   * @param text UTF-8
   * @param reading reads the document
   * @return what was read
   * @throws BadCheckpoint if it is not one strict JSON document
   */
  public static <T> T read(Path file, long base, MemorySegment text, Reading<T> reading) {
    requireUtf8(file, base, text);
    // Through a reader: left to itself Jackson would guess UTF-16 and UTF-32 too.
    Reader chars = new InputStreamReader(new SegmentInputStream(text), StandardCharsets.UTF_8);
    try (JsonParser parser = FACTORY.createParser(chars)) {
      LongSupplier at = () -> base + byteOf(text, parser.currentTokenLocation().getCharOffset());
      try {
        T value = reading.read(parser, at);
        if (parser.nextToken() != null) {
          throw new BadCheckpoint(file, at.getAsLong(), "something follows the JSON value");
        }
        return value;
      } catch (JsonProcessingException e) {
        // Not every exception knows its place; the parser stands at or just after it.
        throw new BadCheckpoint(
            file,
            base + byteOf(text, parser.currentLocation().getCharOffset()),
            "is not valid JSON: %s".formatted(IoReasons.oneLine(e.getOriginalMessage())));
      }
    } catch (IOException e) {
      throw new BadCheckpoint(file, base, "is not valid JSON: %s".formatted(IoReasons.of(e)));
    }
  }

  /** Where that UTF-16 unit of valid UTF-8 begins. */
  private static long byteOf(MemorySegment text, long units) {
    long at = 0;
    for (long unit = 0; unit < units && at < text.byteSize(); ) {
      int lead = text.get(ValueLayout.JAVA_BYTE, at) & 255;
      int length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      at += length;
      unit += length == 4 ? 2 : 1; // beyond the basic plane: a pair of surrogates
    }
    return Math.min(at, text.byteSize());
  }

  /** Jackson lets overlong forms and lone surrogates pass; the JDK's decoder does not. */
  private static void requireUtf8(Path file, long base, MemorySegment text) {
    ByteBuffer bytes = text.asByteBuffer();
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer chars = CharBuffer.allocate(8192);
    CoderResult result;
    do {
      chars.clear();
      result = decoder.decode(bytes, chars, true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw new BadCheckpoint(file, base + bytes.position(), "is not valid UTF-8");
    }
  }
}
