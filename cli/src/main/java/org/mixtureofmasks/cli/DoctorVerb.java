package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.bench.CacheLevel;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Prefetch;
import org.mixtureofmasks.kernel.ThreadTeam;
import org.mixtureofmasks.kernel.VectorKernels;
import org.mixtureofmasks.ledger.ControlGroup;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.ledger.ResidentMemory;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code mom doctor}: what this machine gives, what is used of it, and why. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Shows what this machine gives, what is used of it and why, and how to mend what is missing.",
    footer = {
      "",
      "Examples:",
      "  mom doctor",
      "  mom doctor --json",
      "",
      "Kernels that are not 'vector' make everything many times slower; the line says which flag",
      "of java mends it (the launcher passes MOM_JAVA_OPTS on to java). The exit code is 1 when",
      "models cannot be run here at all."
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
    memory(json, table);
    streams(json, table);
    surroundings(json, table);
    lab(json, table);
    boolean usable = tokenizer(json, table);
    output.print(json, table::toString);
    return usable ? 0 : UserError.FAILED;
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
    Optional<ControlGroup> group = ControlGroup.here();
    json.put("memory_bytes", memory());
    json.put("container_memory_bytes", group.map(ControlGroup::limitBytes).orElse(null));
    json.put("heap_limit_bytes", heap);
    json.put("jdk", jdk);
    left(table, "CPU", cpu + ", " + cores + " cores");
    left(
        table,
        "memory",
        memory(ResidentMemory.ofMachine().orElse(memory()), group)
            + "; heap limit "
            + gibibytes(heap)
            + " (weights lie outside the heap)");
    left(table, "JDK", jdk);
  }

  private static void kernels(ObjectNode json, Table table) {
    KernelChoice choice = KernelChoice.get();
    int threads = LoadOptions.defaults().threads();
    double micros = handOverMicroseconds(threads);
    json.put("kernel", choice.kernels().name());
    json.put("kernel_reason", choice.reason());
    json.put("vector_bits", choice.vector() ? VectorKernels.vectorBits() : null);
    ArrayNode features = json.putArray("cpu_features");
    CpuFeatures.here().forEach(features::add);
    json.put("prefetch", Prefetch.description());
    json.put("threads", threads);
    json.put("hand_over_microseconds", micros);
    left(table, "kernels", choice.kernels().name() + " (" + choice.reason() + ")");
    left(
        table,
        "CPU features that matter",
        features.isEmpty() ? "not told by this system" : String.join(", ", CpuFeatures.here()));
    left(
        table,
        "software prefetch",
        Prefetch.available()
            ? "there (x86-64)"
            : Prefetch.description() + "; sparse models are slower");
    if (choice.kernels() instanceof VectorKernels kernels) {
      library(json, table, kernels);
    }
    left(
        table,
        "threads",
        "%d, all that this process may have (--threads N); handing work over takes %s microseconds"
            .formatted(threads, Table.decimals(micros, 2)));
  }

  private static void library(ObjectNode json, Table table, VectorKernels kernels) {
    json.put("native_library", kernels.hasLibrary());
    json.put("native_library_reason", kernels.libraryReason());
    left(
        table,
        "kernels in C",
        kernels.hasLibrary()
            ? kernels.libraryReason()
            : kernels.libraryReason()
                + "; Java's have the same bits, but in 4 bits half the speed or less"
                + " (scripts/build_native.sh)");
  }

  private static void memory(ObjectNode json, Table table) {
    long free = Machine.here(Path.of("")).memoryBytes();
    String obstacle = HugePages.obstacle();
    json.put("memory_available_bytes", free);
    json.put("huge_pages_obstacle", obstacle);
    left(
        table,
        "memory available",
        "%s: a model whose weights, with a tenth more, are no larger; mom inspect MODEL tells"
            .formatted(gibibytes(free)));
    left(
        table,
        "huge pages",
        obstacle == null
            ? "2 MiB, for models of at most %s (--memory huge_pages: larger ones too)"
                .formatted(gibibytes(memory() / 4))
            : "none, decoding is slower: %s (as root: echo madvise > %s)"
                .formatted(obstacle, HugePages.SETTING));
  }

  private static void surroundings(ObjectNode json, Table table) {
    StartArchive archive = StartArchive.here();
    String charset = System.getProperty("sun.jnu.encoding");
    json.put("arguments_charset", charset);
    json.put("start_archive", archive.inUse());
    left(table, "start archive", archive.description());
    left(
        table,
        "arguments and file names",
        "UTF-8".equals(charset)
            ? charset
            : charset + ": other characters arrive broken; set LC_ALL=C.UTF-8");
    left(table, "models", "taken by path only: a folder, a .gguf or a .bin file");
  }

  /** Whether texts can be read and written at all. */
  private static boolean tokenizer(ObjectNode json, Table table) {
    String obstacle = Tokenizer.obstacle();
    json.put("tokenizers_obstacle", obstacle);
    left(table, "tokenizers library", obstacle == null ? "there" : obstacle);
    return obstacle == null;
  }

  private static void streams(ObjectNode json, Table table) {
    int threads = LoadOptions.defaults().threads();
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

  /** Such as "23.5 GiB, of them 4.0 GiB for this container"; the smaller figure decides. */
  static String memory(long machine, Optional<ControlGroup> group) {
    return group
        .filter(g -> g.limitBytes() < machine)
        .map(
            g ->
                "%s, of them %s for this container (its control group's limit, of which %s are left)"
                    .formatted(
                        gibibytes(machine),
                        gibibytes(g.limitBytes()),
                        gibibytes(g.availableBytes())))
        .orElse(gibibytes(machine));
  }

  /** What this process may have: a container's limit is heeded. */
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
