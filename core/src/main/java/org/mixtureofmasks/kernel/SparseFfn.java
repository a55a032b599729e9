package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One caller's memory for sparse SwiGLU FFNs over neuron records: y = Σ_j s_j SiLU(g_j·x) (u_j·x)
 * d_j over the neurons j that a token's experts hold. Each thread adds up its own share of the
 * neurons; the shares are summed at the end.
 *
 * <p>Many tokens are computed in tiles of {@link Kernels#tileTokens} lanes. A tile computes every
 * neuron that one of its lanes holds, for all of them: lanes with the same neurons belong next to
 * each other. With many experts and few tokens a tile comes to hold nearly all neurons, and then
 * costs what the dense FFN does.
 */
public final class SparseFfn {
  /** With fewer tokens they cost less one by one; measured with tiles of 32 lanes. */
  public static final int LEAST_TOKENS = 12;

  /** Widened records of a block stay in the second-level cache while every tile uses them. */
  private static final int BLOCK_FLOATS = 64 << 10;

  /** Columns of outputs that are put in their places together. */
  private static final int STRIP = 16;

  /** Some neurons of one token; a token may have several lanes, whose outputs are added. */
  private static final class Lane {
    int token;
    int[] neurons = {};
    int size;
    float @Nullable [] factors; // by place in the list, or null
    float factor; // of all of them, if factors is null

    /** The factors by place in the list; null when all are 1. */
    float @Nullable [] scales() {
      if (factors != null || factor == 1) {
        return factors;
      }
      float[] all = new float[size];
      Arrays.fill(all, factor);
      return all;
    }

    /** The first place in the list that holds a neuron of {@code first} or later. */
    int place(int first) {
      int at = Arrays.binarySearch(neurons, 0, size, first);
      return at >= 0 ? at : -at - 1;
    }
  }

  /** What a thread works in, for a block of neurons and a tile of lanes. */
  private static final class Scratch {
    private int neurons = -1;
    float[] widened = {}; // neurons x 3 x width
    float[] hidden = {}; // see Kernels.tileScratch
    float[] factors = {}; // neurons x lanes
    int[] list = {}; // neurons of the block that a lane holds
    int[] place = {}; // neurons: where each is in the list, or -1
    float[] rows = {}; // lanes x width

    void fit(int block, int width, Kernels kernels) {
      if (neurons < block) {
        neurons = block;
        widened = new float[block * 3 * width];
        hidden = new float[kernels.tileScratch(block)];
        factors = new float[block * kernels.tileTokens()];
        list = new int[block];
        place = new int[block];
        rows = new float[kernels.tileTokens() * width];
      }
    }
  }

  private final int width;
  private final List<Lane> lanes = new ArrayList<>();
  private int laneCount;
  private final float[][] sums; // each thread's: one token, or tiles x width x tileTokens
  private final float[][] oneScratch;
  private final float[][][] stepScratch; // each thread's, by token
  private final Scratch[] scratch;
  private float[] tiles = {};

  /**
   * @param width hidden_size
   * @param threads of the team that will be used
   */
  public SparseFfn(int width, int threads) {
    this.width = width;
    sums = new float[threads][0];
    oneScratch = new float[threads][Kernels.SCRATCH];
    stepScratch = new float[threads][0][];
    scratch = new Scratch[threads];
    Arrays.setAll(scratch, i -> new Scratch());
  }

  /** The array of that number, made anew when it is too small. */
  private static float[] room(float[][] arrays, int number, int n) {
    if (arrays[number].length < n) {
      arrays[number] = new float[n];
    }
    return arrays[number];
  }

  /**
   * One token; the neurons are split evenly between the threads.
   *
   * @param list neurons, ascending, the first n count
   * @param scales factors by place in the list, or null for all ones
   * @param token which row of x
   * @param y x.tokens() x hidden_size; the token's row is overwritten
   */
  public void one(
      ParallelKernels kernels,
      Matrix records,
      int[] list,
      int n,
      float @Nullable [] scales,
      Activations x,
      int token,
      float[] y) {
    Input input = x.input(records.format(), kernels);
    kernels
        .team()
        .run(
            (part, parts) -> {
              float[] sum = room(sums, part, width);
              Arrays.fill(sum, 0, width, 0);
              int from = ThreadTeam.start(n, part, parts, 4);
              int to = ThreadTeam.start(n, part + 1, parts, 4);
              kernels
                  .kernels()
                  .neurons(records, list, from, to, scales, input, token, sum, 0, oneScratch[part]);
            });
    int at = token * width;
    Arrays.fill(y, at, at + width, 0);
    for (float[] sum : sums) {
      records.format().order().addTo(y, at, sum, 0, width);
    }
  }

  /**
   * A step: every token is a lane, and lanes that share their list go together, so that a record
   * comes from memory once for all of them; lists are split between the threads as {@link #one}
   * does, and each token has the bits that it gives.
   *
   * @param y x.tokens() x hidden_size; the rows of tokens with a lane are overwritten
   */
  @SuppressWarnings("ReferenceEquality") // lanes of one expert share its list
  public void step(ParallelKernels kernels, Matrix records, Activations x, float[] y) {
    Input input = x.input(records.format(), kernels);
    int floats = laneCount * width;
    kernels
        .team()
        .run(
            (part, parts) -> {
              float[] sum = room(sums, part, floats);
              Arrays.fill(sum, 0, floats, 0);
              for (int first = 0; first < laneCount; ) {
                int end = first + 1;
                while (end < laneCount && lanes.get(end).neurons == lanes.get(first).neurons) {
                  end++;
                }
                together(kernels.kernels(), records, input, first, end, sum, part, parts);
                first = end;
              }
            });
    kernels.forEach(
        laneCount,
        (lane, part) -> {
          int at = lanes.get(lane).token * width;
          Arrays.fill(y, at, at + width, 0);
          for (float[] sum : sums) {
            records.format().order().addTo(y, at, sum, lane * width, width);
          }
        });
  }

  /** A thread's part of the neurons of lanes [first, end), which share their list. */
  private void together(
      Kernels kernels,
      Matrix records,
      Input x,
      int first,
      int end,
      float[] sum,
      int part,
      int parts) {
    int count = end - first;
    int[] tokens = new int[count];
    int[] at = new int[count];
    float[] @Nullable [] scales = new float[count][];
    for (int i = 0; i < count; i++) {
      Lane lane = lanes.get(first + i);
      tokens[i] = lane.token;
      at[i] = (first + i) * width;
      scales[i] = lane.scales();
    }
    Lane any = lanes.get(first);
    int from = ThreadTeam.start(any.size, part, parts, 4);
    int to = ThreadTeam.start(any.size, part + 1, parts, 4);
    kernels.neuronsOfTokens(
        records, any.neurons, from, to, scales, x, tokens, sum, at, scratchOf(part, count));
  }

  /** A thread's scratch memory for so many tokens. */
  private float[][] scratchOf(int part, int tokens) {
    if (stepScratch[part].length < tokens) {
      stepScratch[part] = new float[tokens][Kernels.SCRATCH];
    }
    return stepScratch[part];
  }

  /** Forgets all lanes. */
  public void clear() {
    laneCount = 0;
  }

  /**
   * Adds a lane: the first n of {@code neurons} for a token (its row in the activations), all with
   * the same factor.
   *
   * @param neurons ascending; read by {@link #many}, so unchanged until then
   */
  public void lane(int token, int[] neurons, int n, float factor) {
    set(token, neurons, n).factor = factor;
  }

  /**
   * Adds a lane whose neurons have factors of their own.
   *
   * @param neurons as for {@link #lane(int, int[], int, float)}
   * @param factors by place in the list; unchanged until {@link #many} too
   */
  public void lane(int token, int[] neurons, int n, float[] factors) {
    set(token, neurons, n).factors = factors;
  }

  private Lane set(int token, int[] neurons, int n) {
    if (laneCount == lanes.size()) {
      lanes.add(new Lane());
    }
    Lane lane = lanes.get(laneCount++);
    lane.token = token;
    lane.neurons = neurons;
    lane.size = n;
    lane.factors = null;
    return lane;
  }

  /**
   * All lanes: blocks of neighbouring neurons are dealt to the threads, and each block serves every
   * tile, so that weights come from memory once.
   *
   * @param y x.tokens() x hidden_size, overwritten; 0 for tokens without a lane
   */
  public void many(ParallelKernels parallel, Matrix records, Activations x, float[] y) {
    Kernels kernels = parallel.kernels();
    Format format = records.format();
    int lanesOfTile = kernels.tileTokens();
    int count = Math.ceilDiv(laneCount, lanesOfTile);
    int floats = Math.multiplyExact(count, lanesOfTile * width);
    int stored = records.rows() / 3;
    int block = Math.min(stored, Math.max(Kernels.NEURON_BLOCK, BLOCK_FLOATS / (3 * width)));
    for (Scratch own : scratch) {
      own.fit(block, width, kernels);
    }
    gather(parallel, x.input(format, parallel).floats(), count, floats);
    parallel
        .team()
        .run(
            (part, parts) -> {
              float[] sum = room(sums, part, floats);
              Arrays.fill(sum, 0, floats, 0);
              Scratch own = scratch[part];
              for (int b = part * block; b < stored; b += parts * block) {
                int end = Math.min(stored, b + block);
                kernels.widen(records, 3 * b, 3 * end, own.widened);
                for (int i = 0; i < count; i++) {
                  block(kernels, own, i, b, end, sum);
                }
              }
            });
    parallel.team().run((part, parts) -> collect(lanesOfTile, format.order(), x, y, part, parts));
  }

  /** The activations of the lanes, transposed within each tile; those of idle lanes are 0. */
  private void gather(ParallelKernels kernels, float[] ordered, int count, int floats) {
    if (tiles.length < floats) {
      tiles = new float[floats];
    }
    int lanesOfTile = kernels.kernels().tileTokens();
    kernels.forEach(
        count,
        (i, part) -> {
          float[] rows = scratch[part].rows;
          for (int t = 0; t < lanesOfTile; t++) {
            int lane = i * lanesOfTile + t;
            if (lane < laneCount) {
              System.arraycopy(ordered, lanes.get(lane).token * width, rows, t * width, width);
            } else {
              Arrays.fill(rows, t * width, (t + 1) * width, 0);
            }
          }
          kernels.kernels().transpose(rows, 0, lanesOfTile, width, tiles, i * lanesOfTile * width);
        });
  }

  /** Neurons [first, end) for the lanes of tile i. */
  private void block(Kernels kernels, Scratch own, int i, int first, int end, float[] sum) {
    int lanesOfTile = kernels.tileTokens();
    int from = i * lanesOfTile;
    int to = Math.min(laneCount, from + lanesOfTile);
    int n = list(own, from, to, first, end);
    if (n == 0) {
      return;
    }
    Arrays.fill(own.factors, 0, n * lanesOfTile, 0);
    for (int l = from; l < to; l++) {
      Lane lane = lanes.get(l);
      for (int k = lane.place(first); k < lane.size && lane.neurons[k] < end; k++) {
        own.factors[own.place[lane.neurons[k] - first] * lanesOfTile + l - from] =
            lane.factors == null ? lane.factor : lane.factors[k];
      }
    }
    int at = from * width;
    kernels.neuronsOfTile(
        own.widened, width, own.list, n, own.factors, tiles, at, sum, at, own.hidden);
  }

  /** Lists the neurons of a block that any of these lanes holds, counted from the block's first. */
  @SuppressWarnings("ReferenceEquality") // lanes of one expert share its list
  private int list(Scratch own, int from, int to, int first, int end) {
    Arrays.fill(own.place, 0, end - first, -1);
    for (int l = from; l < to; l++) {
      Lane lane = lanes.get(l);
      if (l > from && lane.neurons == lanes.get(l - 1).neurons) {
        continue;
      }
      for (int k = lane.place(first); k < lane.size && lane.neurons[k] < end; k++) {
        own.place[lane.neurons[k] - first] = 0;
      }
    }
    int n = 0;
    for (int j = 0; j < end - first; j++) {
      if (own.place[j] == 0) {
        own.list[n] = j;
        own.place[j] = n++;
      }
    }
    return n;
  }

  /** Adds the lanes' sums of all threads to their tokens, for one part of the columns. */
  private void collect(
      int lanesOfTile, Order order, Activations x, float[] y, int part, int parts) {
    int from = ThreadTeam.start(width, part, parts, STRIP);
    int to = ThreadTeam.start(width, part + 1, parts, STRIP);
    int[] plain = new int[STRIP]; // columns of the plain output, by place in the strip
    // Strips, so that the lines which are read and written stay in the first-level cache.
    for (int strip = from; strip < to; strip += STRIP) {
      int end = Math.min(to, strip + STRIP);
      for (int c = strip; c < end; c++) {
        plain[c - strip] = order.column(c, width);
      }
      for (int t = 0; t < x.tokens(); t++) {
        for (int c = strip; c < end; c++) {
          y[t * width + plain[c - strip]] = 0;
        }
      }
      for (int l = 0; l < laneCount; l++) {
        int row = lanes.get(l).token * width;
        int at = l / lanesOfTile * lanesOfTile * width + l % lanesOfTile;
        for (int c = strip; c < end; c++) {
          float total = 0;
          for (float[] sum : sums) {
            total += sum[at + c * lanesOfTile];
          }
          y[row + plain[c - strip]] += total;
        }
      }
    }
  }
}
