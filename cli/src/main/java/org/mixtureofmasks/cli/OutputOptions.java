package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** How a verb gives its result; a picocli mixin. */
public final class OutputOptions {
  @Option(names = "--json", description = "Print one JSON object on stdout and nothing else there.")
  private boolean json;

  /** Whether JSON was asked for. */
  public boolean json() {
    return json;
  }

  /** Prints the result as JSON, or as text for people. */
  public void print(ObjectNode object, Supplier<String> forPeople) {
    if (json) {
      Terminal.json(object);
    } else {
      Terminal.line(forPeople.get());
    }
  }
}
