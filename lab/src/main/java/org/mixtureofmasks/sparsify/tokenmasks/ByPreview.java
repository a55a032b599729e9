package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Directions;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.format.ShippedThresholds.PreviewInputs;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.SavedTensors;

/**
 * A copy of gate and up projection in four bits, read for the inputs that are far from their means,
 * says which neurons will be large; these are computed exactly. Of inputs that are less far only
 * the upper two bits are read. The up projection's copy is multiplied by the norms of the down
 * projection's columns, so that a score is what a neuron adds to the output.
 *
 * <p>The other neurons are not left out: they add their score times the direction of their down
 * column in two bits. So what is computed exactly is what matters most, and what matters less costs
 * a 24th. Backward gate, up and inputs of all neurons count as computed exactly, and the down
 * projection as what it was multiplied by: of an error of rounding there is no gradient, and what
 * is foreseen moves with the weights it is a copy of.
 *
 * <p>The copy ({@link Preview} has the same numbers) is that of the weights as they are: made again
 * after each step. The means are those of the calibration text.
 */
final class ByPreview implements TokenChoice {
  /** Bits of the copy over bits of bf16, of two of the three matrices. */
  private static final double COPY = 2.0 / 3 * 4 / 16;

  /** Bits of directions over bits of bf16, of one of the three matrices. */
  private static final double DIRECTIONS = 1.0 / 3 * 2 / 16;

  private static final double LINE = 64;

  /** Step of 16 levels for a Gaussian, in standard deviations. */
  private static final double STEP = 0.3352;

  private static final int DOWNMOST = -8;
  private static final int UPMOST = 7;

  /** Levels that share their upper bits. */
  private static final int FINE_LEVELS = 4;

  /** Inputs of which the upper bits are read for each whose bits count as read. */
  private static final double SPREAD = 4 / 3.0;

  private static final String CENTRES = "token_masks.centres";

  /** One half of a layer's copy, and what the means give. */
  private static final class Half {
    final Tensor upper;
    final Tensor lower;
    final Tensor base;

    Half(long neurons, long inputs) {
      upper = empty(neurons, inputs);
      lower = empty(neurons, inputs);
      base = empty(neurons);
    }

    private static Tensor empty(long... shape) {
      return torch.empty(shape, new TensorOptions(torch.ScalarType.Float), null);
    }

    /** Each column to the nearest of its own 16 levels. */
    void round(Tensor w, Tensor centres) {
      base.copy_(w.matmul(centres));
      Tensor off = w.sub(w.sum(0).div(new Scalar((double) w.size(0))));
      Tensor step =
          off.mul_(off).sum(0).div_(new Scalar((double) w.size(0))).sqrt_().mul_(new Scalar(STEP));
      lower.copy_(w.div(step.clamp_min(new Scalar(Float.MIN_NORMAL))));
      lower
          .floor_()
          .clamp_(new ScalarOptional(new Scalar(DOWNMOST)), new ScalarOptional(new Scalar(UPMOST)));
      upper.copy_(lower.div(new Scalar((double) FINE_LEVELS)));
      upper.floor_().add_(new Scalar(0.5)).mul_(new Scalar((double) Preview.COARSE)).mul_(step);
      lower.add_(new Scalar(0.5)).mul_(step).sub_(upper);
    }

    /** Products with the inputs of which the upper bits are read, and the lower ones. */
    Tensor products(Tensor some, Tensor whole, FfnWeights weights) {
      return weights
          .precision()
          .linear(some, upper)
          .add(weights.precision().linear(whole, lower))
          .add(base);
    }
  }

  /** A layer's copy, and whether it is that of the weights. */
  private static final class Copy {
    final Half gate;
    final Half up;
    final Tensor centres;

    /** ‖W_d[:, j]‖, 1 for one of zeros. */
    final Tensor norms;

    /** What the directions in two bits have that those of W_d have not, d x m. */
    final Tensor directionErrors;

    boolean current;

    Copy(long neurons, long inputs) {
      gate = new Half(neurons, inputs);
      up = new Half(neurons, inputs);
      centres = torch.zeros(inputs);
      norms = Half.empty(neurons);
      directionErrors = Half.empty(inputs, neurons);
    }

    synchronized void follow(FfnWeights weights) {
      if (!current) {
        gate.round(weights.gate().detach(), centres);
        Tensor down = weights.down().detach();
        norms.copy_(down.mul(down).sum(0).sqrt_());
        up.round(weights.up().detach().mul(norms.unsqueeze(1)), centres);
        norms.add_(norms.eq(new Scalar(0.0))); // a column of zeros has a direction of zeros
        Tensor directions = down.div(norms);
        Scalar step = new Scalar((double) Directions.step(down.size(0)));
        directionErrors.copy_(directions.div(step));
        directionErrors
            .floor_()
            .clamp_(
                new ScalarOptional(new Scalar((double) -Directions.OFFSET)),
                new ScalarOptional(new Scalar(Directions.OFFSET - 1.0)))
            .add_(new Scalar(0.5))
            .mul_(step)
            .sub_(directions);
        current = true;
      }
    }
  }

