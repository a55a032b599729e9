package org.mixtureofmasks.compile;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.SparseModel;

/**
 * A sparse folder of random masks and random routers, for timing only: what it says is noise. Real
 * masks have more in common with each other, so that their runs are longer; {@code shared} gives
 * experts such a common part.
 */
public final class RandomSparse {
  private RandomSparse() {}

  /**
   * Run by scripts/make_random_sparse.sh.
   *
   * @param args DENSE OUT EXPERTS SHARE SHARED LAYOUT: a folder, where to, experts of a layer, the
   *     share of the neurons that each has, the share of the neurons that all have, runs or copied
   */
  public static void main(String[] args) {
    try (Checkpoint dense = Checkpoints.open(Path.of(args[0]))) {
      int experts = Integer.parseInt(args[2]);
      double share = Double.parseDouble(args[3]);
      double shared = Double.parseDouble(args[4]);
      Layout layout = Layout.valueOf(args[5].toUpperCase(Locale.ROOT));
      if (experts < 1 || !(share > 0 && share <= 1) || !(shared >= 0 && shared <= share)) {
        throw new IllegalArgumentException(
            "%d experts of %s of the neurons, %s shared".formatted(experts, share, shared));
      }
      SparseModel model = make(dense, Path.of(args[0]), experts, share, shared);
      Compiled made =
          Compiler.compile(model, Path.of(args[1]), layout, SparseModel.defaultDtype(dense));
      System.out.printf("%s: %.1f %% of the FFN%n", made.path(), 100 * made.activeFfnShare());
    }
  }

  static SparseModel make(Checkpoint dense, Path folder, int experts, double share, double shared) {
    ModelConfig config = ConfigReader.read(dense);
    SplittableRandom random = new SplittableRandom(1);
    List<List<Mask>> masks = new ArrayList<>();
    List<float[]> routers = new ArrayList<>();
    int m = config.intermediateSize();
    for (int l = 0; l < config.layers(); l++) {
      Mask common = Mask.of(m, _ -> random.nextDouble() < shared);
      double rest = shared == 1 ? 0 : (share - shared) / (1 - shared);
      List<Mask> layer = new ArrayList<>();
      for (int e = 0; e < experts; e++) {
        layer.add(Mask.of(m, j -> common.on(j) || random.nextDouble() < rest));
      }
      masks.add(layer);
      float[] router = new float[experts * config.hiddenSize()];
      for (int i = 0; i < router.length; i++) {
        router[i] = (float) random.nextGaussian();
      }
      routers.add(router);
    }
    return new SparseModel(
        ConfigReader.description(dense),
        dense.tensors(),
        new ShippedExperts(ExpertMasks.ofNeurons(masks), routers, Routing.topK(1)),
        "mom",
        share,
        "random",
        Optional.of(folder));
  }
}
