package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * JSON as CPython's {@code json.dumps(value, indent=2, ensure_ascii=False)} writes it: the harness
 * hashes a document in this form.
 */
final class PythonJson {
  private PythonJson() {}

  /** The text of a value. */
  static String dumps(JsonNode value) {
    StringBuilder text = new StringBuilder();
    write(value, "\n", text);
    return text.toString();
  }

  private static void write(JsonNode value, String newline, StringBuilder text) {
    if (value.isObject()) {
      List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(value.properties());
      text.append('{');
      for (int i = 0; i < entries.size(); i++) {
        text.append(i == 0 ? "" : ",").append(newline).append("  ");
        quote(entries.get(i).getKey(), text);
        text.append(": ");
        write(entries.get(i).getValue(), newline + "  ", text);
      }
      text.append(entries.isEmpty() ? "}" : newline + "}");
    } else if (value.isArray()) {
      text.append('[');
      for (int i = 0; i < value.size(); i++) {
        text.append(i == 0 ? "" : ",").append(newline).append("  ");
        write(value.get(i), newline + "  ", text);
      }
      text.append(value.isEmpty() ? "]" : newline + "]");
    } else if (value.isTextual()) {
      quote(value.textValue(), text);
    } else if (value.isFloatingPointNumber()) {
      text.append(number(value.doubleValue()));
    } else {
      text.append(value.asText());
    }
  }

  /** Python's repr of a float. */
  static String number(double value) {
    String shortest = Double.toString(value); // the same digits, another place for the exponent
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-4 || size >= 1e16)) {
      String[] parts = shortest.split("E");
      int exponent = Integer.parseInt(parts[1]);
      String digits = parts[0].endsWith(".0") ? parts[0].replace(".0", "") : parts[0];
      String sign = exponent < 0 ? "-" : "+";
      return digits + "e" + sign + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
    if (!shortest.contains("E")) {
      return shortest;
    }
    String plain = new BigDecimal(shortest).stripTrailingZeros().toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }

  private static void quote(String string, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        default -> {
          if (c < 0x20) {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }
}
