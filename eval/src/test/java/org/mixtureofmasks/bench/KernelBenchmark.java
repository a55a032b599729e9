package org.mixtureofmasks.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.KvF32;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvPage;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.SparseFfn;
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
 * One token against many matrices of a layer's shape, beside a plain read of the same bytes in the
 * same run: the quotient of two lines is the fraction of the limit. Each invocation reads the whole
 * working set once (its size is in {@code megabytes}: 256 is DRAM, 8 a large cache).
 *
 * <pre>
 * ./verify -o -q -pl eval -am -DskipTests
 * java --add-modules jdk.incubator.vector -cp eval/target/test-classes:eval/target/classes:core/target/test-classes:core/target/classes:JARS \
 *     org.openjdk.jmh.Main KernelBenchmark -p shape=576x1536 -p megabytes=256 -p threads=1
 * </pre>
 *
 * where JARS are jmh-core, jopt-simple, commons-math3 and slf4j-api of the local Maven repository.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  private static final int PROMPT = 128; // tokens
  private static final int HEAD_DIM = 64;
  private static final int SLOTS = 512;

  /** hidden_size x intermediate_size. */
  @Param({"256x768", "576x1536", "2048x5632"})
  public String shape;

  @Param({"8", "256"})
  public int megabytes;

  @Param({"1", "2"})
  public int threads;

  /** Share of the neurons that an expert holds. */
  @Param("0.5")
  public double share;

  private final Arena arena = Arena.ofShared();
  private ParallelKernels team;
  private MemorySegment buffer;
  private int d;
  private int m;
  private Activations x;
  private float[] y;
  private SparseFfn ffn;
  private int[] singles;
  private int[] runs;
  private Activations prompt;
  private float[] promptOut;
  private KvHead cache;
  private float[] queries;

  /** Finite weights of both types: the bits of 0.5 in bf16 repeated. */
  @Setup(Level.Trial)
  public void setUp() {
    String[] sizes = shape.split("x");
    d = Integer.parseInt(sizes[0]);
    m = Integer.parseInt(sizes[1]);
    team = new ParallelKernels(KernelChoice.get().kernels(), threads);
    buffer = arena.allocate((long) megabytes << 20, 64);
    MemorySegment pattern = MemorySegment.ofArray(new short[] {0x3f00, 0x3f01});
    for (long at = 0; at + 4 <= buffer.byteSize(); at += 4) {
      MemorySegment.copy(pattern, 0, buffer, at, 4);
    }
    x = new Activations(1, d);
    y = new float[Math.max(3 * m, d)];
    Random random = new Random(1);
    for (int i = 0; i < d; i++) {
      x.values()[i] = random.nextFloat() * 1e-3f;
    }
    x.changed(1);
    ffn = new SparseFfn(d, threads);
    singles = IntStream.range(0, m).filter(j -> random.nextDouble() < share).toArray();
    boolean[] on = new boolean[(m + 15) / 16];
    for (int i = 0; i < on.length; i++) {
      on[i] = random.nextDouble() < share;
    }
    runs = IntStream.range(0, m).filter(j -> on[j / 16]).toArray();
    setUpPrompt();
  }

  /** What the benchmarks of many tokens read. */
  private void setUpPrompt() {
    Random random = new Random(2);
    prompt = new Activations(PROMPT, d);
    for (int i = 0; i < PROMPT * d; i++) {
      prompt.values()[i] = random.nextFloat() * 1e-3f;
    }
    prompt.changed(PROMPT);
    promptOut = new float[PROMPT * 3 * m];
    KvPage[] pages = new KvPage[SLOTS / KvHead.PAGE];
    Arrays.setAll(pages, _ -> KvF32.FORMAT.newPage(1, HEAD_DIM));
    cache = new KvHead(KvF32.FORMAT, pages, 0, HEAD_DIM);
    float[] number = new float[HEAD_DIM];
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int i = 0; i < HEAD_DIM; i++) {
        number[i] = random.nextFloat();
      }
      cache.put(slot, number, number, 0);
    }
    queries = new float[4 * HEAD_DIM];
    for (int i = 0; i < queries.length; i++) {
      queries[i] = random.nextFloat();
    }
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    team.close();
    arena.close();
  }

  /** The limit: every byte read, nothing computed. */
  @Benchmark
  public long stream() {
    long[] sums = new long[threads];
    team.team()
        .run(
            (part, parts) -> {
              long share = buffer.byteSize() / parts / 4096 * 4096;
              for (long at = part * share; at < (part + 1) * share; at += 1 << 20) {
                sums[part] +=
                    VectorStream.sum(buffer, at, Math.min((part + 1) * share, at + (1 << 20)));
              }
            });
    return sums[0];
  }

  private Matrix matrix(boolean bf16, int i) {
    long bytes = 3L * m * d * (bf16 ? 2 : 4);
    MemorySegment data = buffer.asSlice(i * bytes, bytes);
    return new Matrix(data, 3 * m, d, bf16 ? Bf16.FORMAT : F32.FORMAT);
  }

  private int matrices(boolean bf16) {
    return (int) (buffer.byteSize() / (3L * m * d * (bf16 ? 2 : 4)));
  }

  @Benchmark
  public float[] matvecF32() {
    for (int i = 0; i < matrices(false); i++) {
      team.multiply(x, matrix(false, i), y);
    }
    return y;
  }

  @Benchmark
  public float[] matvecBf16() {
    for (int i = 0; i < matrices(true); i++) {
      team.multiply(x, matrix(true, i), y);
    }
    return y;
  }

  /** Reads {@code share} of the bytes of {@link #matvecBf16}, neuron by neuron at random. */
  @Benchmark
  public float[] sparseSingleNeurons() {
    for (int i = 0; i < matrices(true); i++) {
      ffn.one(team, matrix(true, i), singles, singles.length, null, x, 0, y);
    }
    return y;
  }

  /** As many neurons in runs of 16 neighbours. */
  @Benchmark
  public float[] sparseRunsOf16() {
    for (int i = 0; i < matrices(true); i++) {
      ffn.one(team, matrix(true, i), runs, runs.length, null, x, 0, y);
    }
    return y;
  }

  /** 128 tokens times all rows: the multiplications of a dense FFN. */
  @Benchmark
  public float[] promptDense() {
    for (int i = 0; i < matrices(true); i++) {
      team.multiply(prompt, matrix(true, i), promptOut);
    }
    return promptOut;
  }

  /** 128 tokens that share {@code share} of the neurons: as much of the work. */
  @Benchmark
  public float[] promptSparse() {
    ffn.clear();
    for (int t = 0; t < PROMPT; t++) {
      ffn.lane(t, singles, singles.length, 1);
    }
    for (int i = 0; i < matrices(true); i++) {
      ffn.many(team, matrix(true, i), prompt, promptOut);
    }
    return promptOut;
  }

  /** Four heads over 512 slots, one by one: 64 times. */
  @Benchmark
  public float[] attentionOneByOne() {
    int[][] seen = {{0, SLOTS}};
    float[] scores = new float[SLOTS + 32];
    for (int i = 0; i < 64; i++) {
      for (int k = 0; k < 4; k++) {
        int[] at = {k * HEAD_DIM};
        team.kernels().attend(queries, at, cache, seen, 0.1f, scores, promptOut);
      }
    }
    return promptOut;
  }

  /** The four queries at once. */
  @Benchmark
  public float[] attentionOfFour() {
    int[][] seen = {{0, SLOTS}, {0, SLOTS}, {0, SLOTS}, {0, SLOTS}};
    int[] at = {0, HEAD_DIM, 2 * HEAD_DIM, 3 * HEAD_DIM};
    float[] scores = new float[4 * (SLOTS + 32)];
    for (int i = 0; i < 64; i++) {
      team.kernels().attend(queries, at, cache, seen, 0.1f, scores, promptOut);
    }
    return promptOut;
  }
}
