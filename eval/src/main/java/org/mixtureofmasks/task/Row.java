package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/**
 * A document as it was read.
 *
 * @param document its columns
 * @param file where it stands
 * @param line the 1-based line on which it begins; in a parquet file the 1-based row
 */
record Row(ObjectNode document, Path file, long line) {
  /** An error of this row: file, line, reason. */
  UserError error(String reason) {
    return error(file, line, reason);
  }

  static UserError error(Path file, long line, String reason) {
    return new UserError("%s:%s: %s".formatted(file, line, reason));
  }
}
