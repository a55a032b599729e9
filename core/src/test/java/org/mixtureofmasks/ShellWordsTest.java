package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ShellWordsTest {
  @Test
  void whatNeedsNoQuotesHasNone() {
    assertEquals("runs/my-run_2", ShellWords.quote(Path.of("runs/my-run_2")));
    assertEquals("./-run", ShellWords.quote(Path.of("-run")));
  }

  @Test
  void aShellGivesBackEveryWord() throws Exception {
    List<String> words =
        List.of("a b", "it's", "$HOME", "[x.txt]", "", "a\nb", "é", "~", "*", "\\", "\"q\"", "=x");
    String command =
        "printf '%s|' " + words.stream().map(ShellWords::quote).collect(Collectors.joining(" "));
    Process sh = new ProcessBuilder("/bin/sh", "-c", command).start();
    String out = new String(sh.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(words.stream().collect(Collectors.joining("|", "", "|")), out);
  }
}
