package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.UserError;
import picocli.CommandLine;

/**
 * What {@code mom study} said when it was called within this JVM; its runs have JVMs of their own.
 */
record StudyCall(int exit, String printed, String err) {
  static StudyCall of(Path study, Path out, String... more) {
    StringWriter printed = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> all = new ArrayList<>(List.of(study.toString(), "--out", out.toString()));
    all.addAll(List.of(more));
    int exit =
        new CommandLine(new StudyVerb())
            .setOut(new PrintWriter(printed))
            .setErr(new PrintWriter(err))
            .setExecutionExceptionHandler(
                (e, command, _) -> {
                  command.getErr().println(e.getMessage());
                  return e instanceof UserError known ? known.exitCode() : 99;
                })
            .execute(all.toArray(String[]::new));
    return new StudyCall(exit, printed.toString(), err.toString());
  }

  JsonNode json() throws IOException {
    assertEquals(1, printed.lines().count(), printed);
    return new ObjectMapper().readTree(printed);
  }
}
