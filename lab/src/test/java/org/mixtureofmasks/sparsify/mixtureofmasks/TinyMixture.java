package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LayerByLayer;

/** A mixture on the tiny model, for tests: its start, its steps and what it computes. */
final class TinyMixture {
  private TinyMixture() {}

  static final FeedForward DENSE = (l, x, weights) -> weights.dense(x);

  static long[][] rows(int count, int length, long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    long[][] rows = new long[count][length];
    for (long[] row : rows) {
      for (int i = 0; i < length; i++) {
        row[i] = r.nextInt(50);
      }
    }
    return rows;
  }

  static MixtureOfMasks prepared(Options options, DecoderModule model) {
    MixtureOfMasks method = new MixtureOfMasks(options.build(), 1e-3, 17);
    LayerByLayer.prepare(method, model, rows(16, 16, 1));
    return method;
  }

  static float[] logits(DecoderModule model, FeedForward ffn) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return Tensors.toFloats(model.forward(Tensors.of(rows(3, 12, 2)), ffn));
    }
  }

  /** A step as the loop takes it, with plain gradient descent; returns the extra loss. */
  static double step(MixtureOfMasks method, DecoderModule model, int step, int steps) {
    try (PointerScope _ = new PointerScope()) {
      method.beginStep(step, steps);
      method.beginMicroBatch();
      long[][] batch = rows(4, 16, 100 + step);
      Tensor ids = Tensors.of(batch);
      Tensor targets = Tensors.of(Arrays.stream(batch).flatMapToLong(Arrays::stream).toArray(), 64);
      Tensor logits = model.forward(ids, method.feedForward()).view(64, 50);
      Tensor extra = method.extraLoss().orElseThrow();
      torch.cross_entropy_loss(logits, targets).add(extra).backward();
      try (NoGradGuard _ = new NoGradGuard()) {
        for (var group : method.parameterGroups()) {
          for (Tensor t : group.tensors().values()) {
            if (t.grad().defined()) {
              t.sub_(t.grad().sign(), new Scalar(group.learningRate()));
              t.grad().zero_();
            }
          }
        }
      }
      method.endStep(step, steps);
      return extra.item_double();
    }
  }

  /** The trainable router of a layer. */
  static Tensor router(MixtureOfMasks method, int layer) {
    return method
        .parameterGroups()
        .getFirst()
        .tensors()
        .get("masks.layers.%s.router".formatted(layer));
  }

  static int count(boolean[] mask) {
    int n = 0;
    for (boolean b : mask) {
      n += b ? 1 : 0;
    }
    return n;
  }

  static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  static Map<String, Tensor> everything(MixtureOfMasks method) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    method.parameterGroups().forEach(g -> g.tensors().forEach((n, t) -> all.put(n, t.clone())));
    method.state().forEach((name, t) -> all.put(name, t.clone()));
    return all;
  }
}
