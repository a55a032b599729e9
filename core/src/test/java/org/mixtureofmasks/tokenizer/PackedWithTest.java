package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class PackedWithTest {
  /** Of the two letters "{}". */
  private static final String HASH =
      "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

  @TempDir Path folder;
  private Path rows;
  private Path model;

  @BeforeEach
  void makeTheFolders() throws IOException {
    rows = Files.createDirectories(folder.resolve("data")).resolve("train.u16");
    model = Files.createDirectories(folder.resolve("model"));
    Files.writeString(model.resolve("tokenizer.json"), "{}");
  }

  private void state(String text) throws IOException {
    Files.writeString(rows.resolveSibling("tokenizer.sha256"), text);
  }

  @Test
  void rowsOfTheModelsOwnTokenizerPass() throws IOException {
    state(HASH + "  tokenizer.json\n");
    assertDoesNotThrow(() -> PackedWith.require(rows, model));
  }

  @Test
  void rowsOfAnotherTokenizerAreRefused() throws IOException {
    state(HASH.replace('4', '5') + "  tokenizer.json\n");
    String message =
        assertThrows(UserError.class, () -> PackedWith.require(rows, model)).getMessage();
    assertTrue(message.startsWith(rows + " holds ids of another tokenizer"), message);
    assertTrue(message.contains("give text (.txt, .jsonl)"), message);
  }

  @Test
  void whereNothingIsStatedThereIsNothingToCompare() throws IOException {
    assertDoesNotThrow(() -> PackedWith.require(rows, model));
    state(HASH.replace('4', '5'));
    Files.delete(model.resolve("tokenizer.json"));
    assertDoesNotThrow(() -> PackedWith.require(rows, model));
  }

  @Test
  void aStatementThatIsNoHashIsRefused() throws IOException {
    state("llama\n");
    String message =
        assertThrows(UserError.class, () -> PackedWith.require(rows, model)).getMessage();
    assertTrue(message.contains("begins with no SHA-256"), message);
  }
}
