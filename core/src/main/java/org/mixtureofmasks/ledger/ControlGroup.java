package org.mixtureofmasks.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a container or a service manager lets this process have of the memory: the tightest of the
 * control groups of Linux that it is in, version 2 or 1.
 *
 * @param limitBytes that all processes of the group may have together
 * @param availableBytes of them that are left, with what the group holds of files and would give
 *     back
 */
public record ControlGroup(long limitBytes, long availableBytes) {
  private static final Path OWN = Path.of("/proc/self/cgroup");
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");

  /** Version 1 writes the largest number of pages where there is no limit. */
  private static final long UNLIMITED = 1L << 60;

  /** What a version of control groups calls its files. */
  private record Names(String limit, String used, List<String> files) {}

  private static final Names VERSION_2 =
      new Names("memory.max", "memory.current", List.of("inactive_file", "active_file"));
  private static final Names VERSION_1 =
      new Names(
          "memory.limit_in_bytes",
          "memory.usage_in_bytes",
          List.of("total_inactive_file", "total_active_file"));

  /** {@return that of this process; empty where there is no limit, or no Linux} */
  public static Optional<ControlGroup> here() {
    return of(OWN, MOUNT);
  }

  /**
   * @param own the groups of a process, lines such as "0::/user.slice" or "4:memory:/docker/1f"
   * @param mount where control groups are mounted
   */
  static Optional<ControlGroup> of(Path own, Path mount) {
    ControlGroup tightest = null;
    for (String line : lines(own)) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3) {
        continue;
      }
      boolean memory = List.of(parts[1].split(",")).contains("memory");
      if (memory || parts[1].isEmpty()) {
        Path root = memory ? mount.resolve("memory") : mount;
        ControlGroup found =
            tightest(root, root.resolve("." + parts[2]), memory ? VERSION_1 : VERSION_2);
        boolean tighter =
            found != null && (tightest == null || found.limitBytes < tightest.limitBytes);
        tightest = tighter ? found : tightest;
      }
    }
    return Optional.ofNullable(tightest);
  }

  /** Of a group and those that it is in, up to the root; a limit of any of them holds. */
  private static @Nullable ControlGroup tightest(Path root, Path group, Names names) {
    ControlGroup tightest = null;
    Path top = root.normalize();
    Path named = group.normalize();
    // Inside a container the group may bear a name that only the host can see: the root is it then.
    Path own = named.startsWith(top) ? named : top;
    for (Path at = own; at != null && at.startsWith(top); at = at.getParent()) {
      OptionalLong limit = number(at.resolve(names.limit));
      OptionalLong used = number(at.resolve(names.used));
      if (limit.isPresent() && used.isPresent() && limit.getAsLong() < UNLIMITED) {
        long held = used.getAsLong() - files(at.resolve("memory.stat"), names.files);
        long left = Math.max(0, limit.getAsLong() - Math.max(0, held));
        if (tightest == null || limit.getAsLong() < tightest.limitBytes) {
          tightest = new ControlGroup(limit.getAsLong(), left);
        }
      }
    }
    return tightest;
  }

  /** Empty of "max", of what is no number and of a file that is not there. */
  private static OptionalLong number(Path file) {
    List<String> lines = lines(file);
    return lines.size() == 1 && lines.getFirst().matches("\\d{1,18}")
        ? OptionalLong.of(Long.parseLong(lines.getFirst()))
        : OptionalLong.empty();
  }

  /** Bytes of files that are held in memory, by lines such as "inactive_file 4096". */
  private static long files(Path stat, List<String> names) {
    return lines(stat).stream()
        .map(line -> line.split(" "))
        .filter(parts -> parts.length == 2 && names.contains(parts[0]))
        .mapToLong(parts -> Long.parseLong(parts[1]))
        .sum();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // no such group, or no Linux: it sets no limit
    }
  }
}
