package org.mixtureofmasks.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One caller's memory for FFNs with token masks. Threads share out the neurons: each computes its
 * own from all inputs that a token keeps, which takes its part of every listed row, and then, with
 * nobody to wait for, what those of them that the token keeps add to all outputs. The threads'
 * outputs are summed at the end. (Shared out by output, with a second hand-over and no sum, the
 * rows of a small hidden_size fall apart into pieces of few cache lines.)
 *
 * <p>A few tokens, those of a step among them, are computed by lists; what a listed row gives is
 * added in the order of the list, so a token's bits do not depend on the others. Many tokens of a
 * prompt are computed by {@link TokenMaskedTiles}.
 */
public final class TokenMaskedPass {
  /** Columns of a thread's part come in multiples of so many: a cache line of bf16. */
  private static final int PART = 32;

  /** Bytes of rows that stay in the second-level cache while the tokens pass over them. */
  private static final int BLOCK_BYTES = 128 << 10;

  /** With fewer tokens they cost less by lists: as quick at 12 to 16, measured at 135M. */
  private static final int LEAST_TOKENS_OF_TILES = 20;

  private final float[][] sums; // each thread's, a part's columns for each token, ordered
  private final float[][] outputs; // each thread's, of each token, ordered
  private final float[][] plain; // each thread's, the gates of a part, then its ups
  private int[][] inputs = {}; // by token: which it keeps, then what they are
  private float[][] inputValues = {};
  private int[] inputCounts = {};
  private int[][] neurons = {}; // by token: each thread's from where its part of all begins
  private float[][] neuronValues = {};
  private int[][] neuronCounts = {}; // by token and thread
  private final TokenMaskedTiles tiles;

  /** For the threads of the team that will be used. */
  public TokenMaskedPass(int threads) {
    sums = new float[threads][0];
    outputs = new float[threads][0];
    plain = new float[threads][0];
    tiles = new TokenMaskedTiles(threads);
  }

  /**
   * All tokens of x.
   *
   * @param y x.tokens() x hidden_size, overwritten
   * @param kept inputs and neurons that the tokens keep are added to its two elements
   */
  public void run(
      ParallelKernels kernels, TokenMaskedFfn ffn, Activations x, float[] y, long[] kept) {
    if (!x.step() && x.tokens() >= LEAST_TOKENS_OF_TILES) {
      tiles.run(kernels, ffn, x.values(), x.tokens(), y, kept);
      return;
    }
    int tokens = x.tokens();
    reserve(ffn, tokens, kernels.threads());
    kernels.forEach(
        tokens,
        (t, _) ->
            inputCounts[t] =
                select(
                    x.values(),
                    t * ffn.inputs(),
                    ffn.inputs(),
                    ffn.inputThreshold(),
                    0,
                    inputs[t],
                    inputValues[t],
                    0));
    kernels
        .team()
        .run(
            (part, parts) -> {
              neurons(kernels.kernels(), ffn, tokens, part, parts);
              outputs(kernels.kernels(), ffn, tokens, part, parts);
            });
    kernels.forEach(tokens, (t, _) -> addUp(ffn, t, y));
    for (int t = 0; t < tokens; t++) {
      kept[0] += inputCounts[t];
      kept[1] += Arrays.stream(neuronCounts[t], 0, kernels.threads()).sum();
    }
  }

  private void reserve(TokenMaskedFfn ffn, int tokens, int threads) {
    int d = ffn.inputs();
    int m = ffn.neurons();
    if (inputs.length < tokens || inputs[0].length < d || neurons[0].length < m) {
      inputs = new int[tokens][d];
      inputValues = new float[tokens][d];
      inputCounts = new int[tokens];
      neurons = new int[tokens][m];
      neuronValues = new float[tokens][m];
      neuronCounts = new int[tokens][threads];
    }
  }

  /**
   * Lists what is above a threshold.
   *
   * @param first number of values[from]
   * @param at where the list begins, in both arrays
   * @return how many there are
   */
  private static int select(
      float[] values,
      int from,
      int count,
      float threshold,
      int first,
      int[] list,
      float[] listed,
      int at) {
    int n = at;
    for (int i = 0; i < count; i++) {
      float value = values[from + i];
      // Written whether it is kept or not: branches that nobody can foresee cost more.
      list[n] = first + i;
      listed[n] = value;
      n += Math.abs(value) <= threshold ? 0 : 1; // what is no number is kept, to show as that
    }
    return n - at;
  }

