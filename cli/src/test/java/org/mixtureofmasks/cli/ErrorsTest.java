package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.io.Json;

/** How every verb says what went wrong. */
class ErrorsTest {
  @Test
  void anUnknownVerbIsAnErrorWhateverStandsBehindIt() {
    for (Object[] words :
        List.of(
            new Object[] {"xyzzy"},
            new Object[] {"xyzzy", "--help"},
            new Object[] {"--help", "xyzzy"})) {
      String error = mom(words).failure(2);
      assertTrue(error.startsWith("there is no verb 'xyzzy'"), error);
    }
    assertTrue(mom("genrate", "--help").failure(2).endsWith("did you mean generate?"));
    CliRun help = mom("--help");
    assertEquals(0, help.exit());
    assertTrue(help.out().contains("First steps:"), help.out());
  }

  @Test
  void aMissingOptionIsASentenceWithAnExampleAndNoGrammar() {
    String one = mom("generate", TestFiles.stories()).failure(2);
    assertEquals(
        "mom generate needs one of --prompt TEXT, --prompt-file FILE or --prompt-ids ID; for"
            + " example: mom generate MODEL --prompt \"Once upon a time\" --max-tokens 64",
        one);
    assertEquals("mom bench needs MODEL; for example: mom bench MODEL", mom("bench").failure(2));
    assertTrue(
        mom("import", "model.gguf")
            .failure(2)
            .startsWith("mom import needs --out DIR; for example"));
    assertTrue(
        mom("bench", "MODEL", "--reference")
            .failure(2)
            .startsWith("--reference has no value: --reference DENSE; for example: mom bench"));
  }

  /** An example that goes on in a second line is one command. */
  @Test
  void anExampleIsGivenWhole() {
    assertTrue(mom("evaluate", "MODEL").failure(2).contains("--out results --tasks boolq,piqa,"));
  }

  @Test
  void underJsonAnErrorIsAnObjectOnStdoutAsWell() throws JsonProcessingException {
    CliRun failed = mom("inspect", "/nowhere/model", "--json");
    assertEquals(1, failed.exit());
    assertError(failed, 1, "/nowhere/model");
    CliRun misused = mom("generate", "--json");
    assertEquals(2, misused.exit());
    assertError(misused, 2, "mom generate needs MODEL");
    CliRun unknown = mom("xyzzy", "--json");
    assertEquals(2, unknown.exit());
    assertError(unknown, 2, "there is no verb");
  }

  private static void assertError(CliRun run, int exit, String message)
      throws JsonProcessingException {
    JsonNode json = Json.parse(run.out());
    assertEquals(1, json.size());
    JsonNode error = json.get("error");
    assertEquals(exit, error.get("exit_code").asInt());
    assertTrue(error.get("message").asText().contains(message), run.out());
    assertTrue(run.err().startsWith("mom: " + error.get("message").asText()), run.err());
    assertFalse(run.err().contains("{"), run.err());
  }
}
