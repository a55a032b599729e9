package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.cli.LabVerbs;
import org.mixtureofmasks.cli.Verb;
import picocli.CommandLine.Command;

/** What the lab gives to the command line and to itself. */
class LabModuleTest {
  @Test
  void verbsAndMethodsAreTheSameOnTheClassPathAndOnTheModulePath() throws Exception {
    Providers.areTheSameOnBothPaths();
  }

  @Test
  void theCommandLineKnowsTheLabsVerbsByNameWithoutTheLab() {
    assertEquals(
        ServiceLoader.load(Verb.class).stream()
            .map(ServiceLoader.Provider::type)
            .filter(type -> type.getPackageName().equals("org.mixtureofmasks.verbs"))
            .map(type -> type.getAnnotation(Command.class).name())
            .collect(Collectors.toSet()),
        LabVerbs.NAMES);
  }
}
