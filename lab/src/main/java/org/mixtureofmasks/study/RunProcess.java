package org.mixtureofmasks.study;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.mixtureofmasks.UserError;

/**
 * Verbs in JVMs of their own, with this one's options and class path: libtorch's generator and
 * threads belong to the whole process, so that two runs cannot share one.
 */
final class RunProcess {
  private static final int TERMINATED = 128 + 15;
  private static final int INTERRUPTED = 128 + 2;

  /** How a verb ended. */
  enum End {
    DONE,
    FAILED,
    /** By Ctrl-C or because the study was stopped: it goes on with the next start. */
    STOPPED
  }

  private final String launcher;
  private final Set<Process> alive = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  /**
   * @param launcher the class whose main method takes verbs
   */
  RunProcess(String launcher) {
    this.launcher = launcher;
  }

  /**
   * Runs a verb to its end.
   *
   * @param log everything that it prints is added to this file
   * @throws InterruptedException if this thread is not to wait any longer; the verb is stopped
   */
  End run(Path log, List<String> verb) throws InterruptedException {
    if (stopped) {
      return End.STOPPED;
    }
    Process process;
    try {
      process =
          new ProcessBuilder(command(verb))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
    } catch (IOException e) {
      throw new UserError("cannot start a JVM for a run: %s".formatted(e.getMessage()), e);
    }
    alive.add(process);
    if (stopped) {
      process.destroy(); // stopped between the question above and here
    }
    try {
      int exit = process.waitFor();
      boolean killed = exit == TERMINATED || exit == INTERRUPTED;
      return exit == 0 ? End.DONE : stopped || killed ? End.STOPPED : End.FAILED;
    } finally {
      process.destroy();
      alive.remove(process);
    }
  }

  /** Ends all that go on and starts none any more. */
  void stop() {
    stopped = true;
    alive.forEach(Process::destroy);
  }

  /** Whether nothing is to be started any more. */
  boolean stopped() {
    return stopped;
  }

  /** Why a verb failed: the line of its log that the command line printed last. */
  static String reason(Path log) {
    try {
      List<String> lines =
          new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return lines.reversed().stream()
          .filter(line -> line.startsWith("mom: "))
          .map(line -> line.substring("mom: ".length()))
          .findFirst()
          .orElse("ended without a word: see " + log);
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(log, e), e);
    }
  }

  private List<String> command(List<String> verb) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // A debugger's port can be taken only once.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-agentlib:jdwp") && !option.startsWith("-Xrunjdwp"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), launcher));
    command.addAll(verb);
    return command;
  }
}
