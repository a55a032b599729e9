package org.mixtureofmasks.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Memory for weights in pages of 2 MB. Files are mapped in pages of 4 KB, and a token reads all of
 * them: looking up their addresses takes a good part of the time (SmolLM2-135M, 50 % active, two
 * threads of a Zen 4: 98 tokens/s from a mapped file, 137 from huge pages). Linux only.
 */
public final class HugePages implements SegmentAllocator {
  private static final long PAGE = 2L << 20;

  /** Where the system says whether it gives them. */
  public static final Path SETTING = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private final Arena arena;
  private final long chunk;
  private MemorySegment rest = MemorySegment.NULL;

  /**
   * @param arena frees the memory when it is closed
   * @param chunk bytes that are got at a time, rounded up to whole pages; larger pieces get a chunk
   *     of their own
   */
  public HugePages(Arena arena, long chunk) {
    this.arena = arena;
    this.chunk = chunk;
  }

  /** Why there are none here, in a few words, or null. */
  public static @Nullable String obstacle() {
    return NativeCalls.obstacle() != null ? NativeCalls.obstacle() : obstacle(SETTING);
  }

  static @Nullable String obstacle(Path setting) {
    try {
      return Files.readString(setting).contains("[never]") ? setting + " says never" : null;
    } catch (IOException e) {
      return setting + " cannot be read";
    }
  }

  /** A piece of native memory, zeros; freed with the arena. */
  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    long skip = Math.floorMod(-rest.address(), alignment);
    if (rest.byteSize() < skip + bytes) {
      rest = chunk(Math.ceilDiv(Math.max(chunk, bytes), PAGE) * PAGE);
      skip = 0;
    }
    MemorySegment piece = rest.asSlice(skip, bytes);
    rest = rest.asSlice(skip + bytes);
    return piece;
  }

  /**
   * Memory of a mapped file as memory of the kind that {@link #allocate} gives, so that kernels,
   * which the compiler makes for the kinds they meet, meet one.
   *
   * @param mapped stays mapped as long as the arena is open
   */
  @SuppressWarnings("restricted") // the same bytes
  public MemorySegment like(MemorySegment mapped) {
    return MemorySegment.ofAddress(mapped.address()).reinterpret(mapped.byteSize(), arena, null);
  }

  /** Moves a matrix from a mapped file to memory of this kind, and gives the file's back. */
  public void take(Matrix matrix) {
    MemorySegment before = matrix.data();
    matrix.moveTo(allocate(Math.max(1, before.byteSize()), 64).asSlice(0, before.byteSize()));
    NativeCalls.forget(before);
  }

  /**
   * Gives back the memory of what was read of a mapped file, where the system can; whoever reads it
   * again gets it from the file.
   */
  public static void forget(MemorySegment mapped) {
    if (mapped.isMapped() && NativeCalls.obstacle() == null) {
      NativeCalls.forget(mapped);
    }
  }

  /** Whole pages of 2 MB; what is never touched takes no memory. */
  private MemorySegment chunk(long size) {
    MemorySegment pages = NativeCalls.map(size + PAGE, arena);
    MemorySegment whole = pages.asSlice(Math.floorMod(-pages.address(), PAGE), size);
    NativeCalls.adviseHugePages(whole);
    return whole;
  }
}
