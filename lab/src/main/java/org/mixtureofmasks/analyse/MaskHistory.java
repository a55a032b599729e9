package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.RunFolder;

/** How the masks that a run would ship have changed from checkpoint to checkpoint. */
final class MaskHistory {
  private final ArrayNode to;

  /** Masks of the checkpoint before. */
  private Optional<ExpertMasks> before = Optional.empty();

  private MaskHistory(ArrayNode to) {
    this.to = to;
  }

  /**
   * Adds an object for each checkpoint of a run, the oldest first.
   *
   * @throws UserError if they cannot be read, such as when the run's dense model is gone
   */
  static void write(RunFolder run, ArrayNode to) {
    try {
      FinishedRun.eachCheckpoint(run.path(), new MaskHistory(to)::add);
    } catch (UserError e) {
      throw new UserError(
          "%s; without it the run's checkpoints cannot be read: to analyse its model alone name %s"
              .formatted(e.getMessage(), run.model()),
          e);
    }
  }

  private void add(FinishedRun checkpoint) {
    ArrayNode layers = to.addObject().put("step", checkpoint.steps()).putArray("layers");
    Optional<ExpertMasks> now = checkpoint.method().shipped().map(ShippedExperts::masks);
    now.ifPresent(masks -> write(masks, layers));
    before = now;
  }

  private void write(ExpertMasks now, ArrayNode layers) {
    for (int l = 0; l < now.layers(); l++) {
      List<Mask> masks = now.layer(Dimension.NEURONS, l);
      ObjectNode layer = layers.addObject().put("layer", l);
      layer.put("density", Numbers.rounded(density(masks)));
      if (before.isPresent()) {
        List<Mask> earlier = before.get().layer(Dimension.NEURONS, l);
        layer.put("changed_share", Numbers.rounded(changed(earlier, masks)));
      }
    }
  }

  /** Share of a layer's E x m mask elements that are on. */
  static double density(List<Mask> masks) {
    long on = masks.stream().mapToLong(Mask::count).sum();
    return (double) on / ((long) masks.size() * masks.getFirst().length());
  }

  /** Share of them that differ. */
  static double changed(List<Mask> before, List<Mask> now) {
    long different = 0;
    int length = now.getFirst().length();
    for (int e = 0; e < now.size(); e++) {
      Mask was = before.get(e);
      Mask is = now.get(e);
      different += IntStream.range(0, length).filter(j -> was.on(j) != is.on(j)).count();
    }
    return (double) different / ((long) now.size() * length);
  }
}
