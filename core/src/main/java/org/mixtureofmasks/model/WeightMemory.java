package org.mixtureofmasks.model;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.kernel.HugePages;

/**
 * Where a model's weights go.
 *
 * @param allocator memory for what does not stay in the files
 * @param mapped whether what can stay in the files does, at least at first
 * @param move takes what is mapped into huge pages by and by; null: it stays
 * @param description of the choice, for logs
 */
record WeightMemory(
    SegmentAllocator allocator, boolean mapped, @Nullable WeightMove move, String description) {
  /** Share of the machine's memory that copies of weights may take unasked. */
  private static final int SHARE = 4;

  /** Got from the system at a time. */
  private static final long CHUNK = 64L << 20;

  /**
   * @throws UserError if huge pages are asked for and cannot be had
   */
  static WeightMemory of(LoadOptions.Memory wanted, Checkpoint checkpoint, Arena arena) {
    String obstacle =
        wanted == LoadOptions.Memory.MAPPED ? "as asked" : obstacle(wanted, checkpoint);
    if (obstacle == null) {
      long chunk = Math.min(CHUNK, checkpoint.bytes() + checkpoint.bytes() / 8);
      HugePages pages = new HugePages(arena, chunk);
      return wanted == LoadOptions.Memory.AUTO
          ? new WeightMemory(
              pages, true, new WeightMove(pages), "in huge pages after the first pass")
          : new WeightMemory(pages, false, null, "in huge pages");
    }
    if (wanted == LoadOptions.Memory.HUGE_PAGES) {
      throw new UserError("huge pages cannot be had: %s; leave --memory out".formatted(obstacle));
    }
    return new WeightMemory(arena, true, null, "in the mapped file (" + obstacle + ")");
  }

  private static @Nullable String obstacle(LoadOptions.Memory wanted, Checkpoint checkpoint) {
    if (HugePages.obstacle() != null) {
      return "no huge pages: " + HugePages.obstacle();
    }
    if (wanted == LoadOptions.Memory.AUTO && checkpoint.bytes() > physicalMemory() / SHARE) {
      return "more than a quarter of the memory; --memory huge_pages copies it all the same";
    }
    return null;
  }

  private static long physicalMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
