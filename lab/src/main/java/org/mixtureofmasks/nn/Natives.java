package org.mixtureofmasks.nn;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.ExclusiveFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings libtorch up with the settings that training needs; nothing may touch libtorch before. */
public final class Natives {
  private static final Logger LOG = LoggerFactory.getLogger(Natives.class);

  /**
   * Read once, when the libraries load. libgomp's and OpenBLAS's threads both spin while they wait
   * and take the cores from each other (2.6-3.5 times slower); huge pages halve the page faults of
   * large activations.
   */
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "OMP_WAIT_POLICY", "passive", "OPENBLAS_NUM_THREADS", "1", "THP_MEM_ALLOC_ENABLE", "1");

  /** M_MMAP_THRESHOLD: from how many bytes on a block is mapped by itself; glibc's own limit. */
  private static final int MAP_FROM = -3;

  private static final int MAPPED_BYTES = 32 << 20;

  /** M_TRIM_THRESHOLD: how many free bytes at the end of the heap are given back. */
  private static final int TRIM_FROM = -1;

  private static final int KEPT_BYTES = 1 << 30;

  /**
   * M_ARENA_MAX: no further heaps for threads, beside those that the JVM's own have made by now.
   * Such heaps hold 64 MB at most, so that large tensors would be fresh pages every time.
   */
  private static final int ARENAS = -8;

  private static boolean up;

  private Natives() {}

  /** Loads the libraries with one thread for each core. */
  public static void start() {
    start(Runtime.getRuntime().availableProcessors());
  }

  /**
   * Loads the libraries, once; later calls only set the number of threads.
   *
   * @param threads of libtorch's operators, at least 1. Results are reproducible to the bit for one
   *     number of threads, not across numbers.
   */
  public static synchronized void start(int threads) {
    if (!up) {
      ENVIRONMENT.forEach(Natives::setIfMissing);
      keepFreedMemory();
      load();
      // Filling fresh memory is torch's default with deterministic algorithms; nothing here reads
      // memory before it is written.
      torch.globalContext().setDeterministicAlgorithms(true, false);
      torch.globalContext().setDeterministicFillUninitializedMemory(false);
      up = true;
    }
    settle(threads);
  }

  /**
   * What libtorch and the CPU know of each thread by itself.
   *
   * @param threads of the operators that this thread calls
   */
  static void settle(int threads) {
    if (torch.get_num_threads() != threads) {
      torch.set_num_threads(threads);
    }
    // Adam's second moments of unused rows sink into denormals, which are 100 times slower.
    Context.setFlushDenormal(true);
  }

  /**
   * Loads the libraries, one process after the other: of two that unpack them for the first time
   * JavaCPP lets the second overwrite files which the first has mapped already, which then dies of
   * SIGBUS.
   */
  private static void load() {
    try {
      Path lock = Loader.getCacheDir().toPath().resolve("mixture-of-masks.lock");
      try (ExclusiveFile _ = ExclusiveFile.await(lock)) {
        Loader.load(torch.class);
      }
    } catch (IOException e) {
      throw new UserError(
          "libtorch cannot be unpacked ("
              + e.getMessage()
              + "): name a folder that can be written with"
              + " MOM_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=FOLDER",
          e);
    }
  }

  /**
   * Has glibc keep what a layer has freed for the next layer instead of giving it back and fetching
   * fresh pages, each of which costs the system a fault: a tenth of a pass. Other C libraries do
   * not know the call and need none.
   */
  @SuppressWarnings("restricted") // a call into the C library
  private static void keepFreedMemory() {
    Linker linker = Linker.nativeLinker();
    var symbol = linker.defaultLookup().find("mallopt");
    if (symbol.isEmpty()) {
      return;
    }
    MethodHandle mallopt =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int mapped = (int) mallopt.invokeExact(MAP_FROM, MAPPED_BYTES);
      int trimmed = (int) mallopt.invokeExact(TRIM_FROM, KEPT_BYTES);
      int heaps = (int) mallopt.invokeExact(ARENAS, 1);
      if (mapped == 0 || trimmed == 0 || heaps == 0) {
        LOG.warn("mallopt of the C library refuses its settings: training may be a tenth slower");
      }
    } catch (Throwable e) {
      throw new IllegalStateException("mallopt of the C library cannot be called", e);
    }
  }

  /**
   * Gives free memory within the heap back to the system. Passes that run at once leave it in
   * pieces that later ones do not fit into, and the heap would grow with every step.
   */
  @SuppressWarnings("restricted") // a call into the C library
  public static void giveBack() {
    Linker linker = Linker.nativeLinker();
    var symbol = linker.defaultLookup().find("malloc_trim");
    if (symbol.isEmpty()) {
      return; // as for mallopt: other C libraries do without
    }
    MethodHandle trim =
        linker.downcallHandle(
            symbol.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    try {
      int _ = (int) trim.invokeExact(0L);
    } catch (Throwable e) {
      throw new IllegalStateException("malloc_trim of the C library cannot be called", e);
    }
  }

  /** Sets a variable of this process's C environment, unless the user has chosen a value. */
  @SuppressWarnings("restricted") // a call into the C library
  private static void setIfMissing(String name, String value) {
    if (System.getenv(name) != null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    var symbol = linker.defaultLookup().find("setenv");
    if (symbol.isEmpty()) {
      LOG.warn(
          "set {}={} in the environment: without it training is up to 3 times slower", name, value);
      return;
    }
    MethodHandle setenv =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int failed = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      if (failed != 0) {
        LOG.warn("could not set {}={}: training may be up to 3 times slower", name, value);
      }
    } catch (Throwable e) {
      throw new IllegalStateException("setenv of the C library cannot be called", e);
    }
  }
}
