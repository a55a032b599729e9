package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * A copy of gate and up projection in four bits, read for the inputs that are large, says which
 * neurons will be; these are computed exactly. The up projection's copy is multiplied by the norms
 * of the down projection's columns, so that a score is what a neuron adds to the output.
 *
 * <p>The copy ({@link Preview} has the same numbers) is that of the weights as they are: made again
 * after each step.
 */
final class ByPreview implements TokenChoice {
  /** Bits of the copy over bits of bf16, of two of the three matrices. */
  private static final double COPY = 2.0 / 3 * 4 / 16;

  /** Step of 16 levels for a Gaussian, in standard deviations. */
  private static final double STEP = 0.3352;

  private static final int DOWNMOST = -8;
  private static final int UPMOST = 7;

  /** Both halves of a layer's copy, m x d, and whether they are those of the weights. */
  private static final class Copy {
    final Tensor gate;
    final Tensor up;
    boolean current;

    Copy(long neurons, long inputs) {
      gate = empty(neurons, inputs);
      up = empty(neurons, inputs);
    }

    private static Tensor empty(long... shape) {
      return torch.empty(shape, new TensorOptions(torch.ScalarType.Float), null);
    }

    synchronized void follow(FfnWeights weights) {
      if (!current) {
        round(weights.gate().detach(), gate);
        Tensor down = weights.down().detach();
        Tensor norms = down.mul(down).sum(0).sqrt_().unsqueeze(1);
        round(weights.up().detach().mul(norms), up);
        current = true;
      }
    }

    /** Each column to the nearest of its own 16 levels. */
    private static void round(Tensor w, Tensor to) {
      Tensor off = w.sub(w.sum(0).div(new Scalar((double) w.size(0))));
      Tensor step =
          off.mul_(off).sum(0).div_(new Scalar((double) w.size(0))).sqrt_().mul_(new Scalar(STEP));
      to.copy_(w.div(step.clamp_min(new Scalar(Float.MIN_NORMAL))));
      to.floor_()
          .clamp_(new ScalarOptional(new Scalar(DOWNMOST)), new ScalarOptional(new Scalar(UPMOST)))
          .add_(new Scalar(0.5))
          .mul_(step);
    }
  }

  private final List<Copy> copies = new ArrayList<>();

  @Override
  public void require(ModelConfig config) {
    int neurons = config.intermediateSize();
    if (neurons % Preview.BLOCK != 0) {
      throw new UserError(
          "a preview is of a multiple of %d neurons, not of an intermediate_size of %d; token_masks.choice inputs takes any"
              .formatted(Preview.BLOCK, neurons));
    }
  }

  @Override
  public void begin(ModelConfig config) {
    copies.clear();
    for (int l = 0; l < config.layers(); l++) {
      copies.add(new Copy(config.intermediateSize(), config.hiddenSize()));
    }
  }

  @Override
  public void weightsMoved() {
    for (Copy copy : copies) {
      copy.current = false;
    }
  }

  @Override
  public Tensor scores(int layer, Tensor read, FfnWeights weights) {
    Copy copy = copies.get(layer);
    return Tensors.alone(
        () -> {
          copy.follow(weights);
          return new FfnWeights(copy.gate, copy.up, weights.down(), weights.precision())
              .activations(read);
        });
  }

  @Override
  public Tensor activations(Tensor x, Tensor scores, FfnWeights weights) {
    return weights.activations(x);
  }

  @Override
  public double weights(Kept kept) {
    return kept.neurons();
  }

  @Override
  public double share(Kept kept) {
    return kept.neurons() + COPY * kept.inputs();
  }

  @Override
  public double inputs(double target) {
    return 0.9 * target;
  }

  @Override
  public double neurons(double target, double inputs) {
    return target - COPY * inputs;
  }

  /** Bytes of all copies. */
  static long bytes(ModelConfig config) {
    return 2L * Float.BYTES * config.layers() * config.intermediateSize() * config.hiddenSize();
  }
}
