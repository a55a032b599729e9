package org.mixtureofmasks.train;

import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;

/**
 * What a run writes, from shapes alone; bytes.
 *
 * @param checkpoint one of them: masters, and moments of weights that were trained
 * @param kept checkpoints that are there at one time
 * @param model that ships
 */
record RunDisk(long checkpoint, long kept, long model) {

  /**
   * @param parameters of the dense model
   * @param learned those of them that have moments if there are steps
   * @param storedBytes of the dense model's files: the sparse one has no more neurons
   */
  static RunDisk of(Settings settings, long parameters, long learned, long storedBytes) {
    Recipe recipe = settings.recipe();
    long saves = saves(settings);
    long moments = settings.steps() > 0 ? 8 * learned : 0;
    // The oldest goes only when the newest is whole.
    long kept = Math.min(saves, recipe.get(RunKeys.CHECKPOINT_KEEP) + 1L);
    return new RunDisk(4 * parameters + moments, kept, storedBytes);
  }

  /** All that is there at one time. */
  long bytes() {
    return checkpoint * kept + model;
  }

  /** How often a checkpoint is written. */
  static long saves(Settings settings) {
    int every = settings.recipe().get(RunKeys.CHECKPOINT_EVERY);
    return every > 0 ? Math.max(1, Math.ceilDiv(settings.steps(), every)) : 1;
  }
}
