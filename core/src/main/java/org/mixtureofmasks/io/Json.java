package org.mixtureofmasks.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * JSON of our own: what the program writes, and reads back. Files of others go through {@link
 * StrictJson}.
 */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final ObjectWriter ASCII =
      JsonMapper.builder()
          .configure(JsonWriteFeature.ESCAPE_NON_ASCII, true)
          .build()
          .writerWithDefaultPrettyPrinter();

  private Json() {}

  /** {@return a new empty object} */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** {@return a new empty array} */
  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /**
   * A number as JSON can have it.
   *
   * @param value any
   * @return the number; null where it is not finite, for JSON has no NaN
   */
  public static @Nullable Double number(double value) {
    return Double.isFinite(value) ? (Double) value : null;
  }

  /**
   * Reads a text.
   *
   * @param text one JSON value
   * @return its tree
   * @throws JsonProcessingException if it is not JSON; who catches it knows where the text is from
   */
  public static JsonNode parse(String text) throws JsonProcessingException {
    return MAPPER.readTree(text);
  }

  /**
   * Writes a value on one line.
   *
   * @param value a tree, or maps and lists of numbers and texts
   * @return JSON
   */
  public static String line(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("%s is no JSON".formatted(value.getClass()), e);
    }
  }

  /**
   * Writes a tree on lines of their own, indented.
   *
   * @param tree any
   * @return JSON
   */
  public static String pretty(JsonNode tree) {
    return tree.toPrettyString();
  }

  /**
   * As {@link #pretty}, in ASCII only, so that no locale can damage it on its way to a script.
   *
   * @param tree any
   * @return JSON
   */
  public static String ascii(JsonNode tree) {
    try {
      return ASCII.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of JSON nodes can always be written", e);
    }
  }
}
