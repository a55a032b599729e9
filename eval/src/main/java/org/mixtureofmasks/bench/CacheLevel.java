package org.mixtureofmasks.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Which level of memory serves a buffer that is read again and again. */
public final class CacheLevel {
  private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");

  private CacheLevel() {}

  /**
   * "L2", "L3", ... or "DRAM"; "unknown" where the machine does not tell its caches' sizes.
   *
   * @param bytes size of the buffer
   * @param threads threads that read it, each its own share with its own L1 and L2
   */
  public static String of(long bytes, int threads) {
    return of(bytes, threads, sizes(CACHES));
  }

  static String of(long bytes, int threads, Map<Integer, Long> sizes) {
    if (sizes.isEmpty()) {
      return "unknown";
    }
    for (Map.Entry<Integer, Long> cache : sizes.entrySet()) {
      long share = cache.getKey() <= 2 ? bytes / threads : bytes;
      if (share <= cache.getValue()) {
        return "L" + cache.getKey();
      }
    }
    return "DRAM";
  }

  /** Bytes of the data caches by level, from Linux's description of the first CPU. */
  static Map<Integer, Long> sizes(Path caches) {
    Map<Integer, Long> sizes = new TreeMap<>();
    for (int i = 0; Files.isDirectory(caches.resolve("index" + i)); i++) {
      Path index = caches.resolve("index" + i);
      try {
        if (!read(index, "type").equals("Instruction")) {
          String size = read(index, "size"); // such as 1024K
          sizes.put(
              Integer.valueOf(read(index, "level")), Long.parseLong(size.replace("K", "")) * 1024);
        }
      } catch (IOException | NumberFormatException e) {
        return Map.of(); // a machine that describes itself otherwise: the level stays unknown
      }
    }
    return sizes;
  }

  private static String read(Path index, String file) throws IOException {
    return Files.readString(index.resolve(file)).strip();
  }
}
