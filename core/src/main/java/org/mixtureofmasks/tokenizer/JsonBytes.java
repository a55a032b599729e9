package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.mixtureofmasks.io.BadCheckpoint;

/** A JSON file in memory, read strictly: its members by their place, so that faults have one. */
record JsonBytes(Path file, byte[] bytes) {
  /** A value: from its first byte to after its last. */
  record Range(int start, int end) {}

  /** Deeper than any tokenizer; the native reader recurses, so depth is stack. */
  private static final int DEPTH_LIMIT = 32;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Names are tokens here: hundreds of thousands of them, all different.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_LIMIT)
                  .maxNumberLength(100)
                  .maxNameLength(1 << 16)
                  .maxStringLength(64 << 20)
                  .build())
          .build();

  private static final ObjectMapper TREES =
      JsonMapper.builder(
              FACTORY.rebuild().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Reads a value from its first token, which is the parser's current one, to its last. */
  @FunctionalInterface
  interface Reading {
    void read(JsonParser in) throws IOException;
  }

  /**
   * The members of the object that the whole file is; all of it is walked and found well formed.
   *
   * @param read what is to be read on the way, by name: a large member is not walked twice
   */
  Map<String, Range> members(Map<String, Reading> read) {
    refuseBadUtf8();
    if (bytes.length > 0 && bytes[0] == (byte) 0xEF) {
      throw new BadCheckpoint(file, 0, "begins with a byte order mark; remove it");
    }
    // Left to itself Jackson takes the zeros of UTF-16 and UTF-32 for their mark.
    for (int i = 0; i < Math.min(4, bytes.length); i++) {
      if (bytes[i] == 0) {
        throw new BadCheckpoint(file, i, "is not a JSON object in UTF-8");
      }
    }
    Map<String, Range> members = new LinkedHashMap<>();
    try (JsonParser in = FACTORY.createParser(bytes)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new BadCheckpoint(file, 0, "is not a JSON object");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String name = in.currentName();
        in.nextToken();
        int start = (int) in.currentTokenLocation().getByteOffset();
        if (members.containsKey(name)) {
          throw new BadCheckpoint(
              file, start, "the member '%s' occurs twice".formatted(shown(name)));
        }
        Reading reading = read.get(name);
        if (reading == null) {
          in.skipChildren();
        } else {
          reading.read(in);
        }
        in.finishToken();
        members.put(name, new Range(start, (int) in.currentLocation().getByteOffset()));
      }
      if (in.nextToken() != null) {
        throw new BadCheckpoint(
            file, in.currentTokenLocation().getByteOffset(), "goes on after its end");
      }
    } catch (JsonProcessingException e) {
      throw malformed(e, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return members;
  }

  /** A member as it is written. */
  String text(Range range) {
    return new String(bytes, range.start(), range.end() - range.start(), StandardCharsets.UTF_8);
  }

  /** A member as a tree; duplicate names within are refused. */
  JsonNode tree(Range range) {
    try {
      return TREES.readTree(bytes, range.start(), range.end() - range.start());
    } catch (JsonProcessingException e) {
      throw malformed(e, range.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private BadCheckpoint malformed(JsonProcessingException e, int base) {
    long offset = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
    return new BadCheckpoint(
        file,
        offset < 0 ? -1 : base + offset,
        "is not well-formed JSON: %s".formatted(shown(e.getOriginalMessage())));
  }

  private void refuseBadUtf8() {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // reports, does not replace
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(8192);
    CoderResult result;
    do {
      out.clear();
      result = decoder.decode(in, out, true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw new BadCheckpoint(file, in.position(), "is not UTF-8");
    }
  }

  /** A name from a file, fit for one line of an error message. */
  static String shown(String name) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < name.length() && i < 120; i++) {
      char c = name.charAt(i);
      line.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return name.length() > 120 ? line + "..." : line.toString();
  }
}
