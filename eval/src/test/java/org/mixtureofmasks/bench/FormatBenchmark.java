package org.mixtureofmasks.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.F16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.PreviewWeights;
import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.kernel.Q40;
import org.mixtureofmasks.kernel.Q41;
import org.mixtureofmasks.kernel.Q4K;
import org.mixtureofmasks.kernel.Q50;
import org.mixtureofmasks.kernel.Q6K;
import org.mixtureofmasks.kernel.Q80;
import org.mixtureofmasks.kernel.SparseFfn;
import org.mixtureofmasks.kernel.ThreadTeam;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The kernels of each number format on matrices of 3 columns x columns, as many as fill a buffer
 * that no second-level cache holds. {@link KernelRatios} says what an invocation reads or computes
 * and holds it to the stream of the same run.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class FormatBenchmark {
  /** Tokens of a prompt that is read at once. */
  static final int PROMPT = 128;

  /** Texts of a step. */
  static final int TEXTS = 16;

  /** Columns of a thread's part are a multiple of so many. */
  private static final int PART = 32;

  /** Rows of random numbers that a matrix repeats: memory is read all the same. */
  private static final int PATTERN = 64;

  /** What is measured, by its name. */
  static final Map<String, Format> FORMATS = new LinkedHashMap<>();

  static {
    Stream.of(
            F32.FORMAT,
            F16.FORMAT,
            Bf16.FORMAT,
            Int8.FORMAT,
            Q4.FORMAT,
            Q80.FORMAT,
            Q40.FORMAT,
            Q41.FORMAT,
            Q50.FORMAT,
            Q4K.FORMAT,
            Q6K.FORMAT,
            PreviewWeights.FORMAT)
        .forEach(format -> FORMATS.put(format.name(), format));
  }

  @Param({
    "f32", "f16", "bf16", "int8", "q4", "q8_0", "q4_0", "q4_1", "q5_0", "q4_k", "q6_k", "preview"
  })
  public String format;

  /** Those of K-quants are a multiple of 256. */
  @Param("2048")
  public int columns;

  @Param("128")
  public int megabytes;

  @Param("1")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private ParallelKernels team;
  private Matrix[] matrices;
  private Activations one;
  private Activations texts;
  private Activations prompt;
  private float[] y;
  private float[] many;
  private SparseFfn ffn;
  private int[] neurons;
  private int[] kept;
  private float[] factors;

  /** Matrices of that shape in so many megabytes, at least one. */
  static int matrices(Format format, int columns, int megabytes) {
    return (int) Math.max(1, ((long) megabytes << 20) / (3 * columns * format.rowBytes(columns)));
  }

  /** Half of the neurons, those of random blocks of 16 neighbours. */
  static int[] halfOf(int count) {
    Random random = new Random(1);
    boolean[] on = new boolean[Math.ceilDiv(count, 16)];
    int[] blocks = IntStream.range(0, on.length).toArray();
    for (int i = 0; i < on.length; i++) {
      int other = i + random.nextInt(on.length - i);
      on[blocks[other]] = i < on.length / 2;
      blocks[other] = blocks[i];
    }
    return IntStream.range(0, count).filter(j -> on[j / 16]).toArray();
  }

  /** About half of the rows, each by itself: what token masks keep. */
  static int[] keptOf(int rows) {
    Random random = new Random(2);
    return IntStream.range(0, rows).filter(_ -> random.nextBoolean()).toArray();
  }

  @Setup(Level.Trial)
  public void setUp() {
    Format stored = FORMATS.get(format);
    Random random = new Random(1);
    team = new ParallelKernels(KernelChoice.get().kernels(), threads);
    int rows = 3 * columns;
    long row = stored.rowBytes(columns);
    matrices = new Matrix[matrices(stored, columns, megabytes)];
    long bytes = matrices.length * rows * row;
    MemorySegment memory =
        (HugePages.obstacle() == null ? new HugePages(arena, bytes) : arena).allocate(bytes, 64);
    for (int r = 0; r < PATTERN; r++) {
      fill(stored, random, memory.asSlice(r * row, row));
    }
    for (long at = PATTERN * row; at < bytes; at += PATTERN * row) {
      MemorySegment.copy(memory, 0, memory, at, Math.min(PATTERN * row, bytes - at));
    }
    for (int i = 0; i < matrices.length; i++) {
      matrices[i] = new Matrix(memory.asSlice(i * rows * row, rows * row), rows, columns, stored);
    }
    one = activations(random, 1);
    texts = activations(random, TEXTS);
    texts.step(true);
    prompt = activations(random, PROMPT);
    y = new float[rows];
    many = new float[PROMPT * rows];
    ffn = new SparseFfn(columns, threads);
    neurons = halfOf(columns);
    kept = keptOf(rows);
    factors = random(random, kept.length, 1);
    for (int k = 0; k < factors.length && FORMATS.get(format) == PreviewWeights.FORMAT; k++) {
      factors[k] = Math.clamp(Math.round(50 * factors[k]), -127, 127); // as they are there
    }
  }

  /** K-quants are read, not made: bytes of which each two are a small float16, as a scale too. */
  private void fill(Format stored, Random random, MemorySegment row) {
    if (!stored.name().endsWith("_k")) {
      stored.put(random(random, columns, 0.02f), row, 0);
      return;
    }
    for (long at = 0; at < row.byteSize(); at++) {
      row.set(ValueLayout.JAVA_BYTE, at, (byte) (0x10 + random.nextInt(0x18)));
    }
  }

  private static float[] random(Random random, int n, float scale) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = scale * (float) random.nextGaussian();
    }
    return values;
  }

  private Activations activations(Random random, int tokens) {
    Activations x = new Activations(tokens, columns);
    System.arraycopy(random(random, tokens * columns, 1), 0, x.values(), 0, tokens * columns);
    x.changed(tokens);
    return x;
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    team.close();
    arena.close();
  }

  /** One token times all rows. */
  @Benchmark
  public float[] matvec() {
    for (Matrix w : matrices) {
      team.multiply(one, w, y);
    }
    return y;
  }

  /** One token and the listed half of the neurons, a record of three rows each. */
  @Benchmark
  public float[] neurons() {
    for (Matrix w : matrices) {
      ffn.one(team, w, neurons, neurons.length, null, one, 0, y);
    }
    return y;
  }

  /** The sum of the listed half of the rows, as token masks want it; threads share the columns. */
  @Benchmark
  public float[] rows() {
    for (Matrix w : matrices) {
      team.team()
          .run(
              (part, parts) -> {
                int from = ThreadTeam.start(columns, part, parts, PART);
                int to = ThreadTeam.start(columns, part + 1, parts, PART);
                team.kernels().addRows(w, kept, 0, kept.length, factors, y, from, from, to);
              });
    }
    return y;
  }

  /** One token of each of {@link #TEXTS} texts times all rows. */
  @Benchmark
  public float[] step() {
    for (Matrix w : matrices) {
      team.multiply(texts, w, many);
    }
    return many;
  }

  /** {@link #PROMPT} tokens times the rows of one matrix. */
  @Benchmark
  public float[] matmul() {
    team.multiply(prompt, matrices[0], many);
    return many;
  }
}
