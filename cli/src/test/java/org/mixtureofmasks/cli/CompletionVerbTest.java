package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionVerbTest {
  @TempDir private Path folder;

  @Test
  void bashCompletesVerbsAndOptionsByTheScript() throws Exception {
    assertEquals(List.of("generate"), completed("bash", "mom gener"));
    assertEquals(
        List.of("--prompt", "--prompt-file", "--prompt-ids"),
        completed("bash", "mom generate --prompt"));
  }

  @Test
  void fishGetsALineForEachVerbAndOptionWithTheirFirstSentences() {
    List<String> lines = mom("completion", "fish").out().lines().toList();
    assertTrue(
        lines.contains(
            "complete -c mom -f -n __fish_use_subcommand -a generate -d 'Continues a text'"),
        lines.toString());
    assertTrue(
        lines.contains(
            "complete -c mom -n '__fish_seen_subcommand_from generate' -l weights -r -f -a 'auto f32"
                + " bf16 int8 q4 q8_0 q4_0' -d 'Number format of the weights in memory'"),
        lines.toString());
    assertTrue(lines.stream().skip(1).allMatch(line -> line.startsWith("complete -c mom ")));
  }

  @Test
  void anUnknownShellIsAnsweredWithTheKnownOnes() {
    String error = mom("completion", "tcsh").failure(2);
    assertTrue(error.contains("BASH, ZSH, FISH"), error);
  }

  /** What the shell would offer after a line, sorted; compopt works within a completion only. */
  private List<String> completed(String shell, String line) throws Exception {
    Path bash = Path.of("/bin/bash");
    assumeTrue(Files.isExecutable(bash), "there is no /bin/bash");
    Path script = Files.writeString(folder.resolve("mom." + shell), mom("completion", shell).out());
    String ask =
        "compopt() { :; }; source '%s'; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE='%s'; COMP_POINT=${#COMP_LINE}; _complete_mom; printf '%%s\\n' \"${COMPREPLY[@]}\""
            .formatted(script, line, line);
    Process process =
        new ProcessBuilder(bash.toString(), "--norc", "-c", ask).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said.lines().flatMap(l -> Stream.of(l.strip())).sorted().toList();
  }
}
