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
 * <p>Many tokens are computed in tiles of lanes ({@link LaneTile}). Half a tile computes every
 * neuron that one of its lanes holds, for all of them: lanes with the same list are added next to
 * each other. With many experts and few tokens a half comes to hold nearly all neurons, and then
 * costs what the dense FFN does.
 */
public final class SparseFfn {
  /** With fewer tokens they cost less one by one; measured with tiles of 32 lanes. */
  public static final int LEAST_TOKENS = 12;

  private final int width;
  private final List<Lane> lanes = new ArrayList<>();
  private int laneCount;
  private final float[][] sums; // each thread's: one token's, or those of a step
  private final float[][] oneScratch;
  private final float[][][] stepScratch; // each thread's, by token
  private final TilePass tiles;

  /**
   * @param width hidden_size
   * @param threads of the team that will be used
   */
  public SparseFfn(int width, int threads) {
    this.width = width;
    sums = new float[threads][0];
    oneScratch = new float[threads][Kernels.SCRATCH];
    stepScratch = new float[threads][0][];
    tiles = new TilePass(width, threads);
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
              float[] sum = Room.cleared(sums, part, width);
              int from = ThreadTeam.start(n, part, parts, 4);
              int to = ThreadTeam.start(n, part + 1, parts, 4);
              kernels
                  .kernels()
                  .neurons(records, list, from, to, scales, input, token, sum, 0, oneScratch[part]);
            });
    records.format().order().addUp(y, token * width, sums, 0, width);
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
              float[] sum = Room.cleared(sums, part, floats);
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
        (lane, _) -> {
          int at = lanes.get(lane).token * width;
          records.format().order().addUp(y, at, sums, lane * width, width);
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

  /** Adds a lane: all neurons of an expert, with the same factor. */
  public void lane(int token, NeuronList expert, float factor) {
    Lane lane = set(token, expert.neurons, expert.neurons.length);
    lane.factor = factor;
    lane.held = expert.held;
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
    lane.held = null;
    return lane;
  }

  /**
   * All lanes, in tiles: see {@link LaneTile}.
   *
   * @param y x.tokens() x hidden_size, overwritten; 0 for tokens without a lane
   */
  public void many(ParallelKernels parallel, Matrix records, Activations x, float[] y) {
    int tile = parallel.kernels().tileTokens();
    Arrays.fill(y, 0, x.tokens() * width, 0);
    if (records.rows() > 0 && laneCount > 0) {
      tiles.run(parallel, records, x, LaneTile.cut(lanes.subList(0, laneCount), tile), y);
    }
  }
}
