package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a module gives to ServiceLoader. It is declared twice, since each way of starting looks at
 * one place alone: META-INF/services on the class path (which {@code ./mom} and tests use), the
 * module's descriptor on the module path.
 */
public final class Providers {
  private static final Path CLASSES = Path.of("target", "classes");

  private Providers() {}

  /** Fails unless the two declarations of the module whose test runs are the same. */
  public static void areTheSameOnBothPaths() throws IOException {
    assertEquals(ofTheModulePath(), ofTheClassPath());
  }

  private static Map<String, Set<String>> ofTheModulePath() throws IOException {
    Map<String, Set<String>> providers = new TreeMap<>();
    try (var in = Files.newInputStream(CLASSES.resolve("module-info.class"))) {
      for (ModuleDescriptor.Provides provides : ModuleDescriptor.read(in).provides()) {
        providers.put(provides.service(), new TreeSet<>(provides.providers()));
      }
    }
    return providers;
  }

  private static Map<String, Set<String>> ofTheClassPath() throws IOException {
    Map<String, Set<String>> providers = new TreeMap<>();
    try (var files = Files.list(CLASSES.resolve("META-INF").resolve("services"))) {
      for (Path file : files.toList()) {
        providers.put(
            file.getFileName().toString(),
            new TreeSet<>(Files.readAllLines(file).stream().filter(l -> !l.isBlank()).toList()));
      }
    }
    return providers;
  }
}
