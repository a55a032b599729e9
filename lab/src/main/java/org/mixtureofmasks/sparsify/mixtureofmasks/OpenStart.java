package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.mixtureofmasks.format.ModelConfig;

/** The paper's start: every gate open, small random routers, so that the model begins dense. */
final class OpenStart {
  /** Log-alpha of every gate: P(z > 1/2) = 0.990. */
  static final double LOG_ALPHA = 4.6;

  /** Never 0: a router of zeros would send every token to one mask. */
  private static final double ROUTER_DEVIATION = 0.02;

  private OpenStart() {}

  /**
   * @param seed of the routers
   */
  static List<LayerStart> of(MixtureOfMasksOptions options, ModelConfig config, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int gates = options.gates(config.intermediateSize());
    int inputs = options.variant().masksInputs() ? config.hiddenSize() : 0;
    double density = UnionDensity.independent(options.target(), options.topK());
    List<LayerStart> starts = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      float[] router = new float[options.experts() * config.hiddenSize()];
      for (int i = 0; i < router.length; i++) {
        router[i] = (float) (ROUTER_DEVIATION * random.nextGaussian());
      }
      starts.add(
          new LayerStart(
              router,
              open(options.experts() * gates),
              open(options.experts() * inputs),
              (int) Math.round(density * gates)));
    }
    return starts;
  }

  private static float[] open(int gates) {
    float[] logAlpha = new float[gates];
    Arrays.fill(logAlpha, (float) LOG_ALPHA);
    return logAlpha;
  }
}
