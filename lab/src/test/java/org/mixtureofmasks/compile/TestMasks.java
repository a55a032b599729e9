package org.mixtureofmasks.compile;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;

/** Masks of arrays, which tests write down. */
public final class TestMasks {
  private TestMasks() {}

  /** A layer: experts x elements. */
  public static List<Mask> layer(boolean[][] experts) {
    return Arrays.stream(experts).map(Mask::of).toList();
  }

  /** Masks of neurons: layers x experts x intermediate_size. */
  public static ExpertMasks of(boolean[][][] neurons) {
    return ExpertMasks.ofNeurons(layers(neurons));
  }

  /** The same with masks of inputs: layers x experts x hidden_size. */
  public static ExpertMasks of(boolean[][][] neurons, boolean[][][] inputs) {
    return ExpertMasks.of(
        Map.of(Dimension.NEURONS, layers(neurons), Dimension.INPUTS, layers(inputs)));
  }

  private static List<List<Mask>> layers(boolean[][][] masks) {
    return Arrays.stream(masks).map(TestMasks::layer).toList();
  }
}
