package org.mixtureofmasks.kernel;

/** What {@link TileNeurons} works in: one thread's, for blocks of some neurons. */
final class TileScratch {
  /** Neurons that both halves of a tile hold, that only the first does, that only the second. */
  final int[][] held;

  /** How many of each. */
  final int[] counts = new int[3];

  /** Where the gate rows of some of them begin. */
  final int[] gates;

  /** Where the down rows begin of what the tile holds, or each half. */
  final int[][] downs;

  /** Gates, behind them ups: of the neurons as {@link #held} lists them. */
  final float[] products;

  /** Hidden activations: of the neurons as {@link #downs} lists them. */
  final float[] hidden;

  /**
   * @param neurons of a block at most
   * @param lanes of a whole tile
   */
  TileScratch(int neurons, int lanes) {
    held = new int[3][neurons];
    gates = new int[neurons];
    downs = new int[2][neurons];
    products = new float[2 * (neurons + TileNeurons.IDLE) * lanes];
    hidden = new float[neurons * lanes];
  }
}
