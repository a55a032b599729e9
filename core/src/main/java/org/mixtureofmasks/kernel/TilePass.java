package org.mixtureofmasks.kernel;

import java.util.Arrays;
import java.util.List;

/**
 * One caller's memory for tiles of lanes: blocks of neighbouring neurons are dealt to the threads,
 * and each block serves every tile, so that weights come from memory and are widened once.
 */
final class TilePass {
  /** Columns of outputs that are put in their places together. */
  private static final int STRIP = 16;

  /**
   * Neurons of a block at most: for each block a tile's sums are read and written once more, which
   * for blocks of 16 at a hidden_size of 2048 took a quarter of the time.
   */
  private static final int BLOCK = 64;

  /** Widened records of a block stay in the second-level cache while every tile uses them. */
  private static final int BLOCK_FLOATS = 192 << 10;

  /** What a thread works in, for a block of neurons and a tile of lanes. */
  private static final class Scratch {
    float[] widened = {}; // neurons x 3 x columns
    BlockLanes block = new BlockLanes(0, 0);
    TileScratch hidden = new TileScratch(0, 0);
    float[] rows = {}; // lanes x columns
    float[] sums = {}; // of each tile columns x lanes
    private int neurons;

    void fit(int most, int lanes, int columns, Kernels kernels) {
      int tile = kernels.tileTokens();
      if (neurons < most) {
        neurons = most;
        widened = new float[most * 3 * columns];
        block = new BlockLanes(most, tile);
        hidden = new TileScratch(most, tile);
        rows = new float[tile * columns];
      }
      if (sums.length < lanes * columns) {
        sums = new float[lanes * columns];
      }
    }
  }

  private final int columns;
  private final Scratch[] scratch;
  private float[] inputs = {}; // of each tile columns x lanes

  /**
   * @param columns hidden_size
   * @param threads of the team that will be used
   */
  TilePass(int columns, int threads) {
    this.columns = columns;
    scratch = new Scratch[threads];
    Arrays.setAll(scratch, i -> new Scratch());
  }

  /**
   * Adds what the lanes of some tiles get to the rows of their tokens.
   *
   * @param y x.tokens() x hidden_size, added to
   */
  void run(
      ParallelKernels parallel, Matrix records, Activations x, List<LaneTile> tiles, float[] y) {
    Kernels kernels = parallel.kernels();
    int stored = records.rows() / 3;
    int block = block(stored);
    int[] at = new int[tiles.size() + 1];
    for (int i = 0; i < tiles.size(); i++) {
      at[i + 1] = at[i] + tiles.get(i).width() * columns;
    }
    if (inputs.length < at[tiles.size()]) {
      inputs = new float[at[tiles.size()]];
    }
    for (Scratch own : scratch) {
      own.fit(block, at[tiles.size()] / columns, columns, kernels);
    }
    float[] ordered = x.input(records.format(), parallel).floats();
    parallel.forEach(
        tiles.size(),
        (i, part) -> gather(kernels, tiles.get(i), ordered, scratch[part].rows, at[i]));
    parallel
        .team()
        .run(
            (part, parts) -> {
              Scratch own = scratch[part];
              Arrays.fill(own.sums, 0, at[tiles.size()], 0);
              for (int b = part * block; b < stored; b += parts * block) {
                int end = Math.min(stored, b + block);
                kernels.widen(records, 3 * b, 3 * end, own.widened);
                for (int i = 0; i < tiles.size(); i++) {
                  if (own.block.fill(tiles.get(i), b, end)) {
                    kernels.neuronsOfTile(
                        own.widened,
                        columns,
                        own.block,
                        inputs,
                        at[i],
                        own.sums,
                        at[i],
                        own.hidden);
                  }
                }
              }
            });
    Order order = records.format().order();
    parallel.team().run((part, parts) -> collect(kernels, tiles, at, order, y, part, parts));
  }

  /** Neurons of a block: with many threads there are several for each. */
  private int block(int stored) {
    int most = Math.min(BLOCK, BLOCK_FLOATS / (3 * columns));
    int even = Math.ceilDiv(stored, 4 * scratch.length);
    return Math.min(stored, Math.max(Kernels.NEURON_BLOCK, Math.min(most, even)));
  }

  /** The activations of a tile's lanes, transposed; those of idle lanes are anything. */
  private void gather(Kernels kernels, LaneTile tile, float[] ordered, float[] rows, int at) {
    int width = tile.width();
    for (int t = 0; t < width; t++) {
      System.arraycopy(ordered, tile.lanes().get(t).token * columns, rows, t * columns, columns);
    }
    kernels.transpose(rows, 0, width, columns, width, inputs, at);
  }

  /** Adds the lanes' sums of all threads to their tokens, for one part of the columns. */
  private void collect(
      Kernels kernels,
      List<LaneTile> tiles,
      int[] at,
      Order order,
      float[] y,
      int part,
      int parts) {
    int from = ThreadTeam.start(columns, part, parts, STRIP);
    int to = ThreadTeam.start(columns, part + 1, parts, STRIP);
    float[] total = scratch[0].sums;
    for (int i = 0; i < tiles.size(); i++) {
      int width = tiles.get(i).width();
      for (int s = 1; s < scratch.length; s++) {
        kernels.add(total, scratch[s].sums, at[i] + from * width, at[i] + to * width);
      }
    }
    int[] plain = new int[STRIP]; // columns of the plain output, by place in the strip
    // Strips, so that the lines which are read and written stay in the first-level cache.
    for (int strip = from; strip < to; strip += STRIP) {
      int n = Math.min(to, strip + STRIP) - strip;
      for (int c = 0; c < n; c++) {
        plain[c] = order.column(strip + c, columns);
      }
      for (int i = 0; i < tiles.size(); i++) {
        int width = tiles.get(i).width();
        for (int t = 0; t < width; t++) {
          Lane lane = tiles.get(i).lanes().get(t);
          if (lane.size > 0) {
            scatter(total, at[i] + strip * width + t, width, plain, n, y, lane.token * columns);
          }
        }
      }
    }
  }

  private static void scatter(
      float[] sums, int at, int stride, int[] plain, int n, float[] y, int row) {
    for (int c = 0; c < n; c++) {
      y[row + plain[c]] += sums[at + c * stride];
    }
  }
}
