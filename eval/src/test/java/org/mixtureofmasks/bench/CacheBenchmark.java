package org.mixtureofmasks.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.KvBf16;
import org.mixtureofmasks.kernel.KvF32;
import org.mixtureofmasks.kernel.KvFormat;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvInt8;
import org.mixtureofmasks.kernel.KvPage;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Attention of a group of eight heads over a cache of each format, by one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class CacheBenchmark {
  static final int HEADS = 8;
  static final int HEAD_DIM = 64;

  @Param({"f32", "bf16", "int8"})
  public String cache;

  @Param({"128", "4096"})
  public int slots;

  private final Kernels kernels = KernelChoice.get().kernels();
  private KvHead keys;
  private float[] queries;
  private float[] out;
  private int[] at;
  private int[][] spans;
  private float[] scores;

  @Setup
  public void setUp() {
    Random random = new Random(1);
    KvFormat format =
        List.of(KvF32.FORMAT, KvBf16.FORMAT, KvInt8.FORMAT).stream()
            .filter(f -> f.name().equals(cache))
            .findFirst()
            .orElseThrow();
    KvPage[] pages = new KvPage[Math.ceilDiv(slots, KvHead.PAGE)];
    Arrays.setAll(pages, _ -> format.newPage(1, HEAD_DIM));
    keys = new KvHead(format, pages, 0, HEAD_DIM);
    float[] key = new float[HEAD_DIM];
    for (int slot = 0; slot < slots; slot++) {
      fill(random, key);
      keys.put(slot, key, key, 0);
    }
    queries = new float[HEADS * HEAD_DIM];
    fill(random, queries);
    out = new float[queries.length];
    at = new int[HEADS];
    Arrays.setAll(at, h -> h * HEAD_DIM);
    spans = new int[HEADS][];
    Arrays.setAll(spans, _ -> new int[] {0, slots});
    scores = new float[HEADS * (slots + 2 * Kernels.KEY_BLOCK)];
  }

  private static void fill(Random random, float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
  }

  /** 4 HEADS slots HEAD_DIM multiplications and additions. */
  @Benchmark
  public float[] attention() {
    kernels.attend(queries, at, keys, spans, 0.1f, scores, out);
    return out;
  }
}
