package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** What a person types arrives. */
class TypedArgumentsTest {
  private static byte[] commandLine(String... words) {
    return (String.join("\0", words) + "\0").getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void whatTheLocaleDamagedIsReadFromTheCommandLine() {
    byte[] line = commandLine("java", "-cp", "x", "Main", "generate", "--prompt", "é🦙");
    assertArrayEquals(
        new String[] {"generate", "--prompt", "é🦙"},
        TypedArguments.mended(new String[] {"generate", "--prompt", "\uFFFD\uFFFD"}, line));
  }

  @Test
  void aCommandLineOfOtherWordsIsNotUsed() {
    String[] args = {"generate", "--prompt", "\uFFFD"};
    assertArrayEquals(args, TypedArguments.mended(args, commandLine("java", "@file")));
    assertArrayEquals(
        args, TypedArguments.mended(args, commandLine("java", "sparsify", "--prompt", "é")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--json", "-h", "--", "@prompt.txt", "-5", "--prompt", "", "'\"\\"})
  void aTextMayBeginWithAnything(String text) throws IOException {
    int[] ids;
    try (Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      ids = tokenizer.encode(text);
    }
    CliRun run =
        mom(
            "generate",
            TestFiles.stories(),
            "--prompt",
            text,
            "--max-tokens",
            1,
            "--json",
            "--stop",
            text.isEmpty() ? "x" : text,
            "--stop",
            "-y");
    assertEquals(
        Arrays.toString(ids).replace(" ", ""), run.json().get("prompt_token_ids").toString());
  }

  @Test
  void anOptionWithoutItsTextIsNamed() {
    CliRun run = mom("generate", TestFiles.stories(), "--prompt");
    assertTrue(run.failure(2).startsWith("--prompt has no value: --prompt TEXT; for example:"));
  }
}
