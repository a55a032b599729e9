package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.RunFolder;

/** How the masks that a run would ship have changed from checkpoint to checkpoint. */
final class MaskHistory {
  private MaskHistory() {}

  /**
   * Adds an object for each checkpoint of a run, the oldest first.
   *
   * @throws UserError if they cannot be read, such as when the run's dense model is gone
   */
  static void write(RunFolder run, ArrayNode to) {
    try {
      add(run, to);
    } catch (UserError e) {
      throw new UserError(
          e.getMessage()
              + "; without it the run's checkpoints cannot be read: to analyse its model alone name "
              + run.model(),
          e);
    }
  }

  private static void add(RunFolder run, ArrayNode to) {
    boolean[][][][] before = new boolean[1][][][];
    FinishedRun.eachCheckpoint(
        run.path(),
        checkpoint -> {
          boolean[][][] masks = checkpoint.method().hardMasks();
          ObjectNode step = to.addObject().put("step", checkpoint.steps());
          ArrayNode layers = step.putArray("layers");
          for (int l = 0; l < masks.length; l++) {
            ObjectNode layer = layers.addObject().put("layer", l);
            layer.put("density", Numbers.rounded(density(masks[l])));
            if (before[0] != null) {
              layer.put("changed_share", Numbers.rounded(changed(before[0][l], masks[l])));
            }
          }
          before[0] = masks;
        });
  }

  /** Share of a layer's E x m mask elements that are on. */
  static double density(boolean[][] masks) {
    long on = 0;
    for (boolean[] mask : masks) {
      for (boolean b : mask) {
        on += b ? 1 : 0;
      }
    }
    return (double) on / ((long) masks.length * masks[0].length);
  }

  /** Share of them that differ. */
  static double changed(boolean[][] before, boolean[][] now) {
    long different = 0;
    for (int e = 0; e < now.length; e++) {
      for (int j = 0; j < now[e].length; j++) {
        different += before[e][j] != now[e][j] ? 1 : 0;
      }
    }
    return (double) different / ((long) now.length * now[0].length);
  }
}
