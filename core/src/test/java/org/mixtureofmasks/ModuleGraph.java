package org.mixtureofmasks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM of its own that runs a main class as a real module graph, as a program does that embeds
 * these modules. Tests themselves run on the class path, where no module descriptor is looked at.
 *
 * @param modulePath folders and jars
 */
public record ModuleGraph(List<Path> modulePath) {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  /**
   * What the JVM left.
   *
   * @param exit the exit code
   * @param output standard output
   * @param errors standard error
   */
  public record Ended(int exit, String output, String errors) {}

  /**
   * The graph of modules that lie on this test's class path.
   *
   * @param names beginnings of names of jars; of this project's modules the name of their folder,
   *     as in core
   */
  public static ModuleGraph of(String... names) {
    List<Path> classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .toList();
    return new ModuleGraph(Arrays.stream(names).map(name -> find(classPath, name)).toList());
  }

  /** The same graph with one more place that is searched for modules. */
  public ModuleGraph with(Path module) {
    return with(new ModuleGraph(List.of(module)));
  }

  /** This graph and the places of another one. */
  public ModuleGraph with(ModuleGraph other) {
    return new ModuleGraph(Stream.concat(modulePath.stream(), other.modulePath.stream()).toList());
  }

  /** All places, as --module-path wants them. */
  public String path() {
    return modulePath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * Runs {@code java --module-path ... --module main args} until it ends.
   *
   * @param folder its working directory; what it prints is kept there
   * @param options further options of the JVM
   * @param main module/class
   */
  public Ended run(Path folder, List<String> options, String main, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(JAVA.toString(), "-XX:TieredStopAtLevel=1"));
    command.addAll(options);
    command.addAll(List.of("--module-path", path(), "--module", main));
    command.addAll(List.of(args));
    Path output = Files.createTempFile(folder, "output", ".txt");
    Path errors = Files.createTempFile(folder, "errors", ".txt");
    int exit =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start()
            .waitFor();
    return new Ended(exit, Files.readString(output), Files.readString(errors));
  }

  private static Path find(List<Path> classPath, String name) {
    Path classes = Path.of(name, "target", "classes");
    return classPath.stream()
        .filter(
            entry ->
                entry.endsWith(classes)
                    || entry.toString().endsWith(".jar")
                        && !entry.toString().endsWith("-tests.jar")
                        && (entry.getFileName().toString().startsWith(name + "-")
                            || entry.getFileName().toString().startsWith("mom-" + name + "-")))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not among " + classPath));
  }
}
