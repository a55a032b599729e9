package org.mixtureofmasks.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.ScalarKernels;
import org.mixtureofmasks.kernel.VectorKernels;
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

/**
 * The log of the sum of exponentials of one row of logits, what a scored token costs beside its
 * product with the vocabulary. Run by {@code org.openjdk.jmh.Main} with the options and the class
 * path of scripts/kernels.sh.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LogSoftmaxBenchmark {
  /** Logits in a row. */
  @Param({"4096", "49152"})
  public int vocabulary;

  private final Kernels vector = new VectorKernels();
  private final Kernels scalar = new ScalarKernels();
  private float[] logits;

  /** Logits as of a model: most of them far below the largest. */
  @Setup
  public void setUp() {
    logits = new float[vocabulary];
    Random random = new Random(1);
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) (4 * random.nextGaussian());
    }
  }

  @Benchmark
  public double vector() {
    return logSum(vector);
  }

  @Benchmark
  public double scalar() {
    return logSum(scalar);
  }

  private double logSum(Kernels kernels) {
    float max = kernels.max(logits, 0, vocabulary);
    return max + Math.log(kernels.sumOfExps(logits, 0, vocabulary, max));
  }
}