  private final List<Copy> copies = new ArrayList<>();

  /** What every token reads of a layer whatever it chooses, over the FFN's bytes in bf16. */
  private double always;

  /** Bytes of the cache lines that a direction lies in, over its own. */
  private double lines = 1;

  @Override
  public void require(ModelConfig config) {
    if (!Preview.fits(config)) {
      throw new UserError(
          "a preview wants multiples of %d, not an intermediate_size of %d and a hidden_size of %d; token_masks.choice inputs takes any"
              .formatted(Preview.BLOCK, config.intermediateSize(), config.hiddenSize()));
    }
  }

  @Override
  public void begin(ModelConfig config) {
    copies.clear();
    always =
        StoredShares.readByEveryToken(config)
            / (6.0 * config.hiddenSize() * config.intermediateSize());
    double bytes = config.hiddenSize() / 4.0;
    lines = Math.ceil(bytes / LINE) * LINE / bytes;
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
  public int tiers() {
    return 2;
  }

  @Override
  public double[] tiers(double inputs) {
    double upper = Math.min(1, SPREAD * inputs);
    return new double[] {upper, 2 * inputs - upper};
  }

  @Override
  public void learn(int layer, Tensor x) {
    Copy copy = copies.get(layer);
    copy.centres.copy_(x.detach().to(torch.ScalarType.Float).mean(0));
    copy.current = false;
  }

  @Override
  public Tensor seen(int layer, Tensor x) {
    return x.detach().sub(copies.get(layer).centres);
  }

  @Override
  public Tensor scores(int layer, Tensor seen, List<Tensor> above, FfnWeights weights) {
    Copy copy = copies.get(layer);
    return Tensors.alone(
        () -> {
          copy.follow(weights);
          Tensor some = seen.mul(above.getFirst());
          Tensor read = weights.precision().cast(some);
          Tensor whole = weights.precision().cast(some.mul(above.getLast()));
          return torch
              .silu(copy.gate.products(read, whole, weights))
              .mul(copy.up.products(read, whole, weights));
        });
  }

  @Override
  public Optional<PreviewInputs> preview(int layer, float[] thresholds) {
    float[] centres = Tensors.toFloats(copies.get(layer).centres);
    return Optional.of(new PreviewInputs(centres, thresholds[1]));
  }

  @Override
  public Map<String, Tensor> state() {
    Tensor all =
        torch.stack(new TensorVector(copies.stream().map(c -> c.centres).toArray(Tensor[]::new)));
    return Map.of(CENTRES, all);
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    Tensor all = SavedTensors.copy(saved, CENTRES);
    for (int l = 0; l < copies.size(); l++) {
      copies.get(l).centres.copy_(all.select(0, l));
    }
  }

  @Override
  public Tensor activations(Tensor x, Tensor scores, FfnWeights weights) {
    return weights.activations(x);
  }

  @Override
  public Tensor output(
      int layer, Tensor activations, Tensor scores, Tensor kept, FfnWeights weights) {
    Copy copy = copies.get(layer);
    return Tensors.only(
        () -> {
          Tensor others = Tensors.alone(() -> scores.mul(kept.eq(new Scalar(0.0))));
          Tensor foreseen =
              Tensors.alone(
                  () -> others.div(copy.norms).sub(activations.mul(kept.eq(new Scalar(0.0)))));
          Tensor errors =
              Tensors.alone(() -> weights.precision().linear(others, copy.directionErrors));
          return weights.project(activations.add(foreseen)).add(errors);
        });
  }

  /** Inputs without their means, which are read in half and in full, and the neurons' scores. */
  @Override
  public long tokenBytes(ModelConfig config) {
    return (3L * config.hiddenSize() + config.intermediateSize()) * Float.BYTES;
  }

  @Override
  public double weights(Kept kept) {
    return kept.neurons();
  }

  @Override
  public double share(Kept kept) {
    double directions = DIRECTIONS * Math.min(1, lines * (1 - kept.neurons()));
    return kept.neurons() + directions + COPY * kept.inputs() + always;
  }

  @Override
  public double inputs(double target) {
    return Math.min(0.6, 2 * target);
  }

  @Override
  public double neurons(double target, double inputs) {
    double left = target - COPY * inputs - always;
    double whereAllAreRead = left - DIRECTIONS; // lines of the few that are kept are read too
    return lines * (1 - whereAllAreRead) >= 1
        ? whereAllAreRead
        : (left - lines * DIRECTIONS) / (1 - lines * DIRECTIONS);
  }

  /** Bytes of all copies. */
  static long bytes(ModelConfig config) {
    return 5L * Float.BYTES * config.layers() * config.intermediateSize() * config.hiddenSize();
  }
}
