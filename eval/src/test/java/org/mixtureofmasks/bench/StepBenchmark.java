package org.mixtureofmasks.bench;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.KvBf16;
import org.mixtureofmasks.kernel.KvF32;
import org.mixtureofmasks.kernel.KvFormat;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvInt8;
import org.mixtureofmasks.kernel.KvPage;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;
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
 * What a step over several texts takes: a product with weights that do not fit into the
 * second-level cache, and attention of a group of eight heads over a long text in each cache
 * format. Run as {@link KernelBenchmark} is.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StepBenchmark {
  private static final int D = 2048;
  private static final int M = 5632;
  private static final int HEADS = 8;
  private static final int HEAD_DIM = 64;
  private static final int SLOTS = 4096;

  @Param({"1", "4", "16"})
  public int texts;

  @Param({"f32", "bf16", "int8"})
  public String cache;

  @Param({"1", "2"})
  public int threads;

  private final Arena arena = Arena.ofShared();
  private ParallelKernels team;
  private Activations x;
  private Matrix w;
  private float[] y;
  private KvHead keys;
  private float[] queries;
  private float[] out;

  @Setup(Level.Trial)
  public void setUp() {
    Random random = new Random(1);
    team = new ParallelKernels(KernelChoice.get().kernels(), threads);
    w = new Matrix(arena.allocate(2L * M * D, 64), M, D, Bf16.FORMAT);
    float[] row = new float[D];
    for (int r = 0; r < M; r++) {
      fill(random, row);
      Bf16.FORMAT.put(row, w.data(), 2L * r * D);
    }
    x = new Activations(texts, D);
    x.step(true);
    fill(random, x.values());
    x.changed(texts);
    y = new float[texts * M];
    KvFormat format =
        List.of(KvF32.FORMAT, KvBf16.FORMAT, KvInt8.FORMAT).stream()
            .filter(f -> f.name().equals(cache))
            .findFirst()
            .orElseThrow();
    KvPage[] pages = new KvPage[SLOTS / KvHead.PAGE];
    Arrays.setAll(pages, _ -> format.newPage(1, HEAD_DIM));
    keys = new KvHead(format, pages, 0, HEAD_DIM);
    float[] key = new float[HEAD_DIM];
    for (int slot = 0; slot < SLOTS; slot++) {
      fill(random, key);
      keys.put(slot, key, key, 0);
    }
    queries = new float[HEADS * HEAD_DIM];
    fill(random, queries);
    out = new float[queries.length];
  }

  private static void fill(Random random, float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
  }

  @TearDown(Level.Trial)
  public void tearDown() {
    team.close();
    arena.close();
  }

  /** 2 texts M D multiplications and additions over 23 MB of weights. */
  @Benchmark
  public float[] products() {
    team.multiply(x, w, y);
    return y;
  }

  /** 4 HEADS SLOTS HEAD_DIM multiplications and additions by one thread. */
  @Benchmark
  public float[] attention() {
    int[] at = new int[HEADS];
    int[][] spans = new int[HEADS][];
    Arrays.setAll(at, h -> h * HEAD_DIM);
    Arrays.setAll(spans, _ -> new int[] {0, SLOTS});
    float[] scores = new float[HEADS * (SLOTS + 32)];
    team.kernels().attend(queries, at, keys, spans, 0.1f, scores, out);
    return out;
  }
}
