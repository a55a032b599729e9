package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.mixtureofmasks.bench.CacheLevel;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ThreadTeam;
import org.mixtureofmasks.kernel.VectorKernels;
import org.mixtureofmasks.model.Model;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code mom doctor}: what this machine gives, what is used of it, and why. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Shows CPU, memory, JDK, the kernels chosen and why, and measured bandwidth.",
    footer = {
      "",
      "Examples:",
      "  mom doctor",
      "  mom doctor --json",
      "",
      "Kernels that are not 'vector' make everything many times slower; the line says which flag",
      "of java mends it (the launcher passes MOM_JAVA_OPTS on to java)."
    })
public final class DoctorVerb implements Verb {
  /** Well beyond the caches of most machines; the level is named all the same. */
  private static final long STREAM_BYTES = 256L << 20;

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final int HAND_OVERS = 2001;

  @Mixin private OutputOptions output;

  @Override
  public Integer call() {
    ObjectNode json = Json.object();
    Table table = new Table();
    machine(json, table);
    kernels(json, table);
    streams(json, table);
    lab(json, table);
    output.print(json, table::toString);
    return 0;
  }

  private static void machine(ObjectNode json, Table table) {
    int cores = Runtime.getRuntime().availableProcessors();
    String cpu = cpu();
    long heap = Runtime.getRuntime().maxMemory();
    String jdk =
        Runtime.version()
            + ", "
            + System.getProperty("java.vm.name")
            + ", "
            + System.getProperty("java.vendor");
    json.put("cpu", cpu);
    json.put("cores", cores);
    json.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    json.put("memory_bytes", memory());
    json.put("heap_limit_bytes", heap);
    json.put("jdk", jdk);
    left(table, "CPU", cpu + ", " + cores + " cores");
    left(
        table,
        "memory",
        gibibytes(memory())
            + "; heap limit "
            + gibibytes(heap)
            + " (weights lie outside the heap)");
    left(table, "JDK", jdk);
  }

  private static void kernels(ObjectNode json, Table table) {
    KernelChoice choice = KernelChoice.get();
    int threads = Model.LoadOptions.defaults().threads();
    double micros = handOverMicroseconds(threads);
    json.put("kernel", choice.kernels().name());
    json.put("kernel_reason", choice.reason());
    json.put("vector_bits", choice.vector() ? VectorKernels.vectorBits() : null);
    json.put("threads", threads);
    json.put("hand_over_microseconds", micros);
    left(table, "kernels", choice.kernels().name() + " (" + choice.reason() + ")");
    left(
        table,
        "threads",
        threads + ", handing work over takes " + Table.decimals(micros, 2) + " microseconds");
  }

  private static void streams(ObjectNode json, Table table) {
    int threads = Model.LoadOptions.defaults().threads();
    ObjectNode streams = json.putObject("stream_gigabytes_per_second");
    for (int n : threads == 1 ? new int[] {1} : new int[] {1, threads}) {
      double rate = org.mixtureofmasks.bench.Stream.bestOf(STREAM_BYTES, n).gigabytesPerSecond();
      streams.put(String.valueOf(n), rate);
      left(
          table,
          "read-only stream, " + n + (n == 1 ? " thread" : " threads"),
          Table.decimals(rate, 1) + " GB/s (" + CacheLevel.of(STREAM_BYTES, n) + ")");
    }
    json.put("stream_bytes", STREAM_BYTES);
    json.put("stream_level", CacheLevel.of(STREAM_BYTES, threads));
  }

  private static void lab(ObjectNode json, Table table) {
    ClassLoader loader = DoctorVerb.class.getClassLoader();
    boolean lab = loader.getResource("org/mixtureofmasks/nn/DecoderModule.class") != null;
    String library = "org/bytedeco/pytorch/" + platform() + "/" + System.mapLibraryName("jnitorch");
    boolean libtorch = loader.getResource(library) != null;
    json.put("lab", lab);
    json.put("libtorch", libtorch);
    left(
        table,
        "lab (training)",
        lab && libtorch
            ? "there, with libtorch for " + platform()
            : lab
                ? "there, but libtorch for "
                    + platform()
                    + " is not: build with -Djavacpp.platform="
                    + platform()
                : "not on the class path: add mom-lab to make sparse models");
  }

  private static void left(Table table, String name, String value) {
    table.row(String.format(Locale.ROOT, "%-30s%s", name + ":", value));
  }

  /** Time from giving an empty piece of work to the team until all of it is back, the median. */
  private static double handOverMicroseconds(int threads) {
    long[] nanos = new long[HAND_OVERS];
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int i = 0; i < nanos.length; i++) {
        long start = System.nanoTime();
        team.run((part, parts) -> {});
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] * 1e-3;
  }

  private static long memory() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getTotalMemorySize();
  }

  /** The CPU's name where Linux tells it, else its architecture. */
  private static String cpu() {
    String architecture = System.getProperty("os.arch");
    if (!Files.isReadable(CPU_INFO)) {
      return architecture;
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(architecture);
    } catch (IOException e) {
      return architecture; // only a name to show
    }
  }

  /** The classifier of the native libraries, such as linux-x86_64. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return (os.startsWith("windows") ? "windows" : os.startsWith("mac") ? "macosx" : "linux")
        + "-"
        + (arch.equals("amd64") ? "x86_64" : arch.equals("aarch64") ? "arm64" : arch);
  }

  private static String gibibytes(long bytes) {
    return Table.decimals(bytes / (double) (1L << 30), 1) + " GiB";
  }
}
