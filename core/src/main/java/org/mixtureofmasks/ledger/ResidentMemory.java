package org.mixtureofmasks.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * What the kernel says of memory, from /proc. Everything is resident set size, as GNU time and top
 * print it: the Java heap, libraries and their allocations, and mapped files as far as they were
 * read. Empty where there is no /proc.
 */
public final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MACHINE = Path.of("/proc/meminfo");

  private ResidentMemory() {}

  /** {@return bytes of this process now} */
  public static OptionalLong now() {
    return field(STATUS, "VmRSS:");
  }

  /** {@return the most bytes that this process has had} */
  public static OptionalLong peak() {
    return field(STATUS, "VmHWM:");
  }

  /** {@return bytes of the machine's memory, whatever a container may have of them} */
  public static OptionalLong ofMachine() {
    return field(MACHINE, "MemTotal:");
  }

  /** {@return bytes that the machine could give to programs without swapping} */
  public static OptionalLong available() {
    return field(MACHINE, "MemAvailable:");
  }

  /** A line such as "VmHWM: 112808 kB". */
  static OptionalLong field(Path file, String name) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name) && line.endsWith(" kB"))
          .mapToLong(
              line ->
                  1024 * Long.parseLong(line.substring(name.length(), line.length() - 3).strip()))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty(); // no Linux: those who ask say that it is not known
    }
  }
}
