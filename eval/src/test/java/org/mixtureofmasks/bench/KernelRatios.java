package org.mixtureofmasks.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.PreviewWeights;
import org.mixtureofmasks.kernel.VectorKernels;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs JMH over every kernel, each beside the read-only stream just before and after it, and
 * compares the ratios with the committed ones: {@code scripts/kernels.sh}. Exits with 1 if a kernel
 * is below {@link KernelBaseline#LEAST} of its ratio.
 */
public final class KernelRatios {
  private static final String USAGE =
      """
      scripts/kernels.sh [--quick] [--commit] [--threads N] [--only REGEX] [--file JSON]
        --quick         seven formats and the wide shape alone: under two minutes, not ten
        --commit        writes the ratios into the file instead of comparing
        --threads N     threads that share a kernel's rows (attention has one); default 1
        --only REGEX    kernels whose name it finds, such as 'matvec q4_0'
        --file JSON     default docs/benchmarks/kernels.json
        --megabytes N   of weights; default 128, less only to try the script out
        --milliseconds N  of an iteration; default 400""";

  private static final Set<String> QUICK =
      Set.of("f32", "bf16", "int8", "q4", "q8_0", "q4_0", "q4_k");

  /** Formats whose kernels read parts of rows. */
  private static final Set<String> PARTS = Set.of("f32", "bf16", "int8", "preview");

  /**
   * One benchmark with its parameters.
   *
   * @param name as the file has it
   * @param method of a benchmark class
   * @param parameters of JMH
   * @param work bytes that an invocation reads, or floating-point operations
   * @param quick whether a quick run has it
   * @param library the native library's file, or "off"
   */
  private record Row(
      String name,
      String method,
      Map<String, String> parameters,
      double work,
      boolean quick,
      String library) {
    boolean reads() {
      return !method.endsWith("step")
          && !method.endsWith("matmul")
          && !method.endsWith("attention");
    }
  }

  private static final String LIBRARY = "mom.native";

  private boolean quick;
  private boolean commit;
  private int threads = 1;
  private int megabytes = 128;
  private int milliseconds = 400;
  private Pattern only = Pattern.compile("");
  private Path file = Path.of("docs/benchmarks/kernels.json");
  private final PrintStream out;

  private KernelRatios(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] args) throws IOException, RunnerException {
    System.exit(new KernelRatios(System.out).run(args));
  }

  private boolean parse(String[] args) {
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--quick" -> quick = true;
        case "--commit" -> commit = true;
        default -> {
          if (i + 1 == args.length) {
            return false;
          }
          String value = args[++i];
          switch (args[i - 1]) {
            case "--threads" -> threads = Integer.parseInt(value);
            case "--megabytes" -> megabytes = Integer.parseInt(value);
            case "--milliseconds" -> milliseconds = Integer.parseInt(value);
            case "--only" -> only = Pattern.compile(value);
            case "--file" -> file = Path.of(value);
            default -> {
              return false;
            }
          }
        }
      }
    }
    return true;
  }

  private int run(String[] args) throws IOException, RunnerException {
    if (!parse(args)) {
      out.println(USAGE);
      return 2;
    }
    String machine =
        "%s; %s; %d %s"
            .formatted(
                cpu(),
                KernelChoice.get().kernels().name(),
                threads,
                threads == 1 ? "thread" : "threads");
    out.println(machine);
    out.printf("%-36s %10s %9s %10s %8s%n", "kernel", "rate", "", "stream", "ratio");
    Map<String, Double> ratios = new LinkedHashMap<>();
    double before = stream();
    for (Row row : rows()) {
      if ((quick && !row.quick) || !only.matcher(row.name).find()) {
        continue;
      }
      double rate = row.work / seconds(row) * 1e-9;
      double after = stream();
      double ratio = rate / Math.max(before, after);
      out.printf(
          Locale.ROOT,
          "%-36s %10.2f %9s %10.2f %8.3f%n",
          row.name,
          rate,
          row.reads() ? "GB/s" : "GFLOP/s",
          Math.max(before, after),
          ratio);
      ratios.put(row.name, ratio);
      before = after;
    }
    return judge(machine, ratios);
  }

  private int judge(String machine, Map<String, Double> ratios) throws IOException {
    if (ratios.isEmpty()) {
      out.printf("--only %s: no kernel has such a name%n", only);
      return 2;
    }
    KernelBaseline baseline = KernelBaseline.read(file);
    if (commit) {
      baseline.with(machine, ratios).write(file);
      out.printf("%d ratios of this machine written to %s%n", ratios.size(), file);
      return 0;
    }
    List<KernelBaseline.Slower> slower = baseline.slower(machine, ratios).orElse(null);
    if (slower == null) {
      out.printf("%s does not know this machine: nothing to compare with, see --commit%n", file);
      return 0;
    }
    slower.forEach(kernel -> out.println("slower: " + kernel));
    out.printf(
        "%d of %d kernels below %s of their committed ratio%n",
        slower.size(), ratios.size(), KernelBaseline.LEAST);
    return slower.isEmpty() ? 0 : 1;
  }

  /** The model of the CPU as Linux names it; elsewhere the architecture. */
  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }
    try (var lines = Files.lines(info)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    }
  }

  /** GB/s of the best way to read as many bytes. */
  private double stream() {
    return Stream.best((long) megabytes << 20, threads).gigabytesPerSecond();
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (Format format : FormatBenchmark.FORMATS.values()) {
      boolean often = QUICK.contains(format.name());
      boolean inPartsOnly = format.equals(PreviewWeights.FORMAT);
      int narrow = format.name().endsWith("_k") ? 1536 : 576;
      for (int columns : new int[] {2048, narrow}) {
        double bytes =
            (double) FormatBenchmark.matrices(format, columns, megabytes)
                * 3
                * columns
                * format.rowBytes(columns);
        double share = (double) FormatBenchmark.halfOf(columns).length / columns;
        if (!inPartsOnly) {
          boolean soon = often && columns == 2048;
          rows.addAll(both(row("matvec", format, columns, bytes, soon)));
          rows.addAll(both(row("neurons", format, columns, bytes * share, soon)));
        }
        if (PARTS.contains(format.name())) {
          double kept = (double) FormatBenchmark.keptOf(3 * columns).length / (3 * columns);
          rows.addAll(both(row("rows", format, columns, bytes * kept, columns == 2048)));
        }
      }
      if (inPartsOnly) {
        continue;
      }
      double flops = 2.0 * 3 * 2048 * 2048;
      rows.add(
          row(
              "step",
              format,
              2048,
              FormatBenchmark.TEXTS * flops * FormatBenchmark.matrices(format, 2048, megabytes),
              format.name().equals("bf16") || format.name().equals("q8_0")));
      rows.add(
          row(
              "matmul",
              format,
              2048,
              FormatBenchmark.PROMPT * flops,
              format.name().equals("bf16") || format.name().equals("q8_0")));
    }
    for (String cache : new String[] {"f32", "bf16", "int8"}) {
      for (int slots : new int[] {128, 4096}) {
        rows.add(
            new Row(
                "attention %s %d slots".formatted(cache, slots),
                "CacheBenchmark.attention",
                Map.of("cache", cache, "slots", Integer.toString(slots)),
                4.0 * CacheBenchmark.HEADS * CacheBenchmark.HEAD_DIM * slots,
                slots == 4096,
                "off"));
      }
    }
    return rows;
  }

  private Row row(String method, Format format, int columns, double work, boolean often) {
    return new Row(
        "%s %s %d columns".formatted(method, format.name(), columns),
        "FormatBenchmark." + method,
        Map.of(
            "format", format.name(),
            "columns", Integer.toString(columns),
            "megabytes", Integer.toString(megabytes),
            "threads", Integer.toString(threads)),
        work,
        often,
        "off");
  }

  /** In Java, and in C beside it where java was started with a library and it has the format. */
  private static List<Row> both(Row row) {
    Format format = FormatBenchmark.FORMATS.get(row.parameters.get("format"));
    if (!(KernelChoice.get().kernels() instanceof VectorKernels kernels)
        || !kernels.hasLibrary(format)) {
      return List.of(row);
    }
    Row inC =
        new Row(
            row.name + ", library",
            row.method,
            row.parameters,
            row.work,
            row.quick,
            System.getProperty(LIBRARY));
    return List.of(row, inC);
  }

  /** Of the fastest iteration, as the stream's rate is that of its fastest pass. */
  private double seconds(Row row) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(Pattern.quote("org.mixtureofmasks.bench." + row.method) + "$")
            .warmupTime(TimeValue.milliseconds(milliseconds))
            .measurementTime(TimeValue.milliseconds(milliseconds))
            .verbosity(VerboseMode.SILENT)
            .jvmArgsAppend("-D" + LIBRARY + "=" + row.library)
            .shouldFailOnError(true);
    row.parameters.forEach((name, value) -> options.param(name, value));
    return new Runner(options.build()).runSingle().getPrimaryResult().getStatistics().getMin();
  }
}
