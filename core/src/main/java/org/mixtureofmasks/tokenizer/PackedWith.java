package org.mixtureofmasks.tokenizer;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Fingerprint;

/**
 * Which tokenizer made packed rows of token ids. Rows are bare numbers; a file {@code
 * tokenizer.sha256} in their folder, as {@code sha256sum tokenizer.json} prints it, says whose they
 * are. Ids of another vocabulary are in range often enough, and mean nothing.
 */
public final class PackedWith {
  private static final String NAME = "tokenizer.sha256";

  private PackedWith() {}

  /**
   * Compares the rows' tokenizer with a model's; where either is not stated there is nothing to
   * compare.
   *
   * @param rows a file of packed ids
   * @param model a model folder, whose tokenizer.json counts; other models have none
   * @throws UserError if the rows are of another tokenizer
   */
  public static void require(Path rows, Path model) {
    Path stated = rows.toAbsolutePath().resolveSibling(NAME);
    Path own = model.resolve("tokenizer.json");
    if (!Files.isRegularFile(stated) || !Files.isRegularFile(own)) {
      return;
    }
    if (!Fingerprint.of(own).equals("sha256:" + hash(stated))) {
      throw new UserError(
          ("%s holds ids of another tokenizer than %s (%s says which): give text (.txt,"
                  + " .jsonl), which is packed with the model's own, or"
                  + " rows made"
                  + " with it")
              .formatted(rows, own, stated));
    }
  }

  private static String hash(Path stated) {
    try {
      String line = Files.readString(stated).strip();
      String hash = line.split("\\s", 2)[0];
      if (hash.matches("[0-9a-f]{64}")) {
        return hash;
      }
      throw new UserError(
          "%s: begins with no SHA-256: write what 'sha256sum tokenizer.json' prints"
              .formatted(stated));
    } catch (MalformedInputException e) {
      throw new UserError(
          "%s: is no text: write what 'sha256sum tokenizer.json' prints".formatted(stated), e);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(stated, e), e);
    }
  }
}
