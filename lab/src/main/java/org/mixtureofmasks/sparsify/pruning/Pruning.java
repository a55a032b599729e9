package org.mixtureofmasks.sparsify.pruning;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FfnInputs;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.NeuronImportance;

/**
 * Static pruning: in each layer the neurons of the largest mean importance stay for every token.
 * One expert, whose router is a row of zeros that nothing reads and nothing trains.
 */
public final class Pruning extends FixedExperts {
  private final double target;

  /**
   * @param target share of each layer's neurons that stays, in (0, 1]
   */
  public Pruning(double target) {
    super(0);
    this.target = target;
  }

  @Override
  public String name() {
    return PruningProvider.NAME;
  }

  @Override
  public Routing routing() {
    return Routing.topK(1);
  }

  @Override
  protected List<LayerStart> start(DecoderModule model, long[][] calibration) {
    List<boolean[]> masks = new ArrayList<>();
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> inputs = FfnInputs.of(model, calibration);
      for (int l = 0; l < inputs.size(); l++) {
        try (PointerScope _ = new PointerScope()) {
          masks.add(mask(NeuronImportance.mean(inputs.get(l), model.ffn(l))));
        }
        inputs.get(l).close();
      }
    }
    int width = model.config().hiddenSize();
    return masks.stream()
        .map(m -> new LayerStart(new boolean[][] {m}, Tensors.of(new float[width], 1, width)))
        .toList();
  }

  /** The round(target · m) neurons of the largest importance, fp32 [m]. */
  private boolean[] mask(Tensor importance) {
    boolean[] mask = new boolean[(int) importance.size(0)];
    long kept = Math.round(target * mask.length);
    for (long j : Tensors.toLongs(importance.topk(kept, 0, true, true).get1())) {
      mask[(int) j] = true;
    }
    return mask;
  }

  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    return new Choice(torch.ones(x.size(0), 1), null);
  }
}