  /** A thread's neurons of every token: their values, and the list of those that are kept. */
  private void neurons(Kernels kernels, TokenMaskedFfn ffn, int tokens, int part, int parts) {
    int m = ffn.neurons();
    int from = ThreadTeam.start(m, part, parts, PART);
    int n = ThreadTeam.start(m, part + 1, parts, PART) - from;
    float[] sum = cleared(sums, part, tokens * 2 * n);
    Rows gates = new Rows(ffn.byInput(), sum, 2 * n, 0, from, from + n);
    Rows ups = new Rows(ffn.byInput(), sum, 2 * n, n, m + from, m + from + n);
    for (int i = 0, next; i < ffn.inputs(); i = next) {
      next = Math.min(ffn.inputs(), i + gates.block(tokens));
      for (int t = 0; t < tokens; t++) {
        gates.add(kernels, t, inputs[t], inputValues[t], 0, inputCounts[t], i, next);
        ups.add(kernels, t, inputs[t], inputValues[t], 0, inputCounts[t], i, next);
      }
    }
    Order order = ffn.byInput().format().order();
    for (int t = 0; t < tokens; t++) {
      float[] own = cleared(plain, part, 2 * n);
      order.addTo(own, 0, sum, t * 2 * n, n);
      order.addTo(own, n, sum, t * 2 * n + n, n);
      scale(own, 0, ffn.gateUpScales(), from, n);
      scale(own, n, ffn.gateUpScales(), m + from, n);
      kernels.siluTimes(own, 0, own, n, n);
      neuronCounts[t][part] =
          select(own, 0, n, ffn.neuronThreshold(), from, neurons[t], neuronValues[t], from);
    }
  }

  /** What a thread's neurons add to the outputs of every token. */
  private void outputs(Kernels kernels, TokenMaskedFfn ffn, int tokens, int part, int parts) {
    int d = ffn.inputs();
    int first = ThreadTeam.start(ffn.neurons(), part, parts, PART);
    int end = ThreadTeam.start(ffn.neurons(), part + 1, parts, PART);
    float[] sum = cleared(outputs, part, tokens * d);
    Rows rows = new Rows(ffn.byNeuron(), sum, d, 0, 0, d);
    for (int j = first, next; j < end; j = next) {
      next = Math.min(end, j + rows.block(tokens));
      for (int t = 0; t < tokens; t++) {
        int listed = first + neuronCounts[t][part];
        rows.add(kernels, t, neurons[t], neuronValues[t], first, listed, j, next);
      }
    }
  }

  /** A token's outputs: what the threads have, one after the other. */
  private void addUp(TokenMaskedFfn ffn, int t, float[] y) {
    int d = ffn.inputs();
    Arrays.fill(y, t * d, (t + 1) * d, 0);
    for (float[] sum : outputs) {
      ffn.byNeuron().format().order().addTo(y, t * d, sum, t * d, d);
    }
    scale(y, t * d, ffn.outputScales(), 0, d);
  }

  /** Multiplies values by their scales, if there are any. */
  static void scale(float[] values, int at, float @Nullable [] scales, int scalesAt, int n) {
    if (scales != null) {
      for (int i = 0; i < n; i++) {
        values[at + i] *= scales[scalesAt + i];
      }
    }
  }

  /** The array of that number, of at least n floats, the first n of them 0. */
  private static float[] cleared(float[][] arrays, int number, int n) {
    if (arrays[number].length < n) {
      arrays[number] = new float[n];
    } else {
      Arrays.fill(arrays[number], 0, n, 0);
    }
    return arrays[number];
  }

  /**
   * Columns of a matrix and where their sums go: y[t * stride + at ...] for token t.
   *
   * @param from column, the first
   * @param to column, behind the last
   */
  private record Rows(Matrix w, float[] y, int stride, int at, int from, int to) {
    /** Rows that the tokens go over together; all when there is one token. */
    int block(int tokens) {
      long bytes = Math.max(1, w.format().rowBytes(w.columns()) * (to - from) / w.columns());
      return tokens == 1 ? w.rows() : (int) Math.max(4, BLOCK_BYTES / bytes);
    }

    /** Adds the rows in [first, end) of a token's list[listFrom, listTo), which ascends. */
    void add(
        Kernels kernels,
        int t,
        int[] list,
        float[] factors,
        int listFrom,
        int listTo,
        int first,
        int end) {
      int k = place(list, listFrom, listTo, first);
      int kEnd = place(list, k, listTo, end);
      kernels.addRows(w, list, k, kEnd, factors, y, t * stride + at, from, to);
    }

    /** Where the first element of list[from, to) lies that is at least a row. */
    private static int place(int[] list, int from, int to, int row) {
      int found = Arrays.binarySearch(list, from, to, row);
      return found < 0 ? ~found : found;
    }
  }
}
