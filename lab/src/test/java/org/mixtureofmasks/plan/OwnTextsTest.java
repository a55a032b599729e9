package org.mixtureofmasks.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

/** Which files are taken for texts, and how a text is cut in two. */
class OwnTextsTest {
  @TempDir Path folder;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private String refused(Path text) {
    return assertThrows(UserError.class, () -> OwnTexts.check(text)).getMessage();
  }

  @Test
  void whatIsNoTextIsRefusedByName() throws IOException {
    assertTrue(refused(folder.resolve("none.txt")).contains("no text at"));
    assertTrue(refused(file("empty.txt", "")).contains("is empty"));
    assertTrue(refused(file("ids.u16", "ab")).contains("packed token ids"));
    assertTrue(refused(file("zero.txt", "ab\0c")).contains("byte 2 is 0"));
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {'a', (byte) 0xe9, 'b'});
    assertTrue(refused(latin).contains("not UTF-8"));
  }

  @Test
  void aCharacterAcrossTheEndOfWhatIsLookedAtIsNoFault() throws IOException {
    for (int shift = 0; shift < 4; shift++) {
      OwnTexts.check(file("t.txt", "a".repeat(shift) + "\uD83E\uDD99".repeat(20_000)));
    }
  }

  @Test
  void aTextIsCutAtALineAndNothingIsLostOrUsedTwice() throws IOException {
    String text = "Zeile für Zeile\n".repeat(40_000);
    OwnTexts cut = OwnTexts.cut(List.of(file("t.md", text)), folder);
    String train = Files.readString(cut.train().getFirst());
    String heldOut = Files.readString(cut.heldOut().getFirst());
    assertEquals(text, train + heldOut);
    assertTrue(train.endsWith("\n") && heldOut.startsWith("Zeile"));
    double share = (double) heldOut.length() / text.length();
    assertTrue(share > 0.024 && share <= 0.05, "share " + share);
  }

  @Test
  void documentsOfJsonLinesStayWhole() throws IOException {
    String line = "{\"text\": \"" + "word ".repeat(100) + "\"}\n";
    OwnTexts cut = OwnTexts.cut(List.of(file("d.jsonl", line.repeat(400))), folder);
    assertTrue(cut.train().getFirst().toString().endsWith(".jsonl"));
    for (Path part : List.of(cut.train().getFirst(), cut.heldOut().getFirst())) {
      Files.readAllLines(part, StandardCharsets.UTF_8).forEach(l -> assertEquals(line, l + "\n"));
    }
  }

  @Test
  void eachOfSeveralTextsGivesItsEnd() throws IOException {
    Path a = file("a.txt", "a line\n".repeat(10_000));
    Path b = file("b.txt", "b line\n".repeat(10_000));
    OwnTexts cut = OwnTexts.cut(List.of(a, b), folder);
    assertTrue(Files.readString(cut.heldOut().get(0)).startsWith("a line"));
    assertTrue(Files.readString(cut.heldOut().get(1)).startsWith("b line"));
  }

  @Test
  void aTextTooShortToBeCutIsRefusedWithTheWayOut() throws IOException {
    Path small = file("s.txt", "short\n".repeat(100));
    String message =
        assertThrows(UserError.class, () -> OwnTexts.cut(List.of(small), folder)).getMessage();
    assertTrue(message.contains("600 bytes") && message.contains("--held-out"), message);
  }
}
