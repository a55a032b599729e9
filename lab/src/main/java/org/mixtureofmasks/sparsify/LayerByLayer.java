package org.mixtureofmasks.sparsify;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * Prepares a method on a dense model that is in memory: one pass over the calibration rows keeps
 * the inputs of all layers, then layer by layer they are handed over and freed.
 */
public final class LayerByLayer {
  /** Tokens whose activations exist at once. */
  public static final int TOKENS_PER_PASS = 2048;

  private LayerByLayer() {}

  /** The same with nobody who waits for it. */
  public static void prepare(Method method, DecoderModule model, long[][] calibration) {
    prepare(method, model, calibration, Progress.SILENT);
  }

  /**
   * Not within a PointerScope, since what the method makes outlives the call.
   *
   * @param model the dense model
   * @param calibration rows of token ids (inputs only), rows x length; empty when the method asks
   *     for none
   * @param progress hears how far it is, after every pass of the dense model and every layer
   * @throws org.mixtureofmasks.UserError naming layer and statistic if a number is not finite
   */
  public static void prepare(
      Method method, DecoderModule model, long[][] calibration, Progress progress) {
    Preparation preparation = method.prepare(model.config());
    if (!(preparation instanceof Preparation.OfNothing)) {
      try (PointerScope _ = new PointerScope();
          NoGradGuard _ = new NoGradGuard()) {
        List<Tensor> inputs = FfnInputs.of(model, calibration, progress);
        for (int l = 0; l < inputs.size(); l++) {
          FiniteStatistics.require(l, inputs.get(l), model.ffn(l));
        }
        if (preparation instanceof Preparation.ByLoss byLoss) {
          measure(byLoss, model, inputs, calibration, progress);
        }
        if (preparation instanceof Preparation.BySensitivity asks) {
          progress.begin("preparing: what each layer's errors cost", "rows");
          Sensitivity.measure(model, calibration, asks, progress);
        }
        progress.begin("preparing: masks and routers", "layers");
        for (int l = 0; l < inputs.size(); l++) {
          try (PointerScope _ = new PointerScope()) {
            layer(preparation, l, inputs.get(l), model.ffn(l));
          }
          inputs.get(l).close();
          progress.at(l + 1L, inputs.size());
        }
      }
    }
    preparation.finish();
    if (method instanceof NeedsPasses whole) {
      progress.begin("preparing: thresholds", "tokens");
      whole.calibrate(new WholePasses(model, progress), calibration);
    }
  }

  private static void measure(
      Preparation.ByLoss byLoss,
      DecoderModule model,
      List<Tensor> inputs,
      long[][] rows,
      Progress progress) {
    WholePasses passes = new WholePasses(model);
    progress.begin("preparing: what each layer's masks cost", "layers");
    for (int l = 0; l < inputs.size(); l++) {
      byLoss.measure(l, inputs.get(l), model.ffn(l), ffn -> passes.loss(rows, ffn));
      progress.at(l + 1L, inputs.size());
    }
  }

  private static void layer(Preparation preparation, int l, Tensor x, FfnWeights weights) {
    switch (preparation) {
      case Preparation.OfNothing _ -> {
        // Asks for no layer.
      }
      case Preparation.OfTokens tokens -> tokens.layer(l, x, weights);
      case Preparation.OfSums statistics -> {
        Sums sums = sums(statistics, x, weights);
        FiniteStatistics.require(l, sums);
        statistics.layer(l, sums, weights);
      }
    }
  }

  private static Sums sums(Preparation.OfSums statistics, Tensor x, FfnWeights weights) {
    Sums sums = statistics.empty(weights);
    eachPass(x, (_, pass) -> statistics.add(pass, weights, sums));
    return sums;
  }

  /** Takes some of a layer's tokens. */
  public interface Pass {
    /**
     * @param first index of the first token
     * @param x tokens x hidden_size
     */
    void take(long first, Tensor x);
  }

  /**
   * Hands tokens over in passes that bound the activations' memory, each within a PointerScope.
   *
   * @param x tokens x hidden_size
   */
  public static void eachPass(Tensor x, Pass pass) {
    for (long at = 0; at < x.size(0); at += TOKENS_PER_PASS) {
      try (PointerScope _ = new PointerScope()) {
        pass.take(at, x.narrow(0, at, Math.min(TOKENS_PER_PASS, x.size(0) - at)));
      }
    }
  }
}
