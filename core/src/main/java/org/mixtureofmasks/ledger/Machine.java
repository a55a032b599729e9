package org.mixtureofmasks.ledger;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.mixtureofmasks.UserError;

/**
 * What there is to work with.
 *
 * @param memoryBytes that this process can have, what it has already included
 * @param diskBytes free where the work writes
 */
public record Machine(long memoryBytes, long diskBytes) {

  /**
   * What this machine has now, a container's limit respected.
   *
   * @param writesTo where the work will write; it need not exist yet
   * @return memory and disk
   * @throws UserError if the file system does not say how much is free
   */
  public static Machine here(Path writesTo) {
    long total =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getTotalMemorySize();
    long own = ResidentMemory.now().orElse(0L);
    long available = ResidentMemory.available().orElse(total) + own;
    long group =
        ControlGroup.here()
            .map(g -> Math.min(g.limitBytes(), g.availableBytes() + own))
            .orElse(total);
    return new Machine(Math.min(total, Math.min(available, group)), usable(writesTo));
  }

  private static long usable(Path path) {
    Path existing = path.toAbsolutePath();
    Path parent = existing.getParent();
    while (!Files.exists(existing) && parent != null) {
      existing = parent;
      parent = existing.getParent();
    }
    try {
      return Files.getFileStore(existing).getUsableSpace();
    } catch (IOException e) {
      throw new UserError(
          "cannot ask how much space is free under %s: %s".formatted(existing, e.getMessage()), e);
    }
  }

  /**
   * {@return whether the work fits into memory}
   *
   * @param ledger of the work
   */
  public boolean holds(Ledger ledger) {
    return ledger.memoryBytes() <= memoryBytes;
  }

  /**
   * Refuses work that does not fit.
   *
   * @param ledger of the work
   * @param what the work, for people: "this run"
   * @param memoryRemedy what would fit instead, after a colon
   * @param diskRemedy the same for too little space
   * @throws UserError naming the phase, what it needs and what there is
   */
  public void require(Ledger ledger, String what, String memoryRemedy, String diskRemedy) {
    if (!holds(ledger)) {
      Phase fullest = ledger.fullest();
      throw new UserError(
          "%s needs %s of memory in its phase %s, most of it for %s, and %s are available: %s"
              .formatted(
                  what,
                  gigabytes(fullest.memoryBytes()),
                  fullest.name(),
                  fullest.largest(),
                  gigabytes(memoryBytes),
                  memoryRemedy));
    }
    if (ledger.diskBytes() > diskBytes) {
      throw new UserError(
          "%s writes up to %s, and %s are free there: %s"
              .formatted(what, gigabytes(ledger.diskBytes()), gigabytes(diskBytes), diskRemedy));
    }
  }

  /**
   * {@return such as "8.66 GB", decimal}
   *
   * @param bytes at least 0
   */
  public static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }
}
