package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.UserError;

/** The rows of a parquet file, as the Hugging Face hub publishes data sets. */
final class ParquetRows {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ParquetRows() {}

  static List<Row> read(Path file) {
    ByteBuffer bytes = ByteBuffer.wrap(DataFile.bytes(file));
    List<Row> rows = new ArrayList<>();
    try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(bytes));
        RowReader row = reader.rowReader()) {
      while (row.hasNext()) {
        row.next();
        rows.add(new Row(object(row), file, rows.size() + 1L));
      }
    } catch (IOException | RuntimeException e) {
      // The library says that a file is damaged or packed unusually in exceptions of many kinds.
      throw new UserError(
          "%s: cannot be read as parquet: %s; get it again, or convert it to .jsonl"
              .formatted(file, reason(e)),
          e);
    }
    return rows;
  }

  /** The innermost cause says most: which codec is not there, at which byte the file ends. */
  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String said =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return said.replaceAll("\\s*\\R\\s*", " ");
  }

  private static ObjectNode object(StructAccessor struct) {
    ObjectNode object = NODES.objectNode();
    for (int i = 0; i < struct.getFieldCount(); i++) {
      object.set(
          struct.getFieldName(i), struct.isNull(i) ? NODES.nullNode() : node(struct.getValue(i)));
    }
    return object;
  }

  private static JsonNode node(Object value) {
    return switch (value) {
      case null -> NODES.nullNode();
      case String s -> NODES.textNode(s);
      case Integer n -> NODES.numberNode(n);
      case Long n -> NODES.numberNode(n);
      case Float x -> NODES.numberNode(x);
      case Double x -> NODES.numberNode(x);
      case Boolean b -> NODES.booleanNode(b);
      case PqStruct struct -> object(struct);
      case PqList list -> {
        ArrayNode array = NODES.arrayNode(list.size());
        for (int i = 0; i < list.size(); i++) {
          array.add(node(list.get(i)));
        }
        yield array;
      }
      // A column that no prompt can use (dates, images) must not keep the rest from being read.
      default -> NODES.textNode(value.toString());
    };
  }
}
