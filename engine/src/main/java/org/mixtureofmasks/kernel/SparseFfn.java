package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * One caller's memory for sparse SwiGLU FFNs over neuron records: y = Σ_j s_j SiLU(g_j·x) (u_j·x)
 * d_j over the neurons j that a token's experts hold. Each thread adds up its own share of the
 * neurons; the shares are summed at the end.
 */
public final class SparseFfn {
  /** Widened records of a block stay in the second-level cache while every group uses them. */
  private static final int BLOCK_FLOATS = 64 << 10;

  /** Tokens that use the same neurons. */
  public static final class Group {
    private final int[] tokens;
    private final float[] scales;
    private int size;
    private int[] neurons = new int[0];
    private int neuronCount;

    private Group(int capacity) {
      tokens = new int[capacity];
      scales = new float[capacity];
    }

    /** Adds a token (its row in the activations) and the factor of its outputs. */
    public void add(int token, float scale) {
      tokens[size] = token;
      scales[size++] = scale;
    }

    /** Tokens added so far. */
    public int size() {
      return size;
    }

    /** Room for n neurons, to be filled in ascending order. */
    public int[] neurons(int n) {
      if (neurons.length < n) {
        neurons = new int[n];
      }
      neuronCount = n;
      return neurons;
    }

    /** Forgets its tokens and neurons. */
    public void clear() {
      size = 0;
      neuronCount = 0;
    }
  }

  private final int capacity;
  private final int width;
  private final Group[] groups;
  private final float[][] sums;
  private final float[][] scratch;
  private final int[][] xAt;
  private final int[][] yAt;
  private final float[][] scale;

  /**
   * @param capacity tokens at most
   * @param width hidden_size
   * @param groups of tokens that use the same neurons: experts, and one of what they share
   * @param threads of the team that will be used
   */
  public SparseFfn(int capacity, int width, int groups, int threads) {
    this.capacity = capacity;
    this.width = width;
    this.groups = new Group[groups];
    for (int i = 0; i < groups; i++) {
      this.groups[i] = new Group(capacity);
    }
    // One row more than tokens: where the idle places of an incomplete tile put their rubbish.
    sums = new float[threads][(capacity + 1) * width];
    scratch = new float[threads][Kernels.SCRATCH];
    xAt = new int[threads][Kernels.TILE];
    yAt = new int[threads][Kernels.TILE];
    scale = new float[threads][Kernels.TILE];
  }

  /** The group of that number: cleared, filled with tokens and neurons, used by {@link #many}. */
  public Group group(int number) {
    return groups[number];
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
      Team team,
      Matrix records,
      int[] list,
      int n,
      float[] scales,
      Activations x,
      int token,
      float[] y) {
    float[] ordered = x.ordered(records, team);
    int at = token * width;
    team.run(
        (part, parts) -> {
          float[] sum = sums[part];
          Arrays.fill(sum, 0, width, 0);
          int from = ThreadTeam.start(n, part, parts, 4);
          int to = ThreadTeam.start(n, part + 1, parts, 4);
          team.kernels()
              .neurons(records, list, from, to, scales, ordered, at, sum, 0, scratch[part]);
        });
    Arrays.fill(y, at, at + width, 0);
    for (float[] sum : sums) {
      Kernels.addOrdered(records.splits(), sum, 0, y, at, width);
    }
  }

  /**
   * All groups: blocks of neighbouring neurons are dealt to the threads, and each block serves the
   * tokens of every group that uses it, so that weights come from memory once.
   *
   * @param y x.tokens() x hidden_size, overwritten
   */
  public void many(Team team, Matrix records, Activations x, float[] y) {
    float[] ordered = x.ordered(records, team);
    int tokens = x.tokens();
    int stored = records.rows() / 3;
    int block = Math.min(stored, Math.max(Kernels.NEURON_BLOCK, BLOCK_FLOATS / (3 * width)));
    team.run(
        (part, parts) -> {
          Arrays.fill(sums[part], 0, tokens * width, 0);
          float[] widened = new float[block * 3 * width];
          for (int b = part * block; b < stored; b += parts * block) {
            int end = Math.min(stored, b + block);
            team.kernels().widen(records, 3 * b, 3 * end, widened);
            for (Group group : groups) {
              if (group.size > 0) {
                block(team.kernels(), widened, group, b, end, ordered, part);
              }
            }
          }
        });
    team.forEach(
        tokens,
        (t, part) -> {
          Arrays.fill(y, t * width, (t + 1) * width, 0);
          for (float[] sum : sums) {
            Kernels.addOrdered(records.splits(), sum, t * width, y, t * width, width);
          }
        });
  }

  private void block(
      Kernels kernels, float[] records, Group group, int first, int end, float[] x, int part) {
    int from = place(group, first);
    int to = place(group, end);
    if (from == to) {
      return;
    }
    for (int i = 0; i < group.size; i += Kernels.TILE) {
      int n = Math.min(Kernels.TILE, group.size - i);
      for (int t = 0; t < Kernels.TILE; t++) {
        // An idle place repeats the last token and writes to the spare row.
        int at = group.tokens[i + Math.min(t, n - 1)] * width;
        xAt[part][t] = at;
        yAt[part][t] = t < n ? at : capacity * width;
        scale[part][t] = t < n ? group.scales[i + t] : 0;
      }
      kernels.neuronsOfFour(
          records,
          first,
          width,
          group.neurons,
          from,
          to,
          scale[part],
          x,
          xAt[part],
          sums[part],
          yAt[part],
          scratch[part]);
    }
  }

  /** The first place in the group's list that holds a neuron of {@code first} or later. */
  private static int place(Group group, int first) {
    int at = Arrays.binarySearch(group.neurons, 0, group.neuronCount, first);
    return at >= 0 ? at : -at - 1;
  }
}
