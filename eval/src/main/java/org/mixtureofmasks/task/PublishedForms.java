package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.template.PythonText;

/** From the rows of the data sets' authors to the hub's columns, which pass unchanged. */
final class PublishedForms {
  /** Shortest brackets; Python's dot is any character but the newline. */
  private static final Pattern BRACKETS = Pattern.compile("\\[[^\\n]*?]");

  private static final String[] LETTERS = {"A", "B", "C", "D"};

  private PublishedForms() {}

  /** SuperGLUE, whose form the harness reads, put the article's title before its passage. */
  static ObjectNode boolq(ObjectNode row) throws BadDocument {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    document.put("question", text(row, "question"));
    String passage = text(row, "passage");
    document.put("passage", row.has("title") ? text(row, "title") + " -- " + passage : passage);
    if (row.has("idx")) {
      document.set("idx", row.get("idx"));
    }
    if (row.has("label") && !row.get("label").isBoolean()) {
      return document.put("label", number(row.get("label"), "label"));
    }
    String name = row.has("label") ? "label" : "answer";
    JsonNode answer = field(row, name);
    if (!answer.isBoolean()) {
      throw new BadDocument("the field '" + name + "' is " + answer + ", neither true nor false");
    }
    return document.put("label", answer.booleanValue() ? 1 : 0);
  }

  static ObjectNode piqa(ObjectNode row) throws BadDocument {
    ObjectNode document = row.deepCopy();
    document.put("label", number(field(row, "label"), "label"));
    return document;
  }

  static ObjectNode socialIqa(ObjectNode row) throws BadDocument {
    ObjectNode document = row.deepCopy();
    if (row.has("correct")) {
      document.remove("correct");
      document.put("label", Long.toString(letter(row, "correct", 3) + 1));
    } else {
      document.put("label", Long.toString(number(field(row, "label"), "label")));
    }
    return document;
  }

  /** The harness's hellaswag/utils.py, process_docs. */
  static ObjectNode hellaswag(ObjectNode row) throws BadDocument {
    ObjectNode document = row.deepCopy();
    String context = text(row, "ctx_a") + " " + PythonText.capitalize(text(row, "ctx_b"));
    document.put("query", preprocess(text(row, "activity_label") + ": " + context));
    ArrayNode choices = document.putArray("choices");
    for (JsonNode ending : array(row, "endings")) {
      if (!ending.isTextual()) {
        throw new BadDocument("an ending is " + ending + ", not a text");
      }
      choices.add(preprocess(ending.textValue()));
    }
    long label = number(field(row, "label"), "label");
    document.put("label", Long.toString(label));
    document.put("gold", label);
    return document;
  }

  /** The harness's hellaswag/utils.py, preprocess. */
  static String preprocess(String text) {
    String s = PythonText.strip(text).replace(" [title]", ". ");
    return BRACKETS.matcher(s).replaceAll("").replace("  ", " ");
  }

  /** ARC and OpenBookQA: {@code question.stem} and {@code question.choices} become columns. */
  static ObjectNode stem(ObjectNode row, String name) throws BadDocument {
    if (!(row.get("question") instanceof ObjectNode question)) {
      return row;
    }
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    if (row.has("id")) {
      document.set("id", row.get("id"));
    }
    document.put(name, text(question, "stem"));
    ObjectNode choices = document.putObject("choices");
    ArrayNode texts = choices.putArray("text");
    ArrayNode labels = choices.putArray("label");
    for (JsonNode choice : array(question, "choices")) {
      if (!(choice instanceof ObjectNode object)) {
        throw new BadDocument("a choice is " + choice + ", not an object with text and label");
      }
      texts.add(text(object, "text"));
      labels.add(text(object, "label"));
    }
    document.put("answerKey", text(row, "answerKey"));
    return document;
  }

  static ObjectNode mmlu(ObjectNode row) throws BadDocument {
    ObjectNode document = row.deepCopy();
    if (!row.has("choices")) {
      ArrayNode choices = document.putArray("choices");
      for (String letter : LETTERS) {
        choices.add(text(row, letter));
        document.remove(letter);
      }
      document.put("answer", letter(row, "answer", LETTERS.length));
    } else {
      document.put("answer", number(field(row, "answer"), "answer"));
    }
    return document;
  }

  private static long letter(ObjectNode row, String name, int count) throws BadDocument {
    String letter = text(row, name);
    int at = List.of(LETTERS).subList(0, count).indexOf(letter);
    if (at < 0) {
      throw new BadDocument(
          "'" + name + "' is '" + letter + "': it must be A to " + LETTERS[count - 1]);
    }
    return at;
  }

  private static JsonNode field(ObjectNode row, String name) throws BadDocument {
    JsonNode value = row.get(name);
    if (value == null || value.isNull()) {
      List<String> names = new ArrayList<>();
      row.fieldNames().forEachRemaining(names::add);
      throw new BadDocument("the field '" + name + "' is missing" + Nearest.hint(name, names));
    }
    return value;
  }

  private static String text(ObjectNode row, String name) throws BadDocument {
    JsonNode value = field(row, name);
    if (!value.isTextual()) {
      throw new BadDocument("the field '" + name + "' is " + value + ", not a text");
    }
    return value.textValue();
  }

  private static JsonNode array(ObjectNode row, String name) throws BadDocument {
    JsonNode value = field(row, name);
    if (!value.isArray()) {
      throw new BadDocument("the field '" + name + "' is " + value + ", not a list");
    }
    return value;
  }

  /** Labels are numbers in some files, the same as texts in others. */
  private static long number(JsonNode value, String name) throws BadDocument {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isTextual() && value.textValue().matches("-?\\d{1,9}")) {
      return Long.parseLong(value.textValue());
    }
    throw new BadDocument("the field '" + name + "' is " + value + ", not a whole number");
  }
}
